//! `spec.verify`: the operator walks a customer's first message through an account, says whether it arrived, and leaves
//! nothing behind.

use crate::{
    automation::stage,
    support::{
        LONG, PATIENCE, Place, Setup, Stage, Subject,
        subject::{condition, id},
    },
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, ChannelKind, Effect, End, Fault, Filter};
use serde_json::{Value, json};
use std::time::Duration;

const MAKE: &str = "POST /api/v1/accounts/:account_id/inboxes";
const REMOVE: &str = "DELETE /api/v1/accounts/:account_id/inboxes/:id";
const LABELS: &str = "POST /api/v1/accounts/:account_id/conversations/:id/labels";

pub fn is_verified(object: &Value, status: &str, reason: &str) -> bool {
    let verified = condition(object, "Verified");
    verified["status"] == status && verified["reason"] == reason
}

async fn verified(account: &Subject, status: &str, reason: &str) -> Result<Value> {
    account
        .at_last(&format!("is Verified={status}, {reason}"), |object| is_verified(object, status, reason))
        .await
}

fn hourly(more: Value) -> Value {
    let mut spec = json!({"name": "Acme", "verify": {"interval": "1h"}});
    crate::support::stage::merge(&mut spec, more);
    spec
}

/// # Errors
/// Something is inside an account, once Chatwoot has done all work that it was asked for.
async fn nothing_is_left(stage: &Stage) -> Result<()> {
    while stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?.count.unwrap_or(0) > 0 {}
    let left = stage.chatwoot.state().await?.content;
    let is_empty = left.inboxes.is_empty()
        && left.contacts.is_empty()
        && left.contact_inboxes.is_empty()
        && left.conversations.is_empty()
        && left.messages.is_empty();
    ensure!(is_empty, "{left:#?}");
    Ok(())
}

async fn metric(stage: &Stage, line: &str) -> Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let operator = stage.place.operator().await;
        let (_, page) = operator.as_ref().context("the operator does not run")?.get("/metrics").await?;
        drop(operator);
        if page.lines().any(|told| told.starts_with(line)) {
            return Ok(());
        }
        ensure!(tokio::time::Instant::now() < deadline, "no {line}");
        // A metric is asked for; nobody is told when it changes.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_first_message_arrives_and_nothing_is_left_or_written_again() -> Result<()> {
    let stage = stage().await?;
    let (_, account) = stage.settled(json!({}), hourly(json!({}))).await?;
    let object = verified(&account, "True", "Succeeded").await?;
    nothing_is_left(&stage).await?;
    // As the operator's own user, with everything a customer and an agent do.
    let journal = stage.chatwoot.journal(&Filter::default()).await?;
    let calls: Vec<_> = journal.iter().map(|entry| &*entry.route).collect();
    assert_eq!(calls.iter().filter(|call| **call == MAKE).count(), 1, "{calls:#?}");
    for part in
        ["toggle_typing", "update_last_seen", "contacts/search", "contacts/filter", "labels", "toggle_status"]
    {
        assert!(calls.iter().any(|call| call.contains(part)), "{part} was not called");
    }
    assert!(journal.iter().any(|entry| entry.body.contains("identifier_hash")), "nobody proved who they are");
    let of = format!("{{instance=\"{}/main\"", stage.home);
    metric(&stage, &format!("chatwoot_operator_walks_total{of},result=\"arrived\"}} 1")).await?;
    metric(&stage, &format!("chatwoot_operator_verified_accounts{of},verified=\"True\"}} 1")).await?;

    // A look that is asked for is a walk, too; that it comes to the same is not written down.
    let seq = stage.chatwoot.last_seq().await?;
    let looked = account.looked_at().await?;
    stage.chatwoot.wait(&Filter::route(REMOVE).since(seq).end(End::Answered), 1, LONG).await?;
    metric(&stage, &format!("chatwoot_operator_walks_total{of},result=\"arrived\"}} 2")).await?;
    let after = account.get().await?;
    assert_eq!(after["metadata"]["resourceVersion"], looked["metadata"]["resourceVersion"], "{after}");
    assert_eq!(condition(&after, "Verified"), condition(&object, "Verified"));
    nothing_is_left(&stage).await?;

    // Whoever asks no more hears no more.
    account.set(json!({"verify": null})).await?;
    account.until("says nothing about it", |object| condition(object, "Verified").is_null()).await?;
    Ok(())
}

#[tokio::test]
async fn a_broken_step_is_named_and_mended_is_forgotten() -> Result<()> {
    let stage = stage().await?;
    let words = json!({"message": "<b>somebody's own words</b>"});
    let effect = Effect::Json { status: 422, body: words, after_commit: false };
    stage.chatwoot.add_fault(Fault::always(LABELS, effect)).await?;
    let (_, account) = stage.settled(json!({}), hourly(json!({}))).await?;
    let object = verified(&account, "False", "StepFailed").await?;
    let message = condition(&object, "Verified")["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("the step \"agent: label the conversation\" failed: "), "{message}");
    assert!(!message.contains("somebody's"), "{message}");
    assert_eq!(condition(&object, "Ready")["status"], "True", "what was asked for is so all the same");
    nothing_is_left(&stage).await?;
    stage.chatwoot.clear_faults().await?;
    account.looked_at().await?;
    verified(&account, "True", "Succeeded").await?;
    nothing_is_left(&stage).await
}

#[tokio::test]
async fn what_cannot_be_removed_is_said_and_goes_with_the_next_walk() -> Result<()> {
    let stage = stage().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let account_id = id(&account.get().await?)?;
    // Somebody else's inbox, which no walk touches.
    let other = Act::CreateInbox {
        account: account_id,
        name: "chatwoot-operator-verify-0123456789abcdef".into(),
        channel: ChannelKind::Api,
        fields: Default::default(),
    };
    let other = stage.chatwoot.act(other).await?.id.context("no id")?;
    stage.chatwoot.fault_once(REMOVE, Effect::Status { status: 500, after_commit: false }).await?;
    account.set(json!({"verify": {"interval": "168h"}})).await?;
    let object = verified(&account, "False", "StepFailed").await?;
    assert!(condition(&object, "Verified")["message"].to_string().contains("delete the inbox"), "{object}");
    assert_eq!(stage.chatwoot.state().await?.content.inboxes.len(), 2);
    account.looked_at().await?;
    verified(&account, "True", "Succeeded").await?;
    while stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?.count.unwrap_or(0) > 0 {}
    let left: Vec<i64> = stage.chatwoot.state().await?.content.inboxes.iter().map(|inbox| inbox.id).collect();
    assert_eq!(left, [other]);
    drop(tenant);
    Ok(())
}

#[tokio::test]
async fn a_crash_in_the_middle_leaves_nothing_after_the_next_walk() -> Result<()> {
    let place = Place::own().await?;
    let instance = json!({"automation": {"emailDomain": "ops.example.com"}});
    let stage = Stage::in_place_with(&place, Setup { instance, ..Setup::default() }).await?;
    for (name, route) in [("labels", LABELS), ("make", MAKE)] {
        stage.chatwoot.fault_once(route, Effect::HangAfterCommit).await?;
        let tenant = stage.tenant(json!({})).await?;
        let seq = stage.chatwoot.last_seq().await?;
        let account = tenant.account(&stage, name, hourly(json!({}))).await?;
        stage.chatwoot.wait(&Filter::route(route).since(seq).end(End::Hanging), 1, LONG).await?;
        place.kill_operator().await;
        ensure!(
            !stage.chatwoot.state().await?.content.inboxes.is_empty(),
            "{name}: nothing was in the middle"
        );
        place.start_operator().await?;
        verified(&account, "True", "Succeeded").await?;
        nothing_is_left(&stage).await.context(name)?;
    }
    Ok(())
}

#[tokio::test]
async fn nobody_walks_where_it_is_not_wanted_and_the_reason_is_said() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({"allow": ["State"]}), hourly(json!({}))).await?;
    let object = verified(&account, "Unknown", "AutomationDisabled").await?;
    assert!(condition(&object, "Verified")["message"].to_string().contains("spec.automation.emailDomain"));
    account.set(json!({"state": "Suspended"})).await?;
    verified(&account, "Unknown", "AccountSuspended").await?;
    account.set(json!({"paused": true})).await?;
    verified(&account, "Unknown", "Paused").await?;
    let calls = stage.chatwoot.journal(&Filter::route(MAKE)).await?;
    assert!(calls.is_empty(), "{calls:?}");
    // All is well again, and the walk comes by itself.
    stage.instance().set(json!({"automation": {"emailDomain": "ops.example.com"}})).await?;
    account.set(json!({"paused": false, "state": "Active"})).await?;
    verified(&account, "True", "Succeeded").await?;
    nothing_is_left(&stage).await
}

#[tokio::test]
async fn a_deletion_waits_until_the_walk_has_cleaned_up() -> Result<()> {
    let stage = stage().await?;
    stage.chatwoot.fault_once(LABELS, Effect::HangAfterCommit).await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", hourly(json!({}))).await?;
    stage.chatwoot.wait(&Filter::route(LABELS).end(End::Hanging), 1, LONG).await?;
    account.delete().await?;
    account.gone_at_last().await?;
    nothing_is_left(&stage).await?;
    assert!(stage.chatwoot.state().await?.users.is_empty(), "the operator's own user stayed");
    Ok(())
}

//! A Chatwoot whose database was set back: what was made since is gone, and its ids are given once more.

use crate::support::{
    Journal, People, Stage, Subject,
    content::Furnished,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Filter, RecordKind};
use serde_json::{Value, json};

/// One look at everything, as `chatwoot-operator reconcile --all` asks for.
async fn look(subjects: &[&Subject]) -> Result<()> {
    for subject in subjects {
        subject.annotate("chatwoot.dev/reconcile-requested-at", "after the restore").await?;
    }
    for subject in subjects {
        let handled = |o: &serde_json::Value| o["status"]["lastHandledReconcileAt"] == "after the restore";
        subject.at_last("has been looked at", handled).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_made_after_the_dump_is_a_question_and_what_was_changed_is_put_right() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let member = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
    let alice = tenant.person(&stage, "alice", member.clone()).await?;
    alice.ready().await?;
    stage.chatwoot.act(Act::Dump).await?;
    acme.set(json!({"name": "Acme & Sons"})).await?;
    let late = tenant.account(&stage, "late", json!({"name": "Late"})).await?;
    let both = json!([{"account": "acme", "role": "Agent"}, {"account": "late", "role": "Agent"}]);
    alice.set(json!({"memberships": both})).await?;
    let bob = tenant.person(&stage, "bob", member).await?;
    let lena = json!({"memberships": [{"account": "late", "role": "Agent"}]});
    let lena = tenant.person(&stage, "lena", lena).await?;
    for subject in [&acme, &late, &alice, &bob, &lena] {
        subject.ready().await?;
    }
    let lost = id(&late.get().await?)?;

    stage.chatwoot.act(Act::SetBack).await?;
    let seq = stage.chatwoot.last_seq().await?;
    // The accounts first: who is in one that is gone has to wait for what becomes of it.
    look(&[&acme, &late]).await?;
    let asked = late.reason_at_last("ExternalResourceMissing").await?;
    ensure!(id(&asked)? == lost && message(&asked, "Ready").contains("--create"), "{asked}");
    look(&[&alice, &bob, &lena]).await?;
    acme.ready().await?;
    bob.reason_at_last("Succeeded").await?;
    alice.reason_at_last("WaitingForAccount").await?;
    lena.reason_at_last("ExternalResourceMissing").await?;
    let state = stage.chatwoot.state().await?;
    let names: Vec<&str> = state.accounts.iter().map(|account| account.name.as_str()).collect();
    ensure!(names == ["Acme & Sons"], "{names:?}");
    // Bob's account vouches for this Chatwoot, so he is made again; nobody vouches for Lena's.
    let mails: Vec<&str> = state.users.iter().map(|user| user.email.as_str()).collect();
    ensure!(mails == ["alice@acme.example", "bob@acme.example"], "{mails:?}");
    let made = stage.chatwoot.journal(&Filter::route("POST /platform/api/v1/accounts").since(seq)).await?;
    ensure!(made.is_empty(), "an account was made in place of the lost one: {made:#?}");
    Ok(())
}

/// Before anybody has looked, the id of a lost account belongs to another tenant's.
#[tokio::test]
async fn an_id_that_is_given_once_more_lets_nobody_into_another_tenants_account() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let alice =
        tenant.person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]}));
    let alice = alice.await?;
    alice.ready().await?;
    stage.chatwoot.act(Act::Dump).await?;
    let lost = tenant.account(&stage, "lost", json!({"name": "Lost"})).await?;
    let reused = id(&lost.ready().await?)?;
    stage.chatwoot.act(Act::SetBack).await?;

    let other = stage.tenant(json!({})).await?;
    let fresh = other.account(&stage, "fresh", json!({"name": "Fresh"})).await?;
    ensure!(id(&fresh.reason_at_last("Succeeded").await?)? == reused, "the id was not given once more");
    // The first tenant's team goes on as if nothing had been.
    let both = json!([{"account": "acme", "role": "Agent"}, {"account": "lost", "role": "Administrator"}]);
    alice.set(json!({"memberships": both})).await?;
    alice.reason("WaitingForAccount").await?;
    let person = id(&alice.get().await?)?;
    let roles = stage.chatwoot.roles(person).await?;
    ensure!(!roles.contains_key(&reused), "alice was let into another tenant's account: {roles:?}");
    let seq = stage.chatwoot.last_seq().await?;
    lost.set(json!({"name": "Not sent"})).await?;
    lost.stalled("NotOwned").await?;
    ensure!(stage.chatwoot.writes(seq).await?.is_empty(), "{:?}", stage.chatwoot.writes(seq).await?);
    let kept = stage.chatwoot.account(reused).await?.context("it is gone")?;
    ensure!(kept.name == "Fresh", "{kept:?}");

    // Whoever lost what it was bound to does not speak against the Chatwoot when the token is rotated, also where nobody
    // else is there but the one that has its id now.
    acme.delete().await?;
    acme.gone().await?;
    let rotated = stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?;
    stage.token(&rotated.token.context("no token")?).await?;
    let before = stage.instance().get().await?["status"]["connection"]["fingerprint"].clone();
    let proven = |o: &serde_json::Value| {
        o["status"]["connection"]["fingerprint"] != before && condition(o, "Ready")["status"] == "True"
    };
    stage.instance().at_last("is proven with the new token", proven).await?;
    fresh.set(json!({"name": "Fresh & Sons"})).await?;
    fresh.reason_at_last("Succeeded").await?;
    Ok(())
}

const LABEL: &str = "ChatwootLabel";

/// Title and id of every label.
async fn labels(inside: &Furnished) -> Result<Vec<(String, i64)>> {
    let content = inside.content().await?;
    let title =
        |fields: &serde_json::Map<String, Value>| fields["title"].as_str().unwrap_or_default().to_owned();
    let mut labels: Vec<_> = content.labels.iter().map(|label| (title(&label.fields), label.id)).collect();
    labels.sort();
    Ok(labels)
}

/// Nothing in Chatwoot says whose a label is: its id and its title do, and the id is given to another one.
#[tokio::test]
async fn two_labels_that_were_lost_never_share_the_id_that_is_given_once_more() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.stage.chatwoot.act(Act::Dump).await?;
    let first = inside.apply(LABEL, "first", json!({"title": "first"})).await?;
    let lost = id(&first.ready().await?)?;
    let second = inside.apply(LABEL, "second", json!({"title": "second"})).await?;
    second.ready().await?;
    inside.stage.chatwoot.act(Act::SetBack).await?;
    second.looked_at().await?;
    let second_id = id(&second.reason_at_last("Succeeded").await?)?;
    ensure!(second_id == lost, "the id was not given once more: {second_id}");
    first.looked_at().await?;
    let made_again = |object: &Value| is(object, "Succeeded") && object["status"]["id"] != lost;
    let first_id = id(&first.at_last("is made again", made_again).await?)?;
    let all = labels(&inside).await?;
    ensure!(all == [("first".to_owned(), first_id), ("second".to_owned(), second_id)], "{all:?}");
    first.delete().await?;
    first.gone().await?;
    let left = labels(&inside).await?;
    ensure!(left == [("second".to_owned(), second_id)], "{left:?}");
    Ok(())
}

#[tokio::test]
async fn a_label_made_by_hand_under_a_lost_labels_id_is_nobodys_to_change_or_delete() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.stage.chatwoot.act(Act::Dump).await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip", "color": "#1f93ff"})).await?;
    let lost = id(&vip.ready().await?)?;
    inside.stage.chatwoot.act(Act::SetBack).await?;
    let fields = json!({"title": "by hand", "color": "#000000"});
    let fields = fields.as_object().cloned().unwrap_or_default();
    inside
        .stage
        .chatwoot
        .act(Act::CreateRecord { account: inside.id, kind: RecordKind::Label, fields })
        .await?;
    ensure!(labels(&inside).await? == [("by hand".to_owned(), lost)], "the id was not given once more");
    let seq = inside.stage.chatwoot.last_seq().await?;
    look(&[&vip]).await?;
    let asked = vip.reason_at_last("NotOwned").await?;
    let message = message(&asked, "Ready");
    ensure!(message.contains("by hand") && message.contains(&format!("label {lost}")), "{message}");
    vip.delete().await?;
    vip.gone().await?;
    let calls = inside.calls_inside(seq).await?;
    ensure!(calls.iter().all(|call| call.starts_with("GET ")), "something was changed: {calls:?}");
    ensure!(labels(&inside).await? == [("by hand".to_owned(), lost)], "it was touched");
    Ok(())
}

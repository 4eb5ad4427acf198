//! Deleting is never a surprise.

use crate::support::{
    DELETE, Journal, PATCH, Stage, Subject, Tenant, route,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Fault, Filter, How, Status};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, api::DeleteParams};
use serde_json::{Value, json};

async fn with_policy(stage: &Stage, grant: Value, policy: &str) -> Result<(Tenant, Subject, i64)> {
    let (tenant, account) = stage.settled(grant, json!({"name": "Acme", "deletionPolicy": policy})).await?;
    let id = id(&account.get().await?)?;
    Ok((tenant, account, id))
}

async fn told(stage: &Stage, tenant: &Tenant, reason: &str) -> Result<String> {
    let fits = |event: &control_plane::SeenEvent| event.reason == reason;
    Ok(stage.place.plane.wait_for_event(&tenant.namespace, fits, crate::support::PATIENCE).await?.note)
}

#[tokio::test]
async fn by_default_the_account_stays_as_it_is() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let id = id(&account.get().await?)?;
    let before = stage.chatwoot.account(id).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    account.gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(stage.chatwoot.account(id).await?, before);
    assert!(told(&stage, &tenant, "Retained").await?.contains(&id.to_string()));
    Ok(())
}

#[tokio::test]
async fn suspend_keeps_the_data_and_locks_the_door() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, id) = with_policy(&stage, json!({}), "Suspend").await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, [PATCH]);
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.status, Some(Status::Suspended));
    Ok(())
}

#[tokio::test]
pub async fn delete_destroys_and_waits_until_it_is_done() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, id) = with_policy(&stage, json!({"allow": ["Delete"]}), "Delete").await?;
    stage.chatwoot.act(Act::HoldJobs { kinds: vec![] }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    let going = account.reason("Deleting").await?;
    assert!(going["status"]["deletion"]["sentAt"].is_string());
    assert_eq!(stage.chatwoot.writes(seq).await?, [PATCH, DELETE]);
    assert_eq!(
        stage.chatwoot.account(id).await?.context("it is gone already")?.status,
        Some(Status::Suspended)
    );

    stage.chatwoot.act(Act::ReleaseJobs { kinds: vec![] }).await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(id).await?, None);
    assert_eq!(stage.chatwoot.writes(seq).await?, [PATCH, DELETE], "asked once");
    assert!(told(&stage, &tenant, "DeletionSent").await?.contains("index is broken"));
    Ok(())
}

#[tokio::test]
async fn delete_needs_its_grant_when_it_is_applied() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "deletionPolicy": "Delete"})).await?;
    let refused = account.stalled("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("allow: [Delete]"));
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    account.set(json!({"deletionPolicy": "Retain"})).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn delete_needs_its_grant_again_when_it_is_carried_out_and_retain_always_opens_the_way() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, id) = with_policy(&stage, json!({"allow": ["Delete"]}), "Delete").await?;
    stage.grant(&tenant, json!({})).await?;
    account.stalled("NotGranted").await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    let blocked = account.stalled("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("deletionPolicy: Retain"));
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    account.set(json!({"deletionPolicy": "Retain"})).await?;
    account.gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert!(stage.chatwoot.account(id).await?.is_some());
    Ok(())
}

/// `kubectl delete -f` takes the Secret with everything else, in whatever order.
#[tokio::test]
async fn what_goes_together_with_the_token_is_still_carried_out() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, id) = with_policy(&stage, json!({}), "Suspend").await?;
    let secrets: Api<Secret> = Api::namespaced(stage.admin.clone(), &stage.home);
    secrets.delete("platform-app", &DeleteParams::default()).await?;
    stage.instance().reason_at_last("CredentialsMissing").await?;
    let late = tenant.account(&stage, "late", json!({"name": "Late"})).await?;
    late.reason("WaitingForInstance").await?;
    account.delete().await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.status, Some(Status::Suspended));
    assert_eq!(stage.chatwoot.state().await?.accounts.len(), 1, "nothing new is made with it");
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_waited_for_its_grant_goes_on_when_it_comes() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, id) = with_policy(&stage, json!({"allow": ["Delete"]}), "Delete").await?;
    stage.grant(&tenant, json!({})).await?;
    account.reason("NotGranted").await?;
    account.delete().await?;
    account.reason("DeletionBlocked").await?;
    stage.grant(&tenant, json!({"allow": ["Delete"]})).await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(id).await?, None);
    Ok(())
}

#[tokio::test]
pub async fn a_dead_chatwoot_never_wedges_a_namespace_without_saying_how_to_get_out() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, id) = with_policy(&stage, json!({}), "Suspend").await?;
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    account.delete().await?;
    let blocked = account.stalled("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("deletionPolicy: Retain"));
    account.set(json!({"deletionPolicy": "Retain"})).await?;
    account.gone().await?;
    stage.chatwoot.act(Act::SetDown { down: false }).await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.status, Some(Status::Active));
    assert!(told(&stage, &tenant, "DeletionBlocked").await?.contains("Retain"));
    Ok(())
}

#[tokio::test]
async fn a_deletion_goes_on_when_chatwoot_is_back() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, id) = with_policy(&stage, json!({}), "Suspend").await?;
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    account.delete().await?;
    account.reason("DeletionBlocked").await?;
    stage.chatwoot.act(Act::SetDown { down: false }).await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.status, Some(Status::Suspended));
    Ok(())
}

#[tokio::test]
async fn a_paused_account_waits_with_its_deletion_unless_it_is_kept() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, id) = with_policy(&stage, json!({}), "Suspend").await?;
    account.set(json!({"paused": true})).await?;
    account.until("is paused", |o| condition(o, "Paused")["status"] == "True").await?;
    account.delete().await?;
    let blocked = account.reason("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("paused: false"));
    account.set(json!({"paused": false})).await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.status, Some(Status::Suspended));

    let (_, kept) = stage.settled(json!({}), json!({"name": "Kept", "paused": false})).await?;
    kept.set(json!({"paused": true})).await?;
    kept.delete().await?;
    kept.gone().await?;
    Ok(())
}

#[tokio::test]
async fn an_observed_account_is_let_go_without_a_call() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, _) = with_policy(&stage, json!({}), "Suspend").await?;
    account.set(json!({"mode": "Observe"})).await?;
    account.reason("Observed").await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    account.gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_lost_its_marker_is_not_destroyed() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, id) = with_policy(&stage, json!({"allow": ["Delete"]}), "Delete").await?;
    let act = Act::EditAccountAttributes { account: id, how: How::Wipe, attributes: Default::default() };
    stage.chatwoot.act(act).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    account.stalled("DeletionBlocked").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert!(stage.chatwoot.account(id).await?.is_some());
    account.set(json!({"deletionPolicy": "Retain"})).await?;
    account.gone().await?;
    Ok(())
}

#[tokio::test]
async fn a_create_nobody_knows_the_end_of_is_let_go_with_what_to_look_for() -> Result<()> {
    let stage = Stage::new().await?;
    stage.chatwoot.act(Act::BreakIndex { app: None }).await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::ResetAfterCommit).await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    let object = account.reason_at_last("CreateOutcomeUnknown").await?;
    let uid = object["metadata"]["uid"].as_str().context("no uid")?.to_owned();
    account.delete().await?;
    account.gone().await?;
    let note = told(&stage, &tenant, "AccountMayExist").await?;
    let [left] = stage.chatwoot.of_uid(&uid).await?.try_into().map_err(|all| anyhow::anyhow!("{all:?}"))?;
    let marker = left.custom_attributes["chatwoot_operator"].as_str().context("no marker")?;
    assert!(note.contains(marker), "{note}");
    Ok(())
}

#[tokio::test]
async fn what_never_was_created_is_let_go_at_once() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.stranger().await?;
    let account =
        tenant.account(&stage, "acme", json!({"name": "Acme", "deletionPolicy": "Suspend"})).await?;
    let refused = account.until("is refused", |o| is(o, "NotGranted")).await?;
    assert_eq!(refused["metadata"]["finalizers"], Value::Null);
    account.delete().await?;
    account.gone().await?;
    Ok(())
}

/// A deletion that Chatwoot accepted cannot be taken back, and nobody is told otherwise.
#[tokio::test]
async fn retain_after_the_deletion_was_sent_says_that_it_is_too_late() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, _) = with_policy(&stage, json!({"allow": ["Delete"]}), "Delete").await?;
    stage.chatwoot.act(Act::HoldJobs { kinds: vec![] }).await?;
    account.delete().await?;
    account.reason("Deleting").await?;
    account.set(json!({"deletionPolicy": "Retain"})).await?;
    account.gone().await?;
    told(&stage, &tenant, "TooLate").await?;
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_to_a_delete_is_no_second_delete_of_somebody_else() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, id) = with_policy(&stage, json!({"allow": ["Delete"]}), "Delete").await?;
    stage.chatwoot.add_fault(Fault::once(route::DELETE_ACCOUNT, Effect::ResetAfterCommit)).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.delete().await?;
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(id).await?, None);
    let deletes = stage.chatwoot.journal(&Filter::route(route::DELETE_ACCOUNT).since(seq)).await?;
    assert!(deletes.iter().all(|entry| entry.path.ends_with(&format!("/{id}"))), "{deletes:?}");
    Ok(())
}

//! Deleting people: the default takes back what was given and keeps the person; destroying takes a field and a grant.

use crate::support::{
    Journal, People, Stage, Tenant,
    people::route,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Fault, Role};
use serde_json::{Value, json};

async fn told(stage: &Stage, tenant: &Tenant, reason: &str) -> Result<String> {
    let fits =
        |event: &control_plane::SeenEvent| event.reason == reason && event.about == "ChatwootUser/alice";
    Ok(stage.place.plane.wait_for_event(&tenant.namespace, fits, crate::support::PATIENCE).await?.note)
}

#[tokio::test]
async fn by_default_the_access_that_was_given_is_taken_back_and_the_person_kept() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let other = Act::CreateAccount { name: "Other".into(), attributes: Default::default(), app: None };
    let other = stage.chatwoot.act(other).await?.id.context("no id")?;
    stage.chatwoot.act(Act::AddMember { account: other, user, role: None }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.delete().await?;
    alice.gone().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user", "DELETE member"]);
    assert_eq!(stage.chatwoot.roles(user).await?, [(other, Some(Role::Agent))].into());
    assert!(!stage.chatwoot.roles(user).await?.contains_key(&account));
    assert_eq!(stage.chatwoot.person(user).await?.email, "alice@acme.example");
    Ok(())
}

#[tokio::test]
async fn access_is_taken_back_also_where_the_accounts_resource_is_gone() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let acme = tenant.subject(&stage, "ChatwootAccount", "acme");
    acme.delete().await?;
    acme.gone().await?;
    alice.reason("AccountGone").await?;
    alice.delete().await?;
    alice.gone().await?;
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn retain_touches_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) = stage.staffed(json!({}), json!({"deletionPolicy": "Retain"})).await?;
    let user = id(&alice.get().await?)?;
    let (before, seq) = (stage.chatwoot.person(user).await?, stage.chatwoot.last_seq().await?);
    alice.delete().await?;
    alice.gone().await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert_eq!(stage.chatwoot.person(user).await?, before);
    assert!(stage.chatwoot.roles(user).await?.contains_key(&account));
    assert!(told(&stage, &tenant, "Retained").await?.contains(&user.to_string()));
    Ok(())
}

#[tokio::test]
async fn delete_destroys_the_person_where_it_is_granted() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) =
        stage.staffed(json!({"allow": ["Delete"]}), json!({"deletionPolicy": "Delete"})).await?;
    let user = id(&alice.get().await?)?;
    stage.chatwoot.act(Act::HoldJobs { kinds: vec![] }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.delete().await?;
    let going = alice.reason("Deleting").await?;
    assert!(going["status"]["deletion"]["sentAt"].is_string());
    assert_eq!(stage.chatwoot.writes(seq).await?, ["DELETE member", "DELETE user"]);
    stage.chatwoot.act(Act::ReleaseJobs { kinds: vec![] }).await?;
    alice.gone().await?;
    assert_eq!(stage.chatwoot.state().await?.user(user), None);
    assert_eq!(stage.chatwoot.writes(seq).await?, ["DELETE member", "DELETE user"], "asked once");
    told(&stage, &tenant, "Deleted").await?;
    Ok(())
}

#[tokio::test]
async fn delete_is_refused_without_its_grant_and_again_when_it_is_carried_out() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant.person(&stage, "alice", json!({"deletionPolicy": "Delete"})).await?;
    let refused = alice.stalled("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("allow: [Delete]"));
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    stage.grant(&tenant, json!({"allow": ["Delete"]})).await?;
    let user = id(&alice.ready().await?)?;
    stage.grant(&tenant, json!({})).await?;
    alice.stalled("NotGranted").await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.delete().await?;
    let blocked = alice.stalled("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("deletionPolicy: Retain"));
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    alice.set(json!({"deletionPolicy": "Retain"})).await?;
    alice.gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    stage.chatwoot.person(user).await?;
    Ok(())
}

#[tokio::test]
async fn a_person_others_depend_on_is_not_destroyed_and_that_is_said() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) =
        stage.staffed(json!({"allow": ["Delete"]}), json!({"deletionPolicy": "Delete"})).await?;
    let user = id(&alice.get().await?)?;
    let other = Act::CreateAccount { name: "Other".into(), attributes: Default::default(), app: None };
    let other = stage.chatwoot.act(other).await?.id.context("no id")?;
    stage.chatwoot.act(Act::AddMember { account: other, user, role: None }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.delete().await?;
    alice.gone().await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, ["DELETE member"]);
    let left = stage.chatwoot.roles(user).await?;
    assert!(left.contains_key(&other) && !left.contains_key(&account));
    assert!(told(&stage, &tenant, "Kept").await?.contains(&user.to_string()));
    Ok(())
}

#[tokio::test]
async fn a_person_who_lost_the_marker_is_not_destroyed() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, alice) =
        stage.staffed(json!({"allow": ["Delete"]}), json!({"deletionPolicy": "Delete"})).await?;
    let user = id(&alice.get().await?)?;
    let wipe =
        Act::EditUserAttributes { user, how: chatwoot_simulator::How::Wipe, attributes: Default::default() };
    stage.chatwoot.act(wipe).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.delete().await?;
    alice.stalled("DeletionBlocked").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    alice.set(json!({"deletionPolicy": "Retain"})).await?;
    alice.gone().await?;
    stage.chatwoot.person(user).await?;
    Ok(())
}

#[tokio::test]
pub async fn a_dead_chatwoot_blocks_and_says_the_way_out() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let bob =
        tenant.person(&stage, "bob", json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    let bob_id = id(&bob.ready().await?)?;
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    alice.delete().await?;
    bob.delete().await?;
    let blocked = alice.stalled("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("deletionPolicy: Retain"));
    alice.set(json!({"deletionPolicy": "Retain"})).await?;
    alice.gone().await?;

    // The other one waits, and goes on when Chatwoot is back.
    bob.stalled("DeletionBlocked").await?;
    stage.chatwoot.act(Act::SetDown { down: false }).await?;
    bob.gone().await?;
    assert!(stage.chatwoot.roles(bob_id).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_person_outlives_an_instance_that_lets_go() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    let instance = stage.instance();
    instance.set(json!({"deletionPolicy": "Release"})).await?;
    instance.delete().await?;
    instance.gone().await?;
    alice.delete().await?;
    alice.gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert!(stage.chatwoot.roles(user).await?.contains_key(&account));
    Ok(())
}

#[tokio::test]
async fn a_paused_person_waits_with_the_deletion_unless_they_are_kept() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    alice.set(json!({"paused": true})).await?;
    alice.until("is paused", |o| condition(o, "Paused")["status"] == "True").await?;
    alice.delete().await?;
    let blocked = alice.reason("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("paused: false"));
    alice.set(json!({"paused": false})).await?;
    alice.gone().await?;
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_observed_person_is_let_go_without_a_call() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    alice.set(json!({"mode": "Observe"})).await?;
    alice.reason("Observed").await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.delete().await?;
    alice.gone().await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert!(stage.chatwoot.roles(user).await?.contains_key(&account));
    Ok(())
}

/// The POST went through and nobody heard: what may exist is said, with what to look for.
#[tokio::test]
async fn let_go_before_an_id_was_known_says_what_to_look_for() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let lost = Fault::always(route::CREATE_USER, Effect::ResetAfterCommit);
    stage.chatwoot.add_fault(lost).await?;
    let alice = tenant.person(&stage, "alice", json!({})).await?;
    let object = alice.reason("ChatwootUnavailable").await?;
    assert_eq!(object["status"]["id"], Value::Null);
    alice.delete().await?;
    alice.gone().await?;
    let note = told(&stage, &tenant, "UserMayExist").await?;
    let left = stage.chatwoot.people_at("alice@acme.example").await?;
    let marker = left.first().context("nobody")?.custom_attributes["chatwoot_operator"].clone();
    assert!(note.contains(marker.as_str().context("no marker")?), "{note}");
    Ok(())
}

#[tokio::test]
async fn delete_finds_and_destroys_somebody_whose_id_was_never_heard() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({"allow": ["Delete"]})).await?;
    let lost = Fault::always(route::CREATE_USER, Effect::ResetAfterCommit);
    stage.chatwoot.add_fault(lost).await?;
    let alice = tenant.person(&stage, "alice", json!({"deletionPolicy": "Delete"})).await?;
    alice.reason("ChatwootUnavailable").await?;
    assert_eq!(stage.chatwoot.people_at("alice@acme.example").await?.len(), 1);
    stage.chatwoot.clear_faults().await?;
    alice.delete().await?;
    alice.gone().await?;
    assert!(stage.chatwoot.people_at("alice@acme.example").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_never_made_is_let_go_at_once() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.stranger().await?;
    let alice = tenant.person(&stage, "alice", json!({})).await?;
    let refused = alice.until("is refused", |o| is(o, "NotGranted")).await?;
    assert_eq!(refused["metadata"]["finalizers"], Value::Null);
    alice.delete().await?;
    alice.gone().await?;
    Ok(())
}

/// Somebody strips the instance's finalizer and deletes it under its people.
#[tokio::test]
async fn a_person_whose_instance_is_gone_is_let_go_when_told_so() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let instance = stage.instance();
    instance.delete().await?;
    instance.until("waits for its dependents", |o| o["metadata"]["deletionTimestamp"].is_string()).await?;
    while instance.get().await.is_ok() {
        // The operator may put it back once.
        let _ = instance.merge(json!({"metadata": {"finalizers": null}})).await;
    }
    alice.delete().await?;
    let blocked = alice.stalled("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("deletionPolicy: Retain"));
    alice.set(json!({"deletionPolicy": "Retain"})).await?;
    alice.gone().await?;
    Ok(())
}

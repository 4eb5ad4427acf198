//! People: made, changed, kept as they are wanted.

use crate::support::{
    Journal, People, Stage,
    people::{membership, route},
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditUser, Filter, How, Removal, Role};
use serde_json::{Value, json};

#[tokio::test]
async fn a_person_is_made_with_exactly_two_calls_and_three_writes() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let account = id(&account.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;

    let spec = json!({
        "email": "Alice@ACME.example", "name": "Alice", "displayName": "Al", "customAttributes": {"team": "blue", "seat": 4},
        "memberships": [{"account": "acme", "role": "Administrator"}]
    });
    let alice = tenant.person(&stage, "alice", spec).await?;
    let object = alice.ready().await?;

    assert_eq!(stage.chatwoot.calls(seq).await?, ["POST user", "POST member"]);
    let writes = stage.place.writes_to(&tenant.namespace, "alice").await?;
    assert_eq!(writes, ["patch chatwootusers", "update chatwootusers/status", "update chatwootusers/status"]);
    let made = stage.chatwoot.person(id(&object)?).await?;
    assert_eq!((made.email.as_str(), made.name.as_str()), ("alice@acme.example", "Alice"));
    assert_eq!(made.display_name.as_deref(), Some("Al"));
    assert_eq!(
        (&made.custom_attributes["team"], &made.custom_attributes["seat"]),
        (&json!("blue"), &json!(4))
    );
    assert_eq!(stage.chatwoot.roles(made.id).await?, [(account, Some(Role::Administrator))].into());
    let uid = object["metadata"]["uid"].as_str().context("no uid")?;
    let marker = made.custom_attributes["chatwoot_operator"].as_str().context("no marker")?;
    assert!(marker.ends_with(uid), "{marker}");
    let status = &object["status"];
    assert_eq!((&status["ownership"], &status["email"]), (&json!("Created"), &json!("alice@acme.example")));
    assert_eq!(membership(&object, "acme")["state"], "Granted");
    assert_eq!(membership(&object, "acme")["accountId"], account);
    Ok(())
}

#[tokio::test]
async fn a_person_without_memberships_costs_one_call_and_two_writes() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    tenant.person(&stage, "alice", json!({})).await?.ready().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["POST user"]);
    let writes = stage.place.writes_to(&tenant.namespace, "alice").await?;
    assert_eq!(writes, ["patch chatwootusers", "update chatwootusers/status"]);
    Ok(())
}

#[tokio::test]
async fn a_changed_person_gets_the_change_and_nothing_else() -> Result<()> {
    let stage = Stage::new().await?;
    let attributes = json!({"customAttributes": {"team": "blue", "seat": 4}, "displayName": "Al"});
    let (_, _, alice) = stage.staffed(json!({}), attributes).await?;
    let user = id(&alice.get().await?)?;
    let foreign = json!({"crm": {"id": 9}}).as_object().cloned().context("no map")?;
    stage.chatwoot.act(Act::EditUserAttributes { user, how: How::Merge, attributes: foreign }).await?;
    let seq = stage.chatwoot.last_seq().await?;

    alice
        .set(
            json!({"name": "Alice A.", "displayName": "", "customAttributes": {"team": "red", "seat": null}}),
        )
        .await?;
    alice.ready().await?;

    assert_eq!(stage.chatwoot.writes(seq).await?, ["PATCH user"]);
    let sent = stage.chatwoot.journal(&Filter::route(route::UPDATE_USER).since(seq)).await?;
    let body: Value = serde_json::from_str(&sent.first().context("nothing was sent")?.body)?;
    let wanted =
        json!({"name": "Alice A.", "display_name": "", "custom_attributes": {"team": "red", "seat": null}});
    assert_eq!(body, wanted);
    let after = stage.chatwoot.person(user).await?;
    assert_eq!(
        (&after.custom_attributes["crm"], &after.custom_attributes["seat"]),
        (&json!({"id": 9}), &Value::Null)
    );
    assert!(after.custom_attributes.contains_key("chatwoot_operator"), "the marker must survive");

    // The null stands for the key that is gone (P14): nothing is sent for it again.
    let seq = stage.chatwoot.last_seq().await?;
    alice.looked_at().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user"]);
    Ok(())
}

#[tokio::test]
async fn a_change_of_role_is_an_upsert_and_never_a_removal() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    stage.chatwoot.act(Act::JoinTeam { account, user, team: 1 }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"memberships": [{"account": "acme", "role": "Administrator"}]})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, ["POST member"]);
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Administrator))].into());
    assert_eq!(stage.chatwoot.state().await?.teams.len(), 1, "the person keeps their team");
    Ok(())
}

#[tokio::test]
async fn what_somebody_edits_on_a_person_is_repaired() -> Result<()> {
    let stage = Stage::new().await?;
    let spec = json!({"displayName": "Al", "customAttributes": {"team": "blue"}});
    let (_, account, alice) = stage.staffed(json!({}), spec).await?;
    let user = id(&alice.get().await?)?;
    let edit = EditUser {
        user,
        name: Some("Changed by hand".into()),
        email: Some("other@acme.example".into()),
        display_name: Some("X".into()),
        ..EditUser::default()
    };
    stage.chatwoot.act(Act::EditUser(edit)).await?;
    stage.chatwoot.act(Act::ChangeRole { account, user, role: Some(Role::Administrator) }).await?;
    let attributes = json!({"team": "red", "note": "mine"}).as_object().cloned().context("no map")?;
    stage.chatwoot.act(Act::EditUserAttributes { user, how: How::Merge, attributes }).await?;

    alice.looked_at().await?;
    let repaired = stage.chatwoot.person(user).await?;
    assert_eq!((repaired.name.as_str(), repaired.email.as_str()), ("alice", "alice@acme.example"));
    assert_eq!(repaired.display_name.as_deref(), Some("Al"));
    assert_eq!(
        (&repaired.custom_attributes["team"], &repaired.custom_attributes["note"]),
        (&json!("blue"), &json!("mine"))
    );
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());

    stage.chatwoot.act(Act::RemoveMember { account, user, way: Removal::Plain }).await?;
    alice.looked_at().await?;
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());
    assert_eq!(repaired.password_writes, 1, "nobody's password is touched by a repair");
    Ok(())
}

#[tokio::test]
async fn a_paused_person_is_left_alone_until_they_are_no_longer() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant.person(&stage, "alice", json!({"paused": true})).await?;
    let paused = alice.reason("Paused").await?;
    assert_eq!(condition(&paused, "Ready")["status"], "Unknown");
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert_eq!(paused["metadata"]["finalizers"], Value::Null);

    alice.set(json!({"paused": false})).await?;
    let user = id(&alice.ready().await?)?;
    alice.set(json!({"paused": true})).await?;
    let paused = alice.until("is paused", |o| condition(o, "Paused")["status"] == "True").await?;
    assert_eq!(
        condition(&paused, "Ready")["status"],
        "True",
        "pausing alone changes nothing that was reconciled"
    );
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"name": "Renamed"})).await?;
    alice.reason("Paused").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    alice.set(json!({"paused": false})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.name, "Renamed");
    Ok(())
}

#[tokio::test]
async fn observing_a_person_lists_differences_and_changes_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let spec = json!({"mode": "Observe", "credentialsSecret": {"name": "bob-chatwoot"}});
    let unbound = tenant.person(&stage, "bob", spec).await?;
    let object = unbound.reason("Observed").await?;
    assert_eq!(condition(&object, "Ready")["status"], "True");
    assert_eq!((&object["status"]["id"], &object["metadata"]["finalizers"]), (&Value::Null, &Value::Null));
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert!(tenant.secrets().get_opt("bob-chatwoot").await?.is_none());

    let (_, _, alice) = stage.staffed(json!({}), json!({"displayName": "Al"})).await.context("alice")?;
    let user = id(&alice.get().await?)?;
    stage.chatwoot.act(Act::RenameUser { user, name: "Changed by hand".into() }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"mode": "Observe", "displayName": "Ally"})).await?;
    let object = alice.reason("Observed").await?;
    assert_eq!(object["status"]["drifted"], json!(["name", "displayName"]));
    assert_eq!(condition(&object, "Drifted")["reason"], "DifferencesFound");
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user"]);
    alice.set(json!({"mode": "Enforce"})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.name, "alice");
    Ok(())
}

/// Chatwoot's settings page deletes people who leave their last account (P30).
#[tokio::test]
async fn somebody_the_settings_page_deleted_is_made_again_where_an_account_vouches() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) =
        stage.staffed(json!({}), json!({"customAttributes": {"team": "blue"}})).await?;
    let before = id(&alice.get().await?)?;
    stage.chatwoot.act(Act::RemoveMember { account, user: before, way: Removal::Ui }).await?;
    stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;
    stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;

    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    let again = alice
        .until("is made again", |o| {
            is(o, "Succeeded") && o["status"]["id"].as_i64().is_some_and(|id| id != before)
        })
        .await?;
    let user = id(&again)?;
    assert_eq!(stage.chatwoot.people_at("alice@acme.example").await?.len(), 1);
    assert_eq!(stage.chatwoot.person(user).await?.custom_attributes["team"], "blue");
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());
    let fits = |event: &control_plane::SeenEvent| event.reason == "Vanished";
    stage.place.plane.wait_for_event(&tenant.namespace, fits, crate::support::PATIENCE).await?;
    Ok(())
}

#[tokio::test]
pub async fn nobody_is_made_again_in_what_may_be_another_chatwoot() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let alice = tenant.person(&stage, "alice", json!({})).await?;
    let user = id(&alice.ready().await?)?;
    stage.chatwoot.act(Act::DeleteUser { user, when: Default::default() }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    let missing = alice.stalled("ExternalResourceMissing").await?;
    assert!(message(&missing, "Ready").contains("delete this resource"));
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    // Its author decides: the resource is applied anew.
    alice.delete().await?;
    alice.gone().await?;
    let again = tenant.person(&stage, "alice", json!({})).await?;
    assert_ne!(id(&again.ready().await?)?, user);
    Ok(())
}

/// Rows that a deleted account left behind make every view of its people a 500 until they are cleaned up (P4).
#[tokio::test]
pub async fn while_an_account_is_cleaned_up_only_its_people_wait() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let bob = tenant.person(&stage, "bob", json!({})).await?;
    bob.ready().await?;
    let user = id(&alice.get().await?)?;
    let other = Act::CreateAccount { name: "Other".into(), attributes: Default::default(), app: None };
    let other = stage.chatwoot.act(other).await?.id.context("no id")?;
    stage.chatwoot.act(Act::AddMember { account: other, user, role: None }).await?;
    let kinds = vec![chatwoot_simulator::JobKind::CleanAccount];
    stage.chatwoot.act(Act::HoldJobs { kinds: kinds.clone() }).await?;
    stage.chatwoot.act(Act::DeleteAccount { account: other, when: chatwoot_simulator::When::Queued }).await?;
    stage.chatwoot.act(Act::RunJobs { kinds: vec![chatwoot_simulator::JobKind::DestroyAccount] }).await?;

    alice.set(json!({"name": "Alice A."})).await?;
    let waiting = alice.reason("ChatwootUnavailable").await?;
    assert_eq!(condition(&waiting, "Reconciling")["status"], "True");
    assert_eq!(waiting["status"]["id"], user, "a read that fails is no loss");
    bob.set(json!({"name": "Bob B."})).await?;
    bob.ready().await?;
    stage.instance().ready().await?;

    stage.chatwoot.act(Act::ReleaseJobs { kinds }).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.name, "Alice A.");
    Ok(())
}

//! Who may enter which account: own namespace, others with consent, and how access ends.

use crate::support::{
    Journal, PATIENCE, People, Stage, Subject, Tenant,
    people::{membership, route},
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Fault, Filter, JobKind, Role};
use control_plane::SeenEvent;
use serde_json::{Value, json};

/// A tenant that owns account `desk`, another that has people, and what the first consents to.
async fn two(stage: &Stage, roles: Value) -> Result<(Subject, i64, Tenant)> {
    let owner = stage.tenant(json!({})).await?;
    let guest = stage.tenant(json!({})).await?;
    let consent = match roles {
        Value::Null => json!([]),
        roles => json!([{"namespaces": {"names": [guest.namespace]}, "roles": roles}]),
    };
    let desk = owner.account(stage, "desk", json!({"name": "Desk", "membersFrom": consent})).await?;
    let account = id(&desk.ready().await?)?;
    Ok((desk, account, guest))
}

fn at(desk: &Subject, role: &str) -> Value {
    json!({"memberships": [{"namespace": desk.namespace, "account": "desk", "role": role}]})
}

#[tokio::test]
async fn with_consent_a_person_joins_across_namespaces() -> Result<()> {
    let stage = Stage::new().await?;
    let (desk, account, guest) = two(&stage, json!(["Agent"])).await?;
    let alice = guest.person(&stage, "alice", at(&desk, "Agent")).await?;
    let object = alice.ready().await?;
    assert_eq!(stage.chatwoot.roles(id(&object)?).await?, [(account, Some(Role::Agent))].into());
    assert_eq!(membership(&object, "desk")["namespace"], json!(desk.namespace));
    Ok(())
}

#[tokio::test]
async fn without_consent_nothing_is_sent_and_others_are_not_held_up() -> Result<()> {
    let stage = Stage::new().await?;
    let (desk, _, guest) = two(&stage, Value::Null).await?;
    let own = id(&guest.account(&stage, "acme", json!({"name": "Acme"})).await?.ready().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    let memberships = json!({"memberships": [
        {"namespace": desk.namespace, "account": "desk", "role": "Agent"}, {"account": "acme", "role": "Agent"}
    ]});
    let alice = guest.person(&stage, "alice", memberships).await?;
    let refused = alice.stalled("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("membersFrom"));
    assert_eq!(membership(&refused, "desk")["state"], "Refused");
    assert_eq!(membership(&refused, "acme")["state"], "Granted");
    let user = id(&refused)?;
    assert_eq!(stage.chatwoot.roles(user).await?, [(own, Some(Role::Agent))].into());
    let joins = stage.chatwoot.journal(&Filter::route(route::JOIN).since(seq)).await?;
    assert_eq!(joins.len(), 1);

    // Consent comes.
    desk.set(json!({"membersFrom": [{"namespaces": {"names": [guest.namespace]}, "roles": ["Agent"]}]}))
        .await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.roles(user).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn consent_to_one_role_is_none_to_another() -> Result<()> {
    let stage = Stage::new().await?;
    let (desk, account, guest) = two(&stage, json!(["Agent"])).await?;
    let alice = guest.person(&stage, "alice", at(&desk, "Administrator")).await?;
    let user = id(&alice.stalled("NotGranted").await?)?;
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    alice.set(at(&desk, "Agent")).await?;
    alice.ready().await?;

    // Asking for more than is consented to costs nothing that was given.
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(at(&desk, "Administrator")).await?;
    alice.stalled("NotGranted").await?;
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn withdrawn_consent_takes_access_back_only_after_it_has_held() -> Result<()> {
    let stage = Stage::new().await?;
    let (desk, account, guest) = two(&stage, json!(["Agent"])).await?;
    let alice = guest.person(&stage, "alice", at(&desk, "Agent")).await?;
    let user = id(&alice.ready().await?)?;
    let consent = desk.get().await?["spec"]["membersFrom"].clone();
    let seq = stage.chatwoot.last_seq().await?;

    // A manifest that is replaced may miss its consent for a moment.
    desk.set(json!({"membersFrom": []})).await?;
    let noticed = alice.until("is noticed", |o| membership(o, "desk")["state"] == "Revoking").await?;
    assert_eq!(condition(&noticed, "Ready")["reason"], "NotGranted");
    assert!(stage.chatwoot.writes(seq).await?.is_empty(), "nothing is taken back at once");
    desk.set(json!({"membersFrom": consent})).await?;
    alice.ready().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    desk.set(json!({"membersFrom": []})).await?;
    alice.at_last("is refused", |o| membership(o, "desk")["state"] == "Refused").await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, ["DELETE member"]);
    assert!(!stage.chatwoot.roles(user).await?.contains_key(&account));
    alice.stalled("NotGranted").await?;
    Ok(())
}

#[tokio::test]
async fn a_membership_no_longer_declared_is_taken_back_and_a_foreign_one_stays() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let other = id(&tenant.account(&stage, "other", json!({"name": "Other"})).await?.ready().await?)?;
    stage.chatwoot.act(Act::AddMember { account: other, user, role: Some(Role::Administrator) }).await?;
    alice.looked_at().await?;
    let seq = stage.chatwoot.last_seq().await?;

    alice.set(json!({"memberships": []})).await?;
    alice.at_last("has forgotten it", |o| is(o, "Succeeded") && membership(o, "acme").is_null()).await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, ["DELETE member"]);
    assert_eq!(stage.chatwoot.roles(user).await?, [(other, Some(Role::Administrator))].into());
    let left = stage.chatwoot.journal(&Filter::route(route::LEAVE).since(seq)).await?;
    assert!(left.iter().all(|entry| entry.path.contains(&format!("/accounts/{account}/"))));
    Ok(())
}

#[tokio::test]
pub async fn a_person_waits_for_an_account_and_joins_when_it_is_there() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let acme = tenant.account(&stage, "acme", json!({"name": "Acme", "paused": true})).await?;
    acme.reason("Paused").await?;
    let alice = tenant
        .person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]}))
        .await?;
    let waiting = alice.reason("WaitingForAccount").await?;
    assert_eq!(condition(&waiting, "Reconciling")["status"], "True");
    assert!(message(&waiting, "Ready").contains("is bound"), "{}", message(&waiting, "Ready"));
    acme.set(json!({"paused": false})).await?;
    let user = id(&alice.ready().await?)?;
    let account = id(&acme.get().await?)?;
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());
    Ok(())
}

#[tokio::test]
async fn people_may_be_applied_before_their_accounts() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let alice = tenant
        .person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]}))
        .await?;
    alice.until("has been looked at", |o| is(o, "NotGranted")).await?;
    tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    let user = id(&alice.ready().await?)?;
    assert_eq!(stage.chatwoot.roles(user).await?.len(), 1);
    Ok(())
}

#[tokio::test]
pub async fn an_account_whose_resource_is_gone_keeps_its_people() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let acme = tenant.subject(&stage, "ChatwootAccount", "acme");
    let seq = stage.chatwoot.last_seq().await?;
    acme.delete().await?;
    acme.gone().await?;
    let gone = alice.reason("AccountGone").await?;
    assert_eq!(condition(&gone, "Reconciling")["status"], "True");
    assert!(message(&gone, "Ready").contains("acme"));
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());

    // What it says to do leaves the condition again, and what was given is taken back.
    alice.set(json!({"memberships": []})).await?;
    alice.at_last("has forgotten it", |o| is(o, "Succeeded") && membership(o, "acme").is_null()).await?;
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_membership_that_fails_does_not_hold_up_others() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(id(&tenant.account(&stage, name, json!({"name": name})).await?.ready().await?)?);
    }
    let failing = format!("/platform/api/v1/accounts/{}/account_users", ids.first().context("none")?);
    let fault =
        Fault::always(route::JOIN, Effect::Status { status: 500, after_commit: false }).on_path(&failing);
    stage.chatwoot.add_fault(fault).await?;
    let memberships: Vec<Value> =
        ["one", "two", "three"].iter().map(|name| json!({"account": name, "role": "Agent"})).collect();
    let alice = tenant.person(&stage, "alice", json!({"memberships": memberships})).await?;
    let waiting = alice
        .until("has the others", |o| {
            is(o, "ChatwootUnavailable") && membership(o, "three")["state"] == "Granted"
        })
        .await?;
    assert_eq!(membership(&waiting, "one")["state"], "Pending");
    assert_eq!(membership(&waiting, "two")["state"], "Granted");
    stage.chatwoot.clear_faults().await?;
    let user = id(&alice.ready().await?)?;
    assert_eq!(stage.chatwoot.roles(user).await?.len(), 3);
    Ok(())
}

/// Chatwoot answers 500 and yet adds the member, where the job of an earlier removal has not run (P5).
#[tokio::test]
async fn somebody_taken_back_too_early_is_in_after_all() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    stage.chatwoot.act(Act::HoldJobs { kinds: vec![JobKind::RemoveMember] }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"memberships": []})).await?;
    stage.chatwoot.wait(&Filter::route(route::LEAVE).since(seq), 1, crate::support::PATIENCE).await?;
    alice.set(json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    alice.until("is in again", |o| is(o, "Succeeded") && membership(o, "acme")["state"] == "Granted").await?;
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());
    let joins = stage.chatwoot.journal(&Filter::route(route::JOIN).since(seq)).await?;
    assert_eq!(
        joins.iter().map(|entry| entry.status).collect::<Vec<_>>(),
        [Some(500)],
        "asked once, then looked"
    );
    Ok(())
}

#[tokio::test]
async fn a_namespace_selector_consents_by_label() -> Result<()> {
    let stage = Stage::new().await?;
    let owner = stage.tenant(json!({})).await?;
    let guest = stage.place.tenant(&[("kind", "bpo")]).await?;
    stage.grant(&guest, json!({})).await?;
    let selector =
        json!([{"namespaces": {"selector": {"matchLabels": {"kind": "bpo"}}}, "roles": ["Agent"]}]);
    let desk = owner.account(&stage, "desk", json!({"name": "Desk", "membersFrom": selector})).await?;
    if stage.place.confined {
        let told = desk.stalled("InvalidSpec").await?;
        assert!(message(&told, "Ready").contains("spec.membersFrom[0].namespaces.selector"), "{told}");
        guest.person(&stage, "alice", at(&desk, "Agent")).await?.stalled("NotGranted").await?;
        assert!(stage.chatwoot.state().await?.memberships.is_empty());
        return Ok(());
    }
    desk.ready().await?;
    let alice = guest.person(&stage, "alice", at(&desk, "Agent")).await?;
    let user = id(&alice.ready().await?)?;
    assert_eq!(stage.chatwoot.roles(user).await?.len(), 1);

    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": guest.namespace, "labels": {"kind": "other"}}});
    stage.place.plane.apply("default", &namespace.to_string()).await?;
    alice.at_last("is refused", |o| membership(o, "desk")["state"] == "Refused").await?;
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    Ok(())
}

/// An account that lost its marker is nobody's to let people into.
#[tokio::test]
async fn nobody_joins_an_account_that_is_not_its_resources() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let account = id(&acme.get().await?)?;
    let wipe = Act::EditAccountAttributes {
        account,
        how: chatwoot_simulator::How::Wipe,
        attributes: Default::default(),
    };
    stage.chatwoot.act(wipe).await?;
    acme.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    acme.stalled("NotOwned").await?;
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant
        .person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Administrator"}]}))
        .await?;
    alice.reason("WaitingForAccount").await?;
    assert!(stage.chatwoot.writes(seq).await?.iter().all(|call| call != "POST member"));

    // An admin vouches for the account.
    stage.grant(&tenant, json!({"adoptable": {"accounts": [account]}})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.state().await?.memberships.len(), 1);
    Ok(())
}

/// Design §5: never a block, but nobody should have to find out by being locked out.
#[tokio::test]
async fn removing_the_last_administrator_of_an_account_is_an_event() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let account = id(&acme.get().await?)?;
    let boss = json!({"memberships": [{"account": "acme", "role": "Administrator"}]});
    let alice = tenant.person(&stage, "alice", boss.clone()).await?;
    let bob = tenant.person(&stage, "bob", boss).await?;
    let (first, second) = (id(&alice.ready().await?)?, id(&bob.ready().await?)?);
    alice.set(json!({"memberships": []})).await?;
    alice.ready().await?;
    assert!(stage.chatwoot.roles(first).await?.is_empty());
    bob.set(json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    bob.ready().await?;
    assert_eq!(stage.chatwoot.roles(second).await?, [(account, Some(Role::Agent))].into());

    let fits = |about: &str| {
        let about = about.to_owned();
        move |event: &SeenEvent| event.reason == "LastAdministratorRemoved" && event.about == about
    };
    for about in ["ChatwootUser/bob", "ChatwootAccount/acme"] {
        let event = stage.place.plane.wait_for_event(&tenant.namespace, fits(about), PATIENCE).await?;
        assert!(event.note.contains(&format!("{}/acme", tenant.namespace)), "{}", event.note);
        assert!(event.note.contains("role: Administrator"), "{}", event.note);
    }
    let all = stage.place.plane.events(&tenant.namespace).await?;
    assert!(!all.iter().any(fits("ChatwootUser/alice")), "she was not the last one");
    Ok(())
}

/// With one of several accounts there, the person is made and enters that one; the others follow.
#[tokio::test]
async fn accounts_that_come_later_are_entered_later() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let other = tenant.account(&stage, "other", json!({"name": "Other", "paused": true})).await?;
    other.reason("Paused").await?;
    let both =
        json!({"memberships": [{"account": "acme", "role": "Agent"}, {"account": "other", "role": "Agent"}]});
    let alice = tenant.person(&stage, "alice", both).await?;
    let waiting = alice
        .until("is in one", |o| is(o, "WaitingForAccount") && membership(o, "acme")["state"] == "Granted")
        .await?;
    assert!(message(&waiting, "Ready").contains("other") && !message(&waiting, "Ready").contains("acme"));
    assert_eq!(membership(&waiting, "other")["state"], "Pending");
    other.set(json!({"paused": false})).await?;
    let user = id(&alice.ready().await?)?;
    assert_eq!(stage.chatwoot.roles(user).await?.len(), 2);
    Ok(())
}

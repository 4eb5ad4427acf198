//! Other tenants' accounts: staying where consent was withdrawn, and taking people along when an account goes.

use crate::support::{
    Journal, PATIENCE, People, Stage,
    people::{membership, route},
    subject::{id, is},
};
use anyhow::Result;
use chatwoot_simulator::{Act, Effect, Fault, Filter, Release, Role};
use serde_json::json;

/// Everything that keeps the operator from doing what a resource asks for, short of stripping it.
#[tokio::test]
async fn no_way_of_resting_keeps_a_person_where_consent_was_withdrawn() -> Result<()> {
    let stage = Stage::new().await?;
    let victim = stage.tenant(json!({})).await?;
    let evil = stage.tenant(json!({"emailDomains": ["evil.example"]})).await?;
    let consent = json!([{"namespaces": {"names": [evil.namespace]}, "roles": ["Agent"]}]);
    let desk = victim.account(&stage, "desk", json!({"name": "Desk", "membersFrom": consent})).await?;
    let account = id(&desk.ready().await?)?;
    let mut people = Vec::new();
    for (name, dodge) in [
        ("paused", json!({"paused": true})),
        ("hidden", json!({"paused": true, "memberships": []})),
        ("observed", json!({"mode": "Observe"})),
        ("greedy", json!({"deletionPolicy": "Delete"})),
        ("wordless", json!({"password": {"secretKeyRef": {"name": "missing", "key": "missing"}}})),
        ("another", json!({"email": "victim@acme.example"})),
    ] {
        let spec = json!({"email": format!("{name}@evil.example"), "memberships":
            [{"namespace": victim.namespace, "account": "desk", "role": "Agent"}]});
        let person = evil.person(&stage, name, spec).await?;
        let user = id(&person.ready().await?)?;
        person.set(dodge).await?;
        people.push((name, person, user));
    }
    for (_, person, _) in &people {
        let seen = |o: &serde_json::Value| o["status"]["observedGeneration"] == o["metadata"]["generation"];
        person.until("is looked at", seen).await?;
    }
    let before = stage.chatwoot.state().await?;
    let seq = stage.chatwoot.last_seq().await?;
    desk.set(json!({"membersFrom": []})).await?;
    for (name, person, user) in &people {
        person
            .at_last("is taken out", |o| {
                membership(o, "desk").is_null() || membership(o, "desk")["state"] == "Refused"
            })
            .await?;
        assert!(stage.chatwoot.roles(*user).await?.is_empty(), "{name} is still in {account}");
        let was = before.user(*user).map(|user| (user.name.clone(), user.email.clone()));
        let is = stage.chatwoot.person(*user).await?;
        assert_eq!(was, Some((is.name, is.email)), "{name}: nothing else was written");
    }
    let writes = stage.chatwoot.writes(seq).await?;
    assert_eq!(writes, vec!["DELETE member"; people.len()]);
    Ok(())
}

/// A tenant deletes the account that another tenant's person is just joining.
#[tokio::test]
async fn an_account_that_goes_takes_no_other_tenants_people_along() -> Result<()> {
    let stage = Stage::new().await?;
    let (guest, home) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let home = id(&home.get().await?)?;
    let evil = stage.tenant(json!({"allow": ["Delete"]})).await?;
    let offer = json!([{"namespaces": {"names": [guest.namespace]}, "roles": ["Agent"]}]);
    let trap = json!({"name": "Trap", "membersFrom": offer, "deletionPolicy": "Delete"});
    let trap = evil.account(&stage, "trap", trap).await?;
    trap.ready().await?;
    let alice =
        guest.person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    let user = id(&alice.ready().await?)?;
    stage.chatwoot.add_fault(Fault::once(route::JOIN, Effect::HangBeforeCommit)).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"memberships": [
        {"account": "acme", "role": "Agent"}, {"account": "trap", "namespace": evil.namespace, "role": "Agent"}
    ]})).await?;
    stage.chatwoot.wait(&Filter::route(route::JOIN).since(seq), 1, PATIENCE).await?;
    trap.delete().await?;
    stage
        .chatwoot
        .wait(&Filter::route(crate::support::route::DELETE_ACCOUNT).since(seq), 1, PATIENCE)
        .await?;
    stage.chatwoot.act(Act::RunJobs { kinds: Vec::new() }).await?;
    stage.chatwoot.release(Release::proceed()).await?;
    trap.gone().await?;
    alice.at_last("has noticed", |o| is(o, "NotGranted") || is(o, "AccountGone")).await?;
    assert_eq!(id(&alice.get().await?)?, user);
    assert_eq!(stage.chatwoot.roles(user).await?.get(&home), Some(&Some(Role::Agent)));
    alice.set(json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    alice.reason_at_last("Succeeded").await?;
    assert_eq!(stage.chatwoot.person(user).await?.id, user);
    Ok(())
}

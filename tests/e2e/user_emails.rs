//! Addresses: nobody gets a person because an e-mail matched.

use crate::support::{
    Journal, People, Stage,
    people::{route, silent_about},
    subject::{id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Filter, listed};
use serde_json::{Value, json};

/// Somebody who was there before, and whom no resource stands for.
async fn stranger(stage: &Stage, email: &str, attributes: Value) -> Result<listed::User> {
    let attributes = attributes.as_object().cloned().unwrap_or_default();
    let made = Act::CreateUser { name: "Stranger".into(), email: email.into(), attributes, app: None };
    let id = stage.chatwoot.act(made).await?.id.context("no id")?;
    stage.chatwoot.person(id).await
}

#[tokio::test]
pub async fn a_matching_email_never_hands_over_a_stranger() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    account.ready().await?;
    let before = stranger(&stage, "alice@acme.example", Value::Null).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let spec = json!({
        "displayName": "Al", "customAttributes": {"team": "blue"}, "password": {"generate": {}},
        "credentialsSecret": {"name": "alice-chatwoot", "accessToken": {}},
        "memberships": [{"account": "acme", "role": "Administrator"}]
    });
    let alice = tenant.person(&stage, "alice", spec).await?;
    let refused = alice.stalled("NotOwned").await?;

    assert_eq!(stage.chatwoot.calls(seq).await?, ["POST user"]);
    assert_eq!(stage.chatwoot.person(before.id).await?, before, "not a field of theirs has changed");
    assert!(stage.chatwoot.roles(before.id).await?.is_empty());
    assert_eq!((&refused["status"]["id"], &refused["status"]["ownership"]), (&Value::Null, &Value::Null));
    assert!(
        tenant.secrets().get_opt("alice-chatwoot").await?.is_none(),
        "the password made for them is removed"
    );
    let told = message(&refused, "Ready");
    silent_about(told, &["Stranger", "alice@acme.example", &format!("user {}", before.id)])?;
    assert!(told.contains("PlatformAppPermissible"), "how to undo the permission is said: {told}");

    // The same question is not asked again, unless the author changes something or asks.
    alice.annotate("example.com/note", "touched").await?;
    tenant.secret("unrelated", json!({"a": "b"})).await?;
    account.set(json!({"name": "Acme 2"})).await?;
    account.ready().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?.iter().filter(|call| *call == "POST user").count(), 1);
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    alice.until("answers", |o| o["status"]["lastHandledReconcileAt"] == "now" && is(o, "NotOwned")).await?;
    assert_eq!(stage.chatwoot.calls(seq).await?.iter().filter(|call| *call == "POST user").count(), 2);
    assert_eq!(stage.chatwoot.person(before.id).await?, before);

    // Another address leads out.
    alice.set(json!({"email": "alice.2@acme.example"})).await?;
    let made = id(&alice.ready().await?)?;
    assert_ne!(made, before.id);
    tenant.secret_when("alice-chatwoot", |data| data.contains_key("access_token")).await?;
    Ok(())
}

#[tokio::test]
async fn somebody_with_another_owners_marker_is_a_stranger_too() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let marker = "v1:0123456789abcdef:0:0:00000000-0000-0000-0000-000000000000";
    let before = stranger(&stage, "alice@acme.example", json!({"chatwoot_operator": marker})).await?;
    let alice = tenant.person(&stage, "alice", json!({})).await?;
    alice.stalled("NotOwned").await?;
    assert_eq!(stage.chatwoot.person(before.id).await?, before);

    alice.delete().await?;
    alice.gone().await?;
    assert_eq!(stage.chatwoot.person(before.id).await?, before);
    Ok(())
}

#[tokio::test]
async fn an_address_belongs_to_whoever_is_bound_to_it_and_nobody_is_named() -> Result<()> {
    let stage = Stage::new().await?;
    let (first, _, bound) = stage.staffed(json!({}), json!({"email": "shared@acme.example"})).await?;
    let user = id(&bound.get().await?)?;
    let second = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let mut told = Vec::new();
    for (name, email) in [("late", "shared@acme.example"), ("shouting", "SHARED@Acme.Example")] {
        let late = second.person(&stage, name, json!({"email": email})).await?;
        let refused = late.stalled("NotOwned").await?;
        let text = message(&refused, "Ready").to_owned();
        silent_about(&text, &[&first.namespace, "alice", "shared", &format!("user {user}")])?;
        told.push(text);
    }
    assert!(stage.chatwoot.calls(seq).await?.is_empty(), "nothing is asked of Chatwoot");

    // What Chatwoot knows and what a resource claims reads the same, but for what must be undone.
    stranger(&stage, "known@acme.example", Value::Null).await?;
    let known = second.person(&stage, "known", json!({})).await?;
    let text = message(&known.stalled("NotOwned").await?, "Ready").to_owned();
    assert!(told.iter().all(|told| text.starts_with(told.as_str())), "{told:?} {text}");
    Ok(())
}

#[tokio::test]
async fn an_address_is_free_again_when_its_resource_is_gone() -> Result<()> {
    let stage = Stage::new().await?;
    let first = stage.tenant(json!({"allow": ["Delete"]})).await?;
    let holder = first
        .person(&stage, "holder", json!({"email": "a@acme.example", "deletionPolicy": "Delete"}))
        .await?;
    let before = id(&holder.ready().await?)?;
    let second = stage.tenant(json!({})).await?;
    let next = second.person(&stage, "next", json!({"email": "a@acme.example"})).await?;
    next.stalled("NotOwned").await?;
    holder.delete().await?;
    holder.gone().await?;
    assert_ne!(id(&next.ready().await?)?, before);
    Ok(())
}

#[tokio::test]
async fn squatting_on_an_address_without_a_grant_keeps_nobody_from_it() -> Result<()> {
    let stage = Stage::new().await?;
    let squatter = stage.tenant(json!({"emailDomains": ["evil.example"]})).await?;
    let squat = squatter.person(&stage, "squat", json!({"email": "alice@acme.example"})).await?;
    squat.stalled("NotGranted").await?;
    let owner = stage.tenant(json!({"emailDomains": ["acme.example"]})).await?;
    let alice = owner.person(&stage, "alice", json!({})).await?;
    let user = id(&alice.ready().await?)?;
    // A grant that comes later changes nothing: who is bound stays so.
    stage.grant(&squatter, json!({"emailDomains": ["evil.example", "acme.example"]})).await?;
    squat.stalled("NotOwned").await?;
    assert_eq!(id(&alice.looked_at().await?)?, user);
    Ok(())
}

#[tokio::test]
async fn of_two_who_want_an_address_the_older_gets_it() -> Result<()> {
    let stage = Stage::new().await?;
    let (first, second) = (stage.tenant(json!({})).await?, stage.tenant(json!({})).await?);
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    let older = first.person(&stage, "older", json!({"email": "a@acme.example"})).await?;
    let created = older.get().await?["metadata"]["creationTimestamp"].clone();
    // Creation is told in whole seconds.
    let mut younger = second.person(&stage, "younger", json!({"email": "a@acme.example"})).await?;
    while younger.get().await?["metadata"]["creationTimestamp"] == created {
        younger.delete().await?;
        younger.gone().await?;
        younger = second.person(&stage, "younger", json!({"email": "a@acme.example"})).await?;
    }
    younger.reason("NotOwned").await?;
    stage.chatwoot.act(Act::SetDown { down: false }).await?;
    older.ready().await?;
    younger.stalled("NotOwned").await?;
    assert_eq!(stage.chatwoot.people_at("a@acme.example").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_changed_address_is_patched_after_grant_and_claim() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) =
        stage.staffed(json!({"emailDomains": ["acme.example", "acme.test"]}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;

    alice.set(json!({"email": "alice@other.example"})).await?;
    alice.stalled("NotGranted").await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    alice.set(json!({"email": "Alice.New@acme.test"})).await?;
    let object = alice.ready().await?;
    let sent = stage.chatwoot.journal(&Filter::route(route::UPDATE_USER).since(seq)).await?;
    let bodies: Vec<Value> =
        sent.iter().map(|entry| serde_json::from_str(&entry.body)).collect::<Result<_, _>>()?;
    assert_eq!(bodies, [json!({"email": "alice.new@acme.test"})]);
    assert_eq!((id(&object)?, &object["status"]["email"]), (user, &json!("alice.new@acme.test")));
    assert!(stage.chatwoot.roles(user).await?.contains_key(&account));
    Ok(())
}

#[tokio::test]
async fn changing_ones_address_onto_anothers_takes_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, victim) = stage.staffed(json!({}), json!({"email": "victim@acme.example"})).await?;
    let known = stranger(&stage, "known@acme.example", Value::Null).await?;
    let (_, _, evil) = stage.staffed(json!({}), json!({"email": "evil@acme.example"})).await?;
    let user = id(&evil.get().await?)?;
    let before = stage.chatwoot.person(user).await?;
    let seq = stage.chatwoot.last_seq().await?;

    evil.set(json!({"email": "Victim@acme.example"})).await?;
    let claimed = evil.stalled("NotOwned").await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    evil.set(json!({"email": "known@acme.example"})).await?;
    evil.until("is looked at", |o| o["status"]["observedGeneration"] == o["metadata"]["generation"]).await?;
    let taken = evil.stalled("NotOwned").await?;
    assert_eq!(message(&claimed, "Ready"), message(&taken, "Ready"), "both read the same");
    assert_eq!(stage.chatwoot.person(user).await?, before);
    assert_eq!(stage.chatwoot.person(known.id).await?, known);
    assert_eq!(taken["status"]["email"], "evil@acme.example");
    victim.looked_at().await?;

    evil.set(json!({"email": "evil@acme.example"})).await?;
    evil.ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_grants_domains_are_whole_domains() -> Result<()> {
    let stage = Stage::new().await?;
    for (number, (domains, email, fits)) in [
        (json!(["acme.example"]), "a@acme.example", true),
        (json!(["acme.example"]), "d@ACME.example", true),
        (json!(["acme.example"]), "a@mail.acme.example", false),
        (json!(["acme.example"]), "a@notacme.example", false),
        (json!(["*.acme.example"]), "b@mail.acme.example", true),
        (json!(["*.acme.example"]), "a@a.b.acme.example", true),
        (json!(["*.acme.example"]), "c@acme.example", false),
        (json!(["*.acme.example"]), "a@notacme.example", false),
        (json!(["*"]), "a@anywhere.test", true),
    ]
    .into_iter()
    .enumerate()
    {
        let tenant = stage.tenant(json!({"emailDomains": domains})).await?;
        let person = tenant.person(&stage, &format!("p{number}"), json!({"email": email})).await?;
        let reason = if fits { "Succeeded" } else { "NotGranted" };
        person.until(&format!("{email} with {domains} is {reason}"), |o| is(o, reason)).await?;
    }
    Ok(())
}

//! Lost, late and refused answers about people: one person in the end, with the password that was declared.

use crate::support::{
    People, Stage, Subject,
    people::{membership, route},
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Effect, End, Fault, Filter, Release};
use serde_json::json;

const PASSWORD: &str = "F1rst-Passw0rd!";

/// `name` against `effect` on the first request to make them.
async fn against(stage: &Stage, effects: Vec<(&str, Effect)>) -> Result<Vec<Subject>> {
    let (tenant, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    tenant.secret("password", json!({"value": PASSWORD})).await?;
    let mut people = Vec::new();
    for (name, effect) in effects {
        let fault = Fault::once(route::CREATE_USER, effect).with_body(&format!("{name}@acme.example"));
        stage.chatwoot.add_fault(fault).await?;
        let spec = json!({
            "password": {"secretKeyRef": {"name": "password", "key": "value"}},
            "memberships": [{"account": "acme", "role": "Agent"}]
        });
        people.push(tenant.person(stage, name, spec).await?);
    }
    Ok(people)
}

async fn one_of_each(stage: &Stage, people: &[Subject]) -> Result<()> {
    for person in people {
        let object = person.ready().await?;
        let there = stage.chatwoot.people_at(&format!("{}@acme.example", person.name)).await?;
        assert_eq!(there.iter().map(|user| user.id).collect::<Vec<_>>(), [id(&object)?], "{}", person.name);
        let user = there.first().context("nobody")?;
        assert_eq!(user.password.as_deref(), Some(PASSWORD), "{}", person.name);
        assert_eq!(stage.chatwoot.roles(user.id).await?.len(), 1, "{}", person.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_never_makes_a_second_person() -> Result<()> {
    let stage = Stage::new().await?;
    let people = against(
        &stage,
        vec![
            ("reset-before", Effect::ResetBeforeCommit),
            ("reset-after", Effect::ResetAfterCommit),
            ("closed", Effect::CloseAfterCommit),
            ("half", Effect::TruncateAfterCommit),
            ("failed-before", Effect::Status { status: 500, after_commit: false }),
            ("failed-after", Effect::Status { status: 500, after_commit: true }),
            ("proxy", Effect::Html { status: 502, after_commit: true }),
            ("empty", Effect::Empty { status: 200, after_commit: true }),
            ("twice", Effect::Replay),
        ],
    )
    .await?;
    one_of_each(&stage, &people).await
}

#[tokio::test]
async fn a_request_that_arrives_late_finds_the_person_there() -> Result<()> {
    let stage = Stage::new().await?;
    let people =
        against(&stage, vec![("late", Effect::HangBeforeCommit), ("unheard", Effect::HangAfterCommit)])
            .await?;
    one_of_each(&stage, &people).await?;
    let hanging = Filter::route(route::CREATE_USER).end(End::Hanging);
    assert_eq!(stage.chatwoot.journal(&hanging).await?.len(), 2);
    stage.chatwoot.release(Release::proceed()).await?;
    for person in &people {
        person.looked_at().await?;
    }
    one_of_each(&stage, &people).await
}

/// What an interrupted create left may have another password: it is set once, and then no more.
#[tokio::test]
async fn after_an_interrupted_create_the_password_is_set_once() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let fault = Fault::always(route::CREATE_USER, Effect::ResetAfterCommit);
    stage.chatwoot.add_fault(fault).await?;
    tenant.secret("password", json!({"value": "0ther-Passw0rd!"})).await?;
    let reference = json!({"password": {"secretKeyRef": {"name": "password", "key": "value"}}});
    let alice = tenant.person(&stage, "alice", reference).await?;
    alice.reason("ChatwootUnavailable").await?;
    // It changes in between; the person was made with the first.
    tenant.secret("password", json!({"value": PASSWORD})).await?;
    stage.chatwoot.clear_faults().await?;
    let user = id(&alice.ready().await?)?;
    let there = stage.chatwoot.person(user).await?;
    assert_eq!((there.password.as_deref(), there.password_writes), (Some(PASSWORD), 2));
    alice.looked_at().await?;
    assert_eq!(stage.chatwoot.person(user).await?.password_writes, 2);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_just_sent_again() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    stage.chatwoot.fault_once(route::UPDATE_USER, Effect::ResetAfterCommit).await?;
    alice.set(json!({"name": "Alice A."})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.name, "Alice A.");

    tenant.secret("password", json!({"value": PASSWORD})).await?;
    stage.chatwoot.fault_once(route::UPDATE_USER, Effect::ResetAfterCommit).await?;
    alice.set(json!({"password": {"secretKeyRef": {"name": "password", "key": "value"}}})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.password.as_deref(), Some(PASSWORD));

    // Access is taken back once although nobody heard that it was.
    stage.chatwoot.fault_once(route::LEAVE, Effect::ResetAfterCommit).await?;
    alice.set(json!({"memberships": []})).await?;
    alice.at_last("has forgotten it", |o| is(o, "Succeeded") && membership(o, "acme").is_null()).await?;
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    Ok(())
}

/// Nobody gets in by a request that was on its way when the access was withdrawn.
#[tokio::test]
async fn a_request_to_join_that_arrives_late_is_taken_back() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    stage.chatwoot.add_fault(Fault::always(route::JOIN, Effect::HangBeforeCommit)).await?;
    let alice = tenant
        .person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]}))
        .await?;
    stage.chatwoot.wait(&Filter::route(route::JOIN).since(seq), 1, crate::support::PATIENCE).await?;
    alice.set(json!({"memberships": []})).await?;
    alice
        .until("is noticed", |o| {
            membership(o, "acme")["state"] == "Revoking" || membership(o, "acme").is_null()
        })
        .await?;
    stage.chatwoot.clear_faults().await?;
    stage.chatwoot.release(Release::proceed()).await?;
    let object =
        alice.at_last("has forgotten it", |o| is(o, "Succeeded") && membership(o, "acme").is_null()).await?;
    assert!(stage.chatwoot.roles(id(&object)?).await?.is_empty(), "the late request was undone");
    Ok(())
}

#[tokio::test]
pub async fn every_reason_of_a_failing_call_is_reached_and_left_again() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    for (name, effect, reason, stalls) in [
        ("limited", Effect::RetryAfter { seconds: 2 }, "RateLimited", false),
        ("moved", Effect::Redirect { status: 308, location: None }, "Redirected", true),
        ("broken", Effect::Status { status: 500, after_commit: false }, "RejectedByChatwoot", true),
    ] {
        stage.chatwoot.add_fault(Fault::always(route::CREATE_USER, effect)).await?;
        let person = tenant.person(&stage, name, json!({})).await?;
        let object = if stalls { person.stalled(reason).await? } else { person.reason(reason).await? };
        let class = if stalls { "Stalled" } else { "Reconciling" };
        assert_eq!(condition(&object, class)["status"], "True", "{reason}");
        stage.chatwoot.clear_faults().await?;
        person.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
        person.ready().await?;
    }
    Ok(())
}

/// Chatwoot may say anything about a password; none of it is passed on.
#[tokio::test]
async fn chatwoots_words_about_a_password_are_never_shown() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    tenant.secret("password", json!({"value": PASSWORD})).await?;
    let echo = json!({"message": format!("Password {PASSWORD} has been seen in a breach"), "attributes": ["password"]});
    let fault =
        Fault::always(route::CREATE_USER, Effect::Json { status: 422, body: echo, after_commit: false });
    stage.chatwoot.add_fault(fault).await?;
    let reference = json!({"password": {"secretKeyRef": {"name": "password", "key": "value"}}});
    let alice = tenant.person(&stage, "alice", reference).await?;
    let refused = alice.at_last("is refused", |o| condition(o, "Stalled")["status"] == "True").await?;
    assert_ne!(message(&refused, "Ready"), "");
    crate::support::people::silent_about(&refused.to_string(), &[PASSWORD, "breach"])?;
    stage.chatwoot.clear_faults().await?;
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    alice.ready().await?;
    Ok(())
}

//! Holding up others: broken objects, failing calls, floods, sizes.

use super::{object, own, request};
use crate::support::{
    Journal, PATIENCE, People, Setup, Stage,
    people::route as people,
    route,
    subject::{id, is},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Fault, Filter, Options};
use serde_json::{Value, json};

/// Whatever makes Chatwoot answer 500 for one object is that object's trouble.
#[tokio::test]
async fn writes_that_fail_for_ever_open_no_breaker_and_hold_up_nobody() -> Result<()> {
    const MANY: usize = 12;
    let stage = Stage::new().await?;
    let broken = Effect::Status { status: 500, after_commit: false };
    for route in [route::CREATE_ACCOUNT, route::UPDATE_ACCOUNT, people::CREATE_USER] {
        stage.chatwoot.add_fault(Fault::always(route, broken.clone()).with_body("Evil")).await?;
    }
    let (_, quiet) = stage.settled(json!({}), json!({"name": "Quiet"})).await?;
    let (evil, account) = stage.settled(json!({}), json!({"name": "Nice"})).await?;
    // Nothing but failures in a row, twice each.
    let seq = stage.chatwoot.last_seq().await?;
    for number in 0..MANY {
        evil.person(&stage, &format!("evil-{number}"), json!({"name": format!("Evil {number}")})).await?;
    }
    let failing = Filter::route(people::CREATE_USER).since(seq);
    stage.chatwoot.wait(&failing, 2 * MANY, PATIENCE).await?;
    quiet.set(json!({"name": "Quieter"})).await?;
    quiet.ready().await?;
    account.set(json!({"name": "Evil"})).await?;
    for number in 0..3 {
        evil.account(&stage, &format!("evil-{number}"), json!({"name": format!("Evil {number}")})).await?;
    }
    account.reason_at_last("RejectedByChatwoot").await?;
    quiet.set(json!({"name": "Quietest"})).await?;
    quiet.ready().await?;
    // A breaker that had opened would have asked whether Chatwoot is there.
    let asked = stage.chatwoot.journal(&Filter::route("GET /api").since(seq)).await?;
    assert!(asked.is_empty(), "{} probes", asked.len());
    Ok(())
}

/// An account so big that reading it always times out.
#[tokio::test]
async fn an_account_that_never_answers_holds_up_nobody() -> Result<()> {
    let stage = Stage::with(Setup {
        instance: json!({"requestBudget": {"timeout": "1s", "inFlight": 2, "perMinute": 60000}}),
        ..Setup::default()
    })
    .await?;
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let (_, quiet) = stage.settled(json!({}), json!({"name": "Quiet"})).await?;
    let path = format!("/platform/api/v1/accounts/{}", id(&account.get().await?)?);
    stage.chatwoot.add_fault(Fault::always("*", Effect::HangBeforeCommit).on_path(&path)).await?;
    account.set(json!({"name": "Evil 2"})).await?;
    account.until("is held up", |o| is(o, "ChatwootUnavailable")).await?;
    // Over and over, as fast as an author can.
    for number in 0..10 {
        account.set(json!({"name": format!("Evil {number}")})).await?;
        quiet.set(json!({"name": format!("Quiet {number}")})).await?;
        quiet.ready().await?;
    }
    drop(evil);
    Ok(())
}

/// Turns go round between namespaces, so one change is not behind a hundred of somebody else's.
#[tokio::test]
async fn while_one_tenant_changes_everything_another_is_served_in_turn() -> Result<()> {
    const MANY: usize = 40;
    let stage = Stage::with(Setup {
        instance: json!({"requestBudget": {"timeout": "20s", "inFlight": 1, "perMinute": 60000}}),
        ..Setup::default()
    })
    .await?;
    let evil = stage.tenant(json!({})).await?;
    let mut crowd = Vec::new();
    for number in 0..MANY {
        crowd.push(evil.account(&stage, &format!("evil-{number}"), json!({"name": "Evil"})).await?);
    }
    for account in &crowd {
        account.ready().await?;
    }
    let (_, quiet) = stage.settled(json!({}), json!({"name": "Quiet"})).await?;
    stage.chatwoot.act(Act::SetLatency { ms: 300 }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let changes = crowd.iter().map(|account| account.set(json!({"name": "Evil again"})));
    futures::future::try_join_all(changes).await?;
    quiet.set(json!({"name": "Quieter"})).await?;
    quiet.ready().await?;
    let patches = stage.chatwoot.journal(&Filter::route(route::UPDATE_ACCOUNT).since(seq)).await?;
    let before = patches.iter().take_while(|patch| !patch.body.contains("Quieter")).count();
    assert!(before < MANY / 2, "{before} of {MANY} went before the one change of somebody else");
    stage.chatwoot.act(Act::SetLatency { ms: 0 }).await?;
    for account in &crowd {
        account.ready().await?;
    }
    Ok(())
}

#[tokio::test]
async fn requests_to_look_in_a_loop_cost_a_call_each_at_most() -> Result<()> {
    const ROUNDS: usize = 60;
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    for round in 0..ROUNDS {
        account.annotate("chatwoot.dev/reconcile-requested-at", &format!("round {round}")).await?;
    }
    let last = format!("round {}", ROUNDS - 1);
    account.until("answers the last", |o| o["status"]["lastHandledReconcileAt"] == *last).await?;
    let mut calls = stage.chatwoot.calls(seq).await?;
    // The look that follows the create may come in between; nobody has asked for it.
    calls.retain(|call| call != "GET index");
    assert!(calls.len() <= ROUNDS && calls.iter().all(|call| call == "GET account"), "{calls:?}");
    Ok(())
}

/// An annotation may have 256 KiB, a status field may not.
#[tokio::test]
async fn a_request_to_look_of_any_length_is_answered_with_its_beginning() -> Result<()> {
    let stage = Stage::new().await?;
    let (evil, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let long = format!("now\n\u{1b}[31m{}", "ü".repeat(100_000));
    let beginning: String = long.chars().take(256).collect();
    for subject in [evil.subject(&stage, "ChatwootAccount", "acme"), alice] {
        subject.annotate("chatwoot.dev/reconcile-requested-at", &long).await?;
        subject.set(json!({"name": "Newer"})).await?;
        let seen = subject
            .until("answers", |o| is(o, "Succeeded") && o["status"]["lastHandledReconcileAt"] == *beginning)
            .await?;
        assert_eq!(seen["spec"]["name"], "Newer");
    }
    assert_eq!(stage.chatwoot.account(account).await?.context("it is gone")?.name, "Newer");
    // A log line is a line, whatever a tenant writes.
    let log = stage.place.log().await?;
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "a line is no JSON");
    Ok(())
}

#[tokio::test]
async fn objects_as_large_and_long_as_they_may_be_are_served() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({"allow": ["CustomAttributes"]})).await?;
    let attributes: serde_json::Map<String, Value> =
        (0..32).map(|n| (format!("{n:0>63}"), json!("ü".repeat(255)))).collect();
    let annotations = json!({"evil.example/huge": "x".repeat(200_000), "chatwoot.dev/other": "y"});
    let name = "n".repeat(253);
    let spec = json!({"name": "\u{1f600}".repeat(255), "customAttributes": attributes});
    let metadata = json!({"name": name, "annotations": annotations, "labels": {"app.kubernetes.io/managed-by": "chatwoot-operator"}});
    request(
        &evil.client,
        "POST",
        &own(&evil, "chatwootaccounts"),
        &object(&stage, "ChatwootAccount", metadata, spec),
    )
    .await?;
    let account = evil.subject(&stage, "ChatwootAccount", &name);
    let made = id(&account.ready().await?)?;
    assert_eq!(stage.chatwoot.account(made).await?.context("it is gone")?.custom_attributes.len(), 33);

    // Names that the API server makes up.
    let wishes: Vec<Value> = (0..100)
        .map(|n| json!({"account": format!("ghost-{n}"), "namespace": "nowhere", "role": "Agent"}))
        .collect();
    let spec = json!({"email": "many@acme.example", "name": "Many", "memberships": wishes});
    let metadata = json!({"generateName": format!("{}-", "g".repeat(40))});
    let made = request(
        &evil.client,
        "POST",
        &own(&evil, "chatwootusers"),
        &object(&stage, "ChatwootUser", metadata, spec),
    )
    .await?;
    let many = evil.subject(&stage, "ChatwootUser", made["metadata"]["name"].as_str().context("no name")?);
    let told = many.stalled("NotGranted").await?;
    assert_eq!(told["status"]["memberships"].as_array().map(Vec::len), Some(100));
    Ok(())
}

#[tokio::test]
async fn a_crowd_that_claims_one_address_keeps_nobody_from_it() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({"emailDomains": ["evil.example"]})).await?;
    let mut crowd = Vec::new();
    for number in 0..60 {
        let email = json!({"email": "alice@acme.example"});
        crowd.push(evil.person(&stage, &format!("squat-{number}"), email).await?);
    }
    let owner = stage.tenant(json!({"emailDomains": ["acme.example"]})).await?;
    let alice = owner.person(&stage, "alice", json!({})).await?;
    let user = id(&alice.ready().await?)?;
    let loops = crowd.iter().map(|squat| squat.set(json!({"name": "Again"})));
    futures::future::try_join_all(loops).await?;
    alice.set(json!({"name": "Alice A."})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.people_at("alice@acme.example").await?.len(), 1);
    assert_eq!(stage.chatwoot.person(user).await?.name, "Alice A.");
    Ok(())
}

/// Whoever runs an account in Chatwoot can remove its people, and Chatwoot then deletes those who are in no other. The
/// operator tells one Chatwoot from another by people and accounts it knows.
#[tokio::test]
async fn people_removed_by_one_tenant_do_not_make_it_look_like_another_chatwoot() -> Result<()> {
    let stage = Stage::with(Setup {
        simulator: Options { deletion_delay: 0, ..Options::default() },
        ..Setup::default()
    })
    .await?;
    let evil = stage.tenant(json!({})).await?;
    let mut own = Vec::new();
    for name in ["a", "b", "c"] {
        let person = evil.person(&stage, name, json!({})).await?;
        own.push((id(&person.ready().await?)?, person));
    }
    // They are all that is bound, so they are whom it will be known by.
    stage.instance().annotate("chatwoot.dev/reconcile-requested-at", "1").await?;
    stage
        .instance()
        .until("knows them", |o| {
            o["status"]["connection"]["witnesses"].as_array().is_some_and(|list| list.len() == 3)
        })
        .await?;
    let (_, victim) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    for (user, person) in &own {
        person.set(json!({"paused": true})).await?;
        stage.chatwoot.act(Act::DeleteUser { user: *user, when: Default::default() }).await?;
    }
    stage.chatwoot.act(Act::RunJobs { kinds: Vec::new() }).await?;
    let rotated = stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?;
    stage.token(&rotated.token.context("no token")?).await?;
    victim.set(json!({"name": "Acme 2"})).await?;
    victim.ready().await?;
    stage.instance().ready().await?;
    Ok(())
}

//! The operator dies, the API server goes: nothing is made twice, nothing is forgotten, and nobody is disturbed.

use crate::support::{
    Journal, LONG, Place, Stage, Subject,
    place::OPERATOR_NAMESPACE,
    policy::{self, Refused},
    route,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Effect, End, Fault, Filter, Release};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, api::PostParams};
use serde_json::{Value, json};
use std::sync::Arc;

/// Where in a create the operator is killed.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The claim is written; the finalizer is not.
    Claimed,
    /// The request was sent, and Chatwoot has not carried it out.
    Sent,
    /// As before, and Chatwoot carries it out after the operator is dead.
    SentAndLate,
    /// Carried out; the answer has not come.
    CarriedOut,
    /// Answered; the id could not be stored.
    Answered,
    /// The id is stored; the settings are on their way.
    Stored,
    /// All but the flags is done.
    Flagging,
}

const STEPS: [(Step, &str); 7] = [
    (Step::Claimed, "claimed"),
    (Step::Sent, "sent"),
    (Step::SentAndLate, "late"),
    (Step::CarriedOut, "carried-out"),
    (Step::Answered, "answered"),
    (Step::Stored, "stored"),
    (Step::Flagging, "flagging"),
];

/// A stage whose one create comes to `step` and no further.
async fn comes_to(place: Arc<Place>, step: Step, name: &'static str) -> Result<(Stage, Subject)> {
    let stage = Stage::in_place(&place).await?;
    let hang = |route, effect| Fault::once(route, effect);
    let (create, update) = (route::CREATE_ACCOUNT, route::UPDATE_ACCOUNT);
    let fault = match step {
        Step::Claimed | Step::Answered => None,
        Step::Sent | Step::SentAndLate => Some(hang(create, Effect::HangBeforeCommit)),
        Step::CarriedOut => Some(hang(create, Effect::HangAfterCommit)),
        Step::Stored => Some(hang(update, Effect::HangBeforeCommit)),
        Step::Flagging => Some(hang(update, Effect::HangAfterCommit).skipping(1)),
    };
    if let Some(fault) = fault {
        stage.chatwoot.add_fault(fault).await?;
    }
    let tenant = stage.tenant(json!({"allow": ["Features"]})).await?;
    let spec = json!({"name": "Acme", "locale": "de", "features": {"crm_v2": true}});
    let account = tenant.account(&stage, name, spec).await?;
    match step {
        Step::Claimed => {
            account.until("is claimed", |o| o["status"]["creation"]["nonce"].is_string()).await?;
        }
        Step::Answered => {
            stage.chatwoot.wait(&Filter::route(create).end(End::Answered), 1, LONG).await?;
        }
        _ => {
            stage.chatwoot.wait(&Filter::default().end(End::Hanging), 1, LONG).await?;
        }
    }
    Ok((stage, account))
}

#[tokio::test]
async fn killed_at_any_step_of_a_create_it_makes_exactly_one_account() -> Result<()> {
    let place = Place::own().await?;
    policy::refuse(
        &place,
        "no-finalizer",
        Refused { accounts: "claimed", unless: "!has(object.metadata.finalizers)" },
    )
    .await?;
    policy::refuse(
        &place,
        "no-id",
        Refused { accounts: "answered", unless: "!has(object.status) || !has(object.status.id)" },
    )
    .await?;
    let all = try_join_all(STEPS.map(|(step, name)| comes_to(place.clone(), step, name))).await?;

    place.kill_operator().await;
    for (number, (stage, _)) in all.iter().enumerate() {
        let late = matches!(STEPS[number].0, Step::SentAndLate);
        stage.chatwoot.release(if late { Release::proceed() } else { Release::drop() }).await?;
    }
    policy::allow(&place, "no-finalizer").await?;
    policy::allow(&place, "no-id").await?;
    place.start_operator().await?;

    for (number, (stage, account)) in all.iter().enumerate() {
        let step = STEPS[number].0;
        let object = account.reason_at_last("Succeeded").await.with_context(|| format!("{step:?}"))?;
        let uid = object["metadata"]["uid"].as_str().context("no uid")?;
        let made = stage.chatwoot.of_uid(uid).await?;
        ensure!(made.len() == 1 && made[0].id == id(&object)?, "{step:?}: {made:?}");
        assert_eq!(stage.chatwoot.state().await?.accounts.len(), 1, "{step:?}");
        assert_eq!(made[0].locale.as_deref(), Some("de"), "{step:?}");
        assert!(made[0].features.contains(&"crm_v2".to_owned()), "{step:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_restart_with_everything_in_place_calls_nobody_and_writes_nothing() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    stage.plan("pro", json!({"limits": {"agents": 5}})).await?.ready().await?;
    let tenant = stage.tenant(json!({"plans": ["pro"]})).await?;
    stage.subject("ChatwootGrant", &tenant.namespace).ready().await?;
    for name in ["one", "two", "three"] {
        tenant.account(&stage, name, json!({"name": name, "plan": "pro"})).await?;
    }
    for name in ["one", "two", "three"] {
        tenant.subject(&stage, "ChatwootAccount", name).ready().await?;
    }
    // An account that is refused has no work either.
    let refused = tenant.account(&stage, "refused", json!({"name": "No plan"})).await?;
    refused.stalled("NotGranted").await?;
    let index = |o: &Value| condition(o, "AccountIndexAvailable")["status"] == "True";
    stage.instance().at_last("has read its index", index).await?;
    place.stop_operator().await?;
    let writes = place.plane.writes_by(&place.operator_user()).await?.len();
    let seq = stage.chatwoot.last_seq().await?;

    place.start_operator().await?;
    // What is applied now is served after everything that was there: its Ready says that the restart is over.
    let after = tenant.account(&stage, "after", json!({"name": "After", "plan": "gone"})).await?;
    after.until("is looked at", |o| is(o, "NotGranted")).await?;
    let written = place.plane.writes_by(&place.operator_user()).await?;
    let about_others: Vec<_> = written
        .iter()
        .skip(writes)
        .filter(|write| write.resource != "leases" && write.name != "after" && write.group != "events.k8s.io")
        .collect();
    assert!(about_others.is_empty(), "{about_others:#?}");
    assert!(index(&stage.instance().get().await?));
    assert!(stage.chatwoot.journal(&Filter::default().since(seq)).await?.is_empty(), "not even a probe");
    Ok(())
}

#[tokio::test]
async fn a_standby_takes_over_in_the_middle_of_a_create_and_makes_no_second_account() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    let standby = place.another_operator().await?;
    standby.is_ready().await?;
    assert!(standby.get("/metrics").await?.1.contains("chatwoot_operator_leader 0"));
    let tenant = stage.tenant(json!({})).await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::HangAfterCommit).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    stage.chatwoot.wait(&Filter::default().end(End::Hanging), 1, LONG).await?;
    place.kill_operator().await;
    let object = account.reason_at_last("Succeeded").await?;
    assert_eq!(object["status"]["creation"]["attempt"], 1);
    assert_eq!(stage.chatwoot.state().await?.accounts.len(), 1);
    assert!(standby.get("/metrics").await?.1.contains("chatwoot_operator_leader 1"));
    Ok(())
}

/// Without its id and key nobody can tell what is ours, so nothing is done until they are back.
#[tokio::test]
async fn a_lost_installation_is_never_made_anew_while_anything_is_bound() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let secrets: Api<Secret> = Api::namespaced(stage.admin.clone(), OPERATOR_NAMESPACE);
    let name = "chatwoot-operator-installation";
    let mut backup = secrets.get(name).await?;
    backup.metadata.resource_version = None;
    place.stop_operator().await?;
    secrets.delete(name, &Default::default()).await?;
    let seq = stage.chatwoot.last_seq().await?;
    place.start_operator().await?;
    let told = stage.instance().reason_at_last("CredentialsMissing").await?;
    assert!(message(&told, "Ready").contains(name) && message(&told, "Ready").contains("--installation-id"));
    account.set(json!({"name": "Newer"})).await?;
    assert!(secrets.get_opt(name).await?.is_none());
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    secrets.create(&PostParams::default(), &backup).await?;
    stage.instance().reason_at_last("Succeeded").await?;
    account.reason_at_last("Succeeded").await?;
    Ok(())
}

#[tokio::test]
async fn an_api_server_that_goes_in_the_middle_of_creates_costs_nothing_but_time() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    let tenant = stage.tenant(json!({})).await?;
    let names: Vec<String> = (0..4).map(|number| format!("acme-{number}")).collect();
    stage.chatwoot.add_fault(Fault::once(route::CREATE_ACCOUNT, Effect::HangAfterCommit).times(4)).await?;
    for name in &names {
        tenant.account(&stage, name, json!({"name": name})).await?;
    }
    stage.chatwoot.wait(&Filter::route(route::CREATE_ACCOUNT).end(End::Hanging), 4, LONG).await?;
    place.plane.kill_api_server().await?;
    // Their answers come while nothing can be stored.
    stage.chatwoot.release(Release::proceed()).await?;
    place.plane.start_api_server().await?;
    for name in &names {
        let account = tenant.subject(&stage, "ChatwootAccount", name);
        let object = account.reason_at_last("Succeeded").await?;
        assert_eq!(object["status"]["creation"]["attempt"], 1, "{name}");
    }
    assert_eq!(stage.chatwoot.state().await?.accounts.len(), 4);
    place.check().await?;
    Ok(())
}

#[tokio::test]
pub async fn permissions_taken_away_are_said_and_given_back_are_enough() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    let (kind, name) = if place.confined {
        ("role", "chatwoot-operator-served")
    } else {
        ("clusterrole", "chatwoot-operator")
    };
    let role = place.plane.kubectl(["get", kind, name, "-n", &stage.home, "-o", "json"]).run().await?;
    let mut role: Value = serde_json::from_str(&role)?;
    role["metadata"] = json!({"name": name});
    let whole = role.clone();
    let rules = role["rules"].as_array_mut().context("no rules")?;
    rules.retain(|rule| !rule["resources"].to_string().contains("secrets"));
    place.plane.apply(&stage.home, &role.to_string()).await?;
    stage.instance().annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    let told = stage.instance().reason("KubernetesError").await?;
    assert!(message(&told, "Ready").contains("403"));
    place.plane.apply(&stage.home, &whole.to_string()).await?;
    stage.instance().reason_at_last("Succeeded").await?;
    Ok(())
}

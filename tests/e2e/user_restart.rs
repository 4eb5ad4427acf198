//! Restarts with people in place, and objects that cannot be read.

use crate::support::{
    Journal, PATIENCE, People, Place, Stage, Tenant,
    subject::{id, is},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::Act;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::time::Instant;

/// Waits until the operator has looked at people so many times since its start.
async fn looks(place: &Arc<Place>, count: u64) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = {
            let operator = place.operator().await;
            operator.as_ref().context("the operator does not run")?.get("/metrics").await?.1
        };
        let passes = page
            .lines()
            .filter(|line| line.starts_with("chatwoot_operator_passes_total{kind=\"ChatwootUser\""));
        let seen: u64 = passes.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
        if seen >= count {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "only {seen} looks:\n{page}");
        // A counter tells nobody that it moves; it has to be read.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn writes(place: &Arc<Place>) -> Result<Vec<String>> {
    let all = place.plane.writes_by(&place.operator_user()).await?;
    let ours = all.into_iter().filter(|write| !["leases", "events"].contains(&write.resource.as_str()));
    Ok(ours
        .map(|write| format!("{} {} {}/{}", write.verb, write.target(), write.namespace, write.name))
        .collect())
}

#[tokio::test]
async fn a_restart_with_people_in_place_calls_nobody_and_writes_nothing() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    // An account that was there already, because one that is made is looked for again a while later.
    let act = Act::CreateAccount { name: "Acme".into(), attributes: Default::default(), app: Some(1) };
    let account = stage.chatwoot.act(act).await?.id.context("no id")?;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [account]}})).await?;
    let adopted = json!({"name": "Acme", "adopt": {"id": account}});
    tenant.account(&stage, "acme", adopted).await?.ready().await?;
    let spec = json!({
        "password": {"generate": {}}, "credentialsSecret": {"name": "alice", "accessToken": {}},
        "memberships": [{"account": "acme", "role": "Agent"}]
    });
    let alice = tenant.person(&stage, "alice", spec).await?;
    alice.ready().await?;
    tenant.secret("password", json!({"value": "F1rst-Passw0rd!"})).await?;
    let declared = json!({"password": {"secretKeyRef": {"name": "password", "key": "value"}}});
    let bob = tenant.person(&stage, "bob", declared).await?;
    bob.ready().await?;
    // People who wait for a person's decision are not asked about again either.
    let act = Act::CreateUser {
        name: "Stranger".into(),
        email: "carol@acme.example".into(),
        attributes: Default::default(),
        app: None,
    };
    stage.chatwoot.act(act).await?;
    tenant.person(&stage, "carol", json!({})).await?.stalled("NotOwned").await?;
    let refused = tenant
        .person(
            &stage,
            "dave",
            json!({"memberships": [{"namespace": "elsewhere", "account": "x", "role": "Agent"}]}),
        )
        .await?;
    refused.stalled("NotGranted").await?;

    place.stop_operator().await?;
    let (seq, before) = (stage.chatwoot.last_seq().await?, writes(&place).await?);
    place.start_operator().await?;
    looks(&place, 4).await?;

    let calls = stage.chatwoot.calls(seq).await?;
    // Dave's person waits for consent, so they are read once.
    assert!(calls.iter().all(|call| call == "GET user") && calls.len() <= 1, "{calls:?}");
    assert_eq!(writes(&place).await?, before);
    let user = id(&alice.get().await?)?;
    assert_eq!(stage.chatwoot.person(user).await?.password_writes, 1);

    // What changed while nobody looked is seen.
    place.stop_operator().await?;
    tenant.delete_secret("alice").await?;
    bob.set(json!({"name": "Bob B."})).await?;
    place.start_operator().await?;
    bob.ready().await?;
    let again = tenant.secret_when("alice", |data| data.contains_key("access_token")).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.password.as_ref(), again.get("password"));
    Ok(())
}

/// A newer or broken client can store what this operator cannot read.
#[tokio::test]
async fn a_person_that_cannot_be_read_wedges_nobody_else() -> Result<()> {
    let place = Place::own().await?;
    let crds: Api<CustomResourceDefinition> = Api::all(place.admin()?);
    let schema = "/spec/versions/0/schema/openAPIV3Schema";
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let loose = json!([
        {"op": "remove", "path": format!("{schema}/x-kubernetes-validations")},
        {"op": "replace", "path": format!("{schema}/properties/spec"), "value": anything}
    ]);
    let patch = Patch::<Value>::Json(serde_json::from_value(loose)?);
    let stage = Stage::in_place(&place).await?;
    let (tenant, _, alice) = stage.staffed(json!({"emailDomains": ["acme.example"]}), json!({})).await?;
    let evil = stage.tenant(json!({"emailDomains": ["evil.example"]})).await?;
    crds.patch("chatwootusers.chatwoot.dev", &PatchParams::default(), &patch).await?;

    broken(&stage, &evil).await?;
    // Others go on: those who are there, and those who come.
    alice.set(json!({"name": "Alice A."})).await?;
    alice.ready().await?;
    let bob =
        tenant.person(&stage, "bob", json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    bob.ready().await?;
    bob.delete().await?;
    bob.gone().await?;
    // Of the same tenant, nobody new until it is clear who has the address.
    let new = evil.person(&stage, "new", json!({"email": "new@evil.example"})).await?;
    new.until("waits", |o| is(o, "KubernetesError")).await?;
    evil.subject(&stage, "ChatwootUser", "broken").delete().await?;
    new.ready().await?;
    Ok(())
}

/// Stores an object that does not parse, as soon as the API server takes it.
async fn broken(stage: &Stage, tenant: &Tenant) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let reference = json!({"name": "main", "namespace": stage.home});
    let spec =
        json!({"instanceRef": reference, "email": {"not": "a text"}, "name": ["odd"], "memberships": 7});
    while let Err(error) = tenant.subject(stage, "ChatwootUser", "broken").apply(spec.clone()).await {
        ensure!(Instant::now() < deadline, "{error:#}");
        // Nothing tells when a schema has come into force; asking does.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(())
}

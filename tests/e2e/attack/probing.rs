//! Finding out about others without reaching them: by what a refusal costs, when it changes, and what events say.

use crate::support::{
    Journal, PATIENCE, Stage, Tenant,
    people::silent_about,
    subject::{id, is},
};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn joining(owner: &Tenant, account: &str) -> Value {
    json!({"memberships": [{"namespace": owner.namespace, "account": account, "role": "Agent"}]})
}

/// The events about each object, without the object's own name.
async fn events(stage: &Stage, tenant: &Tenant) -> Result<BTreeMap<String, Vec<(String, String)>>> {
    let mut events: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for event in stage.place.plane.events(&tenant.namespace).await? {
        let name = event.about.split_once('/').map_or("", |(_, name)| name).to_owned();
        let note = event.note.replace(&name, "NAME");
        // Of a person who was made, the id is their own.
        if event.reason != "Bound" {
            events.entry(event.about).or_default().push((event.reason, note));
        }
    }
    events.values_mut().for_each(|list| list.sort());
    Ok(events)
}

/// What exists and what does not: the same calls, the same writes, the same events.
#[tokio::test]
async fn a_refusal_costs_the_same_whether_its_target_exists_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    let (victim, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let bound = id(&account.get().await?)?;
    stage.plan("gold", json!({"limits": {"agents": 9}})).await?;
    let evil = stage.tenant(json!({"plans": ["free"]})).await?;
    let mut told = Vec::new();
    for (there, plan, adopt, name) in [(true, "gold", bound, "acme"), (false, "lead", bound + 4711, "ghost")]
    {
        let word = if there { "there" } else { "ghost" };
        let seq = stage.chatwoot.last_seq().await?;
        let probes = [
            evil.account(&stage, &format!("plan-{word}"), json!({"name": "E", "plan": plan})).await?,
            evil.account(
                &stage,
                &format!("adopt-{word}"),
                json!({"name": "E", "plan": "free", "adopt": {"id": adopt}}),
            )
            .await?,
            evil.person(&stage, &format!("adopt-{word}"), json!({"adopt": {"id": adopt}})).await?,
        ];
        for probe in &probes {
            probe.stalled("NotGranted").await?;
        }
        let person = evil.person(&stage, &format!("joins-{word}"), joining(&victim, name)).await?;
        person.stalled("NotGranted").await?;
        let mut writes = Vec::new();
        for probe in probes.iter().chain([&person]) {
            let mut about = stage.place.writes_to(&evil.namespace, &probe.name).await?;
            // Objects of one name are told together, in any order.
            about.sort();
            writes.push(about);
        }
        let mut calls = stage.chatwoot.calls(seq).await?;
        // The account that is there was just made, and the index is looked through once more when that is a while ago.
        calls.retain(|call| call != "GET index");
        told.push((writes, calls));
    }
    assert_eq!(told[0], told[1], "the same writes, the same calls");
    let (_, calls) = &told[1];
    assert!(calls.iter().all(|call| call.ends_with(" user")), "nothing about anybody else: {calls:?}");

    let seen = stage
        .place
        .plane
        .wait_for_event(
            &evil.namespace,
            |e| e.about == "ChatwootUser/joins-ghost" && e.type_ == "Warning",
            PATIENCE,
        )
        .await?;
    let events = events(&stage, &evil).await?;
    for kind in ["ChatwootAccount/plan", "ChatwootAccount/adopt", "ChatwootUser/adopt", "ChatwootUser/joins"]
    {
        let of = |word: &str| events.get(&format!("{kind}-{word}")).cloned().unwrap_or_default();
        let same = |list: Vec<(String, String)>| -> Vec<(String, String)> {
            let neutral = |note: String| {
                let note = [("gold", "X"), ("lead", "X"), ("acme", "X"), ("ghost", "X")]
                    .iter()
                    .fold(note, |note, (from, to)| note.replace(from, to));
                note.replace(&(bound + 4711).to_string(), "N")
                    .replace(&format!(" {bound}"), " N")
                    .replace(&format!("[{bound}]"), "[N]")
            };
            list.into_iter().map(|(reason, note)| (reason, neutral(note))).collect()
        };
        assert_eq!(same(of("there")), same(of("ghost")), "{kind}");
    }
    silent_about(&format!("{events:?} {seen:?}"), &["Acme", stage.chatwoot.url()])?;
    Ok(())
}

/// A refusal that changed when its target came into being would tell of it as well as words do.
#[tokio::test]
async fn what_others_do_never_moves_ones_own_refusal() -> Result<()> {
    let stage = Stage::new().await?;
    let victim = stage.tenant(json!({})).await?;
    let evil = stage.tenant(json!({"plans": ["free"]})).await?;
    let person = evil.person(&stage, "joins", joining(&victim, "later")).await?;
    let planned = evil.account(&stage, "plan", json!({"name": "Evil", "plan": "later"})).await?;
    let stranger = stage.stranger().await?;
    let nobody = stranger.person(&stage, "nobody", joining(&victim, "later")).await?;
    let mut before = Vec::new();
    for probe in [&person, &planned, &nobody] {
        before.push(probe.stalled("NotGranted").await?["metadata"]["resourceVersion"].clone());
    }
    let seq = stage.chatwoot.last_seq().await?;
    stage.plan("later", json!({"limits": {"agents": 9}})).await?.ready().await?;
    let later = victim.account(&stage, "later", json!({"name": "Later"})).await?;
    later.ready().await?;
    later.set(json!({"name": "Renamed", "membersFrom": [{"namespaces": {"names": ["else"]}, "roles": ["Agent"]}]})).await?;
    later.ready().await?;
    later.delete().await?;
    later.gone().await?;
    // Whatever that set off has been worked on when a change that came after it is through.
    let barrier = evil.person(&stage, "barrier", json!({})).await?;
    barrier.ready().await?;
    let mut after = Vec::new();
    for probe in [&person, &planned, &nobody] {
        after.push(probe.get().await?["metadata"]["resourceVersion"].clone());
    }
    assert_eq!(before, after);
    let writes = stage.chatwoot.writes(seq).await?;
    assert!(
        writes.iter().all(|call| ["POST account", "PATCH account", "POST user"].contains(&call.as_str())),
        "{writes:?}"
    );
    Ok(())
}

/// Somebody else's objects, their Secrets, events and leases, and what the operator is told to do.
#[tokio::test]
async fn nothing_of_another_namespace_can_be_listed() -> Result<()> {
    let stage = Stage::new().await?;
    let (victim, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let evil = stage.tenant(json!({})).await?;
    evil.account(&stage, "evil", json!({"name": "Evil"}))
        .await?
        .until("is Ready", |o| is(o, "Succeeded"))
        .await?;
    let ours = "/apis/chatwoot.dev/v1alpha1";
    for namespace in [&victim.namespace, &stage.home] {
        for plural in
            ["chatwootaccounts", "chatwootusers", "chatwootgrants", "chatwootplans", "chatwootinstances"]
        {
            super::forbidden(
                super::request(
                    &evil.client,
                    "GET",
                    &format!("{ours}/namespaces/{namespace}/{plural}"),
                    &Value::Null,
                )
                .await,
            )?;
        }
        let events = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        super::forbidden(super::request(&evil.client, "GET", &events, &Value::Null).await)?;
    }
    for plural in ["chatwootaccounts", "chatwootusers"] {
        super::forbidden(
            super::request(&evil.client, "GET", &format!("{ours}/{plural}"), &Value::Null).await,
        )?;
    }
    Ok(())
}

//! A whole company is taken over: 300 accounts and 2,000 people.

use crate::{
    bench::{Bench, HOME, SECOND},
    town::{is_ready_with, settled},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Filter, Options, Role};
use futures::{StreamExt, TryStreamExt, stream};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::Value;
use std::{collections::BTreeMap, time::Instant};

const ACCOUNTS: i64 = 300;
const PEOPLE: i64 = 2000;
/// How many things are done at once on either side.
const AT_ONCE: usize = 8;

/// Everybody is in one account; every tenth in the next one, too.
fn roles(person: i64) -> Vec<(i64, Role)> {
    let first = (person - 1) % ACCOUNTS + 1;
    let role = if person <= ACCOUNTS { Role::Administrator } else { Role::Agent };
    let second = (person % 10 == 0).then_some((first % ACCOUNTS + 1, Role::Agent));
    [(first, role)].into_iter().chain(second).collect()
}

async fn populate(bench: &Bench) -> Result<()> {
    let chatwoot = bench.chatwoot.control();
    // One after the other, so that ids are numbers.
    for id in 1..=ACCOUNTS {
        let name = format!("Tenant {} {}", id % 100, ["GmbH", "Ltd", "GmbH"][usize::try_from(id % 3)?]);
        let made = Act::CreateAccount { name, attributes: Default::default(), app: Some(1) };
        ensure!(chatwoot.act(made).await?.id == Some(id));
    }
    for id in 1..=PEOPLE {
        let email = format!("person{id}@tenant{}.example", (id - 1) % ACCOUNTS + 1);
        let made = Act::CreateUser {
            name: format!("Person {id}"),
            email,
            attributes: Default::default(),
            app: Some(1),
        };
        ensure!(chatwoot.act(made).await?.id == Some(id));
    }
    let rows = (1..=PEOPLE)
        .flat_map(|user| roles(user).into_iter().map(move |(account, role)| (user, account, role)));
    let join = |(user, account, role)| chatwoot.act(Act::AddMember { account, user, role: Some(role) });
    stream::iter(rows).map(join).buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await
}

/// Server-side apply, namespaces first.
async fn apply(client: &Client, objects: &[Value]) -> Result<()> {
    let put = |object: Value| async move {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (version, kind) = (text("/apiVersion").context("no version")?, text("/kind").context("no kind")?);
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
        let api: Api<DynamicObject> = match text("/metadata/namespace") {
            Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let name = text("/metadata/name").context("no name")?;
        api.patch(&name, &PatchParams::apply("pipeline").force(), &Patch::Apply(&object)).await?;
        anyhow::Ok(())
    };
    for first in [true, false] {
        let some = objects.iter().filter(|one| (one["kind"] == "Namespace") == first).cloned();
        stream::iter(some).map(put).buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await?;
    }
    Ok(())
}

/// Calls to Chatwoot since `seq` by route, without what the instance asks for its own sake.
async fn calls(bench: &Bench, seq: u64) -> Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for entry in bench.chatwoot.journal(&Filter { since: seq, ..Filter::default() }).await? {
        if entry.route != "GET /api" && !entry.path.ends_with("/accounts/0") {
            *counts.entry(entry.route.replace("/platform/api/v1", "")).or_default() += 1;
        }
    }
    Ok(counts)
}

#[tokio::test]
async fn a_whole_company_is_taken_over_with_one_read_and_one_stamp_each() -> Result<()> {
    let bench = Bench::with(Options { slots: 16, ..Options::default() }).await?;
    let fast = r#"{"spec":{"requestBudget":{"perMinute":60000,"inFlight":8}}}"#;
    bench.plane.kubectl(["patch", "cwi/main", "-n", HOME, "--type=merge", "-p", fast]).run().await?;
    populate(&bench).await?;

    let (seq, began) = (bench.chatwoot.last_seq().await?, Instant::now());
    let printed = bench.run(&["import", "--operator-namespace", HOME, "-o", "json"], "").await?;
    assert_eq!(printed.code, 0, "{}", printed.err);
    let read = calls(&bench, seq).await?;
    println!("import: {:.1?}, {read:?}", began.elapsed());
    assert_eq!(read.values().sum::<usize>(), 1 + 2 * 300 + 2000, "{read:?}");
    let list = printed.json();
    let objects = list["items"].as_array().context("no list")?;
    assert_eq!(objects.len(), 300 + 300 + 300 + 2000);
    bench.nothing_was_written(seq).await?;

    let client = bench.plane.client()?;
    let operator = bench.operator()?;
    let (seq, began) = (bench.chatwoot.last_seq().await?, Instant::now());
    apply(&client, objects).await?;
    println!("applied: {:.1?}", began.elapsed());
    let observed = |object: &Value| is_ready_with(object, "Observed");
    for (kind, count) in [("ChatwootAccount", 300), ("ChatwootUser", 2000)] {
        let all = settled(&client, kind, count, observed, 300 * SECOND).await?;
        let drifted = all.iter().find(|object| object["status"]["drifted"] != Value::Null);
        assert_eq!(drifted, None);
    }
    let looked = calls(&bench, seq).await?;
    println!("observed: {:.1?}, {looked:?}", began.elapsed());
    assert_eq!(bench.writes_since(seq).await?, []);
    let state = bench.chatwoot.state().await?;
    assert!(state.accounts.iter().all(|one| one.custom_attributes.is_empty()));
    assert!(state.users.iter().all(|one| one.custom_attributes.is_empty()));

    let enforced: Vec<Value> = objects
        .iter()
        .cloned()
        .map(|mut object| {
            if object["spec"]["mode"] == "Observe" {
                object["spec"]["mode"] = "Enforce".into();
            }
            object
        })
        .collect();
    let (seq, began) = (bench.chatwoot.last_seq().await?, Instant::now());
    apply(&client, &enforced).await?;
    let succeeded = |object: &Value| is_ready_with(object, "Succeeded");
    let accounts = settled(&client, "ChatwootAccount", 300, succeeded, 300 * SECOND).await?;
    let people = settled(&client, "ChatwootUser", 2000, succeeded, 300 * SECOND).await?;
    let sent = calls(&bench, seq).await?;
    // To know that something is free it must be read, and to make it ours it must be stamped.
    let floor = 2 * (300 + 2000);
    let all: usize = sent.values().sum();
    println!("enforced: {:.1?}, {sent:?}: {all} calls, floor {floor}", began.elapsed());
    assert_eq!(bench.writes_since(seq).await?.len(), 2300);
    assert!(accounts.iter().chain(&people).all(|object| object["status"]["ownership"] == "Adopted"));
    let recorded =
        people.iter().flat_map(|one| one["status"]["memberships"].as_array().into_iter().flatten());
    assert_eq!(recorded.filter(|one| one["state"] == "Granted").count(), 2200);
    assert_eq!(bench.chatwoot.state().await?.memberships.len(), 2200);
    drop(operator);
    Ok(())
}

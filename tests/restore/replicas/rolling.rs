//! A rolling upgrade under load: replicas are replaced one by one while sixty objects are made, and while all of them change.

use super::{Site, turn};
use crate::{
    say,
    support::{Journal, LONG, Setup, Stage, Subject, route},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Effect, Fault, Filter, Options};
use chatwoot_stage::{Kind, News};
use futures::future::try_join_all;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

const ACCOUNTS: usize = 20;
const PEOPLE: usize = 40;
/// Turns at Chatwoot at once, and so passes that a stopping replica can have under way.
const IN_FLIGHT: usize = 4;
/// The account at whose write the leader is told to go: Chatwoot has carried it out, and its answer is on the way.
const MIDDLE: usize = 7;
/// How long that answer takes, in milliseconds.
const SLOW: u64 = 1000;
/// How long Chatwoot takes over each, in milliseconds: so that there are always requests under way.
const LATENCY: u64 = 250;

/// People whose account is being made wait for it in silence, however busy the machine is: telling takes a write.
const QUIET: [&str; 1] = ["--stalled-after=2m"];

/// What it took.
#[derive(Debug, PartialEq, Eq)]
struct Bill {
    /// Writes to Chatwoot, by what they were.
    chatwoot: BTreeMap<String, usize>,
    /// Writes to objects of ours that the API server accepted.
    kubernetes: usize,
}

#[tokio::test]
async fn a_rolling_upgrade_under_load_fails_nothing_and_writes_nothing_twice() -> Result<()> {
    let _turn = turn().await;
    let site = Site::new().await?;
    let mut replicas = vec![site.start("first", None, &QUIET).await?];
    site.held_by(|holder| holder == "first").await?;
    let (floor, _) = play(&site, async |_, _| Ok(())).await?;
    for pod in ["second", "third"] {
        replicas.push(site.start(pod, None, &QUIET).await?);
    }
    let mut routes = [route::CREATE_ACCOUNT, route::UPDATE_ACCOUNT].into_iter();
    let (bill, reasons) = play(&site, async |stage, since| {
        let route = routes.next().context("no more chapters")?;
        let slow = Effect::Delay { ms: SLOW, after_commit: true };
        stage.chatwoot.add_fault(Fault::once(route, slow).skipping(MIDDLE as u64 - 1)).await?;
        let middle = Filter { committed: Some(true), ..Filter::route(route) }.since(since);
        stage.chatwoot.wait(&middle, MIDDLE, LONG).await?;
        let leader = site.held_by(|_| true).await?.holder;
        let place = replicas.iter().position(|replica| replica.pod == leader);
        replicas
            .swap_remove(place.with_context(|| format!("{leader} leads, and does not run"))?)
            .stops()
            .await
    })
    .await?;
    say(&format!("undisturbed: {floor:?}\nwith two replacements: {bill:?}\nreasons on the way: {reasons:?}"));
    ensure!(bill.chatwoot == floor.chatwoot, "writes to Chatwoot: {floor:?} became {bill:?}");
    // A claim that a stopping replica could not send any more is noted as not sent, and made again by the next one.
    let most = floor.kubernetes + 2 * IN_FLIGHT * 2;
    ensure!(bill.kubernetes <= most, "{} writes to Kubernetes, and at most {most} are due", bill.kubernetes);
    let fine =
        ["", "Creating", "Progressing", "WaitingForAccount", "WaitingForInstance", "NotGranted", "Succeeded"];
    let bad: Vec<_> = reasons.iter().filter(|reason| !fine.contains(&reason.as_str())).collect();
    ensure!(bad.is_empty(), "on the way there was {bad:?}");
    for left in replicas {
        left.stops().await?;
    }
    Ok(())
}

/// Makes all and changes all; `meanwhile` is given where the journal stood when that began.
async fn play(
    site: &Site,
    mut meanwhile: impl AsyncFnMut(&Stage, u64) -> Result<()>,
) -> Result<(Bill, BTreeSet<String>)> {
    let instance = json!({"requestBudget": {"inFlight": IN_FLIGHT, "timeout": "20s"}});
    let simulator = Options { latency: LATENCY, ..Options::default() };
    let stage = Stage::in_place_with(&site.place, Setup { instance, simulator, ..Setup::default() }).await?;
    let tenant = stage.tenant(json!({})).await?;
    stage.subject("ChatwootGrant", &tenant.namespace).ready().await?;
    let (reasons, mut news) =
        (Arc::new(Mutex::new(BTreeSet::new())), News::of(&stage.admin, &[Kind::Account, Kind::User]));
    let (seen, namespace) = (reasons.clone(), tenant.namespace.clone());
    let watching = tokio::spawn(async move {
        loop {
            let news = news.next().await;
            if news.namespace == namespace {
                let reason = news.ready.map(|ready| ready.reason).unwrap_or_default();
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(reason);
            }
        }
    });
    let begun = stage.chatwoot.last_seq().await?;
    let made = async {
        let accounts = (0..ACCOUNTS).map(|number| {
            let (tenant, stage, name) = (&tenant, &stage, format!("acme-{number}"));
            async move { tenant.account(stage, &name, json!({"name": name, "locale": "de"})).await }
        });
        let accounts = try_join_all(accounts).await?;
        let people = (0..PEOPLE).map(|number| {
            let (tenant, stage, name) = (&tenant, &stage, format!("person-{number}"));
            let member =
                json!({"memberships": [{"account": format!("acme-{}", number % ACCOUNTS), "role": "Agent"}]});
            async move { tenant.person(stage, &name, member).await }
        });
        let all: Vec<Subject> = accounts.into_iter().chain(try_join_all(people).await?).collect();
        for subject in &all {
            subject.reason_at_last("Succeeded").await?;
        }
        anyhow::Ok(all)
    };
    let (all, ()) = tokio::try_join!(made, meanwhile(&stage, begun))?;
    let since = stage.chatwoot.last_seq().await?;
    let changed = async {
        try_join_all(all.iter().map(|one| one.set(json!({"name": format!("{} & Sons", one.name)})))).await?;
        for subject in &all {
            subject.reason_at_last("Succeeded").await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(changed, meanwhile(&stage, since))?;
    watching.abort();
    let mut chatwoot = BTreeMap::new();
    for call in stage.chatwoot.writes(begun).await? {
        *chatwoot.entry(call).or_default() += 1;
    }
    let writes = site.place.plane.writes_by(&site.place.operator_user()).await?;
    let about = |write: &&control_plane::AuditEntry| {
        write.namespace == tenant.namespace && write.resource.starts_with("chatwoot") && write.succeeded()
    };
    let kubernetes = writes.iter().filter(about).count();
    let reasons = reasons.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((Bill { chatwoot, kubernetes }, reasons))
}

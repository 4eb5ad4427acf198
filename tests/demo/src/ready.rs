//! Waiting until objects are Ready, telling about each as it happens.

use crate::tell::Tell;
use anyhow::{Result, bail};
use chatwoot_stage::{Kind, News, Operator, Seen};
use kube::Client;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

type Place = (Kind, String);

/// Watches until every one of `wanted` is Ready, and returns them as they were then.
///
/// # Errors
/// Not all were `within` that time, or the operator died: the message says what the others say of themselves.
pub async fn until_ready(
    operator: &mut Operator,
    client: &Client,
    tell: &Tell,
    wanted: &[Place],
    within: Duration,
) -> Result<BTreeMap<Place, Seen>> {
    let begun = Instant::now();
    let deadline = tokio::time::Instant::now() + within;
    let mut news = News::of(client, &Kind::ALL);
    let mut last: BTreeMap<Place, Seen> = BTreeMap::new();
    loop {
        let waiting: Vec<&Place> =
            wanted.iter().filter(|place| !last.get(place).is_some_and(Seen::is_ready)).collect();
        if waiting.is_empty() {
            return Ok(last);
        }
        let seen = tokio::select! {
            seen = news.next() => seen,
            error = operator.died() => return Err(error),
            () = tokio::time::sleep_until(deadline) => bail!("after {within:?} these are not Ready:\n{}", excuses(&waiting, &last)),
        };
        let place = (seen.kind, seen.place());
        if !wanted.contains(&place) {
            continue;
        }
        let was_ready = last.get(&place).is_some_and(Seen::is_ready);
        if seen.is_ready() && !was_ready {
            let id = seen.id.map(|id| format!("  id {id}")).unwrap_or_default();
            tell.done(&format!(
                "{:>5.1} s  {:<17} {}{id}",
                begun.elapsed().as_secs_f32(),
                seen.kind.name(),
                seen.place()
            ));
        }
        last.insert(place, seen);
    }
}

fn excuses(waiting: &[&Place], last: &BTreeMap<Place, Seen>) -> String {
    let lines = waiting.iter().map(|place| {
        let ready = last.get(place).and_then(|seen| seen.ready.clone()).unwrap_or_default();
        let reason = if ready.reason.is_empty() { "nothing said yet" } else { &ready.reason };
        format!("  {} {}: {reason} {}", place.0.name(), place.1, ready.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every object of our kinds there is.
///
/// # Errors
/// The API server does not answer.
pub async fn all_there(client: &Client) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for kind in Kind::ALL {
        let api: kube::Api<kube::api::DynamicObject> = kube::Api::all_with(client.clone(), &kind.resource());
        for object in api.list(&kube::api::ListParams::default()).await? {
            places.push((kind, Seen::of(kind, &object).place()));
        }
    }
    Ok(places)
}

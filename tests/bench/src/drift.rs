//! W2, second half: how long it takes until what somebody changed behind the operator's back is as it should be again.

use crate::{
    arena::Arena,
    calls::Calls,
    figures::{Aim, Section, seconds},
    spread::Spread,
    writes::Writes,
};
use anyhow::{Result, bail};
use chatwoot_operator::plan::schedule::until_next_slot;
use chatwoot_simulator::{Act, Entry};
use chatwoot_stage::{Kind, Seen};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How long after its slot a repair may come at the most before something is wrong.
const LATE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Serialize)]
pub struct Drift {
    pub changed: usize,
    /// Every object is compared once in this time.
    pub interval: Duration,
    /// From the change behind the operator's back until Chatwoot has answered the PATCH that repairs it.
    pub repaired: Spread,
    pub calls: Calls,
    pub writes: Writes,
}

/// Renames one object in a hundred in Chatwoot and waits until all have their names back.
///
/// # Errors
/// Some do not get theirs back in an interval, or the operator ends.
pub async fn measure(arena: &mut Arena<'_>) -> Result<Drift> {
    let interval = arena.pace.interval;
    arena.compare_every(interval).await?;
    arena.journal.news().await?;
    let begun = Timestamp::now();
    let mut waiting = HashMap::new();
    for object in victims(arena) {
        let Some((path, act)) = vandalism(&object) else { continue };
        arena.chatwoot.act(act).await?;
        waiting.insert(path, Timestamp::now());
    }
    let (changed, clock) = (waiting.len(), Instant::now());
    let (mut took, mut calls) = (Vec::new(), Vec::new());
    while !waiting.is_empty() {
        if clock.elapsed() > interval + LATE {
            bail!(
                "{} of {changed} were not repaired within {interval:?}: {:?}",
                waiting.len(),
                waiting.keys()
            );
        }
        // The journal tells when, however late it is read.
        arena.watch(LOOK_EVERY).await?;
        for entry in arena.journal.news().await? {
            if let Some(since) = repaired(&entry).then(|| waiting.remove(&entry.path)).flatten() {
                took.push(Duration::try_from(entry.time - since).unwrap_or_default());
            }
            calls.push(entry);
        }
    }
    let writes = Writes::between(arena.cluster, begun, Timestamp::now()).await?;
    Ok(Drift { changed, interval, repaired: Spread::of(took.into_iter()), calls: Calls::of(&calls), writes })
}

/// One object in a hundred, spread over all of them; for whoever hurries, those that are looked at next.
fn victims(arena: &Arena<'_>) -> Vec<Seen> {
    let mut objects = arena.objects.clone();
    if arena.pace.soonest {
        let now = Timestamp::now();
        // Not at once: the slot must not pass before the change.
        let until = |seen: &Seen| {
            let until = until_next_slot(&seen.uid, arena.pace.interval, now);
            if until < Duration::from_secs(2) { until + arena.pace.interval } else { until }
        };
        objects.sort_by_key(until);
    }
    let count = (objects.len() / 100).max(1);
    let step = if arena.pace.soonest { 1 } else { objects.len() / count };
    objects.into_iter().step_by(step).take(count).collect()
}

/// Where the object lies in Chatwoot, and what somebody does to it.
fn vandalism(object: &Seen) -> Option<(String, Act)> {
    let (id, name) = (object.id?, "Somebody else".to_owned());
    match object.kind {
        Kind::Account => {
            Some((format!("/platform/api/v1/accounts/{id}"), Act::RenameAccount { account: id, name }))
        }
        Kind::User => Some((format!("/platform/api/v1/users/{id}"), Act::RenameUser { user: id, name })),
        _ => None,
    }
}

fn repaired(entry: &Entry) -> bool {
    entry.method == "PATCH" && entry.status == Some(200)
}

impl Drift {
    pub fn aims(&self) -> Vec<Aim> {
        // An object is looked at once in an interval, so half of it is the mean, and all of it the longest.
        let longest = (self.interval + Duration::from_secs(5)).as_secs_f64();
        vec![
            Aim::new(
                "W2  drift: objects changed behind our back",
                crate::figures::count(self.changed),
                None,
                "",
            ),
            Aim::new("W2  drift: compared every", self.interval.as_secs_f64(), None, "s"),
            Aim::new("W2  drift: time to repair, p50", seconds(self.repaired.p50_ms), None, "s"),
            Aim::new("W2  drift: time to repair, the longest", seconds(self.repaired.most_ms), longest, "s"),
            Aim::new("W2  drift: Kubernetes writes", crate::figures::whole(self.writes.total()), 0.0, ""),
        ]
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section::new("W2, calls while drift was repaired", &self.calls.by_route),
            Section::new("W2, writes while drift was repaired", &self.writes.objects),
        ]
    }
}

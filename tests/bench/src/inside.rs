//! W6: what it costs to make what is inside accounts, and to leave it alone.

use crate::{
    arena::Arena,
    calls::Calls,
    figures::{Aim, Section, mib, ratio, seconds, whole},
    load::drive,
    objects::{DRIFT_INTERVAL, FURNISHED, INSIDE, inside},
    process::{cpu_ms, resident_kib},
    spread::Spread,
    writes::Writes,
};
use anyhow::{Result, ensure};
use chatwoot_simulator::Entry;
use chatwoot_stage::{Kind, Seen};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

const ROUTE: &str = "/api/v1/accounts/:account_id/";

/// What each kind is called in paths.
const SEGMENTS: [(Kind, &str); 5] = [
    (Kind::Inbox, "inboxes"),
    (Kind::Team, "teams"),
    (Kind::Label, "labels"),
    (Kind::Webhook, "webhooks"),
    (Kind::AgentBot, "agent_bots"),
];

/// Writes of an object that is new: a note, the finalizer, the outcome; and one with the id where names are not unique.
const WRITES: [(Kind, &str, f64); 5] = [
    (Kind::Inbox, "W6  Kubernetes writes per inbox", 4.0),
    (Kind::AgentBot, "W6  Kubernetes writes per bot", 4.0),
    (Kind::Team, "W6  Kubernetes writes per team", 3.0),
    (Kind::Label, "W6  Kubernetes writes per label", 3.0),
    (Kind::Webhook, "W6  Kubernetes writes per webhook", 3.0),
];

#[derive(Debug, Serialize)]
pub struct Inside {
    pub accounts: u64,
    pub objects: u64,
    pub all_ready_ms: u128,
    /// From the answer to an apply until the watch said Ready.
    pub apply_to_ready: Spread,
    pub calls: Calls,
    pub lists: Lists,
    /// Beyond the fewest there can be; lists apart.
    pub calls_above_floor: u64,
    pub writes: Writes,
    pub cpu_ms: u64,
    pub resident_kib_before: u64,
    pub resident_kib_after: u64,
    pub quiet: Quiet,
}

/// Everything in place, and nothing to do.
#[derive(Debug, Serialize)]
pub struct Quiet {
    pub watched: Duration,
    /// Every kind of every account is compared once in this time.
    pub interval: Duration,
    pub calls: Calls,
    pub lists: Lists,
    pub writes: Writes,
}

/// Lists of everything of a kind in an account.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lists {
    pub by_kind: BTreeMap<String, u64>,
    /// The most of one kind in one account.
    pub most: u64,
}

impl Lists {
    fn of(entries: &[Entry]) -> Self {
        let (mut lists, mut by_path) = (Self::default(), BTreeMap::<&str, u64>::new());
        for (kind, segment) in SEGMENTS {
            let route = format!("GET {ROUTE}{segment}");
            for entry in entries.iter().filter(|entry| entry.route == route) {
                *lists.by_kind.entry(kind.name().to_owned()).or_default() += 1;
                *by_path.entry(&entry.path).or_default() += 1;
            }
        }
        lists.most = by_path.into_values().max().unwrap_or_default();
        lists
    }

    fn total(&self) -> u64 {
        self.by_kind.values().sum()
    }
}

/// The fewest calls there can be without a list: to make each thing, to give its name to each that is made under another,
/// and, for each account, to read it and to make the operator's user in it.
fn floor(accounts: u64) -> Vec<(String, u64)> {
    let users = ["GET /platform/api/v1/accounts/:id", "POST /platform/api/v1/users"];
    let mut floor: Vec<_> = users.map(|route| (route.to_owned(), accounts)).into();
    floor.push(("POST /platform/api/v1/accounts/:account_id/account_users".to_owned(), accounts));
    for ((kind, segment), (_, count)) in SEGMENTS.into_iter().zip(INSIDE) {
        let count = accounts * u64::try_from(count).unwrap_or_default();
        floor.push((format!("POST {ROUTE}{segment}"), count));
        if matches!(kind, Kind::Inbox | Kind::AgentBot) {
            floor.push((format!("PATCH {ROUTE}{segment}/:id"), count));
        }
    }
    floor
}

/// Gives accounts that are there something inside, and then watches what having it costs.
///
/// # Errors
/// The objects do not become Ready, the operator ends, or one of the logs cannot be read.
pub async fn measure(arena: &mut Arena<'_>) -> Result<Inside> {
    let accounts = arena.objects.iter().filter(|seen| seen.kind == Kind::Account);
    let accounts: Vec<Seen> = accounts.take(arena.scaled(FURNISHED, 1)).cloned().collect();
    ensure!(!accounts.is_empty(), "there is no account to give anything");
    let spec = json!({"automation": {"emailDomain": "ops.example"}, "driftCheckInterval": "168h"});
    arena.configure(spec).await?;
    let (client, pid) = (arena.cluster.client()?, arena.operator.pid()?);
    arena.journal.news().await?;
    let (cpu, resident, begun) = (cpu_ms(pid)?, resident_kib(pid)?, Timestamp::now());
    let batches = accounts.iter().map(inside).collect();
    let kinds = INSIDE.map(|(kind, _)| kind);
    let (done, all_ready) = drive(&client, &mut arena.operator, &kinds, batches).await?;
    let (used, ready) = (cpu_ms(pid)? - cpu, Timestamp::now());
    let entries = arena.journal.news().await?;
    let number = u64::try_from(accounts.len())?;
    let (calls, lists, floor) = (Calls::of(&entries), Lists::of(&entries), floor(number));
    let floor: Vec<_> = floor.iter().map(|(route, count)| (route.as_str(), *count)).collect();
    Ok(Inside {
        accounts: number,
        objects: u64::try_from(done.len())?,
        all_ready_ms: all_ready.as_millis(),
        apply_to_ready: Spread::of(done.iter().map(|done| done.took)),
        calls_above_floor: calls.above(&floor) - lists.total(),
        calls,
        lists,
        writes: Writes::between(arena.cluster, begun, ready).await?,
        cpu_ms: used,
        resident_kib_before: resident,
        resident_kib_after: resident_kib(pid)?,
        quiet: quiet(arena).await?,
    })
}

async fn quiet(arena: &mut Arena<'_>) -> Result<Quiet> {
    let (interval, watching) = (arena.pace.interval, arena.pace.quiet);
    eprintln!("W6: nothing to do, for {} s", watching.as_secs());
    arena.compare_every(interval).await?;
    arena.journal.news().await?;
    let begun = Timestamp::now();
    arena.watch(watching).await?;
    let ended = Timestamp::now();
    let entries = arena.journal.news().await?;
    let writes = Writes::between(arena.cluster, begun, ended).await?;
    arena.compare_every(DRIFT_INTERVAL).await?;
    let watched = Duration::try_from(ended - begun)?;
    Ok(Quiet { watched, interval, calls: Calls::of(&entries), lists: Lists::of(&entries), writes })
}

impl Quiet {
    /// Calls other than reads.
    fn changes(&self) -> u64 {
        let changes = self.calls.by_route.iter().filter(|(route, _)| !route.starts_with("GET "));
        changes.map(|(_, count)| count).sum()
    }
}

impl Inside {
    pub fn aims(&self) -> Vec<Aim> {
        let (calls, quiet) = (self.calls.total(), &self.quiet);
        let growth = self.resident_kib_after.saturating_sub(self.resident_kib_before);
        let above = 1000.0 * ratio(self.calls_above_floor, calls);
        let mut aims = vec![
            Aim::new("W6  calls per object", ratio(calls, self.objects), None, ""),
            Aim::new("W6  calls above the floor, lists apart, per 1,000", above, 1.0, ""),
            Aim::new("W6  lists of a kind in an account, the most", whole(self.lists.most), None, ""),
        ];
        for ((_, count), (kind, figure, most)) in WRITES.map(|row| (count_of(row.0), row)) {
            let each = ratio(self.writes.to(kind), self.accounts * count);
            aims.push(Aim::new(figure, each, most, ""));
        }
        let of_account = ratio(self.writes.to(Kind::Account), self.accounts);
        // Each is due once in the time that is watched.
        let due = self.accounts * u64::try_from(INSIDE.len()).unwrap_or_default();
        let unread = ratio(due.saturating_sub(quiet.lists.total()), due);
        aims.extend([
            Aim::new("W6  Kubernetes writes per account, for its user", of_account, None, ""),
            Aim::new("W6  CPU per object", ratio(self.cpu_ms, self.objects), 3.0, "ms"),
            Aim::new("W6  growth of resident memory", mib(growth), None, "MiB"),
            Aim::new("W6  time until all are Ready", seconds(self.all_ready_ms), None, "s"),
            Aim::new("W6  apply to Ready, p50", seconds(self.apply_to_ready.p50_ms), None, "s"),
            Aim::new("W6  apply to Ready, p99", seconds(self.apply_to_ready.p99_ms), None, "s"),
            Aim::new("W6  nothing to do: time watched", quiet.watched.as_secs_f64(), None, "s"),
            Aim::new("W6  nothing to do: compared every", quiet.interval.as_secs_f64(), None, "s"),
            Aim::new("W6  nothing to do: lists of a kind, the most", whole(quiet.lists.most), 1.0, ""),
            Aim::new("W6  nothing to do: share of lists that were not read", unread, 0.1, ""),
            Aim::new("W6  nothing to do: calls but reads", whole(quiet.changes()), 0.0, ""),
            Aim::new("W6  nothing to do: Kubernetes writes", whole(quiet.writes.total()), 0.0, ""),
        ]);
        aims
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section::new("W6, calls to Chatwoot by route", &self.calls.by_route).each_of(self.objects),
            Section::new("W6, lists by kind", &self.lists.by_kind).per(self.accounts, "account"),
            Section::new("W6, answers other than 2xx", &self.calls.failed),
            Section::new("W6, writes to objects", &self.writes.objects),
            Section::new("W6, writes to Secrets", &self.writes.secrets),
            Section::new("W6, events", &self.writes.events),
            Section::new("W6, other writes", &self.writes.others),
            Section::new("W6, writes that were refused", &self.writes.refused),
            Section::new("W6, calls with nothing to do", &self.quiet.calls.by_route),
            Section::new("W6, writes with nothing to do", &self.quiet.writes.objects),
        ]
    }
}

/// How many of a kind an account is given.
fn count_of(kind: Kind) -> (Kind, u64) {
    let count = INSIDE.into_iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| count);
    (kind, u64::try_from(count).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_a_call_for_each_and_another_for_each_name_that_comes_later() {
        let total: u64 = floor(10).iter().map(|(_, count)| count).sum();
        assert_eq!(total, 10 * (3 + 10 + 2));
        assert!(floor(10).contains(&("PATCH /api/v1/accounts/:account_id/agent_bots/:id".to_owned(), 10)));
    }

    #[test]
    fn lists_are_counted_by_kind_and_in_each_account() {
        let entry = |route: &str, path: &str| -> Entry {
            serde_json::from_value(json!({
                "seq": 1, "time": "2026-01-01T00:00:00Z", "connection": 1, "method": "GET", "route": route, "path": path,
                "body": "", "headers": {"token": true}, "end": "answered", "status": 200
            }))
            .unwrap()
        };
        let labels = "GET /api/v1/accounts/:account_id/labels";
        let entries = [
            entry(labels, "/api/v1/accounts/1/labels"),
            entry(labels, "/api/v1/accounts/1/labels"),
            entry(labels, "/api/v1/accounts/2/labels"),
            entry("GET /api/v1/accounts/:account_id/inboxes", "/api/v1/accounts/1/inboxes"),
            entry("GET /api/v1/accounts/:account_id/inboxes/:id", "/api/v1/accounts/1/inboxes/3"),
        ];
        let lists = Lists::of(&entries);
        assert_eq!((lists.total(), lists.most, lists.by_kind["ChatwootLabel"]), (4, 2, 3));
    }
}

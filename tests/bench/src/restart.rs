//! What a restart costs when everything is in place.

use crate::arena::Arena;
use crate::calls::Calls;
use crate::figures::{Aim, Section, mib, seconds, whole};
use crate::objects::DRIFT_INTERVAL;
use crate::process::{cpu_ms, peak_kib};
use crate::writes::Writes;
use anyhow::Result;
use chatwoot_operator::plan::schedule::until_next_slot;
use chatwoot_simulator::Entry;
use chatwoot_stage::{Kind, Seen};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long after its slot a check may come.
const LATE: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize)]
pub struct Restart {
    /// From the start of the process to a yes of `/readyz`.
    pub ready_ms: u128,
    pub leads_ms: u128,
    /// Objects whose drift slot fell into the time watched.
    pub slots_due: usize,
    pub calls: Calls,
    /// The calls that no slot explains.
    pub beyond_slots: Calls,
    pub writes: Writes,
    pub cpu_ms: u64,
    pub peak_kib: u64,
}

/// Kills the operator, starts it again and watches it for a while after it took the lead.
///
/// # Errors
/// It does not come up, or one of the logs cannot be read.
pub async fn measure(mut arena: Arena<'_>) -> Result<(Restart, Arena<'_>)> {
    arena.compare_every(DRIFT_INTERVAL).await?;
    arena.journal.news().await?;
    let killed = Timestamp::now();
    let (mut arena, times) = arena.restarted().await?;
    let led = Timestamp::now();
    let watching = arena.pace.watching;
    arena.watch(watching).await?;
    let due = due(&arena.objects, killed, watching + Duration::try_from(led - killed)?);
    let entries = arena.journal.news().await?;
    let beyond: Vec<Entry> = entries.iter().filter(|entry| !due.contains(&entry.path)).cloned().collect();
    let pid = arena.operator.pid()?;
    let restart = Restart {
        ready_ms: times.ready.as_millis(),
        leads_ms: times.leads.as_millis(),
        slots_due: due.len(),
        calls: Calls::of(&entries),
        beyond_slots: Calls::of(&beyond),
        writes: Writes::between(arena.cluster, killed, Timestamp::now()).await?,
        cpu_ms: cpu_ms(pid)?,
        peak_kib: peak_kib(pid)?,
    };
    Ok((restart, arena))
}

impl Restart {
    pub fn aims(&self) -> Vec<Aim> {
        vec![
            Aim::new("W3  start to ready", seconds(self.ready_ms), 5.0, "s"),
            Aim::new("W3  start to the lead", seconds(self.leads_ms), None, "s"),
            Aim::new("W3  calls beyond drift slots in 60 s", whole(self.beyond_slots.total()), 0.0, ""),
            Aim::new("W3  Kubernetes writes in 60 s, leases apart", whole(self.writes.total()), 0.0, ""),
            Aim::new("W3  CPU until 60 s after the lead", whole(self.cpu_ms), None, "ms"),
            Aim::new("W3  peak resident memory", mib(self.peak_kib), 40.0, "MiB"),
        ]
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section::new("W3, calls to Chatwoot", &self.calls.by_route),
            Section::new("W3, calls beyond drift slots", &self.beyond_slots.by_route),
            Section::new("W3, writes to objects", &self.writes.objects),
            Section::new("W3, events", &self.writes.events),
            Section::new("W3, Lease", &self.writes.leases),
        ]
    }
}

/// The paths under which a drift check may ask Chatwoot in this time: those of objects whose slot falls into it.
fn due(objects: &[Seen], from: Timestamp, during: Duration) -> BTreeSet<String> {
    // A check that was due just before the kill is made up for, so what was due then counts as well.
    let from = from.checked_sub(LATE).unwrap_or(from);
    let path = |seen: &Seen| {
        let (_, id) =
            (until_next_slot(&seen.uid, DRIFT_INTERVAL, from) < during + LATE).then_some(()).zip(seen.id)?;
        match seen.kind {
            Kind::Account => Some(format!("/platform/api/v1/accounts/{id}")),
            Kind::User => Some(format!("/platform/api/v1/users/{id}")),
            _ => None,
        }
    };
    objects.iter().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uid: &str) -> Seen {
        Seen {
            kind: Kind::Account,
            namespace: "n".into(),
            name: "a".into(),
            uid: uid.into(),
            generation: 1,
            id: Some(7),
            ready: None,
        }
    }

    #[test]
    fn a_check_is_excused_in_its_own_slot_only() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let until = until_next_slot("u", DRIFT_INTERVAL, now);
        let slot = now.checked_add(until).unwrap();
        let minute = Duration::from_secs(60);
        let excused = |from: Timestamp| due(&[account("u")], from, minute).len();
        assert_eq!(excused(slot.checked_sub(Duration::from_secs(30)).unwrap()), 1);
        assert_eq!(excused(slot.checked_sub(Duration::from_secs(300)).unwrap()), 0);
        assert_eq!(excused(slot.checked_add(Duration::from_secs(30)).unwrap()), 0);
    }
}

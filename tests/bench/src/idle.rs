//! W2: what it costs to have everything in place and nothing to do.

use crate::{
    arena::Arena,
    calls::Calls,
    figures::{Aim, Section, mib},
    objects::DRIFT_INTERVAL,
    process::{cpu_ms, resident_kib},
    workload::per_hour,
    writes::Writes,
};
use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Serialize)]
pub struct Idle {
    pub objects: usize,
    pub watched: Duration,
    /// Every object is compared once in this time.
    pub interval: Duration,
    pub calls: Calls,
    pub writes: Writes,
    pub cpu_ms: u64,
    pub resident_kib: u64,
}

/// Watches an operator that has nothing to do.
///
/// # Errors
/// It ends, or one of the logs cannot be read.
pub async fn measure(arena: &mut Arena<'_>) -> Result<Idle> {
    arena.compare_every(DRIFT_INTERVAL).await?;
    let pid = arena.operator.pid()?;
    arena.journal.news().await?;
    let (cpu, begun) = (cpu_ms(pid)?, Timestamp::now());
    arena.watch(arena.pace.idle).await?;
    let ended = Timestamp::now();
    Ok(Idle {
        objects: arena.objects.len(),
        watched: Duration::try_from(ended - begun)?,
        interval: DRIFT_INTERVAL,
        calls: Calls::of(&arena.journal.news().await?),
        writes: Writes::between(arena.cluster, begun, ended).await?,
        cpu_ms: cpu_ms(pid)? - cpu,
        resident_kib: resident_kib(pid)?,
    })
}

impl Idle {
    pub fn aims(&self) -> Vec<Aim> {
        let floor = per_hour(self.objects as u64, self.interval);
        let share = f64::from(u32::try_from(self.cpu_ms).unwrap_or(u32::MAX)) / 1000.0;
        vec![
            // Slots lie at random in the interval, so a part of it holds a few more or less than its share; and the index
            // is looked at once.
            Aim::new(
                "W2  calls an hour, of objects each once",
                per_hour(self.calls.total(), self.watched),
                floor * 1.1 + 60.0,
                "",
            ),
            Aim::new(
                "W2  Kubernetes writes an hour, leases apart",
                per_hour(self.writes.total(), self.watched),
                0.0,
                "",
            ),
            Aim::new("W2  lease writes an hour", per_hour(self.writes.leases(), self.watched), None, ""),
            Aim::new("W2  CPU", 100.0 * share / self.watched.as_secs_f64(), None, "%"),
            Aim::new("W2  resident memory", mib(self.resident_kib), 40.0, "MiB"),
        ]
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section::new("W2, calls to Chatwoot in the time watched", &self.calls.by_route),
            Section::new("W2, writes to objects", &self.writes.objects),
            Section::new("W2, events", &self.writes.events),
            Section::new("W2, writes to Secrets", &self.writes.secrets),
            Section::new("W2, Lease", &self.writes.leases),
            Section::new("W2, other writes", &self.writes.others),
        ]
    }
}

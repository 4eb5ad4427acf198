//! W7: a Chatwoot that is down, and one that answers 429 and nothing else.

use crate::{
    arena::Arena,
    calls::Calls,
    change::Pending,
    figures::{Aim, Section, count, seconds, whole},
    objects::IN_FLIGHT,
    writes::Writes,
};
use anyhow::Result;
use chatwoot_simulator::{Act, Effect, Fault};
use chatwoot_stage::{Kind, Seen};
use jiff::Timestamp;
use serde::Serialize;
use std::time::{Duration, Instant};

/// As the operator's gate has it: so many failures in a row, and only probes go out; the first after a second, then at
/// twice the distance up to a minute, each up to a quarter earlier.
const THRESHOLD: u64 = 5;
const LAST_DISTANCE: Duration = Duration::from_secs(60);
const SHORTEST: f64 = 0.75;

#[derive(Debug, Serialize)]
pub struct Outage {
    pub down: Trouble,
    pub storm: Trouble,
    /// `Retry-After` of the storm, in seconds.
    pub retry_after: u64,
}

/// A time in which nothing could be done, and what came after.
#[derive(Debug, Serialize)]
pub struct Trouble {
    pub lasted: Duration,
    /// Objects that were changed by their authors meanwhile.
    pub changed: usize,
    pub calls: Calls,
    pub writes: Writes,
    /// From its end until all those changes had been carried out.
    pub recovered_ms: u128,
    /// Calls until then.
    pub calls_after: Calls,
}

/// # Errors
/// The operator ends, or does not recover.
pub async fn measure(arena: &mut Arena<'_>) -> Result<Outage> {
    let (outage, storm, retry_after) = (arena.pace.outage, arena.pace.storm, arena.pace.retry_after());
    arena.chatwoot.act(Act::SetDown { down: true }).await?;
    let down = trouble(arena, outage, 1, async |arena| {
        arena.chatwoot.act(Act::SetDown { down: false }).await.map(drop)
    })
    .await?;
    eprintln!("  answering 429");
    arena.chatwoot.add_fault(Fault::always("*", Effect::RetryAfter { seconds: retry_after })).await?;
    let storm = trouble(arena, storm, 2, async |arena| arena.chatwoot.clear_faults().await).await?;
    Ok(Outage { down, storm, retry_after })
}

async fn trouble(
    arena: &mut Arena<'_>,
    lasts: Duration,
    round: usize,
    end: impl AsyncFnOnce(&Arena<'_>) -> Result<()>,
) -> Result<Trouble> {
    let client = arena.cluster.client()?;
    let changed = one_in_a_hundred(&arena.objects);
    arena.journal.news().await?;
    let (begun, clock) = (Timestamp::now(), Instant::now());
    let mut pending = Pending::of(&client);
    pending.rename(&client, &changed, round).await?;
    arena.watch(lasts.saturating_sub(clock.elapsed())).await?;
    let (lasted, calls) = (clock.elapsed(), arena.journal.news().await?);
    end(arena).await?;
    let (ended, clock) = (Timestamp::now(), Instant::now());
    let recovered = pending.all_ready(&mut arena.operator).await?;
    Ok(Trouble {
        lasted,
        changed: changed.len(),
        calls: Calls::of(&calls),
        writes: Writes::between(arena.cluster, begun, ended).await?,
        recovered_ms: recovered.saturating_duration_since(clock).as_millis(),
        calls_after: Calls::of(&arena.journal.news().await?),
    })
}

fn one_in_a_hundred(objects: &[Seen]) -> Vec<Seen> {
    let people: Vec<&Seen> = objects.iter().filter(|object| object.kind == Kind::User).collect();
    let count = (people.len() / 100).max(1);
    let step = (people.len() / count).max(1);
    people.into_iter().step_by(step).take(count).cloned().collect()
}

/// Probes that fit into an outage, each at its earliest.
fn probes(lasts: Duration) -> u64 {
    let (mut count, mut at, mut distance) = (0, Duration::ZERO, Duration::from_secs(1));
    loop {
        at += distance.mul_f64(SHORTEST);
        if at > lasts {
            return count;
        }
        count += 1;
        distance = (distance * 2).min(LAST_DISTANCE);
    }
}

impl Outage {
    pub fn aims(&self) -> Vec<Aim> {
        let Self { down, storm, retry_after } = self;
        let in_flight = u64::from(IN_FLIGHT);
        let most_down = THRESHOLD + in_flight + probes(down.lasted);
        // Whatever was under way when the pause was over is answered with the next one.
        let most_storm = in_flight * (1 + storm.lasted.as_secs() / retry_after.max(&1));
        let longest = (LAST_DISTANCE + Duration::from_secs(10)).as_secs_f64();
        // Each answer of 429 doubles an object's own distance to its next try, from a second to five minutes.
        let hits = u32::try_from(storm.lasted.as_secs() / retry_after.max(&1)).unwrap_or(u32::MAX).min(8);
        let longest_pause = whole(retry_after + (1 << hits) + 10).min(310.0);
        vec![
            Aim::new("W7  down for", down.lasted.as_secs_f64(), None, "s"),
            Aim::new("W7  down: objects changed meanwhile", count(down.changed), None, ""),
            Aim::new("W7  down: calls", whole(down.calls.total()), whole(most_down), ""),
            Aim::new(
                "W7  down: Kubernetes writes to objects",
                whole(down.writes.of_objects()),
                whole(2 * down.changed as u64 + 2),
                "",
            ),
            Aim::new("W7  down: back until all changes were made", seconds(down.recovered_ms), longest, "s"),
            Aim::new("W7  429 for", storm.lasted.as_secs_f64(), None, "s"),
            Aim::new("W7  429: calls", whole(storm.calls.total()), whole(most_storm), ""),
            Aim::new(
                "W7  429: back until all changes were made",
                seconds(storm.recovered_ms),
                longest_pause,
                "s",
            ),
        ]
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section::new("W7, calls while down", &self.down.calls.by_route),
            Section::new("W7, writes while down", &self.down.writes.objects),
            Section::new("W7, calls until recovered", &self.down.calls_after.by_route),
            Section::new("W7, calls answered with 429", &self.storm.calls.by_route),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_minutes_take_eleven_probes() {
        // At 0.75, 2.25, 5.25, 11.25, 23.25, 47.25, and then every 45 s.
        assert_eq!(probes(Duration::from_secs(60)), 6);
        assert_eq!(probes(Duration::from_secs(300)), 11);
    }
}

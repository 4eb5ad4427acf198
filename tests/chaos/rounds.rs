//! One round: several runs side by side, each brought to its point; the operator is killed there and started anew, and
//! every run must end as one that nobody disturbed.

use crate::{
    arena::Arena,
    picture::{Picture, differences, objects},
    points::{Point, Side, Writes},
    proxy::{Caught, When},
    scenario::Scenario,
    support::LONG,
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Effect, End, Fault, Filter, Release};
use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use std::time::Duration;
use tokio::{sync::oneshot, time::Instant};

/// A request that hangs longer may have been given up before the operator was killed: then the point was not met.
const HANGS_FOR: Duration = Duration::from_millis(5500);
/// What may still be under way when everything is Ready: the index of accounts, for instance.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);

/// What became of one run.
pub struct Outcome {
    pub point: Point,
    pub met: Met,
    /// Creates that were sent again.
    pub repeats: usize,
    /// In what it differs from an undisturbed run, or why it did not end.
    pub wrong: Vec<String>,
}

/// Whether the operator was killed where it was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// At this request.
    At(String),
    /// The run was over before: this time it took fewer writes.
    Over,
    /// The machine was too slow, and the request no longer hung.
    Missed,
}

/// A run without disturbance, and its writes.
///
/// As in [`round`] everything is applied before the operator starts, so that runs side by side keep step.
pub async fn undisturbed(arena: &Arena) -> Result<(Picture, Writes)> {
    let scenario = arena.scenario().await?;
    // Asking makes the wire count.
    arena.proxy.writes(&scenario.home);
    scenario.apply().await?;
    let (clock, began) = (Timestamp::now(), Instant::now());
    arena.start().await?;
    arena.board.ready(&scenario.names(), LONG).await?;
    let picture = settled(arena, &scenario).await?;
    let calls = scenario.stage.chatwoot.journal(&Filter::route("WRITE *")).await?;
    let chatwoot = calls.iter().map(|entry| entry.time.duration_since(clock).unsigned_abs()).collect();
    let writes = arena.proxy.writes(&scenario.home);
    let kubernetes = writes.iter().map(|write| write.at.saturating_duration_since(began)).collect();
    arena.clear_away(scenario).await?;
    Ok((picture, Writes { chatwoot, kubernetes }))
}

/// The picture once it stays the same: what comes after Ready is the instance's own.
async fn settled(arena: &Arena, scenario: &Scenario) -> Result<Picture> {
    let mut last = Picture::of(scenario).await?;
    loop {
        arena.board.moves(Duration::from_secs(3)).await;
        let next = Picture::of(scenario).await?;
        if next == last {
            return Ok(next);
        }
        last = next;
    }
}

/// Waits until a run is as one that nobody disturbed; returns in what it is not.
pub async fn compared(arena: &Arena, expected: &Picture, scenario: &Scenario) -> Result<Vec<String>> {
    let deadline = Instant::now() + SETTLES_WITHIN;
    loop {
        let wrong = differences(expected, &Picture::of(scenario).await?);
        if wrong.is_empty() || Instant::now() > deadline {
            return Ok(wrong);
        }
        arena.board.moves(Duration::from_millis(500)).await;
    }
}

/// Runs all points side by side.
pub async fn round(
    arena: &Arena,
    expected: &Picture,
    points: &[Point],
) -> Result<(Vec<Outcome>, Vec<Scenario>)> {
    arena.kill().await?;
    let scenarios = try_join_all(points.iter().map(|_| arena.scenario())).await?;
    try_join_all(scenarios.iter().map(Scenario::apply)).await?;
    let traps = scenarios.iter().zip(points).map(|(scenario, point)| trap(arena, scenario, *point));
    let traps = try_join_all(traps).await?;
    arena.start().await?;
    let runs = scenarios.iter().zip(traps).map(|(scenario, trap)| reach(arena, scenario, trap));
    let reached = try_join_all(runs).await?;
    arena.kill().await?;
    let killed = Instant::now();
    for (scenario, point) in scenarios.iter().zip(points) {
        if point.side != Side::ChatwootLate {
            scenario.stage.chatwoot.release(Release::drop()).await?;
        }
        scenario.stage.chatwoot.clear_faults().await?;
    }
    arena.start().await?;
    for (scenario, point) in scenarios.iter().zip(points) {
        if point.side == Side::ChatwootLate {
            scenario.stage.chatwoot.release(Release::proceed()).await?;
        }
    }
    let ends = scenarios.iter().zip(points).zip(reached).map(|((scenario, point), reached)| async move {
        let met = match reached {
            None => Met::Over,
            Some(caught) if killed - caught.at > HANGS_FOR => Met::Missed,
            Some(caught) => Met::At(caught.what),
        };
        let mut wrong = Vec::new();
        if let Err(error) = arena.board.ready(&scenario.names(), LONG).await {
            wrong.push(format!("{error:#}"));
        }
        wrong.extend(compared(arena, expected, scenario).await?);
        if !wrong.is_empty() {
            wrong.push(format!("Chatwoot was asked:\n{}", asked(scenario).await?));
        }
        anyhow::Ok(Outcome { point: *point, met, repeats: repeats(scenario).await?, wrong })
    });
    let outcomes = join_all(ends).await.into_iter().collect::<Result<Vec<_>>>()?;
    arena.check().await?;
    Ok((outcomes, scenarios))
}

/// Where a run will hang.
enum Trap {
    /// In the simulator, which is asked.
    Chatwoot,
    /// On the wire, which tells.
    Kubernetes(oneshot::Receiver<Caught>),
}

async fn trap(arena: &Arena, scenario: &Scenario, point: Point) -> Result<Trap> {
    let effect = match point.side {
        Side::KubernetesBefore => {
            return Ok(Trap::Kubernetes(arena.proxy.trap(&scenario.home, point.nth, When::Before)));
        }
        Side::KubernetesAfter => {
            return Ok(Trap::Kubernetes(arena.proxy.trap(&scenario.home, point.nth, When::After)));
        }
        Side::ChatwootBefore | Side::ChatwootLate => Effect::HangBeforeCommit,
        Side::ChatwootAfter => Effect::HangAfterCommit,
    };
    let fault = Fault::once("WRITE *", effect).skipping(point.nth - 1);
    scenario.stage.chatwoot.add_fault(fault).await?;
    Ok(Trap::Chatwoot)
}

/// Returns at which request the run hangs and since when; `None` when it is over without.
async fn reach(arena: &Arena, scenario: &Scenario, trap: Trap) -> Result<Option<Caught>> {
    let names = scenario.names();
    let hangs = async {
        match trap {
            Trap::Kubernetes(caught) => caught.await.context("the wire forgot its trap"),
            Trap::Chatwoot => {
                let hanging = Filter::default().end(End::Hanging);
                let entries = scenario.stage.chatwoot.wait(&hanging, 1, LONG).await?;
                let entry = entries.first().context("nothing hangs")?;
                Ok(Caught { what: entry.route.to_string(), at: Instant::now() })
            }
        }
    };
    tokio::select! {
        caught = hangs => caught.map(Some),
        over = arena.board.ready(&names, LONG) => over.map(|()| None),
    }
}

/// Creates that were sent again, as the accounts tell.
async fn repeats(scenario: &Scenario) -> Result<usize> {
    let all = objects(scenario).await?;
    let count = |object: &serde_json::Value| {
        object["status"]["creation"]["repeats"].as_array().map(Vec::len).unwrap_or_default()
    };
    Ok(all.iter().map(count).sum())
}

async fn asked(scenario: &Scenario) -> Result<String> {
    let entries = scenario.stage.chatwoot.journal(&Filter::route("WRITE *")).await?;
    let line = |entry: &chatwoot_simulator::Entry| {
        format!("{} {} {:?} {:?}", entry.time, entry.route, entry.status, entry.end)
    };
    Ok(entries.iter().map(line).collect::<Vec<_>>().join("\n"))
}

//! One round: several runs side by side, each brought to its point; the operator is killed there and started anew, and
//! every run must end as one that nobody disturbed.

use crate::{
    arena::Arena,
    picture::{Picture, differences, objects, tenants},
    points::{Point, Side, Writes},
    proxy::{Caught, When},
    scenario::{Chapter, Scenario},
    support::LONG,
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Effect, End, Fault, Filter, Release};
use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use std::time::Duration;
use tokio::{sync::oneshot, time::Instant};

/// A request that hangs longer may have been given up before the operator was killed: then the point was not met.
const HANGS_FOR: Duration = Duration::from_millis(5500);
/// What may still be under way when everything is Ready: the index of accounts, for instance.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);
/// Nobody tells when all of Kubernetes and Chatwoot is as it should be, and a look takes twenty requests.
pub const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// What became of one run.
pub struct Outcome {
    pub chapter: Chapter,
    pub point: Option<Point>,
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

/// What a chapter looks like when nobody disturbs it.
pub struct Course {
    pub chapter: Chapter,
    /// At its end.
    pub picture: Picture,
    pub writes: Writes,
}

/// A run without disturbance, chapter by chapter.
///
/// As in [`round`] everything is applied while no operator runs, so that runs side by side keep step.
pub async fn undisturbed(arena: &Arena, chapters: &[Chapter]) -> Result<Vec<Course>> {
    let scenario = arena.scenario().await?;
    let chatwoot = &scenario.stage.chatwoot;
    let mut courses = Vec::new();
    for chapter in chapters {
        arena.kill().await?;
        let seq = chatwoot.last_seq().await?;
        arena.proxy.count(&scenario.home);
        scenario.play(*chapter).await?;
        let (clock, began) = (Timestamp::now(), Instant::now());
        arena.start().await?;
        over(arena, &scenario, *chapter).await?;
        // What comes then is the instance's own; the picture is taken when nothing moves any more.
        while arena.board.moves(Duration::from_secs(3)).await {}
        let calls = chatwoot.journal(&Filter::route("WRITE *").since(seq)).await?;
        let writes = arena.proxy.writes(&scenario.home);
        let writes = Writes {
            chatwoot: calls.iter().map(|entry| entry.time.duration_since(clock).unsigned_abs()).collect(),
            kubernetes: writes.iter().map(|write| write.at.saturating_duration_since(began)).collect(),
        };
        courses.push(Course { chapter: *chapter, picture: Picture::of(&scenario).await?, writes });
    }
    arena.clear_away(scenario).await?;
    Ok(courses)
}

/// Returns when everything is Ready for what was applied last, and what was deleted is gone.
async fn over(arena: &Arena, scenario: &Scenario, chapter: Chapter) -> Result<()> {
    let applied = scenario.applied();
    arena.board.ready(&applied, LONG).await?;
    if chapter == Chapter::Create {
        return Ok(());
    }
    let deadline = Instant::now() + LONG;
    loop {
        let all = tenants(scenario).await?;
        let mut left = all.into_iter().filter(|name| !applied.contains_key(name));
        let Some(one) = left.next() else { return Ok(()) };
        ensure!(Instant::now() < deadline, "{} more are left after {LONG:?}, and {one:?}", left.count());
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

/// Waits until a run is as one that nobody disturbed; returns in what it is not.
pub async fn compared(expected: &Picture, scenario: &Scenario) -> Result<Vec<String>> {
    let deadline = Instant::now() + SETTLES_WITHIN;
    loop {
        let wrong = differences(expected, &Picture::of(scenario).await?);
        if wrong.is_empty() || Instant::now() > deadline {
            return Ok(wrong);
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

/// Plays one chapter in all scenarios side by side, each with its point; `None` for one that has none left, which is
/// killed like the others, wherever it may be.
pub async fn round(
    arena: &Arena,
    course: &Course,
    scenarios: &[Scenario],
    points: &[Option<Point>],
) -> Result<Vec<Outcome>> {
    arena.kill().await?;
    try_join_all(scenarios.iter().map(|scenario| scenario.play(course.chapter))).await?;
    let traps = scenarios.iter().zip(points).map(|(scenario, point)| trap(arena, scenario, *point));
    let traps = try_join_all(traps).await?;
    arena.start().await?;
    let runs =
        scenarios.iter().zip(traps).map(|(scenario, trap)| reach(arena, scenario, course.chapter, trap));
    let reached = try_join_all(runs).await?;
    arena.kill().await?;
    let killed = Instant::now();
    let late = |point: &Option<Point>| point.is_some_and(|point| point.side == Side::ChatwootLate);
    for (scenario, point) in scenarios.iter().zip(points) {
        if !late(point) {
            scenario.stage.chatwoot.release(Release::drop()).await?;
        }
        scenario.stage.chatwoot.clear_faults().await?;
    }
    arena.start().await?;
    for (scenario, _) in scenarios.iter().zip(points).filter(|(_, point)| late(point)) {
        scenario.stage.chatwoot.release(Release::proceed()).await?;
    }
    let ends = scenarios.iter().zip(points).zip(reached).map(|((scenario, point), reached)| async move {
        let met = match reached {
            None => Met::Over,
            Some(caught) if killed - caught.at > HANGS_FOR => Met::Missed,
            Some(caught) => Met::At(caught.what),
        };
        let mut wrong = Vec::new();
        if let Err(error) = over(arena, scenario, course.chapter).await {
            wrong.push(format!("{error:#}"));
        }
        wrong.extend(compared(&course.picture, scenario).await?);
        if !wrong.is_empty() {
            wrong.push(format!("Chatwoot was asked:\n{}", asked(scenario).await?));
        }
        anyhow::Ok(Outcome {
            chapter: course.chapter,
            point: *point,
            met,
            repeats: repeats(scenario).await?,
            wrong,
        })
    });
    let outcomes = join_all(ends).await.into_iter().collect::<Result<Vec<_>>>()?;
    arena.check().await?;
    Ok(outcomes)
}

/// Where a run will hang.
enum Trap {
    /// In the simulator, which is asked.
    Chatwoot,
    /// On the wire, which tells.
    Kubernetes(oneshot::Receiver<Caught>),
    Nowhere,
}

async fn trap(arena: &Arena, scenario: &Scenario, point: Option<Point>) -> Result<Trap> {
    let Some(point) = point else { return Ok(Trap::Nowhere) };
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
async fn reach(arena: &Arena, scenario: &Scenario, chapter: Chapter, trap: Trap) -> Result<Option<Caught>> {
    let hangs = async {
        match trap {
            // Others hang meanwhile, and are not to wait until this one is over.
            Trap::Nowhere => Ok(None),
            Trap::Kubernetes(caught) => caught.await.map(Some).context("the wire forgot its trap"),
            Trap::Chatwoot => {
                let hanging = Filter::default().end(End::Hanging);
                let entries = scenario.stage.chatwoot.wait(&hanging, 1, LONG).await?;
                let entry = entries.first().context("nothing hangs")?;
                Ok(Some(Caught { what: entry.route.to_string(), at: Instant::now() }))
            }
        }
    };
    tokio::select! {
        caught = hangs => caught,
        over = over(arena, scenario, chapter) => over.map(|()| None),
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

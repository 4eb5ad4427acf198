//! The operator is killed before and after every write it makes, to Chatwoot and to Kubernetes.

use crate::{
    arena::{Arena, TOO_SHORT},
    picture::{Picture, differences},
    points::Point,
    rounds::{Met, Outcome, round, undisturbed},
    say,
    support::{LONG, route},
    turn,
};
use anyhow::{Result, ensure};
use chatwoot_simulator::{Effect, Filter, Release};
use chatwoot_stage::Kind;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{task::JoinSet, time::Instant};

/// Runs side by side in one round.
const SIDE_BY_SIDE: usize = 8;
/// How often a point that was missed is tried in all.
const ATTEMPTS: usize = 3;

/// `CHATWOOT_CHAOS=all`: every point, not every fifth.
fn step() -> u64 {
    if std::env::var("CHATWOOT_CHAOS").is_ok_and(|what| what == "all") { 1 } else { 5 }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_or_after_any_write_it_ends_as_if_nothing_had_been() -> Result<()> {
    let _turn = turn().await;
    let began = Instant::now();
    let arena = Arc::new(Arena::new().await?);
    let (expected, writes) = undisturbed(&arena).await?;
    for kind in [Kind::Account, Kind::User] {
        ensure!(expected.count(kind.name()) > 0, "the picture shows no {}", kind.name());
    }
    let mut points = writes.every(step());
    say(&format!(
        "An undisturbed run: {} writes to Chatwoot, {} to Kubernetes. {} of {} points, {SIDE_BY_SIDE} at a time.",
        writes.chatwoot.len(),
        writes.kubernetes.len(),
        points.len(),
        writes.points()
    ));

    doubling(&arena, &expected).await?;
    let mut tally = Tally::default();
    let mut clearing = JoinSet::new();
    for _ in 0..ATTEMPTS {
        let mut missed = Vec::new();
        for group in points.chunks(SIDE_BY_SIDE) {
            let (outcomes, scenarios) = round(&arena, &expected, group).await?;
            tally.rounds += 1;
            say(&format!("{:4.0} s  round {} over", began.elapsed().as_secs_f64(), tally.rounds));
            missed.extend(outcomes.iter().filter(|o| o.met == Met::Missed).map(|o| o.point));
            outcomes.into_iter().for_each(|outcome| tally.add(outcome));
            ensure!(tally.wrong.is_empty(), "{}\n{}", tally.wrong.join("\n\n"), arena.last_words().await);
            for scenario in scenarios {
                let arena = arena.clone();
                clearing.spawn(async move { arena.clear_away(scenario).await });
            }
        }
        points = missed;
    }
    while let Some(cleared) = clearing.join_next().await {
        cleared??;
    }
    tally.print(&points, began);
    // Runs differ by a few writes, so the last points may lie beyond the end. Not many.
    ensure!(tally.over * 20 <= tally.met, "{} runs were over before their point", tally.over);
    ensure!(points.len() * 20 <= tally.met, "missed {ATTEMPTS} times: {points:?}; the machine is too busy");
    Ok(())
}

/// Before anything is believed: an operator whose settle time is too short makes an account twice when a request comes
/// late, and that is seen.
async fn doubling(arena: &Arena, expected: &Picture) -> Result<()> {
    let scenario = arena.scenario_with(TOO_SHORT).await?;
    let chatwoot = &scenario.stage.chatwoot;
    let create = Filter::route(route::CREATE_ACCOUNT);
    chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::HangBeforeCommit).await?;
    scenario.apply().await?;
    arena.board.ready(&scenario.names(), LONG).await?;
    // All accounts are made, one of them by a repeat; now its first request is carried out after all.
    chatwoot.release(Release::proceed()).await?;
    let committed = Filter { committed: Some(true), ..create };
    chatwoot.wait(&committed, expected.count("account of ") + 1, LONG).await?;
    let wrong = differences(expected, &Picture::of(&scenario).await?);
    let doubled =
        wrong.iter().any(|line| line.starts_with("account of ") && line.ends_with(": 2 instead of 1"));
    ensure!(doubled, "an account was made twice, and that is not among {wrong:#?}");
    arena.clear_away(scenario).await
}

#[derive(Default)]
struct Tally {
    rounds: usize,
    met: usize,
    over: usize,
    missed: usize,
    repeats: usize,
    at: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        let Outcome { point, met, repeats, wrong } = outcome;
        self.repeats += repeats;
        if !wrong.is_empty() {
            self.wrong.push(format!("killed at {point} ({met:?}):\n{}", wrong.join("\n")));
        }
        match met {
            Met::At(what) => {
                self.met += 1;
                *self.at.entry(format!("{:?} {what}", point.side)).or_default() += 1;
            }
            Met::Over => self.over += 1,
            Met::Missed => self.missed += 1,
        }
    }

    fn print(&self, left: &[Point], began: Instant) {
        for (what, count) in &self.at {
            say(&format!("{count:5}  {what}"));
        }
        say(&format!(
            "{} kills at their point in {} rounds, {} runs over before, {} missed (of these {} to the end), \
             {} creates sent again, {:.0} s.",
            self.met,
            self.rounds,
            self.over,
            self.missed,
            left.len(),
            self.repeats,
            began.elapsed().as_secs_f64()
        ));
    }
}

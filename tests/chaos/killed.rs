//! The operator is killed before and after every write it makes, to Chatwoot and to Kubernetes.

use crate::{
    arena::{Arena, TOO_SHORT},
    picture::{Picture, differences},
    points::Point,
    rounds::{Course, Met, Outcome, round, undisturbed},
    say,
    scenario::{Chapter, Scenario},
    support::{LONG, route},
    turn,
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Effect, Filter, Release};
use futures::future::try_join_all;
use std::{collections::BTreeMap, num::NonZeroU64, sync::Arc};
use tokio::{task::JoinSet, time::Instant};

/// Runs side by side in one round.
const SIDE_BY_SIDE: usize = 8;
/// How often a point that was missed is tried in all.
const ATTEMPTS: usize = 3;

/// `CHATWOOT_CHAOS=all` takes every point, `CHATWOOT_CHAOS=20` every twentieth, and nothing said every fifth.
fn step() -> Result<u64> {
    match std::env::var("CHATWOOT_CHAOS").as_deref() {
        Err(_) => Ok(5),
        Ok("all") => Ok(1),
        Ok(text) => {
            let step = text.parse::<NonZeroU64>();
            step.map(NonZeroU64::get)
                .with_context(|| format!("CHATWOOT_CHAOS={text}: write all, or a number"))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_or_after_any_write_it_ends_as_if_nothing_had_been() -> Result<()> {
    let _turn = turn().await;
    let began = Instant::now();
    let arena = Arc::new(Arena::new().await?);
    let courses = undisturbed(&arena, &Chapter::ALL).await?;
    let mut points: Vec<Vec<Point>> = Vec::new();
    for Course { chapter, picture, writes } in &courses {
        let chosen = writes.every(step()?);
        say(&format!(
            "{chapter:?}, undisturbed: {} writes to Chatwoot, {} to Kubernetes. {} of {} points; {} things are compared.",
            writes.chatwoot.len(),
            writes.kubernetes.len(),
            chosen.len(),
            writes.points(),
            picture.count("")
        ));
        ensure!(!chosen.is_empty(), "{chapter:?} has no points");
        points.push(chosen);
    }
    doubling(&arena, &courses[0].picture).await?;

    let mut tally = Tally::default();
    let mut clearing = JoinSet::new();
    for _ in 0..ATTEMPTS {
        let rounds = points.iter().map(Vec::len).max().unwrap_or_default().div_ceil(SIDE_BY_SIDE);
        let mut missed = vec![Vec::new(); courses.len()];
        for number in 0..rounds {
            let parts: Vec<_> = points.iter().map(|points| share(points, number, rounds)).collect();
            // Chapters have fewer and fewer points, and whoever has none left is cleared away.
            let runs: Vec<usize> = (0..parts.len()).map(|from| longest(&parts[from..])).collect();
            let mut scenarios = try_join_all((0..runs[0]).map(|_| arena.scenario())).await?;
            for (((course, mut part), runs), missed) in courses.iter().zip(parts).zip(runs).zip(&mut missed) {
                clear_away(&arena, scenarios.split_off(runs), &mut clearing);
                part.resize(runs, None);
                let outcomes = round(&arena, course, &scenarios, &part).await?;
                missed.extend(outcomes.iter().filter(|o| o.met == Met::Missed).filter_map(|o| o.point));
                outcomes.into_iter().for_each(|outcome| tally.add(outcome));
                ensure!(tally.wrong.is_empty(), "{}\n{}", tally.wrong.join("\n\n"), arena.last_words().await);
            }
            clear_away(&arena, scenarios, &mut clearing);
            tally.rounds += 1;
            say(&format!("{:4.0} s  {} of {rounds} rounds over", began.elapsed().as_secs_f64(), number + 1));
        }
        points = missed;
    }
    while let Some(cleared) = clearing.join_next().await {
        cleared??;
    }
    let left: usize = points.iter().map(Vec::len).sum();
    tally.print(left, began);
    // Runs differ by a few writes, so the last points may lie beyond the end. Not many.
    ensure!(tally.over * 10 <= tally.met, "{} runs were over before their point", tally.over);
    // Those were killed and compared as well, only elsewhere.
    ensure!(left * 4 <= tally.met, "missed {ATTEMPTS} times: {points:?}; the machine is too busy");
    Ok(())
}

/// The part of the points for one round of `rounds`: those of about the same moment.
fn share(points: &[Point], number: usize, rounds: usize) -> Vec<Option<Point>> {
    let bound = |number: usize| points.len() * number / rounds.max(1);
    points.get(bound(number)..bound(number + 1)).unwrap_or_default().iter().copied().map(Some).collect()
}

fn longest(parts: &[Vec<Option<Point>>]) -> usize {
    parts.iter().map(Vec::len).max().unwrap_or_default()
}

/// Clears scenarios away while others go on.
fn clear_away(arena: &Arc<Arena>, scenarios: Vec<Scenario>, clearing: &mut JoinSet<Result<()>>) {
    for scenario in scenarios {
        let arena = arena.clone();
        clearing.spawn(async move { arena.clear_away(scenario).await });
    }
}

/// Before anything is believed: an operator whose settle time is too short makes an account twice when a request comes
/// late, and that is seen.
async fn doubling(arena: &Arena, expected: &Picture) -> Result<()> {
    let scenario = arena.scenario_with(TOO_SHORT).await?;
    let chatwoot = &scenario.stage.chatwoot;
    let create = Filter::route(route::CREATE_ACCOUNT);
    chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::HangBeforeCommit).await?;
    scenario.play(Chapter::Create).await?;
    arena.board.ready(&scenario.applied(), LONG).await?;
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
        let Outcome { chapter, point, met, repeats, wrong } = outcome;
        if chapter == Chapter::Create {
            self.repeats += repeats;
        }
        let place = point.map_or_else(|| "anywhere".to_owned(), |point| point.to_string());
        if !wrong.is_empty() {
            self.wrong.push(format!("{chapter:?}, killed at {place} ({met:?}):\n{}", wrong.join("\n")));
        }
        let Some(point) = point else { return };
        match met {
            Met::At(what) => {
                self.met += 1;
                *self.at.entry(format!("{chapter:?} {:?} {what}", point.side)).or_default() += 1;
            }
            Met::Over => self.over += 1,
            Met::Missed => self.missed += 1,
        }
    }

    fn print(&self, left: usize, began: Instant) {
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
            left,
            self.repeats,
            began.elapsed().as_secs_f64()
        ));
    }
}

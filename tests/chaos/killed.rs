//! The operator is killed before and after every write it makes, to Chatwoot and to Kubernetes.

use crate::{
    arena::{Arena, SETTLE_MARGIN},
    points::Point,
    rounds::{Met, Outcome, round, undisturbed},
    turn,
};
use anyhow::{Result, ensure};
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
    let arena = Arc::new(Arena::new(&[&format!("--settle-margin={SETTLE_MARGIN}")]).await?);
    let (expected, writes) = undisturbed(&arena).await?;
    for kind in [Kind::Account, Kind::User] {
        ensure!(expected.count(kind.name()) > 0, "the picture shows no {}", kind.name());
    }
    let mut points = writes.every(step());
    println!(
        "An undisturbed run: {} writes to Chatwoot, {} to Kubernetes. {} of {} points, {SIDE_BY_SIDE} at a time.",
        writes.chatwoot.len(),
        writes.kubernetes.len(),
        points.len(),
        writes.points()
    );

    let mut tally = Tally::default();
    let mut clearing = JoinSet::new();
    for _ in 0..ATTEMPTS {
        let mut missed = Vec::new();
        for group in points.chunks(SIDE_BY_SIDE) {
            let (outcomes, scenarios) = round(&arena, &expected, group).await?;
            tally.rounds += 1;
            println!("{:4.0} s  round {} over", began.elapsed().as_secs_f64(), tally.rounds);
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
            println!("{count:5}  {what}");
        }
        println!(
            "{} kills at their point in {} rounds, {} runs over before, {} missed (of these {} to the end), \
             {} creates sent again, {:.0} s.",
            self.met,
            self.rounds,
            self.over,
            self.missed,
            left.len(),
            self.repeats,
            began.elapsed().as_secs_f64()
        );
    }
}

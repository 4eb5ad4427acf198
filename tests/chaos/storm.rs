//! Storms: everything goes wrong at once and in any order, while people are at work on both sides. When it is over, all
//! is as it was asked for, nothing is lost, nothing doubled, and a Chatwoot that was down was left alone.

mod forecast;
mod outages;
mod weather;

use crate::{
    arena::Arena,
    memory::Memory,
    picture::objects,
    rounds::{LOOKS_EVERY, compared, undisturbed},
    say,
    scenario::{Chapter, Scenario},
    support::LONG,
    turn,
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Filter, Release};
use forecast::Season;
use futures::future::try_join_all;
use outages::{Outage, steps};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use weather::{REQUESTED, change_one, strike};

const SCENARIOS: usize = 3;
/// `CHATWOOT_CHAOS_MINUTES`, unless that is set.
const SHORT: Duration = Duration::from_secs(60);

fn season() -> Result<Season> {
    let number = |name: &str| {
        let text = std::env::var(name).ok();
        text.map(|text| text.parse::<u64>().with_context(|| format!("{name}={text} is no number")))
            .transpose()
    };
    let minutes = number("CHATWOOT_CHAOS_MINUTES")?;
    let seconds = Duration::from_secs;
    Ok(Season {
        seed: number("CHATWOOT_CHAOS_SEED")?.unwrap_or_else(rand::random),
        lasts: minutes.map_or(SHORT, |minutes| seconds(60 * minutes)),
        scenarios: SCENARIOS,
        outages: if minutes.is_some() { (seconds(30), seconds(180)) } else { (seconds(8), seconds(20)) },
        throttled: minutes.is_some(),
        every: Duration::from_millis(400),
        crashes: if minutes.is_some() { seconds(20) } else { seconds(5) },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_storm_all_is_as_it_was_asked_for() -> Result<()> {
    let _turn = turn().await;
    let season = season()?;
    say(&format!("CHATWOOT_CHAOS_SEED={} replays this storm of {:?}.", season.seed, season.lasts));
    let arena = Arc::new(Arena::new().await?);
    let expected = undisturbed(&arena, &[Chapter::Create]).await?.remove(0).picture;
    let scenarios = try_join_all((0..season.scenarios).map(|_| arena.scenario())).await?;
    let scenarios = Arc::new(scenarios);

    let began = Instant::now();
    let mut memory = Memory::default();
    let (outages, ()) = tokio::try_join!(
        blow(&arena, &scenarios, season),
        memory.watch(&arena, season.lasts.mul_f64(0.25), season.crashes_from()),
    )?;
    let over = Instant::now();
    calm(&arena, &scenarios).await?;
    for scenario in scenarios.iter() {
        last_word(&arena, scenario).await?;
    }
    for scenario in scenarios.iter() {
        let wrong = match handled(&arena, scenario).await {
            Ok(()) => compared(&expected, scenario).await?,
            Err(error) => vec![format!("{error:#}")],
        };
        ensure!(
            wrong.is_empty(),
            "CHATWOOT_CHAOS_SEED={} left {}:\n{}\n{}",
            season.seed,
            scenario.home,
            wrong.join("\n"),
            arena.last_words().await
        );
    }
    arena.check().await?;
    let (storm, recovery) = (over - began, over.elapsed());
    say(&format!(
        "{:.0} s of storm, and all was well {:.0} s after it.",
        storm.as_secs_f64(),
        recovery.as_secs_f64()
    ));
    report(&arena, &scenarios, &memory, &outages).await?;
    for outage in &outages {
        outage.check()?;
    }
    memory.check()
}

/// Applies the scenarios one after another in the first part of the storm, and lets everything happen that is forecast.
async fn blow(arena: &Arc<Arena>, scenarios: &Arc<Vec<Scenario>>, season: Season) -> Result<Vec<Outage>> {
    let began = Instant::now();
    let mut under_way = JoinSet::new();
    for number in 0..scenarios.len() {
        let at =
            began + season.lasts.mul_f64(0.25) * u32::try_from(number)? / u32::try_from(season.scenarios)?;
        let (arena, scenarios) = (arena.clone(), scenarios.clone());
        under_way.spawn(async move {
            sleep_until(at).await;
            let _served = arena.served.read().await;
            scenarios[number].play(Chapter::Create).await.map(|()| None)
        });
    }
    let mut outages = Vec::new();
    for (at, gust) in season.forecast() {
        sleep_until(began + at).await;
        let (arena, scenarios) = (arena.clone(), scenarios.clone());
        under_way.spawn(async move { strike(&arena, &scenarios, gust).await });
        while let Some(done) = under_way.try_join_next() {
            outages.extend(done??);
        }
    }
    sleep_until(began + season.lasts).await;
    while let Some(done) = under_way.join_next().await {
        outages.extend(done??);
    }
    Ok(outages)
}

/// Everything works again, and nothing is held back.
async fn calm(arena: &Arena, scenarios: &[Scenario]) -> Result<()> {
    arena.proxy.calm();
    for scenario in scenarios {
        let chatwoot = &scenario.stage.chatwoot;
        chatwoot.clear_faults().await?;
        chatwoot.act(Act::SetDown { down: false }).await?;
        chatwoot.release(Release::proceed()).await?;
    }
    Ok(())
}

/// What the authors want in the end, and that all of it is looked at.
async fn last_word(arena: &Arena, scenario: &Scenario) -> Result<()> {
    arena.check().await?;
    scenario.play(Chapter::Create).await?;
    let change = json!({"metadata": {"annotations": {REQUESTED: LAST_WORD}}});
    let applied = scenario.applied();
    let asks =
        applied.keys().map(|(kind, namespace, name)| change_one(scenario, *kind, namespace, name, &change));
    try_join_all(asks).await.map(drop)
}

const LAST_WORD: &str = "after the storm";

/// Waits until all of it has been looked at and is Ready.
async fn handled(arena: &Arena, scenario: &Scenario) -> Result<()> {
    let deadline = Instant::now() + LONG;
    loop {
        let all = objects(scenario).await?;
        let unseen = all.iter().filter(|object| {
            object["kind"] != "Secret" && object["status"]["lastHandledReconcileAt"] != LAST_WORD
        });
        let unseen: Vec<_> = unseen.map(|object| object["metadata"]["name"].to_string()).collect();
        let waiting = arena.board.waiting(&scenario.applied());
        if unseen.is_empty() && waiting.is_empty() {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{LONG:?} after the storm these were not looked at: {unseen:?}\nand these are not Ready:\n{}",
            waiting.join("\n")
        );
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

async fn report(arena: &Arena, scenarios: &[Scenario], memory: &Memory, outages: &[Outage]) -> Result<()> {
    let (mut calls, mut faults, mut repeats) = (0, 0, 0);
    for scenario in scenarios {
        let journal = scenario.stage.chatwoot.journal(&Filter::default()).await?;
        calls += journal.len();
        faults += journal.iter().filter(|entry| entry.fault.is_some()).count();
        for object in objects(scenario).await? {
            let all = object["status"]["creation"]["repeats"].as_array().map(Vec::len);
            repeats += all.unwrap_or_default();
        }
    }
    let disturbed = arena.proxy.disturbed();
    say(&format!(
        "{calls} calls to Chatwoot, {faults} of them disturbed; {disturbed} requests to Kubernetes disturbed."
    ));
    say(&format!("{repeats} creates sent again; nothing lost, nothing doubled."));
    let (restarts, stood) = arena.endured();
    say(&format!("The API server was killed {restarts} times, and the operator stood still {stood} times."));
    for outage in outages {
        say(&format!(
            "Chatwoot down for {:.0} s: asked {} times; {} back-off steps, and at most {} calls allowed. {} calls in the first \
             second after.",
            outage.lasts.as_secs_f64(),
            outage.asked.len(),
            steps(outage.lasts),
            outages::allowed(outage.lasts),
            outage.herd
        ));
    }
    let (first, last) = memory.thirds();
    say(&format!("The operator's memory: {first} KiB in the first third, {last} KiB in the last."));
    Ok(())
}

//! Applying objects from several hands at once, and watching them become Ready.

use crate::change::create;
use crate::objects;
use anyhow::{Context, Result, bail};
use chatwoot_stage::{Kind, News, Operator, Seen};
use kube::Client;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const APPLIERS: usize = 8;
/// Nothing became Ready for so long: something is wrong.
const STUCK_AFTER: Duration = Duration::from_secs(180);
const TELL_EVERY: Duration = Duration::from_secs(5);

/// An object that became Ready.
#[derive(Debug)]
pub struct Done {
    pub seen: Seen,
    /// From the answer to its apply until the watch said Ready.
    pub took: Duration,
}

/// Applies `accounts` accounts, each with its users, and waits until all are Ready. Returns them, and how long it took
/// from the first apply.
///
/// # Errors
/// An apply is refused, the operator ends, or nothing becomes Ready for minutes.
pub async fn drive(
    client: &Client,
    operator: &mut Operator,
    accounts: usize,
) -> Result<(Vec<Done>, Duration)> {
    let wanted = accounts * (1 + objects::USERS_PER_ACCOUNT);
    let mut news = News::of(client, &[Kind::Account, Kind::User]);
    let (applied, mut applies) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let mut appliers = start_appliers(client, accounts, &applied);
    drop(applied);

    let mut stored_at: HashMap<String, Instant> = HashMap::with_capacity(wanted);
    let mut ready: HashMap<String, (Seen, Instant)> = HashMap::with_capacity(wanted);
    let mut moved = Instant::now();
    let mut tick = tokio::time::interval(TELL_EVERY);
    while ready.len() < wanted || stored_at.len() < wanted {
        tokio::select! {
            Some((uid, at)) = applies.recv() => { stored_at.insert(uid, at); }
            Some(ended) = appliers.join_next() => ended??,
            seen = news.next() => if seen.is_ready() && !ready.contains_key(&seen.uid) {
                moved = Instant::now();
                ready.insert(seen.uid.clone(), (seen, moved));
            },
            error = operator.died() => return Err(error),
            _ = tick.tick() => {
                eprintln!("  {:>4} s: {} applied, {} of {wanted} ready", begun.elapsed().as_secs(), stored_at.len(), ready.len());
                if moved.elapsed() > STUCK_AFTER {
                    bail!("nothing became Ready for {STUCK_AFTER:?}; {} of {wanted} are", ready.len());
                }
            }
        }
    }
    let took = moved.duration_since(begun);
    let done = ready.into_iter().map(|(uid, (seen, at))| {
        let stored = stored_at.get(&uid).context("an object became Ready that nobody applied")?;
        Ok(Done { seen, took: at.saturating_duration_since(*stored) })
    });
    Ok((done.collect::<Result<_>>()?, took))
}

fn start_appliers(
    client: &Client,
    accounts: usize,
    applied: &mpsc::UnboundedSender<(String, Instant)>,
) -> JoinSet<Result<()>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut appliers = JoinSet::new();
    for _ in 0..APPLIERS {
        let (client, next, applied) = (client.clone(), next.clone(), applied.clone());
        appliers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= accounts {
                    return Ok(());
                }
                let people = (0..objects::USERS_PER_ACCOUNT).map(|person| objects::user(number, person));
                for object in std::iter::once(objects::account(number)).chain(people) {
                    let uid = create(&client, object).await?;
                    // Nobody listens only when the drive has failed already.
                    let _ = applied.send((uid, Instant::now()));
                }
            }
        });
    }
    appliers
}

/// Waits until every object of the kinds is Ready.
///
/// # Errors
/// Some are not `within` that time.
pub async fn all_ready(client: &Client, kinds: &[Kind], count: usize, within: Duration) -> Result<()> {
    let mut news = News::of(client, kinds);
    let mut states: HashMap<String, Seen> = HashMap::new();
    let wait = async {
        while states.len() < count || !states.values().all(Seen::is_ready) {
            let seen = news.next().await;
            states.insert(seen.uid.clone(), seen);
        }
    };
    if tokio::time::timeout(within, wait).await.is_err() {
        let not: Vec<String> = states
            .values()
            .filter(|seen| !seen.is_ready())
            .map(|seen| format!("{} {:?}", seen.place(), seen.ready))
            .collect();
        bail!("not Ready after {within:?}: {}", not.join(", "));
    }
    Ok(())
}

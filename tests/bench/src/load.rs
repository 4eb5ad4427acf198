//! Applying objects from several hands at once, and watching them become Ready.

use crate::change::create;
use anyhow::{Context, Result, bail};
use chatwoot_stage::{Kind, News, Operator, Seen};
use kube::Client;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
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

/// What is applied one after another by one hand.
pub type Batch = Vec<(Kind, Value)>;

/// Applies all of these new objects, which are of `kinds`, and waits until all are Ready. Returns them, and how long it
/// took from the first apply.
///
/// # Errors
/// An apply is refused, the operator ends, or nothing becomes Ready for minutes.
pub async fn drive(
    client: &Client,
    operator: &mut Operator,
    kinds: &[Kind],
    batches: Vec<Batch>,
) -> Result<(Vec<Done>, Duration)> {
    let wanted = batches.iter().map(Vec::len).sum();
    let mut news = News::of(client, kinds);
    let (applied, mut applies) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let mut appliers = start_appliers(client, batches, &applied);
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
    batches: Vec<Batch>,
    applied: &mpsc::UnboundedSender<(String, Instant)>,
) -> JoinSet<Result<()>> {
    let batches = Arc::new(Mutex::new(batches.into_iter()));
    let mut appliers = JoinSet::new();
    for _ in 0..APPLIERS {
        let (client, batches, applied) = (client.clone(), batches.clone(), applied.clone());
        let next = move || batches.lock().unwrap_or_else(PoisonError::into_inner).next();
        appliers.spawn(async move {
            while let Some(batch) = next() {
                for object in batch {
                    let uid = create(&client, object).await?;
                    // Nobody listens only when the drive has failed already.
                    let _ = applied.send((uid, Instant::now()));
                }
            }
            Ok(())
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

//! What the operator says about every object, as it says it.

use crate::scenario::{Applied, Name, PLATFORM, TENANTS};
use anyhow::{Result, bail};
use chatwoot_stage::{News, Seen};
use kube::Client;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

/// A watch over all kinds of the scenario; it ends with this value.
pub struct Board {
    seen: Arc<Mutex<HashMap<Name, Seen>>>,
    moved: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Drop for Board {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Board {
    pub fn of(client: &Client) -> Self {
        let mut news = News::of(client, &[&PLATFORM[..], &TENANTS].concat());
        let seen: Arc<Mutex<HashMap<Name, Seen>>> = Arc::default();
        let (sender, moved) = watch::channel(0);
        let there = seen.clone();
        let task = tokio::spawn(async move {
            loop {
                let next = news.next().await;
                let name = (next.kind, next.namespace.clone(), next.name.clone());
                there.lock().unwrap_or_else(PoisonError::into_inner).insert(name, next);
                sender.send_modify(|count| *count += 1);
            }
        });
        Self { seen, moved, task }
    }

    /// Returns when something changes, or after `at_most`; and whether something did.
    pub async fn moves(&self, at_most: Duration) -> bool {
        let mut moved = self.moved.clone();
        moved.mark_unchanged();
        tokio::time::timeout(at_most, moved.changed()).await.is_ok()
    }

    /// Those that are not Ready for the spec that was applied last, with what they say.
    pub fn waiting(&self, applied: &Applied) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |(name, generation): &(&Name, &i64)| {
            !seen.get(*name).is_some_and(|seen| seen.is_ready() && seen.generation >= **generation)
        };
        let say = |(name, _): (&Name, &i64)| {
            let ready = seen.get(name).and_then(|seen| seen.ready.clone()).unwrap_or_default();
            format!("{:?} {}/{}: {} {}", name.0, name.1, name.2, ready.reason, ready.message)
        };
        applied.iter().filter(waits).map(say).collect()
    }

    /// Returns when all are Ready.
    ///
    /// # Errors
    /// They are not `within`; the message has those that are not.
    pub async fn ready(&self, applied: &Applied, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        let mut moved = self.moved.clone();
        loop {
            moved.mark_unchanged();
            let waiting = self.waiting(applied);
            if waiting.is_empty() {
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, moved.changed()).await.is_err() {
                bail!("after {within:?} these are not Ready:\n{}", waiting.join("\n"));
            }
        }
    }
}

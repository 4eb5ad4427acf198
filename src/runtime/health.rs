//! Whether the process makes progress (`/livez`) and whether it has seen the cluster (`/readyz`).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What every loop tells and every probe asks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    loops: Vec<Loop>,
    waits: Vec<Waiting>,
    /// What is wrong although the process does its work, by what it is about.
    remarks: BTreeMap<String, String>,
    /// Tells waits of the same words apart.
    next_wait: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    what: String,
    why: Option<String>,
}

#[derive(Debug)]
struct Loop {
    name: String,
    last: Arc<Mutex<Option<Instant>>>,
    limit: Duration,
}

/// A loop's proof of life.
///
/// A loop that panics or hangs stops ticking, and `/livez` fails once its limit has passed; so a [`Pulse`] that is
/// dropped still counts. A loop that ends on purpose says so with [`Pulse::finish`].
#[derive(Debug)]
pub struct Pulse(Arc<Mutex<Option<Instant>>>);

impl Pulse {
    /// How often a loop that has nothing to do should tick all the same.
    pub const EVERY: Duration = Duration::from_secs(5);

    pub fn tick(&self) {
        *lock(&self.0) = Some(Instant::now());
    }

    /// The loop has ended because it was told to.
    pub fn finish(self) {
        *lock(&self.0) = None;
    }
}

/// Something the process must have seen before it is ready.
#[derive(Debug)]
pub struct Wait {
    health: Health,
    id: u64,
}

impl Wait {
    /// It has been seen; stays so for the life of the process.
    pub fn done(self) {
        lock(&self.health.0).waits.retain(|wait| wait.id != self.id);
    }

    /// What stands in the way, for whoever asks `/readyz`.
    pub fn because(&self, why: impl Into<String>) {
        if let Some(wait) = lock(&self.health.0).waits.iter_mut().find(|wait| wait.id == self.id) {
            wait.why = Some(why.into());
        }
    }
}

impl Health {
    /// Registers a loop that promises to tick more often than `limit`.
    pub fn pulse(&self, name: impl Into<String>, limit: Duration) -> Pulse {
        let last = Arc::new(Mutex::new(Some(Instant::now())));
        lock(&self.0).loops.push(Loop { name: name.into(), last: last.clone(), limit });
        Pulse(last)
    }

    /// Registers something to wait for, in words that complete "waiting for …". Register all before serving, or the
    /// process is ready for a moment too early.
    pub fn wait_for(&self, what: impl Into<String>) -> Wait {
        let mut state = lock(&self.0);
        let id = state.next_wait;
        state.next_wait += 1;
        state.waits.push(Waiting { id, what: what.into(), why: None });
        Wait { health: self.clone(), id }
    }

    /// What is wrong with `about` and keeps nothing else from working; `None`: nothing any more.
    pub fn remark(&self, about: String, wrong: Option<String>) {
        let remarks = &mut lock(&self.0).remarks;
        match wrong {
            Some(wrong) => drop(remarks.insert(about, wrong)),
            None => drop(remarks.remove(&about)),
        }
    }

    /// All that was remarked, one line each.
    pub fn remarks(&self) -> Vec<String> {
        lock(&self.0).remarks.iter().map(|(about, wrong)| format!("{about}: {wrong}")).collect()
    }

    /// Ok while every registered loop has ticked within its limit.
    ///
    /// # Errors
    /// The loops that have not, and for how long.
    pub fn alive(&self) -> Result<(), Trouble> {
        let late = |l: &Loop| {
            let silent = lock(&l.last).map(|last| last.elapsed())?;
            (silent > l.limit).then(|| format!("{} has made no progress for {} s", l.name, silent.as_secs()))
        };
        Trouble::unless_empty(lock(&self.0).loops.iter().filter_map(late).collect())
    }

    /// Ok once everything has been seen that was to be waited for.
    ///
    /// # Errors
    /// What is still missing.
    pub fn ready(&self) -> Result<(), Trouble> {
        let missing = |wait: &Waiting| match &wait.why {
            Some(why) => format!("waiting for {}: {why}", wait.what),
            None => format!("waiting for {}", wait.what),
        };
        Trouble::unless_empty(lock(&self.0).waits.iter().map(missing).collect())
    }
}

/// Why a probe fails, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble(pub Vec<String>);

impl Trouble {
    fn unless_empty(lines: Vec<String>) -> Result<(), Self> {
        if lines.is_empty() { Ok(()) } else { Err(Self(lines)) }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A poisoned lock only means that a panic went by; the values behind these locks are whole at all times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_reported_and_one_that_ticks_is_not() {
        let health = Health::default();
        let busy = health.pulse("queue", Duration::from_secs(30));
        let _hung = health.pulse("watch", Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(29)).await;
        busy.tick();
        assert_eq!(health.alive(), Ok(()));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(health.alive(), Err(Trouble(vec!["watch has made no progress for 31 s".into()])));
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_died_is_reported_and_one_that_was_stopped_is_not() {
        let health = Health::default();
        drop(health.pulse("died", Duration::from_secs(1)));
        health.pulse("stopped", Duration::from_secs(1)).finish();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(health.alive().unwrap_err().0.len(), 1);
    }

    #[test]
    fn what_is_wrong_in_one_place_is_remarked_and_does_not_make_it_unready() {
        let health = Health::default();
        health.remark("namespace bpo".into(), Some("not there".into()));
        health.remark("namespace acme".into(), Some("no Role".into()));
        health.remark("namespace bpo".into(), None);
        assert_eq!((health.ready(), health.remarks()), (Ok(()), vec!["namespace acme: no Role".to_owned()]));
    }

    #[test]
    fn readiness_names_what_is_missing() {
        let health = Health::default();
        let (a, b) = (health.wait_for("the list of A"), health.wait_for("the list of B"));
        let again = health.wait_for("the list of A");
        a.done();
        again.done();
        b.because("no such kind");
        assert_eq!(health.ready().unwrap_err().to_string(), "waiting for the list of B: no such kind\n");
        b.done();
        assert_eq!(health.ready(), Ok(()));
    }
}

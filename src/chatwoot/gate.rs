//! Who may call a Chatwoot now: turns, budget and breaker of one instance.
//!
//! Passes do not park here. One that gets no turn ends; its key waits in line, and is woken once a turn is kept for it.
//! So thousands of objects can wait at the price of their names, and a change to an object is never held up by the
//! object's own waiting pass.

mod breaker;
mod bucket;
mod queue;
mod state;

use super::outcome::{Class, Failure};
use futures::future::BoxFuture;
use jiff::Timestamp;
use state::{Admission, Now, State};
use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// How often one that waits for the budget looks whether it still may: the wait can take minutes.
const LOOKS_UP: Duration = Duration::from_secs(1);

/// An object that calls are made for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kind: &'static str,
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(kind: &'static str, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

/// How urgent a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Somebody changed something and waits.
    Change,
    /// Drift checks, plan fan-out, requested re-checks.
    Background,
}

/// What an instance allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests that may start in any minute; a twentieth of them at once.
    pub per_minute: u32,
    /// Turns that may be out at once. A turn makes one request at a time.
    pub in_flight: usize,
}

/// Why the gate is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The way to Chatwoot is broken; only probes go out.
    Down,
    /// Chatwoot asked for silence.
    Throttled,
}

/// The answer to a pass that wants to call. In every case but `Turn` the key waits in line and is woken when it is its
/// turn.
#[derive(Debug)]
pub enum Entry<T = Turn> {
    Turn(T),
    Queued,
    Closed { reason: Reason, retry_in: Duration },
}

impl<T> Entry<T> {
    pub fn map<U>(self, wrap: impl FnOnce(T) -> U) -> Entry<U> {
        match self {
            Self::Turn(turn) => Entry::Turn(wrap(turn)),
            Self::Queued => Entry::Queued,
            Self::Closed { reason, retry_in } => Entry::Closed { reason, retry_in },
        }
    }
}

/// How busy a gate is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub waiting_changes: usize,
    pub waiting_background: usize,
    /// Turns that passes hold.
    pub in_flight: usize,
    /// Turns kept for keys that were woken.
    pub reserved: usize,
    pub breaker_open: bool,
    /// Left of a pause that Chatwoot asked for.
    pub paused_for: Option<Duration>,
}

/// The wall clock; everything else is measured on tokio's monotonic one.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Called without any lock when a turn is kept for a key. Must not block or panic.
pub type Wake = Arc<dyn Fn(Key) + Send + Sync>;
/// Whether this process may begin anything now.
pub type Leave = Arc<dyn Fn() -> bool + Send + Sync>;
/// Sends one cheap request (`GET /api`) to find out whether Chatwoot is back.
pub type Probe = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// One instance's gate. Cloning it is cheap and leads to the same gate.
///
/// # Guarantees
/// - At most `in_flight` turns are out or kept at once; at most `per_minute` requests start in any minute.
/// - Changes go first; of any six turns given while background work waits, one is for it (so at least 15 %). Within a lane
///   namespaces take turns, and a key waits once. No namespace is given more than half of the turns while another waits
///   there.
/// - A turn kept for a key that does not come within 3 s goes to the next one. A turn ends when it is dropped, also by a
///   panic.
/// - While the breaker is open only probes go out, one at a time; while Chatwoot has asked for silence, nothing does. Those
///   who wait keep their places and are let in `in_flight` at a time afterwards.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    wall: WallClock,
    wake: Wake,
    /// Rung when time-outs may have changed.
    bell: Arc<Notify>,
    leave: OnceLock<Leave>,
}

impl Gate {
    /// A gate with its keeper: a task of the current tokio runtime that ends with the last handle.
    pub fn new(limits: Limits, wall: WallClock, wake: Wake, probe: Probe) -> Self {
        let bell = Arc::new(Notify::new());
        let state = Mutex::new(State::new(limits, Instant::now()));
        let inner = Arc::new(Inner { state, wall, wake, bell: bell.clone(), leave: OnceLock::new() });
        tokio::spawn(keep(Arc::downgrade(&inner), bell, probe));
        Self(inner)
    }

    /// From now on nothing goes out, not even a probe, while `leave` says no. Only the first call counts.
    pub fn heed(&self, leave: Leave) {
        let _ = self.0.leave.set(leave);
    }

    /// Asks for a turn for `key`. Never waits.
    pub fn enter(&self, lane: Lane, key: &Key) -> Entry {
        let (admission, wake) = self.0.decide(|state, now| state.enter(lane, key, now));
        self.0.wake_all(wake);
        match admission {
            Admission::Turn => Entry::Turn(Turn { inner: self.0.clone(), lane, key: key.clone() }),
            Admission::Queued => Entry::Queued,
            Admission::Closed { reason, retry_in } => Entry::Closed { reason, retry_in },
        }
    }

    /// Takes `key` out of the line: its object is gone, or it needs no turn any more.
    pub fn forget(&self, key: &Key) {
        let wake = self.0.decide(|state, now| state.forget(key, now));
        self.0.wake_all(wake);
    }

    /// Changes the limits. Turns that are out stay out.
    pub fn resize(&self, limits: Limits) {
        let wake = self.0.decide(|state, now| state.resize(limits, now));
        self.0.wake_all(wake);
    }

    /// Has the next probe sent at once, if the breaker is open: the address or the token is a new one.
    pub fn hurry(&self) {
        self.0.decide(State::hurry);
    }

    pub fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        self.0.lock().snapshot(now)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.snapshot()).finish()
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No decision leaves the state half made, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide<T>(&self, decision: impl FnOnce(&mut State, Instant) -> T) -> T {
        let result = decision(&mut self.lock(), Instant::now());
        self.bell.notify_one();
        result
    }

    fn wake_all(&self, keys: Vec<Key>) {
        for key in keys {
            (self.wake)(key);
        }
    }

    fn may_begin(&self) -> bool {
        self.leave.get().is_none_or(|leave| leave())
    }

    fn now(&self) -> Now {
        Now { clock: Instant::now(), wall: (self.wall)(), jitter: rand::random() }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.bell.notify_one();
    }
}

/// Does what time demands: gives unused turns to the next, ends pauses, sends probes.
async fn keep(gate: Weak<Inner>, bell: Arc<Notify>, probe: Probe) {
    let mut probing: Option<BoxFuture<'static, Result<(), Failure>>> = None;
    loop {
        let Some(inner) = gate.upgrade() else { return };
        let tick = inner.lock().tick(Instant::now(), probing.is_some());
        if tick.probe && inner.may_begin() {
            probing = Some(probe());
        }
        inner.wake_all(tick.wake);
        drop(inner);
        let next = if tick.probe { None } else { tick.next };
        tokio::select! {
            () = bell.notified() => {}
            () = until(next) => {}
            result = finish(&mut probing) => {
                probing = None;
                let Some(inner) = gate.upgrade() else { return };
                let now = inner.now();
                inner.lock().probed(result.as_ref().err(), now);
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn finish(probe: &mut Option<BoxFuture<'static, Result<(), Failure>>>) -> Result<(), Failure> {
    match probe {
        Some(probe) => probe.await,
        None => std::future::pending().await,
    }
}

/// The right to make calls, one after another, until it is dropped.
pub struct Turn {
    inner: Arc<Inner>,
    lane: Lane,
    key: Key,
}

impl Turn {
    /// Waits until the next request may start: for the budget, and for nothing else.
    ///
    /// # Errors
    /// At once, with a failure that says that nothing was sent, when the gate has closed since the turn was given. The key
    /// then waits in line again. The same failure after the wait, when this process may not begin anything any more.
    pub async fn admit(&self) -> Result<(), Failure> {
        let place = self.inner.lock().admit(Instant::now());
        let start = place.map_err(|closed| self.refused(closed))?;
        while self.inner.may_begin() && Instant::now() < start {
            sleep_until(start.min(Instant::now() + LOOKS_UP)).await;
        }
        if !self.inner.may_begin() {
            return Err(not_sent(Class::Connect));
        }
        let closed = self.inner.lock().closed(Instant::now());
        closed.map_or(Ok(()), |closed| Err(self.refused(closed)))
    }

    fn refused(&self, (reason, retry_in): (Reason, Duration)) -> Failure {
        self.inner.lock().return_to_front(self.lane, &self.key);
        let class = match reason {
            Reason::Down => Class::Connect,
            Reason::Throttled => Class::RateLimited,
        };
        Failure { retry_after: Some(retry_in), ..not_sent(class) }
    }

    /// Tells the gate how a request ended; `None`: it was answered.
    pub fn report(&self, failure: Option<&Failure>) {
        let now = self.inner.now();
        self.inner.decide(|state, _| state.called(failure, now));
    }
}

fn not_sent(class: Class) -> Failure {
    Failure { detail: Some("nothing was sent"), ..Failure::of(class) }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("lane", &self.lane).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let wake = self.inner.decide(|state, now| state.release(&self.key, now));
        self.inner.wake_all(wake);
    }
}

#[cfg(test)]
mod tests;

//! Everything the gate decides, as one machine without clocks, tasks or locks.

use super::{Key, Lane, Limits, Reason, Snapshot, breaker, breaker::Breaker, bucket::Bucket, queue::Queue};
use crate::chatwoot::outcome::{Class, Failure};
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// How long a turn is kept for a key that was woken for it.
pub(super) const RESERVED_FOR: Duration = Duration::from_secs(3);
/// A pause of nothing would be no pause.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Chatwoot's throttle counts by whole minutes of the wall clock; clocks differ a little (chatwoot-api §5).
const LATEST_AFTER_MINUTE: Duration = Duration::from_secs(5);

/// The moment a decision is made in.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub clock: Instant,
    pub wall: Timestamp,
    /// In 0..1.
    pub jitter: f64,
}

struct Reserved {
    key: Key,
    lane: Lane,
    until: Instant,
}

pub(super) struct State {
    limits: Limits,
    /// The namespace of every turn that a pass holds; never more than a few.
    out: Vec<String>,
    /// Turns kept for keys that were woken, oldest first.
    reserved: Vec<Reserved>,
    queue: Queue,
    bucket: Bucket,
    breaker: Breaker,
    paused_until: Option<Instant>,
}

pub(super) enum Admission {
    Turn,
    Queued,
    Closed { reason: Reason, retry_in: Duration },
}

/// What is to be done now, and when to look again.
pub(super) struct Tick {
    pub wake: Vec<Key>,
    pub next: Option<Instant>,
    pub probe: bool,
}

impl State {
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            out: Vec::new(),
            reserved: Vec::new(),
            queue: Queue::default(),
            bucket: Bucket::new(limits.per_minute, now),
            breaker: Breaker::new(),
            paused_until: None,
        }
    }

    /// Why nothing may be sent now, and when to ask again.
    pub fn closed(&self, now: Instant) -> Option<(Reason, Duration)> {
        if let Some(due) = self.breaker.probe_at() {
            return Some((Reason::Down, (due - now).max(Duration::from_secs(1))));
        }
        let until = self.paused_until.filter(|until| *until > now)?;
        Some((Reason::Throttled, until - now))
    }

    /// A pass wants a turn. Unless it gets one, its key waits; the keys returned are to be woken.
    pub fn enter(&mut self, lane: Lane, key: &Key, now: Instant) -> (Admission, Vec<Key>) {
        if let Some((reason, retry_in)) = self.closed(now) {
            self.queue.push(lane, key);
            return (Admission::Closed { reason, retry_in }, Vec::new());
        }
        if self.collect(key) {
            return (Admission::Turn, Vec::new());
        }
        self.queue.push(lane, key);
        let mut wake = self.dispatch(now);
        if self.collect(key) {
            wake.retain(|woken| woken != key);
            return (Admission::Turn, wake);
        }
        (Admission::Queued, wake)
    }

    fn collect(&mut self, key: &Key) -> bool {
        let Some(at) = self.reserved.iter().position(|reserved| reserved.key == *key) else { return false };
        self.reserved.remove(at);
        self.out.push(key.namespace.clone());
        true
    }

    /// Reserves free turns for those who wait longest by the rules of the queue. A namespace has at most half of all turns
    /// while another waits in the same lane: some requests take as long as somebody's mail server pleases.
    fn dispatch(&mut self, now: Instant) -> Vec<Key> {
        let mut wake = Vec::new();
        if self.closed(now).is_some() {
            return wake;
        }
        let share = (self.limits.in_flight / 2).max(1);
        while self.out.len() + self.reserved.len() < self.limits.in_flight {
            let (out, reserved) = (&self.out, &self.reserved);
            let held = |namespace: &str| {
                out.iter().filter(|held| *held == namespace).count()
                    + reserved.iter().filter(|kept| kept.key.namespace == namespace).count()
            };
            let Some((lane, key)) = self.queue.pop(|namespace| held(namespace) < share) else { break };
            wake.push(key.clone());
            self.reserved.push(Reserved { key, lane, until: now + RESERVED_FOR });
        }
        wake
    }

    /// A turn of `key` ended.
    pub fn release(&mut self, key: &Key, now: Instant) -> Vec<Key> {
        if let Some(at) = self.out.iter().position(|namespace| *namespace == key.namespace) {
            self.out.swap_remove(at);
        }
        self.dispatch(now)
    }

    /// An object is gone.
    pub fn forget(&mut self, key: &Key, now: Instant) -> Vec<Key> {
        self.queue.remove(key);
        self.reserved.retain(|reserved| reserved.key != *key);
        self.dispatch(now)
    }

    /// Keeps a key in line whose turn cannot be used because the gate has closed meanwhile.
    pub fn return_to_front(&mut self, lane: Lane, key: &Key) {
        self.queue.push_front(lane, key);
    }

    /// When a pass with a turn may send its next request.
    pub fn admit(&mut self, now: Instant) -> Result<Instant, (Reason, Duration)> {
        match self.closed(now) {
            Some(closed) => Err(closed),
            None => Ok(self.bucket.reserve(now)),
        }
    }

    /// A request ended. One that was spent waiting for somebody else's server tells nothing about this one, neither that it
    /// is down nor that it is up.
    pub fn called(&mut self, failure: Option<&Failure>, now: Now) {
        if !failure.is_some_and(|failure| failure.elsewhere) {
            let outage = failure.is_some_and(breaker::is_outage);
            self.breaker.called(outage, now.clock, now.jitter);
        }
        self.obey(failure, now);
        self.settle(now.clock);
    }

    /// A probe ended.
    pub fn probed(&mut self, failure: Option<&Failure>, now: Now) {
        let outage = failure.is_some_and(breaker::is_outage);
        self.breaker.probed(outage, now.clock, now.jitter);
        self.obey(failure, now);
        self.settle(now.clock);
    }

    /// Pauses where Chatwoot, or what stands before it, asks for a pause.
    fn obey(&mut self, failure: Option<&Failure>, now: Now) {
        let Some(failure) = failure else { return };
        let pause = match (failure.class, failure.retry_after) {
            (Class::RateLimited | Class::Proxy, Some(asked)) => asked.max(SHORTEST_PAUSE),
            (Class::RateLimited, None) => {
                until_next_minute(now.wall) + LATEST_AFTER_MINUTE.mul_f64(now.jitter.clamp(0.0, 1.0))
            }
            _ => return,
        };
        self.paused_until = self.paused_until.max(Some(now.clock + pause));
    }

    /// Turns reserved before the gate closed go back to the front of the line.
    fn settle(&mut self, now: Instant) {
        if self.closed(now).is_some() {
            while let Some(Reserved { key, lane, .. }) = self.reserved.pop() {
                self.queue.push_front(lane, &key);
            }
        }
    }

    /// What time alone has changed. `probing`: a probe is under way.
    pub fn tick(&mut self, now: Instant, probing: bool) -> Tick {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        self.reserved.retain(|reserved| reserved.until > now);
        let wake = self.dispatch(now);
        // Not even a probe goes out while Chatwoot has asked for silence.
        let opens = if probing { None } else { self.breaker.probe_at().max(self.paused_until) };
        let expiry = self.reserved.first().map(|reserved| reserved.until);
        Tick {
            wake,
            next: [opens, expiry].into_iter().flatten().min(),
            probe: self.breaker.is_open() && opens.is_some_and(|due| due <= now),
        }
    }

    pub fn resize(&mut self, limits: Limits, now: Instant) -> Vec<Key> {
        if limits.per_minute != self.limits.per_minute {
            self.bucket = Bucket::new(limits.per_minute, now);
        }
        self.limits = limits;
        self.dispatch(now)
    }

    pub fn hurry(&mut self, now: Instant) {
        self.breaker.hurry(now);
    }

    pub fn snapshot(&self, now: Instant) -> Snapshot {
        Snapshot {
            waiting_changes: self.queue.len(Lane::Change),
            waiting_background: self.queue.len(Lane::Background),
            in_flight: self.out.len(),
            reserved: self.reserved.len(),
            breaker_open: self.breaker.is_open(),
            paused_for: self.paused_until.and_then(|until| until.checked_duration_since(now)),
        }
    }
}

fn until_next_minute(wall: Timestamp) -> Duration {
    let into_minute = wall.as_millisecond().rem_euclid(60_000);
    Duration::from_millis(60_000_u64.saturating_sub(into_minute.unsigned_abs()))
}

#[cfg(test)]
mod tests;

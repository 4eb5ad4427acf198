//! Whether it makes sense to call at all.

use crate::chatwoot::outcome::{Class, Failure};
use std::time::Duration;
use tokio::time::Instant;

/// This many calls in a row without an answer, and nobody else is sent to find out.
const THRESHOLD: u32 = 5;
const FIRST_PROBE: Duration = Duration::from_secs(1);
const LAST_PROBE: Duration = Duration::from_secs(60);

/// Opens after [`THRESHOLD`] failures in a row of the way to Chatwoot. While it is open, only probes go out: the first
/// after a second, then at twice the distance each time, up to a minute.
#[derive(Debug)]
pub(super) struct Breaker {
    failures: u32,
    backoff: Duration,
    probe_at: Option<Instant>,
}

/// Whether a call failed in a way that speaks against the way to Chatwoot or against its being up. A 500 does not: it
/// answered.
pub(super) fn is_outage(failure: &Failure) -> bool {
    matches!(failure.class, Class::Connect | Class::Transport | Class::Timeout | Class::Proxy)
}

impl Breaker {
    pub fn new() -> Self {
        Self { failures: 0, backoff: FIRST_PROBE, probe_at: None }
    }

    /// When the next probe is due; `None` while closed.
    pub fn probe_at(&self) -> Option<Instant> {
        self.probe_at
    }

    pub fn is_open(&self) -> bool {
        self.probe_at.is_some()
    }

    /// A call ended. True when that opened the breaker. Calls that were under way when it opened change nothing.
    /// `jitter` in 0..1.
    pub fn called(&mut self, outage: bool, now: Instant, jitter: f64) -> bool {
        if self.is_open() {
            return false;
        }
        if !outage {
            self.failures = 0;
            self.backoff = FIRST_PROBE;
            return false;
        }
        self.failures += 1;
        if self.failures < THRESHOLD {
            return false;
        }
        self.schedule(now, jitter);
        true
    }

    /// A probe ended. True when that closed the breaker. The schedule is only forgotten by a call that works, so that a
    /// Chatwoot which answers probes and nothing else is not asked every second.
    pub fn probed(&mut self, outage: bool, now: Instant, jitter: f64) -> bool {
        if outage {
            self.schedule(now, jitter);
        } else {
            self.failures = 0;
            self.probe_at = None;
        }
        !outage
    }

    /// There is reason to believe that the way is another one now: the next probe is due at once.
    pub fn hurry(&mut self, now: Instant) {
        self.backoff = FIRST_PROBE;
        self.probe_at = self.probe_at.map(|_| now);
    }

    fn schedule(&mut self, now: Instant, jitter: f64) {
        // Between three quarters and the whole of it, so that the longest distance stays a minute.
        self.probe_at = Some(now + self.backoff.mul_f64(0.75 + 0.25 * jitter.clamp(0.0, 1.0)));
        self.backoff = (self.backoff * 2).min(LAST_PROBE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTAGE: bool = true;

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 0..THRESHOLD {
            breaker.called(OUTAGE, now, 1.0);
        }
        assert!(breaker.is_open());
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_before() {
        let (mut breaker, now) = (Breaker::new(), Instant::now());
        for _ in 0..3 {
            for _ in 1..THRESHOLD {
                assert!(!breaker.called(OUTAGE, now, 0.0));
            }
            assert!(!breaker.called(false, now, 0.0));
        }
        for _ in 1..THRESHOLD {
            assert!(!breaker.called(OUTAGE, now, 0.0));
        }
        assert!(breaker.called(OUTAGE, now, 0.0));
        assert!(!breaker.called(OUTAGE, now, 0.0), "it opens once");
    }

    #[test]
    fn only_the_way_to_chatwoot_counts() {
        let counted = [Class::Connect, Class::Transport, Class::Timeout, Class::Proxy];
        let all = [
            Class::Server,
            Class::RateLimited,
            Class::Redirected,
            Class::Unauthorized,
            Class::NotPermitted,
            Class::NotFound,
            Class::NotRouted,
            Class::Invalid,
            Class::Unexpected,
        ];
        assert!(counted.into_iter().all(|class| is_outage(&Failure::of(class))));
        assert!(!all.into_iter().any(|class| is_outage(&Failure::of(class))));
    }

    #[test]
    fn probes_come_at_growing_distance_up_to_a_minute() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        let mut distances = Vec::new();
        for _ in 0..8 {
            let due = breaker.probe_at().unwrap();
            distances.push((due - now).as_secs());
            now = due;
            assert!(!breaker.probed(OUTAGE, now, 1.0));
        }
        assert_eq!(distances, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_chatwoot_that_answers_only_probes_is_asked_less_and_less() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(breaker.probed(false, now, 1.0) && !breaker.is_open());
        for _ in 0..THRESHOLD {
            breaker.called(OUTAGE, now, 1.0);
        }
        assert_eq!(breaker.probe_at(), Some(now + Duration::from_secs(2)));
        breaker.probed(false, now, 1.0);
        breaker.called(false, now, 1.0);
        for _ in 0..THRESHOLD {
            breaker.called(OUTAGE, now, 1.0);
        }
        assert_eq!(breaker.probe_at(), Some(now + FIRST_PROBE));
    }

    #[test]
    fn jitter_only_shortens() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        for _ in 0..THRESHOLD {
            breaker.called(OUTAGE, now, 0.0);
        }
        assert_eq!(breaker.probe_at(), Some(now + Duration::from_millis(750)));
    }
}

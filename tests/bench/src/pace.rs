//! How long things are watched: what comes by the clock takes time to see.

use crate::objects;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After all are Ready, for the look at the index that follows creates.
    pub settling: Duration,
    /// After a restart.
    pub watching: Duration,
    /// With nothing to do.
    pub idle: Duration,
    /// How often everything is compared while drift is injected.
    pub interval: Duration,
    /// Drift is injected where it is found soon, for whoever has no time for the whole interval.
    pub soonest: bool,
    /// With nothing to do inside accounts, compared every [`Pace::interval`].
    pub quiet: Duration,
    /// Without Chatwoot.
    pub outage: Duration,
    /// With a Chatwoot that answers 429, and the `Retry-After` it sends.
    pub storm: Duration,
    pub retry_after: Duration,
}

/// The shortest interval an instance takes.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(60);

impl Pace {
    /// In full at scale 1; a bench of a tenth watches for a tenth of the time.
    pub fn due(scale: u16) -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes) / u32::from(scale);
        Self {
            settling: objects::SETTLED_AFTER + Duration::from_secs(10),
            watching: Duration::from_secs(60),
            idle: minutes(10),
            interval: minutes(5).max(SHORTEST_INTERVAL),
            soonest: false,
            quiet: minutes(5).max(SHORTEST_INTERVAL),
            outage: minutes(5),
            storm: minutes(1),
            retry_after: minutes(1) / 6,
        }
    }

    /// No longer than it takes to see that something is counted at all.
    pub fn hurried() -> Self {
        let second = Duration::from_secs(1);
        Self {
            settling: Duration::ZERO,
            watching: second,
            idle: 2 * second,
            interval: SHORTEST_INTERVAL,
            soonest: true,
            quiet: 2 * second,
            outage: 3 * second,
            storm: 2 * second,
            retry_after: second,
        }
    }

    /// `Retry-After` is told in whole seconds.
    pub fn retry_after(&self) -> u64 {
        self.retry_after.as_secs().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_watched_for_a_tenth_of_the_time_and_no_interval_is_refused() {
        let (whole, tenth) = (Pace::due(1), Pace::due(10));
        assert_eq!((whole.idle, tenth.idle), (Duration::from_secs(600), Duration::from_secs(60)));
        assert_eq!((whole.interval, tenth.interval), (Duration::from_secs(300), SHORTEST_INTERVAL));
        assert_eq!((whole.retry_after(), Pace::due(1000).retry_after()), (10, 1));
    }
}

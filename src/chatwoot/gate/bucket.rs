//! How many requests may start in a minute.

use std::time::Duration;
use tokio::time::Instant;

/// A token bucket in the form that needs no refilling: it only remembers when it will be full again.
///
/// # Guarantees
/// In any minute at most `per_minute` requests start; a twentieth of them may start at once. Places are given in the order
/// they are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    interval: Duration,
    /// How far ahead of the steady pace a burst may run.
    slack: Duration,
    full_at: Instant,
}

impl Bucket {
    pub fn new(per_minute: u32, now: Instant) -> Self {
        let per_minute = per_minute.max(1);
        let burst = (per_minute / 20).max(1);
        // A burst and a minute of steady pace together make the budget
        // (rounded up, or the last of them would just slip into the minute).
        let interval = Duration::from_secs(60) / (per_minute - burst + 1) + Duration::from_nanos(1);
        Self { interval, slack: interval * (burst - 1), full_at: now }
    }

    /// Takes the next place; the request may start at the returned time.
    pub fn reserve(&mut self, now: Instant) -> Instant {
        let start = now.max(self.full_at.checked_sub(self.slack).unwrap_or(now));
        self.full_at = self.full_at.max(now) + self.interval;
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn starts(
        bucket: &mut Bucket,
        mut now: Instant,
        gaps: impl IntoIterator<Item = Duration>,
    ) -> Vec<Instant> {
        let mut starts = Vec::new();
        for gap in gaps {
            now += gap;
            now = bucket.reserve(now).max(now);
            starts.push(now);
        }
        starts
    }

    /// Whether some minute saw more than `most` starts.
    fn exceeds(starts: &[Instant], most: usize) -> bool {
        starts.windows(most + 1).any(|window| window[most] - window[0] < MINUTE)
    }

    #[test]
    fn a_burst_starts_at_once_and_the_rest_keeps_the_pace() {
        let now = Instant::now();
        let mut bucket = Bucket::new(1500, now);
        let starts = starts(&mut bucket, now, vec![Duration::ZERO; 3000]);
        assert_eq!(starts.iter().filter(|at| **at == now).count(), 75);
        assert!(!exceeds(&starts, 1500) && exceeds(&starts, 1498));
    }

    #[test]
    fn the_smallest_budget_is_one_a_minute() {
        let now = Instant::now();
        let starts = starts(&mut Bucket::new(1, now), now, vec![Duration::ZERO; 3]);
        let distances: Vec<_> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        assert_eq!(distances, [60, 60]);
    }

    proptest! {
        #[test]
        fn no_minute_ever_sees_more_than_the_budget(
            per_minute in 1u32..300,
            gaps in prop::collection::vec(0u64..3000, 1..600),
        ) {
            let now = Instant::now();
            let gaps = gaps.into_iter().map(Duration::from_millis);
            let starts = starts(&mut Bucket::new(per_minute, now), now, gaps);
            prop_assert!(!exceeds(&starts, per_minute as usize));
        }
    }
}

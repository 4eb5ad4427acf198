//! How long things took, all of them.

use serde::Serialize;
use std::time::Duration;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub p50_ms: u128,
    pub p99_ms: u128,
    pub most_ms: u128,
}

impl Spread {
    pub fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<u128> = times.map(|time| time.as_millis()).collect();
        times.sort_unstable();
        let at = |percent: usize| {
            // The smallest that so many per cent do not exceed.
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).copied().unwrap_or_default()
        };
        Self { p50_ms: at(50), p99_ms: at(99), most_ms: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;
    use std::time::Duration;

    #[test]
    fn percentiles_are_times_that_occurred() {
        let spread = Spread::of((1..=200).rev().map(Duration::from_millis));
        assert_eq!(spread, Spread { p50_ms: 100, p99_ms: 198, most_ms: 200 });
        assert_eq!(Spread::of([Duration::from_millis(7)].into_iter()).p99_ms, 7);
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
    }
}

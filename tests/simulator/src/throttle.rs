//! The general throttle of rack-attack: fixed one-minute windows per source (chatwoot-api §5).

use jiff::Timestamp;
use std::{collections::HashMap, net::IpAddr};

/// Unlike Chatwoot's, it also counts loopback addresses: the simulator's clients have no other.
#[derive(Debug, Default)]
pub struct Throttle {
    /// Requests a source may make in a minute; 0 = no throttle.
    pub requests_per_minute: u32,
    window: i64,
    counts: HashMap<IpAddr, u32>,
}

impl Throttle {
    pub fn new(requests_per_minute: u32) -> Self {
        Throttle { requests_per_minute, ..Throttle::default() }
    }

    /// Counts a request; false when it is one too many.
    pub fn admits(&mut self, source: IpAddr, now: Timestamp) -> bool {
        if self.requests_per_minute == 0 {
            return true;
        }
        let window = now.as_second().div_euclid(60);
        if window != self.window {
            self.window = window;
            self.counts.clear();
        }
        let count = self.counts.entry(source).or_insert(0);
        *count = count.saturating_add(1);
        *count <= self.requests_per_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_its_own_count_and_a_full_minute_clears_it() {
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([10, 0, 0, 1]));
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut throttle = Throttle::new(2);
        assert_eq!([at(0), at(1), at(59)].map(|now| throttle.admits(one, now)), [true, true, false]);
        assert!(throttle.admits(two, at(59)));
        assert!(throttle.admits(one, at(60)));
    }

    #[test]
    fn zero_switches_it_off() {
        let mut throttle = Throttle::new(0);
        assert!((0..5000).all(|_| throttle.admits(IpAddr::from([127, 0, 0, 1]), Timestamp::UNIX_EPOCH)));
    }
}

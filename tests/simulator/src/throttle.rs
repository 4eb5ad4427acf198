//! The throttles of rack-attack: fixed one-minute windows per source, and for some routes per account (chatwoot-api §5).

use crate::{Version, site::Call};
use jiff::Timestamp;
use std::{collections::HashMap, net::IpAddr};

/// Limited for each account.
const SEARCH: &str = "GET /api/v1/accounts/:account_id/contacts/search";
/// Limited for each person in each account, since 4.12.
const META: &str = "GET /api/v1/accounts/:account_id/conversations/meta";

/// Unlike Chatwoot's, it also counts loopback addresses: the simulator's clients have no other.
#[derive(Debug, Default)]
pub struct Throttle {
    /// Requests a source may make in a minute; 0 = no throttle.
    pub requests_per_minute: u32,
    window: i64,
    counts: HashMap<IpAddr, u32>,
    route_counts: HashMap<String, u32>,
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
            self.route_counts.clear();
        }
        let count = self.counts.entry(source).or_insert(0);
        *count = count.saturating_add(1);
        *count <= self.requests_per_minute
    }

    /// Counts a request of a route that has a limit of its own; the general one has counted it before.
    pub fn admits_route(&mut self, route: &str, call: &Call, version: Version) -> bool {
        let (key, most) = match route {
            SEARCH => (call.path.clone(), 100),
            META if version >= Version(4, 12, 0) => {
                (format!("{} {}", call.path, call.token.as_deref().unwrap_or_default()), 30)
            }
            _ => return true,
        };
        if self.requests_per_minute == 0 {
            return true;
        }
        let count = self.route_counts.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        *count <= most
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
    fn a_search_has_a_limit_of_its_own_in_each_account() {
        let mut throttle = Throttle::new(3000);
        let call = |path: &str| Call { path: path.to_owned(), ..Call::default() };
        let mut admitted = |path| throttle.admits_route(SEARCH, &call(path), Version::REFERENCE);
        assert!((0..100).all(|_| admitted("/1")));
        assert!(!admitted("/1") && admitted("/2"));
        assert!(throttle.admits(IpAddr::from([127, 0, 0, 1]), Timestamp::MAX), "a new minute");
        assert!(throttle.admits_route(SEARCH, &call("/1"), Version::REFERENCE));
        let mut meta = |version| throttle.admits_route(META, &call("/1"), version);
        assert!((0..30).all(|_| meta(Version::REFERENCE)) && !meta(Version::REFERENCE));
        assert!(meta(Version(4, 11, 0)), "since 4.12");
    }

    #[test]
    fn zero_switches_it_off() {
        let mut throttle = Throttle::new(0);
        assert!((0..5000).all(|_| throttle.admits(IpAddr::from([127, 0, 0, 1]), Timestamp::UNIX_EPOCH)));
    }
}

//! When an object is compared with Chatwoot: spread evenly over the interval, and at the same times after a restart.

use jiff::Timestamp;
use std::time::Duration;

/// Time until the next drift slot of the object with `uid`.
///
/// Slots lie `interval` apart on the wall clock at an offset that depends on `uid` alone, so a restart neither forgets
/// nor bunches them.
pub fn until_next_slot(uid: &str, interval: Duration, now: Timestamp) -> Duration {
    let interval = interval.as_millis().max(1);
    let offset = u128::from(spread(uid)) % interval;
    let now = u128::try_from(now.as_millisecond()).unwrap_or(0);
    let past = (now + interval - offset) % interval;
    Duration::from_millis(u64::try_from(interval - past).unwrap_or(u64::MAX))
}

/// Waits 1 s, 2 s, 4 s … 5 min after that many failures in a row, less up to a quarter by `uid`, so that objects that
/// failed together do not come back together.
pub fn backoff(failures: u32, uid: &str) -> Duration {
    let full = Duration::from_secs(1 << failures.saturating_sub(1).min(9)).min(Duration::from_secs(300));
    full - full.mul_f64(f64::from(u8::try_from(spread(uid) % 100).unwrap_or(0)) / 400.0)
}

/// FNV-1a: spreads names, protects nothing.
fn spread(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_slot_is_the_same_after_a_restart() {
        let until = until_next_slot("u-1", HOUR, at(0));
        let slot = at(0).as_millisecond() + until.as_millis() as i64;
        let later = at(until.as_secs() as i64 / 2);
        assert_eq!(later.as_millisecond() + until_next_slot("u-1", HOUR, later).as_millis() as i64, slot);
    }

    #[test]
    fn after_a_slot_the_next_one_is_an_interval_away() {
        let slot = at(0).as_millisecond() + until_next_slot("u-1", HOUR, at(0)).as_millis() as i64;
        assert_eq!(until_next_slot("u-1", HOUR, Timestamp::from_millisecond(slot).unwrap()), HOUR);
    }

    #[test]
    fn slots_are_spread_over_the_interval() {
        let mut quarters = [0; 4];
        for n in 0..1000 {
            let until = until_next_slot(&format!("uid-{n}"), HOUR, at(0));
            quarters[(until.as_secs() / 901) as usize] += 1;
        }
        assert!(quarters.iter().all(|&n| n > 180), "{quarters:?}");
    }

    #[test]
    fn backoff_grows_from_a_second_to_five_minutes() {
        for uid in ["a", "b", "c"] {
            assert!(
                backoff(1, uid) <= Duration::from_secs(1) && backoff(1, uid) >= Duration::from_millis(750)
            );
            assert!(
                backoff(40, uid) <= Duration::from_secs(300) && backoff(40, uid) >= Duration::from_secs(225)
            );
            assert!(backoff(3, uid) > backoff(2, uid));
        }
    }
}

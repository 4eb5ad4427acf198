//! How often a Chatwoot that is down is asked.

use anyhow::{Result, ensure};
use chatwoot_simulator::Entry;
use std::time::Duration;

/// As the operator's gate has it: this many failures in a row, and only probes go out.
const THRESHOLD: usize = 5;
/// Calls that may be under way when it happens: the instance's `inFlight`.
const IN_FLIGHT: usize = 4;
const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(60);
/// A distance may be shorter by this, so that many operators do not come at once.
const SHORTEST: f64 = 0.75;

/// An outage, and what Chatwoot was asked meanwhile.
pub struct Outage {
    pub lasts: Duration,
    pub asked: Vec<Entry>,
    /// Calls until a second after the first that was answered again.
    pub herd: usize,
}

impl Outage {
    /// # Errors
    /// More was asked than one probe per back-off step, once the breaker had opened.
    pub fn check(&self) -> Result<()> {
        let (asked, allowed) = (self.asked.len(), allowed(self.lasts));
        let seconds = self.lasts.as_secs_f64();
        let routes: Vec<_> =
            self.asked.iter().map(|entry| format!("{} {}", entry.time, entry.route)).collect();
        ensure!(
            asked <= allowed,
            "in {seconds:.0} s of being down Chatwoot was asked {asked} times instead of at most {allowed}:\n{}",
            routes.join("\n")
        );
        Ok(())
    }
}

/// What may be asked: what opens the breaker, what was under way, and one probe per step.
pub fn allowed(lasts: Duration) -> usize {
    THRESHOLD + IN_FLIGHT + steps(lasts)
}

/// Probes that fit, each at its earliest.
pub fn steps(lasts: Duration) -> usize {
    let (mut count, mut at, mut distance) = (0, Duration::ZERO, FIRST);
    loop {
        at += distance.mul_f64(SHORTEST);
        if at > lasts {
            return count;
        }
        count += 1;
        distance = (distance * 2).min(LAST);
    }
}

#[test]
fn a_minute_of_being_down_takes_six_probes_and_a_seventh_is_too_many() {
    // At 0.75, 2.25, 5.25, 11.25, 23.25 and 47.25 s.
    assert_eq!([1, 12, 60].map(|seconds| steps(Duration::from_secs(seconds))), [1, 4, 6]);
    let entry = serde_json::json!({
        "seq": 1, "time": "2026-01-01T00:00:00Z", "connection": 1, "method": "GET", "route": "GET /api", "path": "/api",
        "body": "", "headers": {"token": false}, "end": "answered", "status": 502
    });
    let entry: Entry = serde_json::from_value(entry).unwrap();
    let outage =
        |asked| Outage { lasts: Duration::from_secs(60), asked: vec![entry.clone(); asked], herd: 0 };
    outage(15).check().unwrap();
    assert!(outage(16).check().unwrap_err().to_string().contains("16 times instead of at most 15"));
}

//! What can be measured.

use clap::ValueEnum;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Workload {
    /// Create everything
    #[value(name = "W1")]
    Create,
    /// Nothing to do; then 1 % changed behind the operator's back
    #[value(name = "W2")]
    Idle,
    /// Kill and restart
    #[value(name = "W3")]
    Restart,
    /// New objects while much else goes on
    #[value(name = "W4")]
    Busy,
    /// Secrets and ConfigMaps of others
    #[value(name = "W5")]
    Unrelated,
    /// What is inside accounts, made and then left alone
    #[value(name = "W6")]
    Inside,
    /// Chatwoot down, and then throttling
    #[value(name = "W7")]
    Outage,
}

/// A rate as people compare it.
pub fn per_hour(count: u64, during: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * 3600.0 / during.as_secs_f64().max(1e-3)
}

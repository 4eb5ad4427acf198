//! Gauges that are worked out when somebody scrapes, so that they can never drift from what they count.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};
use std::{borrow::Cow, fmt};

/// Which gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scraped {
    /// Labels: kind, ready, reason.
    Objects,
    /// Labels: instance. Age of the oldest drift check of a bound object.
    OldestCheckSeconds,
    /// Labels: instance, lane.
    GateQueue,
    /// Labels: instance.
    BreakerOpen,
    /// Labels: instance. Accounts that carry our installation and belong to no resource.
    UnownedAccounts,
    /// Labels: instance, verified. Accounts with spec.verify by the status of their condition Verified.
    VerifiedAccounts,
    /// No labels.
    Leader,
}

/// One set of label values, in the order of [`Scraped`], and the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub labels: Vec<Cow<'static, str>>,
    pub value: f64,
}

impl Scraped {
    fn name(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::OldestCheckSeconds => "oldest_check_seconds",
            Self::GateQueue => "gate_queue",
            Self::BreakerOpen => "breaker_open",
            Self::UnownedAccounts => "unowned_accounts",
            Self::VerifiedAccounts => "verified_accounts",
            Self::Leader => "leader",
        }
    }

    fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Objects => &["kind", "ready", "reason"],
            Self::GateQueue => &["instance", "lane"],
            Self::OldestCheckSeconds | Self::BreakerOpen | Self::UnownedAccounts => &["instance"],
            Self::VerifiedAccounts => &["instance", "verified"],
            Self::Leader => &[],
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Objects => "Objects by kind, status of Ready, and its reason.",
            Self::OldestCheckSeconds => "Age of the oldest drift check among the objects of an instance.",
            Self::GateQueue => "Objects waiting for a turn to call an instance.",
            Self::BreakerOpen => "1 while an instance is only probed because it does not answer.",
            Self::UnownedAccounts => "Accounts made by this installation that no resource owns.",
            Self::VerifiedAccounts => {
                "Accounts through which customers' first messages are walked, by the status of Verified."
            }
            Self::Leader => "1 while this process leads.",
        }
    }
}

pub(super) struct Computed<F> {
    which: Scraped,
    rows: F,
}

impl<F: Fn() -> Vec<Row> + Send + Sync + 'static> Computed<F> {
    pub(super) fn new(which: Scraped, rows: F) -> Self {
        Self { which, rows }
    }
}

impl<F> fmt::Debug for Computed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Computed").field("which", &self.which).finish_non_exhaustive()
    }
}

impl<F: Fn() -> Vec<Row> + Send + Sync + 'static> Collector for Computed<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let (name, help) = (self.which.name(), self.which.help());
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for Row { labels, value } in (self.rows)() {
            let labels: Vec<(&'static str, Cow<'static, str>)> =
                self.which.labels().iter().copied().zip(labels).collect();
            let gauge = ConstGauge::new(value);
            if labels.is_empty() {
                // The text form of an empty label set differs from that of none.
                gauge.encode(family)?;
                return Ok(());
            }
            gauge.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

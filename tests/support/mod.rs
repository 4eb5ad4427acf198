//! What end-to-end tests stand on: a control plane with the chart installed, the operator as a process of its own with
//! exactly the chart's permissions, a Chatwoot per test, and tenants with exactly the chart's edit role.

pub mod chatwoot;
pub mod content;
pub mod life;
pub mod operator;
pub mod people;
pub mod place;
pub mod policy;
pub mod rules;
pub mod stage;
pub mod subject;
pub mod tenant;

pub use chatwoot::{DELETE, Journal, PATCH, POST, route};
pub use people::People;
pub use place::Place;
pub use stage::{Setup, Stage};
pub use subject::Subject;
pub use tenant::Tenant;

use std::time::Duration;

/// How long anything may take that comes at once; generous, because the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How long what the operator itself takes its time over may take: settle times, abandoned Leases.
pub const LONG: Duration = Duration::from_secs(180);

/// `--settle-margin`, `--stalled-after` and `--revoke-after` of the operator under test.
pub const SETTLE_MARGIN: &str = "200ms";
pub const STALLED_AFTER: &str = "1s";
pub const REVOKE_AFTER: &str = "3s";

//! Keeping it running: watches, work queues, the lead, endpoints, flags. Nothing here knows a kind's policy.

pub mod census;
pub mod clients;
mod contents;
pub mod flags;
pub mod health;
pub mod leader;
mod line;
pub mod metrics;
pub mod operator;
pub mod options;
pub mod pump;
mod pumps;
pub mod queue;
pub mod scope;
mod scraped;
pub mod server;
pub mod shutdown;
pub mod telemetry;
pub mod walks;
pub mod watches;
pub mod wiring;

//! Carrying out what `plan` decides: the effects, one Kubernetes write or one Chatwoot call each.

pub mod account;
pub mod account_index;
pub mod automation;
pub mod cache;
pub mod content;
pub mod depends;
pub mod driver;
pub mod events;
pub mod installation;
pub mod instance;
pub mod instances;
mod label;
pub mod memory;
pub mod namespaces;
pub mod offer;
pub mod references;
pub mod release;
pub mod secrets;
pub mod settings;
pub mod snapshot;
pub mod stored;
pub mod surroundings;
pub mod sweep;
pub mod tenancy;
pub mod turn;
pub mod user;
pub mod world;

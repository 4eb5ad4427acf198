//! Whole passes over one account, against a small model of Kubernetes and of Chatwoot's semantics.

mod automation;
mod converge;
mod decisions;
mod deletion;
mod inside;
mod outages;
mod promises;
mod properties;
mod refusals;
mod schema;
mod settings;
mod walked;
mod world;

//! Whole passes over one person, against a small model of Kubernetes, of Secrets and of Chatwoot's semantics.

mod converge;
mod deletion;
mod passwords;
mod promises;
mod properties;
mod schema;
mod strangers;
mod withdrawn;
mod world;

//! Whole passes over one person, against a small model of Kubernetes, of Secrets and of Chatwoot's semantics.

mod adopted;
mod converge;
mod deletion;
mod links;
mod passwords;
mod promises;
mod properties;
mod schema;
mod strangers;
mod tokens;
mod withdrawn;
mod world;

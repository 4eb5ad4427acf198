//! Whole passes over one person, against a small model of Kubernetes, of Secrets and of Chatwoot's semantics.

mod converge;
mod deletion;
mod passwords;
mod properties;
mod strangers;
mod withdrawn;
mod world;

//! A multi-tenant operator that provisions accounts and users in self-hosted Chatwoot.
//!
//! Layers point one way: `cli → runtime → reconcile → {plan, chatwoot, api}`; `plan` is pure, `chatwoot` knows no
//! Kubernetes, `api` knows nobody. A test reads the `use` lines and fails on any other edge.

pub mod api;
pub mod chatwoot;
pub mod cli;
pub mod plan;
pub mod reconcile;
pub mod runtime;

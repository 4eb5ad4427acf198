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

/// How often a property is tried: `usual` times, or as often as `PROPTEST_CASES` says where that is more. A case that fails
/// is kept in `proptest-regressions/` and tried first from then on.
#[cfg(test)]
fn tried(usual: u32) -> proptest::test_runner::Config {
    let said = std::env::var("PROPTEST_CASES").ok().and_then(|said| said.parse().ok());
    proptest::test_runner::Config::with_cases(said.map_or(usual, |said: u32| said.max(usual)))
}

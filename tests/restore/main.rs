//! What an operator meets after a disaster or a move: a cluster whose objects came back from a backup under other uids, a
//! Chatwoot that came back older than the cluster, another cluster with the same installation, and another replica.
//!
//! Two control planes run side by side. What is said in the first is backed up, and put into the second as a backup tool
//! would; Chatwoot stays where it is. Asserted is what Chatwoot saw, and that its rows are what they were.

#![expect(
    clippy::indexing_slicing,
    reason = "a field that is missing in JSON reads as null, and the assertion says so"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "end-to-end tests need more of it")]
mod support;

mod backup;
mod bound_again;
mod inside;
mod late;
mod lost_secret;
mod older;
mod platform_app;
mod replicas;
mod scene;
mod two_clusters;
mod unbound;

/// Prints a line of figures, also where the test runner keeps what tests print to itself.
fn say(line: &str) {
    use std::io::Write;
    // A closed standard error is nothing to fail for.
    let _ = writeln!(std::io::stderr(), "{line}");
}

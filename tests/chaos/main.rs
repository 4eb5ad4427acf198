//! Chaos with real processes: a real API server, a simulated Chatwoot, and the operator as a process of its own under
//! the chart's permissions, which is killed at every write and then put through storms. However it is treated, it must
//! end as a run that nobody disturbed: nothing lost, nothing doubled.
//!
//! `cargo test --test chaos` takes a sample; `make soak` takes everything.

#![expect(
    clippy::indexing_slicing,
    reason = "a field that is missing in JSON reads as null, and the comparison says so"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "end-to-end tests need more of it")]
mod support;

mod arena;
mod board;
mod comparison;
mod killed;
mod memory;
mod picture;
mod points;
mod proxy;
mod rounds;
mod scenario;
mod storm;
mod teardown;
mod wire;

use tokio::sync::{Mutex, MutexGuard};

/// One arena at a time: each of them takes all of the machine.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// Prints a line of figures, also where the test runner keeps what tests print to itself.
fn say(line: &str) {
    use std::io::Write;
    // A closed standard error is nothing to fail for.
    let _ = writeln!(std::io::stderr(), "{line}");
}

//! The operator as it runs in a cluster, without nodes: the chart is installed by helm, and the operator is a process
//! that speaks with the token of the chart's own ServiceAccount, so that a missing rule shows.
//!
//! What demo, load driver and end-to-end tests have in common.

mod cable;
mod chart;
mod interrupt;
mod kind;
mod news;
mod operator;
mod page;
mod port;

pub use cable::{Cable, State};
pub use chart::{NAMESPACE, RELEASE, install, operator_user};
pub use interrupt::interrupts;
pub use kind::Kind;
pub use news::{Condition, News, Seen};
pub use operator::{Launch, Operator};
pub use page::{Page, get};
pub use port::free_port;

use std::path::{Path, PathBuf};

/// The repository this was built from.
#[must_use]
pub fn repository() -> &'static Path {
    // tests/stage is two folders below.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// The operator that was built beside the running program.
///
/// # Errors
/// None was; the message says how to.
pub fn built_operator() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.with_file_name("chatwoot-operator");
    anyhow::ensure!(
        beside.is_file(),
        "{} is not there; build it with `cargo build -p chatwoot-operator`, or use make, which does",
        beside.display()
    );
    Ok(beside)
}

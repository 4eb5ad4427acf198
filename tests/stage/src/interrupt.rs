//! Ending in an orderly way.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

/// Ends at the first SIGINT, SIGTERM or SIGHUP from now on. Whoever waits for it drops what it started, and that ends.
///
/// # Errors
/// The operating system does not let us listen.
pub fn interrupts() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

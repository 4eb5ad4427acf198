//! The ways to talk to the API server, which differ in patience only.

use kube::{Client, Config};
use std::time::Duration;

/// One client per purpose, all to the same API server with the same identity.
#[derive(Clone)]
pub struct Clients {
    /// For watches and their lists: repeats what failed for a while, and survives a long silence.
    pub patient: Client,
    /// For everything a pass does: sends each request once, so that a conflict means what it says.
    pub exact: Client,
    /// For the lead: a renewal that hangs must fail before the Lease expires.
    pub lease: Client,
}

/// Builds the clients from one configuration.
///
/// kube's own retry repeats every method up to 15 times on 429, 503 and 504; a PUT that worked would then answer 409.
/// Its read time-out is none by default, so a connection that went dead would hang for ever.
///
/// # Errors
/// When the configuration cannot be used: certificates, keys or the credentials' helper.
pub fn clients(config: Config) -> kube::Result<Clients> {
    let client = |retry, connect: Duration, read: Duration| {
        let mut config = config.clone();
        config.default_retry = retry;
        config.connect_timeout = Some(connect);
        config.read_timeout = Some(read);
        config.reset_reader_on_write = true;
        Client::try_from(config)
    };
    let seconds = Duration::from_secs;
    Ok(Clients {
        // A watch may be silent for 290 s, then the server ends it and kube begins a new one.
        patient: client(true, seconds(10), seconds(300))?,
        exact: client(false, seconds(5), seconds(10))?,
        // A renewal begins 10 s before expiry and is two requests: 2 × (2 s + 2.5 s) leaves a second.
        lease: client(false, seconds(2), Duration::from_millis(2500))?,
    })
}

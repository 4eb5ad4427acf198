//! One Chatwoot, ready to be called: the client behind its gate.

use super::{
    gate::{Entry, Gate, Key, Lane, Leave, Limits, Snapshot, Turn, Wake},
    http::{Ended, Observer},
    outcome::Failure,
    platform::{Config, ConfigError, Platform},
};
use futures::FutureExt;
use jiff::Timestamp;
use std::{
    future::Future,
    sync::{Arc, PoisonError, RwLock},
};

/// A Chatwoot with its gate. Cloning it is cheap and leads to the same one.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Replaced as a whole when URL, token or CA change; calls under way keep theirs.
    client: Arc<RwLock<Client>>,
    gate: Gate,
}

#[derive(Clone, Debug)]
struct Client {
    config: Config,
    platform: Platform,
}

impl Client {
    fn new(config: Config, observer: Option<Observer>) -> Result<Self, ConfigError> {
        Ok(Self { platform: Platform::observed(config.clone(), observer)?, config })
    }
}

impl Instance {
    /// Must be called within a tokio runtime. Sends nothing.
    ///
    /// # Errors
    /// [`ConfigError`] says which field cannot work.
    pub fn new(
        config: Config,
        limits: Limits,
        wake: Wake,
        observer: Option<Observer>,
    ) -> Result<Self, ConfigError> {
        let client = Arc::new(RwLock::new(Client::new(config, observer)?));
        let probed = client.clone();
        let probe = Arc::new(move || {
            let platform = current(&probed).platform;
            async move { platform.about().await.map(|_| ()) }.boxed()
        });
        let gate = Gate::new(limits, Arc::new(Timestamp::now), wake, probe);
        Ok(Self { client, gate })
    }

    /// From now on nothing goes out while `leave` says no.
    pub fn heed(&self, leave: Leave) {
        self.gate.heed(leave);
    }

    /// Whether calls go out by `config` already.
    pub fn is_configured_as(&self, config: &Config) -> bool {
        current(&self.client).config.is_same(config)
    }

    /// Takes a new configuration at once; those who wait keep their places. One that changes nothing keeps the
    /// connections and the observer.
    ///
    /// # Errors
    /// As [`Instance::new`]; the old configuration then stays in use.
    pub fn reconfigure(
        &self,
        config: Config,
        limits: Limits,
        observer: Option<Observer>,
    ) -> Result<(), ConfigError> {
        if !self.is_configured_as(&config) {
            self.take(Client::new(config, observer)?);
        }
        self.gate.resize(limits);
        Ok(())
    }

    /// Takes the configuration of `candidate`, which has meanwhile been found to be the same Chatwoot. Until then nobody
    /// but the one who asks calls the candidate, and everybody else still calls the old one.
    pub fn take_over(&self, candidate: &Instance, limits: Limits) {
        if !Arc::ptr_eq(&self.client, &candidate.client) {
            self.take(current(&candidate.client));
        }
        self.gate.resize(limits);
    }

    fn take(&self, client: Client) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
        self.gate.hurry();
    }

    /// Asks for a turn for `key`. Never waits; without a turn the key is woken when it is its turn.
    pub fn enter(&self, lane: Lane, key: &Key) -> Entry<Caller> {
        self.gate.enter(lane, key).map(|turn| Caller { platform: current(&self.client).platform, turn })
    }

    /// Takes `key` out of the line.
    pub fn forget(&self, key: &Key) {
        self.gate.forget(key);
    }

    pub fn snapshot(&self) -> Snapshot {
        self.gate.snapshot()
    }

    /// The client without the gate, for the command line: it makes a handful of calls and competes with nobody.
    pub fn ungated(&self) -> Platform {
        current(&self.client).platform
    }
}

fn current(client: &RwLock<Client>) -> Client {
    client.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A pass with a turn.
#[derive(Debug)]
pub struct Caller {
    platform: Platform,
    turn: Turn,
}

impl Caller {
    /// Makes one call: waits for the budget, calls, and tells the gate how it went.
    ///
    /// ```text
    /// let account = caller.call(|platform| platform.account(id)).await?;
    /// ```
    ///
    /// # Errors
    /// Those of the call. Where the gate has closed meanwhile, a failure that says that nothing was sent.
    pub async fn call<'a, T, E, F>(&'a self, call: impl FnOnce(&'a Platform) -> F) -> Result<T, E>
    where
        E: Ended + From<Failure>,
        F: Future<Output = Result<T, E>>,
    {
        self.turn.admit().await?;
        let result = call(&self.platform).await;
        self.turn.report(result.as_ref().err().and_then(Ended::failure));
        result
    }
}

#[cfg(test)]
mod tests;

//! One Chatwoot, ready to be called: the client behind its gate.

use super::{
    gate::{Entry, Gate, Key, Lane, Limits, Snapshot, Turn, Wake},
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
    platform: Arc<RwLock<Platform>>,
    gate: Gate,
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
        let platform = Arc::new(RwLock::new(Platform::observed(config, observer)?));
        let probed = platform.clone();
        let probe = Arc::new(move || {
            let platform = current(&probed);
            async move { platform.about().await.map(|_| ()) }.boxed()
        });
        let gate = Gate::new(limits, Arc::new(Timestamp::now), wake, probe);
        Ok(Self { platform, gate })
    }

    /// Takes a new configuration; those who wait keep their places.
    ///
    /// # Errors
    /// As [`Instance::new`]; the old configuration then stays in use.
    pub fn reconfigure(
        &self,
        config: Config,
        limits: Limits,
        observer: Option<Observer>,
    ) -> Result<(), ConfigError> {
        let platform = Platform::observed(config, observer)?;
        *self.platform.write().unwrap_or_else(PoisonError::into_inner) = platform;
        self.gate.resize(limits);
        Ok(())
    }

    /// Asks for a turn for `key`. Never waits; without a turn the key is woken when it is its turn.
    pub fn enter(&self, lane: Lane, key: &Key) -> Entry<Caller> {
        self.gate.enter(lane, key).map(|turn| Caller { platform: current(&self.platform), turn })
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
        current(&self.platform)
    }
}

fn current(platform: &RwLock<Platform>) -> Platform {
    platform.read().unwrap_or_else(PoisonError::into_inner).clone()
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

//! A pass' turn at its instance's gate: taken with the first effect that needs it, kept until the pass ends.

use super::instances::Handle;
use crate::{
    chatwoot::{
        gate::{Entry, Key, Lane, Reason},
        instance::Caller,
        outcome::{Class, Failure},
        platform::Platform,
    },
    plan::NoTurn,
};
use std::{sync::Arc, time::Duration};

pub struct Turn {
    handle: Option<Arc<Handle>>,
    lane: Lane,
    key: Key,
    caller: Option<Caller>,
}

impl Turn {
    pub fn new(handle: Option<Arc<Handle>>, lane: Lane, key: Key) -> Self {
        Self { handle, lane, key, caller: None }
    }

    /// Takes the turn unless this pass has it already. Never waits.
    pub fn take(&mut self) -> Result<(), NoTurn> {
        if self.caller.is_some() {
            return Ok(());
        }
        let Some(handle) = &self.handle else {
            return Err(NoTurn::Down { retry_in: Duration::from_secs(10) });
        };
        match handle.chatwoot.enter(self.lane, &self.key) {
            Entry::Turn(caller) => {
                self.caller = Some(caller);
                Ok(())
            }
            Entry::Queued => Err(NoTurn::Queued),
            Entry::Closed { reason: Reason::Down, retry_in } => Err(NoTurn::Down { retry_in }),
            Entry::Closed { reason: Reason::Throttled, retry_in } => Err(NoTurn::Throttled { retry_in }),
        }
    }

    /// Makes one call within the turn.
    pub async fn call<'a, T, F>(&'a self, call: impl FnOnce(&'a Platform) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        match &self.caller {
            Some(caller) => caller.call(call).await,
            // Nothing was sent: there is nobody to send it to.
            None => Err(Failure::of(Class::Connect)),
        }
    }
}

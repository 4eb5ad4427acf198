//! A pass' turn at its instance's gate: taken with the first effect that needs it, kept until the pass ends.

use super::{instance, instances::Handle, world::World};
use crate::{
    chatwoot::{
        AccessToken,
        application::{Answer, Application},
        gate::{Entry, Key, Lane, Reason},
        instance::{Caller, Instance},
        outcome::{Class, Failure},
        platform::Platform,
    },
    plan::NoTurn,
};
use secrecy::SecretString;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

pub struct Turn {
    chatwoot: Option<Instance>,
    /// Of a dependent: the instance it belongs to.
    handle: Option<Arc<Handle>>,
    lane: Lane,
    key: Key,
    /// The dependent is being deleted.
    leaving: bool,
    caller: Option<Caller>,
    /// The pass has asked for a turn, and has had it or waits for it.
    asked: bool,
    /// Calls made in it.
    calls: AtomicUsize,
    /// Has the instance looked at when a call fails in a way that concerns all of it.
    doubt: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Turn {
    /// `leaving`: the dependent is being deleted.
    pub fn new(handle: Option<Arc<Handle>>, lane: Lane, key: Key, leaving: bool, world: &Arc<World>) -> Self {
        let doubt = handle.clone().map(|handle| {
            let wake = world.wake.clone();
            Box::new(move || {
                if handle.doubt() {
                    wake(Key::new(instance::KIND, &handle.key.namespace, &handle.key.name));
                }
            }) as Box<dyn Fn() + Send + Sync>
        });
        let chatwoot = handle.as_ref().map(|handle| handle.chatwoot.clone());
        let calls = AtomicUsize::new(0);
        Self { chatwoot, handle, lane, key, leaving, caller: None, asked: false, calls, doubt }
    }

    /// At the gate of an instance that is not in use yet.
    pub fn of(chatwoot: Instance, lane: Lane, key: Key) -> Self {
        let calls = AtomicUsize::new(0);
        let chatwoot = Some(chatwoot);
        Self {
            chatwoot,
            handle: None,
            lane,
            key,
            leaving: false,
            caller: None,
            asked: false,
            calls,
            doubt: None,
        }
    }

    /// Takes the turn unless this pass has it already. Never waits.
    pub fn take(&mut self) -> Result<(), NoTurn> {
        if self.caller.is_some() {
            return Ok(());
        }
        self.asked = true;
        // Facts may be older than a change of url or token that is still being checked.
        if self.handle.as_ref().is_some_and(|handle| handle.blocks(self.leaving)) {
            return Err(NoTurn::Down { retry_in: Duration::from_secs(1) });
        }
        let Some(chatwoot) = &self.chatwoot else {
            return Err(NoTurn::Down { retry_in: Duration::from_secs(10) });
        };
        match chatwoot.enter(self.lane, &self.key) {
            Entry::Turn(caller) => {
                self.caller = Some(caller);
                *self.calls.get_mut() = 0;
                Ok(())
            }
            Entry::Queued => Err(NoTurn::Queued),
            Entry::Closed { reason: Reason::Down, retry_in } => {
                self.raise_doubt();
                Err(NoTurn::Down { retry_in })
            }
            Entry::Closed { reason: Reason::Throttled, retry_in } => Err(NoTurn::Throttled { retry_in }),
        }
    }

    /// Ends the turn after `most` calls and asks for another, which comes at once where nobody waits.
    ///
    /// # Errors
    /// It is others' turn now; the key waits in line behind them.
    pub fn give_way(&mut self, most: usize) -> Result<(), NoTurn> {
        if *self.calls.get_mut() >= most {
            self.caller = None;
        }
        self.take()
    }

    /// Makes one call within the turn.
    pub async fn call<'a, T, F>(&'a self, call: impl FnOnce(&'a Platform) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.judged(concerns_all, call).await
    }

    /// Makes one call within the turn as the owner of `token`, who is somebody inside an account. That the token is refused
    /// says nothing about the instance, whose own token it is not.
    ///
    /// # Errors
    /// Those of the call; [`Class::Unauthorized`] and nothing sent where `token` has characters no token has.
    pub async fn call_as<'a, T, F>(
        &'a self,
        token: &SecretString,
        call: impl FnOnce(Application) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>> + 'a,
    {
        let unusable = |_| Failure { detail: Some("it is no token"), ..Failure::of(Class::Unauthorized) };
        let token = AccessToken::new(token).map_err(unusable)?;
        let is_instances = |class| concerns_all(class) && class != Class::Unauthorized;
        self.judged(is_instances, |platform: &'a Platform| call(platform.application(&token))).await
    }

    /// Makes one call within the turn that somebody inside an account, or a customer of it, makes. What is said of tokens is as
    /// with [`call_as`](Self::call_as).
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call_inside<T>(&self, call: Answer<T>) -> Result<T, Failure> {
        let is_instances = |class| concerns_all(class) && class != Class::Unauthorized;
        self.judged(is_instances, |_| call).await
    }

    /// `concerns_all`: the failure says something about the instance, not about the object.
    async fn judged<'a, T, F>(
        &'a self,
        concerns_all: impl Fn(Class) -> bool,
        call: impl FnOnce(&'a Platform) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        match &self.caller {
            Some(caller) => {
                self.calls.fetch_add(1, Ordering::Relaxed);
                let answer = caller.call(call).await;
                if let Err(failure) = &answer
                    && concerns_all(failure.class)
                    && !failure.elsewhere
                {
                    self.raise_doubt();
                }
                answer
            }
            // Nothing was sent: there is nobody to send it to.
            None => Err(Failure::of(Class::Connect)),
        }
    }

    fn raise_doubt(&self) {
        if let Some(doubt) = &self.doubt {
            doubt();
        }
    }
}

/// A pass that needed no turn, because another has found out what it wanted to know, leaves none behind that is kept for it:
/// that would hold up everybody for as long as it is kept.
impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(chatwoot) = self.chatwoot.as_ref().filter(|_| !self.asked) {
            chatwoot.forget(&self.key);
        }
    }
}

/// The failure says something about the instance, not about the object.
fn concerns_all(class: Class) -> bool {
    matches!(
        class,
        Class::Connect
            | Class::Transport
            | Class::Timeout
            | Class::Proxy
            | Class::Redirected
            | Class::Unauthorized
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwoot::{gate::Limits, scripted::Server};

    fn key(name: &str) -> Key {
        Key::new("ChatwootLabel", "acme", name)
    }

    /// One turn at a time.
    fn chatwoot(server: &Server) -> Instance {
        let limits = Limits { per_minute: 60_000, in_flight: 1 };
        Instance::new(server.config(), limits, Arc::new(|_| ()), None).unwrap()
    }

    fn turn(chatwoot: &Instance, name: &str) -> Turn {
        Turn::of(chatwoot.clone(), Lane::Background, key(name))
    }

    #[tokio::test]
    async fn a_pass_that_needs_no_turn_holds_up_nobody() {
        let server = Server::start([]);
        let chatwoot = chatwoot(&server);
        let mut first = turn(&chatwoot, "first");
        first.take().unwrap();
        let mut second = turn(&chatwoot, "second");
        assert!(matches!(second.take(), Err(NoTurn::Queued)));
        drop(second);
        // The second one's turn is kept for it now, and what the first has learnt is all it wanted to know.
        drop(first);
        assert_eq!(chatwoot.snapshot().reserved, 1);
        drop(turn(&chatwoot, "second"));
        assert_eq!((chatwoot.snapshot().reserved, chatwoot.snapshot().waiting_background), (0, 0));
        turn(&chatwoot, "third").take().unwrap();
    }

    #[tokio::test]
    async fn a_pass_that_got_no_turn_keeps_its_place_in_line() {
        let server = Server::start([]);
        let chatwoot = chatwoot(&server);
        let mut first = turn(&chatwoot, "first");
        first.take().unwrap();
        assert!(turn(&chatwoot, "second").take().is_err());
        assert_eq!(chatwoot.snapshot().waiting_background, 1);
        drop(first);
        turn(&chatwoot, "second").take().unwrap();
    }
}

//! Stopping the n-th write of a scenario at a moment that nobody hits by chance.

use super::{Answer, call::Call};
use std::collections::HashMap;
use tokio::{sync::oneshot, time::Instant};

/// On which side of the API server's commit a write stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    Before,
    After,
}

/// A write that was seen, and maybe stopped.
#[derive(Clone, Debug)]
pub struct Caught {
    pub what: String,
    pub at: Instant,
}

struct Trap {
    nth: usize,
    when: When,
    caught: oneshot::Sender<Caught>,
}

/// Per scope: what was written there, and the trap.
#[derive(Default)]
pub struct Traps(HashMap<String, (Vec<Caught>, Option<Trap>)>);

impl Traps {
    pub fn set(&mut self, scope: &str, nth: u64, when: When) -> oneshot::Receiver<Caught> {
        let (caught, receiver) = oneshot::channel();
        let nth = usize::try_from(nth).unwrap_or(usize::MAX);
        self.0.insert(scope.to_owned(), (Vec::new(), Some(Trap { nth, when, caught })));
        receiver
    }

    pub fn count(&mut self, scope: &str) {
        self.0.insert(scope.to_owned(), (Vec::new(), None));
    }

    pub fn seen(&self, scope: &str) -> Vec<Caught> {
        self.0.get(scope).map(|(seen, _)| seen.clone()).unwrap_or_default()
    }

    pub fn forget(&mut self, scope: &str) {
        self.0.remove(scope);
    }

    /// Counts the call, and says what it ran into.
    pub fn met(&mut self, call: &Call) -> Option<Held> {
        let (_, (seen, trap)) = self.0.iter_mut().find(|(scope, _)| call.writes_in(scope))?;
        seen.push(Caught { what: call.what.clone(), at: Instant::now() });
        let trap = trap.take_if(|trap| trap.nth == seen.len())?;
        Some(Held { trap, what: call.what.clone() })
    }
}

/// A write in a trap.
pub struct Held {
    trap: Trap,
    what: String,
}

impl Held {
    /// Carries `forward` out or not, says so, and holds its answer for ever: only the end of the connection ends it.
    pub async fn hold(self, forward: impl Future<Output = Option<Answer>>) -> Option<Answer> {
        let _answer = match self.trap.when {
            When::Before => None,
            When::After => forward.await,
        };
        // Nobody listens only when the test has failed meanwhile.
        let _ = self.trap.caught.send(Caught { what: self.what, at: Instant::now() });
        std::future::pending().await
    }
}

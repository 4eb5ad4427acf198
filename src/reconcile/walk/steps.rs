//! What was done, how it went, and how long it took.

use crate::chatwoot::outcome::Failure;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub step: &'static str,
    pub ended: Ended,
    pub took: Duration,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Fine,
    /// It was not begun, because somebody wants the walk to stop.
    Stopped,
    Failed(Trouble),
}

/// Why a step did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    Call(Failure),
    /// Chatwoot answered, and not what it should.
    Wrong(&'static str),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Call(failure)
    }
}

/// The walk is over; the steps say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over;

/// Told of every step that begins.
pub type Told = fn(&'static str);

/// The steps so far.
#[derive(Debug)]
pub struct Steps {
    told: Told,
    stop: CancellationToken,
    done: Vec<Step>,
}

impl Steps {
    pub fn new(told: Told, stop: CancellationToken) -> Self {
        Self { told, stop, done: Vec::new() }
    }

    pub fn into_done(self) -> Vec<Step> {
        self.done
    }

    /// Does a step, unless somebody wants it to stop. One that is under way then is finished, so that it is known what
    /// there is to clean up.
    ///
    /// # Errors
    /// It did not work, or was not begun.
    pub async fn take<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = Result<T, Trouble>> + Send,
    ) -> Result<T, Over> {
        if self.stop.is_cancelled() {
            self.done.push(Step { step, ended: Ended::Stopped, took: Duration::ZERO });
            return Err(Over);
        }
        self.insist(step, work).await
    }

    /// Does a step, whatever anybody wants.
    ///
    /// # Errors
    /// It did not work.
    pub async fn insist<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = Result<T, Trouble>> + Send,
    ) -> Result<T, Over> {
        (self.told)(step);
        let start = Instant::now();
        let result = work.await;
        let took = start.elapsed();
        let (ended, value) = match result {
            Ok(value) => (Ended::Fine, Ok(value)),
            Err(trouble) => (Ended::Failed(trouble), Err(Over)),
        };
        self.done.push(Step { step, ended, took });
        value
    }
}

/// # Errors
/// `why`, unless it `holds`.
pub fn expect(holds: bool, why: &'static str) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::Wrong(why)) }
}

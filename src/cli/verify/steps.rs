//! What was done, how it went, and how long it took.

use crate::{chatwoot::outcome::Failure, cli::inside::Said};
use serde::Serialize;
use std::{future::Future, time::Instant};
use tokio_util::sync::CancellationToken;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub step: &'static str,
    /// `ok`, `failed` or `stopped`.
    pub result: &'static str,
    pub milliseconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Step {
    pub fn is_fine(&self) -> bool {
        self.result == "ok"
    }
}

/// Why a step did not work.
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
pub struct Over;

/// The steps so far.
pub struct Steps<'a> {
    said: &'a Said,
    stop: CancellationToken,
    done: Vec<Step>,
}

impl<'a> Steps<'a> {
    pub fn new(said: &'a Said, stop: CancellationToken) -> Self {
        Self { said, stop, done: Vec::new() }
    }

    pub fn into_done(self) -> Vec<Step> {
        self.done
    }

    /// Does a step, unless somebody wants it to stop. One that is under way then is finished, so that it is known what
    /// there is to clean up.
    pub async fn take<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Over> {
        if self.stop.is_cancelled() {
            self.done.push(Step { step, result: "stopped", milliseconds: 0, message: None });
            return Err(Over);
        }
        self.insist(step, work).await
    }

    /// Does a step, whatever anybody wants.
    pub async fn insist<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Over> {
        eprintln!("{step}");
        let start = Instant::now();
        let result = work.await;
        let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (result, message, value) = match result {
            Ok(value) => ("ok", None, Ok(value)),
            Err(Trouble::Call(failure)) => {
                ("failed", Some(self.said.error(step, &failure).to_string()), Err(Over))
            }
            Err(Trouble::Wrong(why)) => ("failed", Some(why.to_owned()), Err(Over)),
        };
        self.done.push(Step { step, result, milliseconds, message });
        value
    }
}

/// # Errors
/// `why`, unless it `holds`.
pub fn expect(holds: bool, why: &'static str) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::Wrong(why)) }
}

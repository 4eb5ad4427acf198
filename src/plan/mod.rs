//! What to do next. Pure: no async, no clock, no randomness, no I/O; the same facts give the same answer.

pub mod claims;
pub mod consent;
pub mod create;
pub mod email;
pub mod entitlements;
pub mod grants;
pub mod memberships;
pub mod password;
mod selection;

use jiff::Timestamp;
use std::{fmt::Debug, time::Duration};

/// What to do next: exactly one effect, or stop and say how things stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step<E, S> {
    Act(E),
    Settle(S),
}

/// Everything [`Machine::next`] may look at that is not in the facts.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Wall clock: only for what people and other processes read.
    pub now: Timestamp,
    /// Monotonic time since this process began: everything that decides is measured with it.
    pub clock: Duration,
    /// Fresh randomness, 16 hex digits, different in every moment.
    pub nonce: String,
    /// The process is going away: begin nothing new, but finish writing down what happened.
    pub stopping: bool,
}

/// One resource's policy.
///
/// # Guarantees
/// `next` is total and deterministic and is all the policy there is; `learn` folds in what one effect taught. Lessons
/// describe themselves, so a lesson can never be taken for the answer to another effect.
pub trait Machine: Clone + Debug + Send + Sync + 'static {
    type Effect: Clone + Debug + PartialEq + Send + 'static;
    type Lesson: Clone + Debug + Send + 'static;
    type End: Clone + Debug + PartialEq + Send + 'static;

    fn next(&self, moment: &Moment) -> Step<Self::Effect, Self::End>;
    fn learn(&mut self, lesson: Self::Lesson);
}

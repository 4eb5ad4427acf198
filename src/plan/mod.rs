//! What to do next. Pure: no async, no clock, no randomness, no I/O; the same facts give the same answer.

pub mod account;
pub mod agent_bot;
pub mod attribute_definition;
pub mod automation_rule;
pub mod canned_response;
pub mod claims;
pub mod consent;
pub mod content;
pub mod create;
pub mod email;
pub mod entitlements;
pub mod grants;
pub mod inbox;
pub mod instance;
pub mod label;
pub mod memberships;
pub mod offer;
mod origin;
pub mod password;
pub mod schedule;
pub mod selection;
pub mod staff;
pub mod status;
pub mod team;
pub mod trouble;
pub mod user;
pub mod webhook;

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

/// How a pass ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End<S> {
    /// What the status should say; written only when it differs from the stored one.
    pub status: S,
    pub again: Again,
    /// The object was compared with Chatwoot in this pass, so its drift slot is used.
    pub checked: bool,
}

/// When to look again, besides the drift slot and whatever a watch brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Again {
    OnChange,
    After(Duration),
    /// Later each time it fails; at least as late as Chatwoot asked for.
    Backoff {
        at_least: Duration,
    },
    /// What was decided on is out of date; the watch brings the newer version any moment.
    Fresh,
}

/// Why a pass may not call Chatwoot now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoTurn {
    /// Others are first; the gate wakes this object with a turn in hand.
    Queued,
    /// Chatwoot does not answer; one probe at a time finds out when it does.
    Down { retry_in: Duration },
    /// Chatwoot asked for a pause.
    Throttled { retry_in: Duration },
}

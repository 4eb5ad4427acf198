//! The condition `Verified`: what the latest walk through the account came to, or why there was none.
//!
//! Walks are made beside the account's passes, and hand them their outcome. The condition is also all that is kept of it: after a
//! restart it tells whether a walk is due at once or at its usual time.

use super::*;
use crate::{
    api::{
        account::State,
        conditions::{self, Condition, ConditionStatus, verified},
    },
    plan::{Again, End, grants::Suspension, status},
};

/// What the latest walk came to. In its text there are our own words only, and the same ones for the same failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Arrived,
    /// The step that failed, why, and what to do.
    Failed(String),
    /// Chatwoot itself says that nobody can work in the account.
    Suspended,
}

const ARRIVED: &str = "a customer's first message arrived, and nothing of it is left";
const IS_SUSPENDED: &str =
    "no message is walked through a suspended account; that goes on when it is active again";

impl Outcome {
    /// The condition that says so.
    pub fn condition(&self) -> (ConditionStatus, Verdict) {
        match self {
            Self::Arrived => (ConditionStatus::True, Verdict::new(verified::SUCCEEDED, ARRIVED)),
            Self::Failed(text) => {
                (ConditionStatus::False, Verdict::new(verified::STEP_FAILED, text.as_str()))
            }
            Self::Suspended => {
                (ConditionStatus::Unknown, Verdict::new(verified::ACCOUNT_SUSPENDED, IS_SUSPENDED))
            }
        }
    }

    /// Whether `stored` says so already.
    pub fn is_told_by(&self, stored: Option<&Condition>) -> bool {
        tells(stored, Some(&self.condition()))
    }
}

fn tells(stored: Option<&Condition>, wanted: Option<&(ConditionStatus, Verdict)>) -> bool {
    match (stored, wanted) {
        (None, None) => true,
        (Some(stored), Some((status, verdict))) => {
            stored.status == *status && stored.reason == verdict.reason && stored.message == verdict.message
        }
        _ => false,
    }
}

impl Facts {
    /// What the conditions say besides Ready and what goes with it.
    pub(super) fn extras(&self, drifted: Vec<String>) -> status::Extras {
        let own = self.verified().map(|(status, verdict)| (conditions::VERIFIED, status, verdict));
        status::Extras { paused: self.spec.paused, drifted, own: own.into_iter().collect() }
    }

    /// Ends a pass without work; what a walk came to meanwhile is told all the same.
    pub(super) fn tell_walked(&self, at: &Moment) -> Next {
        let wanted = self.verified();
        if tells(self.stored(), wanted.as_ref()) {
            return self.quiet();
        }
        let mut next = self.status.clone();
        next.conditions = status::replace(self.before(at), conditions::VERIFIED, wanted.as_ref());
        Step::Settle(End { status: next, again: Again::OnChange, checked: false })
    }

    fn stored(&self) -> Option<&Condition> {
        conditions::find(&self.status.conditions, conditions::VERIFIED)
    }

    /// The condition as it should be; `None`: nobody asked for it.
    fn verified(&self) -> Option<(ConditionStatus, Verdict)> {
        let verify = self.spec.verify?;
        if let Some(why) = self.walks_not() {
            return Some((ConditionStatus::Unknown, why));
        }
        let heard = self.around.walked.as_ref().map(Outcome::condition);
        Some(heard.or_else(|| self.said_before()).unwrap_or_else(|| {
            let text = format!(
                "the first walk comes when the account is Ready, and the next ones every {} then",
                verify.interval
            );
            (ConditionStatus::Unknown, Verdict::new(reason::PROGRESSING, text))
        }))
    }

    /// Why no message is walked through the account, where its author or an admin wants or causes that.
    fn walks_not(&self) -> Option<Verdict> {
        if self.spec.paused {
            return Some(Verdict::new(reason::PAUSED, "spec.paused is true; set it to false to go on"));
        }
        if self.spec.mode == Mode::Observe {
            let text = "mode is Observe, and a walk writes; set mode: Enforce to have it made";
            return Some(Verdict::new(reason::OBSERVED, text));
        }
        if self.spec.state == Some(State::Suspended) || self.around.verdict.suspension == Suspension::Yes {
            return Some(Verdict::new(verified::ACCOUNT_SUSPENDED, IS_SUSPENDED));
        }
        let view = self.around.known()?;
        if self.around.automation.domain.is_none() {
            let text = format!(
                "spec.verify needs a user of the operator's own in the account: have an admin set spec.automation.emailDomain on \
                 ChatwootInstance {}/{}, or remove spec.verify",
                view.binding.namespace, view.binding.name
            );
            return Some(Verdict::new(reason::AUTOMATION_DISABLED, text));
        }
        let problem = self.automation_problem().filter(|_| self.acts_as().is_none())?;
        Some(Verdict::new(reason::CREDENTIALS_MISSING, format!("spec.verify waits: {problem}")))
    }

    /// What an earlier process heard stands until there is another walk.
    fn said_before(&self) -> Option<(ConditionStatus, Verdict)> {
        let stored = self.stored().filter(|stored| stored.status != ConditionStatus::Unknown)?;
        let reason =
            [verified::SUCCEEDED, verified::STEP_FAILED].into_iter().find(|known| *known == stored.reason)?;
        Some((stored.status, Verdict::new(reason, stored.message.clone())))
    }
}

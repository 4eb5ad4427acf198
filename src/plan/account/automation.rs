//! The operator's own user in an account: made when something needs it, kept, and removed with the account.
//!
//! `POST /users` finds people by e-mail and hands them over (chatwoot-api P3), so it can be repeated, and the marker in its
//! answer decides. The address is recorded before anything is sent: whatever becomes of the answer, the user is found again.

mod learn;
mod leave;

use super::*;
use crate::{
    api::account::{AutomationProblem, AutomationStatus, ProblemReason},
    chatwoot::{
        marker::{Marker, Origin, Reading},
        outcome::Failure,
        types::{AccountState, MemberRole, User},
    },
    plan::{email::automation_address, grants::Suspension},
};
use jiff::Timestamp;
use std::time::Duration;

/// What the surroundings say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// `spec.automation.emailDomain` of the instance.
    pub domain: Option<String>,
    /// There is content of this account.
    pub wanted: bool,
    /// Content of this account is going, and takes the user to go.
    pub content_leaving: bool,
    /// A customer's first message is being walked through the account, and cleaning up takes the user.
    pub walking: bool,
    /// Somebody found the user gone.
    pub doubted: bool,
    /// What it must carry; never what the account itself or a person's resource carries.
    pub marker: Marker,
    /// How long the resource has been going.
    pub deleting_for: Duration,
    /// After this nothing that was sent is under way any more.
    pub settle: Duration,
}

/// What this pass knows of the user, and has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    pub remote: Remote,
    /// The address was recorded in this pass; with when an earlier request was sent that nobody heard of.
    pub intended: Option<Option<Timestamp>>,
    /// The request was answered: asked again at once, the answer would be the same.
    pub answered: bool,
    pub patched: bool,
}

/// The user as this pass has seen it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remote {
    #[default]
    Unread,
    Found(Box<User>),
    NotFound(i64),
    NotPermitted(i64),
}

/// Exactly one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `POST /users` with this address, a password nobody sees, and the marker.
    Post {
        email: String,
    },
    Get(i64),
    /// Is a 404 Chatwoot's own word?
    Vanished(i64),
    /// The marker anew, and another address where there is one.
    Patch {
        id: i64,
        email: Option<String>,
    },
    /// Makes it an administrator of the account.
    Join {
        account: i64,
        user: i64,
    },
    Delete(i64),
}

/// What it taught.
#[derive(Clone, Debug)]
pub enum Lesson {
    Posted(Result<User, Failure>),
    Got(i64, Result<User, Failure>),
    Vanished(i64, Result<bool, Failure>),
    Patched(i64, Result<User, Failure>),
    Joined { account: i64, answer: Result<(), Failure> },
    Deleted(i64, Result<(), Failure>),
}

impl Facts {
    /// Something asks for the user although nothing else is to be done.
    pub(super) fn has_automation_work(&self) -> bool {
        let rests = self.spec.paused || self.spec.mode == Mode::Observe;
        let suspended = self.around.verdict.suspension == Suspension::Yes
            || self.spec.state == Some(crate::api::account::State::Suspended);
        let Some(id) = self.status.id.filter(|_| !rests && !suspended) else { return false };
        let (around, address) = (&self.around.automation, self.address(id));
        match &self.status.automation {
            None => address.is_some() && self.wants_automation(),
            Some(AutomationStatus { user_id: None, problem: None, .. }) => true,
            Some(AutomationStatus { user_id: None, email, .. }) => {
                self.wants_automation() && address.is_some_and(|address| address != *email)
            }
            // One that is not ours any more is looked at with the account's own drift check.
            Some(AutomationStatus { problem: Some(problem), .. }) if !problem.reason.is_about_address() => {
                false
            }
            Some(AutomationStatus { email, .. }) => {
                around.doubted || address.is_some_and(|address| address != *email)
            }
        }
    }

    fn wants_automation(&self) -> bool {
        self.around.automation.wanted || self.declared_settings().is_some() || self.spec.verify.is_some()
    }

    fn address(&self, id: i64) -> Option<String> {
        Some(automation_address(id, self.around.automation.domain.as_deref()?))
    }

    /// What is to be done for the user once the account itself is as it should be.
    pub(super) fn tend_automation(&self, account: &Account, at: &Moment) -> Option<Next> {
        if !self.is_inside(account) {
            return None;
        }
        let id = account.id.0;
        match &self.status.automation {
            Some(AutomationStatus { user_id: Some(user), .. }) => self.keep_automation(id, *user),
            _ if self.spec.mode == Mode::Observe => None,
            Some(AutomationStatus { problem: None, email, .. }) => Some(match self.automation.intended {
                Some(_) => Step::Act(super::Effect::Automation(Effect::Post { email: email.clone() })),
                None => Step::Act(self.write_intent(email.clone(), at)),
            }),
            known => {
                let address = self.address(id).filter(|_| self.wants_automation())?;
                let refused = known.as_ref().and_then(|known| Some((known, known.problem.as_ref()?)));
                let stands =
                    refused.is_some_and(|(known, problem)| known.email == address && self.stands(problem));
                let asks = !stands && !self.automation.answered;
                asks.then(|| Step::Act(self.write_intent(address, at)))
            }
        }
    }

    /// What is inside the account is the operator's business: it can be worked in, and nobody has asked to leave it alone.
    pub(super) fn is_inside(&self, account: &Account) -> bool {
        let scope = self.scope();
        let observes = scope == entitlements::Scope::Resting && !self.spec.paused;
        (scope == entitlements::Scope::Everything || observes)
            && account.state == AccountState::Active
            && !self.object.deleting
    }

    /// Asking again would come to the same.
    fn stands(&self, problem: &AutomationProblem) -> bool {
        problem.generation == self.object.generation && !self.is_requested()
    }

    /// The user, whose id is recorded: looked at with the account's own drift check, or where somebody needs it now.
    fn keep_automation(&self, account: i64, id: i64) -> Option<Next> {
        let known = self.status.automation.as_ref()?;
        let address = self.address(account).filter(|address| *address != known.email);
        let looks = self.around.due
            || self.is_requested()
            || self.around.automation.doubted
            || (self.declared_settings().is_some() && self.around.automation.domain.is_some())
            || address.is_some();
        let act = |effect| Some(Step::Act(super::Effect::Automation(effect)));
        let user = match &self.automation.remote {
            Remote::Found(user) if user.id.0 == id => user,
            Remote::NotFound(missing) if *missing == id => return act(Effect::Vanished(id)),
            Remote::NotPermitted(foreign) if *foreign == id => return None,
            _ => return if looks { act(Effect::Get(id)) } else { None },
        };
        let stamp = self.may_act_as(user)?;
        if self.spec.mode == Mode::Observe {
            return None;
        }
        let wanted = self.address(account).unwrap_or_else(|| known.email.clone());
        let refused = known.problem.as_ref().is_some_and(|problem| self.stands(problem));
        let email = Some(wanted).filter(|wanted| {
            *wanted != user.email.to_ascii_lowercase() && !(refused && *wanted == known.email)
        });
        if (stamp || email.is_some()) && !self.automation.patched {
            return act(Effect::Patch { id, email });
        }
        let is_administrator = user.belongings.iter().any(|belonging| {
            belonging.account.0 == account && belonging.role == Some(MemberRole::Administrator)
        });
        if is_administrator { None } else { act(Effect::Join { account, user: id }) }
    }

    /// Whether the user, read in this pass, is ours to act as; `Some(true)`: once the marker is stamped anew.
    fn may_act_as(&self, user: &User) -> Option<bool> {
        let marker = &self.around.automation.marker;
        match marker.read(&user.custom_attributes) {
            Reading::Ours => Some(!marker.stands_in(Origin::Made, &user.custom_attributes)),
            Reading::Recreated => Some(true),
            Reading::Restored if self.is_restoring() => Some(true),
            Reading::Restored | Reading::Absent | Reading::Foreign => None,
        }
    }

    fn is_restoring(&self) -> bool {
        self.around.known().is_some_and(|instance| instance.restoring)
    }

    /// Recorded before the request is sent.
    fn write_intent(&self, email: String, at: &Moment) -> super::Effect {
        let earlier = self.status.automation.as_ref().and_then(|known| known.unanswered_since);
        let verdict = if self.object.deleting {
            Verdict::new(reason::DELETING, "removing the operator's own user from the account")
        } else {
            Verdict::new(reason::PROGRESSING, "making the operator's own user in the account")
        };
        // What has converged stays so: nothing the author asked for is missing.
        let converged = self.is_converged() && !self.object.deleting;
        let mut status = if converged { self.status.clone() } else { self.status_with(&verdict, at).0 };
        status.automation =
            Some(AutomationStatus { email, user_id: None, unanswered_since: Some(at.now), problem: None });
        super::Effect::Write(Box::new(status), Tag::Intent { earlier })
    }

    /// With the write that binds a new account, where the user follows.
    pub(super) fn intend_with(&self, status: &mut AccountStatus, at: &Moment) -> bool {
        let address = status.id.and_then(|id| self.address(id));
        let Some(email) = address.filter(|_| status.automation.is_none() && self.has_automation_work())
        else {
            return false;
        };
        status.automation =
            Some(AutomationStatus { email, user_id: None, unanswered_since: Some(at.now), problem: None });
        true
    }

    /// Why the user that something waits for is not made.
    pub(super) fn automation_waits(&self, account: AccountState) -> Option<&'static str> {
        let waits = self.around.automation.wanted
            && self.around.automation.domain.is_some()
            && self.status.automation.as_ref().is_none_or(|known| known.user_id.is_none());
        (waits && account != AccountState::Active).then_some(
            "what is inside the account waits, because it is suspended in Chatwoot; activate it there, or set spec.state: Active",
        )
    }

    /// What a person should know about the user, and what to do.
    pub(super) fn automation_problem(&self) -> Option<String> {
        told(self.status.automation.as_ref()?, &self.object.namespace, &self.object.name)
    }
}

/// What keeps the operator from having its user in the account of resource `namespace`/`name`, and what to do.
pub fn told(known: &AutomationStatus, namespace: &str, name: &str) -> Option<String> {
    let problem = known.problem.as_ref()?;
    let email = &known.email;
    let again = format!("then run: kubectl chatwoot reconcile account {namespace}/{name}");
    Some(match (problem.reason, known.user_id) {
        (ProblemReason::AddressTaken, None) => format!(
            "the operator has no user of its own in the account: somebody else in Chatwoot has the address {email}, and is not \
             touched; have an admin give them another address or delete them, {again}"
        ),
        (ProblemReason::AddressTaken, Some(id)) => format!(
            "the operator's own user {id} keeps its old address: somebody else in Chatwoot has the address {email}; have an \
             admin give them another address or delete them, {again}"
        ),
        (ProblemReason::Refused, _) => format!(
            "{}; that was the answer when the operator's own user in the account was to have the address {email}; have an admin \
             see to it, {again}",
            problem.detail.as_deref().unwrap_or("Chatwoot refused")
        ),
        (ProblemReason::NotOwned, _) => format!(
            "user {} ({email}) no longer carries the operator's marker, so it is neither used nor touched; have an admin delete \
             it in Chatwoot, {again}",
            known.user_id.unwrap_or_default()
        ),
        (ProblemReason::NotPermitted, _) => format!(
            "the Platform App has no permission on the operator's own user; have an admin run in the Rails console: \
             PlatformAppPermissible.find_or_create_by!(platform_app: PlatformApp.find(APP_ID), permissible: \
             User.find({})), {again}",
            known.user_id.unwrap_or_default()
        ),
    })
}

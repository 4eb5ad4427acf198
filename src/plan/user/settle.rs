//! How a pass ends: what the status says, and when to look again.

use super::*;
use crate::{
    api::user::MembershipStatus,
    chatwoot::{
        outcome::{Class, Failure},
        types::AccountId,
    },
    plan::{
        Again, End, NoTurn, status,
        trouble::{self, Call, LAST_WORD, Trouble},
    },
};
use std::time::Duration;

impl Facts {
    /// Nothing to say: the stored status stands.
    pub(super) fn quiet(&self) -> Next {
        self.end(self.status.clone(), Again::OnChange, false)
    }

    pub(super) fn fresh(&self) -> Next {
        self.end(self.status.clone(), Again::Fresh, false)
    }

    pub(super) fn end(&self, status: UserStatus, again: Again, checked: bool) -> Next {
        Step::Settle(End { status, again, checked })
    }

    /// Ends with `verdict` in the conditions.
    pub(super) fn settle(&self, verdict: Verdict, at: &Moment) -> Next {
        let (status, grace_left) = self.status_with(&verdict, at);
        self.end(status, status::again(&verdict, grace_left), self.pass.read)
    }

    /// The status with `verdict`, and how long its grace lasts.
    pub(super) fn status_with(&self, verdict: &Verdict, at: &Moment) -> (UserStatus, Option<Duration>) {
        let mut next = self.status.clone();
        let own = self.credentials_condition(verdict);
        let extras = status::Extras { paused: self.spec.paused, drifted: next.drifted.clone(), own };
        let after = status::conditions(self.before(at), verdict, &extras);
        next.conditions = after.conditions;
        self.observed(&mut next);
        (next, after.grace_left)
    }

    fn before(&self, at: &Moment) -> status::Before<'_> {
        status::Before {
            conditions: &self.status.conditions,
            generation: self.object.generation,
            now: at.now,
            grace: self.around.grace,
        }
    }

    fn observed(&self, status: &mut UserStatus) {
        status.observed_generation = self.object.generation;
        status.last_handled_reconcile_at = self.object.requested_at.clone();
    }

    pub(super) fn progressing(&self, at: &Moment) -> UserStatus {
        let verdict = Verdict::new(reason::PROGRESSING, "the person exists; applying everything else");
        let mut next = self.status_with(&verdict, at).0;
        // A request to look is answered when the look is over.
        next.last_handled_reconcile_at = self.status.last_handled_reconcile_at.clone();
        next
    }

    /// Chatwoot agrees, or differs in nothing that is being repaired; memberships may still be waited for.
    pub(super) fn agreed(&self, drifted: Vec<String>, at: &Moment) -> Next {
        let observing = self.spec.mode == Mode::Observe;
        let mut facts = self.clone();
        let mut wake = None;
        let mut verdict = if observing {
            Verdict::new(reason::OBSERVED, "observed; differences are listed in status.drifted")
        } else {
            Verdict::new(reason::SUCCEEDED, "everything asked for is so in Chatwoot")
        };
        let mut at_least = None;
        if let Remote::Found(user) = &self.pass.remote
            && !observing
        {
            let plan = self.memberships(user);
            wake = plan.wake;
            if let Some(worst) = plan.worst {
                verdict = Verdict::new(worst, about_memberships(&plan.entries, worst));
            }
            facts.status.memberships = plan.entries;
            facts.status.email = Some(user.email.to_lowercase());
            facts.status.managed.custom_attributes = self.spec.custom_attributes.keys().cloned().collect();
            if let Some((account, failure)) = self.pass.failed.iter().next() {
                verdict = self.membership_failed(*account, failure);
                at_least = failure.retry_after;
            }
            // The address that the spec wants now is somebody else's.
            if self.pass.stranger.is_some() {
                verdict = self.email_taken();
            }
        }
        facts.status.drifted = if self.spec.paused { Vec::new() } else { drifted };
        if !observing {
            facts.record_secrets();
        }
        if let (Some(view), Some(old)) = (self.around.known(), &facts.status.instance)
            && old.uid != view.binding.uid
        {
            facts.status.instance = Some(view.binding.clone());
        }
        let done = verdict.is_ready();
        facts.status.applied = done.then(|| self.around.hash.clone());
        let (status, grace_left) = facts.status_with(&verdict, at);
        let wake = wake.map(|wake| wake.saturating_sub(at.clock));
        let again = match (status::again(&verdict, grace_left), wake) {
            (Again::Backoff { .. }, _) => Again::Backoff { at_least: at_least.unwrap_or_default() },
            (Again::OnChange, Some(wake)) => Again::After(wake),
            (Again::After(wait), Some(wake)) => Again::After(wait.min(wake)),
            (again, _) => again,
        };
        self.end(status, again, true)
    }

    /// What is known of the Secrets once they have been seen to.
    fn record_secrets(&mut self) {
        self.status.credentials_secret =
            self.spec.credentials_secret.as_ref().map(|secret| secret.name.clone());
        match &self.pass.password {
            Password::Set(record) | Password::Due(Due::Record(record)) => {
                self.status.password = Some(record.clone());
            }
            _ if self.spec.password.is_none() => self.status.password = None,
            _ => {}
        }
        self.record_rotation();
    }

    fn membership_failed(&self, account: AccountId, failure: &Failure) -> Verdict {
        let last_word = failure.class == Class::Server && self.around.write_errors + 1 >= trouble::LAST_WORD;
        let verdict = match trouble::reason_of(failure).filter(|_| !last_word) {
            _ if failure.class == Class::NotPermitted => account_not_permitted(account),
            Some(reason::REDIRECTED) => trouble::redirected(failure),
            Some(why) => trouble::passing(why, failure),
            None => Verdict::new(
                reason::REJECTED_BY_CHATWOOT,
                format!("{failure}; correct the membership, or remove it from spec.memberships"),
            ),
        };
        Verdict::new(verdict.reason, format!("membership of account {account}: {}", verdict.message))
    }

    /// What must stand in the status before anything is sent, where it does not stand there yet.
    pub(super) fn write_ahead(&self, at: &Moment) -> Option<Effect> {
        let mut managed: Vec<String> = self.status.managed.custom_attributes.clone();
        for key in self.spec.custom_attributes.keys() {
            if !managed.contains(key) {
                managed.push(key.clone());
            }
        }
        if managed == self.status.managed.custom_attributes {
            return None;
        }
        let mut facts = self.clone();
        facts.status.managed.custom_attributes = managed;
        Some(Effect::Write(Box::new(facts.progressing(at)), Tag::Progress))
    }

    pub(super) fn write_memberships(&self, entries: Vec<MembershipStatus>, at: &Moment) -> Effect {
        let mut facts = self.clone();
        facts.status.memberships = entries;
        Effect::Write(Box::new(facts.progressing(at)), Tag::Progress)
    }

    pub(super) fn settle_paused(&self, at: &Moment) -> Next {
        let applied = Some(self.around.hash.clone());
        self.end(UserStatus { applied, ..self.paused(at) }, Again::OnChange, false)
    }

    fn paused(&self, at: &Moment) -> UserStatus {
        let mut next = self.status.clone();
        self.observed(&mut next);
        let extras = status::Extras { paused: true, ..status::Extras::default() };
        next.conditions = status::paused(self.before(at), self.around.reconciled, &extras).conditions;
        next
    }

    pub(super) fn troubled(&self, trouble: &Trouble, at: &Moment) -> Next {
        match trouble {
            Trouble::NoTurn(why) => match (trouble::no_turn(why), why) {
                (Some(verdict), NoTurn::Down { retry_in } | NoTurn::Throttled { retry_in }) => {
                    self.unavailable(verdict, *retry_in, at)
                }
                _ => self.quiet(),
            },
            Trouble::Failed(call, failure) => {
                let at_least = failure.retry_after.unwrap_or_default();
                let last_word =
                    *call == Call::Write && trouble.write_errors(self.around.write_errors) >= Some(LAST_WORD);
                match trouble::reason_of(failure).filter(|_| !last_word) {
                    Some(reason::REDIRECTED) => {
                        self.settle(self.if_deleting(trouble::redirected(failure)), at)
                    }
                    Some(why) => self.unavailable(trouble::passing(why, failure), at_least, at),
                    None => {
                        let (namespace, name) = (&self.object.namespace, &self.object.name);
                        let text = format!("{failure}; correct the spec of {namespace}/{name}");
                        self.settle(self.if_deleting(Verdict::new(reason::REJECTED_BY_CHATWOOT, text)), at)
                    }
                }
            }
        }
    }

    /// Chatwoot cannot be used just now. What had converged keeps its Ready: only the instance flips.
    fn unavailable(&self, verdict: Verdict, at_least: Duration, at: &Moment) -> Next {
        let status = if self.spec.paused && !self.object.deleting {
            // The call was for an account that takes its consent back, and is made again; nothing else is under way.
            UserStatus { applied: None, ..self.paused(at) }
        } else if self.is_converged() && !self.object.deleting {
            self.status.clone()
        } else {
            self.status_with(&self.if_deleting(verdict), at).0
        };
        self.end(status, Again::Backoff { at_least }, false)
    }

    /// A dead Chatwoot never wedges a namespace without saying how to get out.
    fn if_deleting(&self, verdict: Verdict) -> Verdict {
        if self.object.deleting { self.deletion_blocked(&verdict.message) } else { verdict }
    }

    /// 500s in a row to a write of this object.
    pub fn write_errors(&self) -> u32 {
        let before = self.around.write_errors;
        match self.pass.trouble.as_ref().and_then(|trouble| trouble.write_errors(before)) {
            Some(errors) => errors,
            None if self.pass.failed.values().any(|failure| failure.class == Class::Server) => before + 1,
            None if matches!(&self.pass.rotation, Rotation::Unknown(why) if why.class == Class::Server) => {
                before + 1
            }
            None if self.pass.patched || self.pass.joined => 0,
            None => before,
        }
    }
}

/// As [`not_permitted`], for the account of a membership.
fn account_not_permitted(id: AccountId) -> Verdict {
    Verdict::new(
        reason::NOT_PERMITTED,
        format!(
            "this Platform App has no permission for the account; run in the Rails console: \
             PlatformAppPermissible.find_or_create_by!(platform_app: PlatformApp.find(APP_ID), permissible: Account.find({id}))"
        ),
    )
}

/// Which memberships wait, by the names the spec uses.
fn about_memberships(entries: &[MembershipStatus], worst: &str) -> String {
    let named: Vec<String> = entries
        .iter()
        .filter(|entry| entry.reason.as_deref() == Some(worst))
        .map(|entry| match entry.namespace.as_str() {
            "" => entry.account.clone(),
            namespace => format!("{namespace}/{}", entry.account),
        })
        .collect();
    let names = named.join(", ");
    match worst {
        reason::NOT_GRANTED => format!(
            "no consent to join {names}: ask the owner of the account to list this namespace and role in spec.membersFrom, or \
             correct spec.memberships"
        ),
        reason::ACCOUNT_GONE => format!(
            "the resource of account {names} is gone and the membership was left as it is; apply the account again, or remove it \
             from spec.memberships"
        ),
        reason::WAITING_FOR_ACCOUNT => format!("waiting until account {names} is bound"),
        _ => format!("applying the membership of {names}"),
    }
}

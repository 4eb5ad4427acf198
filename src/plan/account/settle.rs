//! How a pass ends: what the status says, and when to look again.

use super::*;
use crate::{
    api::{
        account::{CreationOutcome, Decision, Suspender},
        conditions::{self, ReasonClass, class},
    },
    chatwoot::{
        outcome::{Class, Failure},
        types::AccountState,
    },
    plan::{
        Again, End,
        create::Release,
        entitlements::{Diff, Wanted},
        grants::Suspension,
        status::{self, SECOND_LOOK},
        trouble,
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

    pub(super) fn end(&self, status: AccountStatus, again: Again, checked: bool) -> Next {
        Step::Settle(End { status, again, checked })
    }

    /// Ends with `verdict` in the conditions.
    pub(super) fn settle(&self, verdict: Verdict, at: &Moment) -> Next {
        let (status, grace_left) = self.status_with(&verdict, at);
        self.end(status, status::again(&verdict, grace_left), self.done.read)
    }

    /// The status with `verdict`, and how long its grace lasts.
    pub(super) fn status_with(&self, verdict: &Verdict, at: &Moment) -> (AccountStatus, Option<Duration>) {
        let mut next = self.status.clone();
        let after = status::conditions(self.before(at), verdict, &self.extras(next.drifted.clone()));
        next.conditions = after.conditions;
        self.observed(&mut next);
        next.decision = self.question_after(verdict, at);
        (next, after.grace_left)
    }

    /// A question stays open, with its token, through everything that passes and through answers that do not help;
    /// another question has another token, so that an answer to the one before says nothing.
    fn question_after(&self, verdict: &Verdict, at: &Moment) -> Option<Decision> {
        let open = self.status.decision.clone();
        match class(verdict.reason) {
            ReasonClass::Nobody => None,
            ReasonClass::Operator | ReasonClass::Passes | ReasonClass::Author | ReasonClass::Admin => open,
            // Unblocking a deletion is no question about accounts, save where nobody knows whether there is one.
            ReasonClass::Decision
                if verdict.reason == reason::DELETION_BLOCKED
                    && (self.status.id.is_some() || !self.create.unresolved()) =>
            {
                None
            }
            ReasonClass::Decision => {
                open.filter(|_| self.is_asked(verdict)).or_else(|| Some(Decision { token: at.nonce.clone() }))
            }
        }
    }

    /// The open question is this one, as far as anybody could tell: about other accounts it would be another.
    fn is_asked(&self, verdict: &Verdict) -> bool {
        let Some(ready) = conditions::find(&self.status.conditions, conditions::READY) else { return false };
        if class(&ready.reason) != ReasonClass::Decision {
            return true;
        }
        let names_accounts =
            [reason::DUPLICATE_CREATED, reason::PREVIOUS_ACCOUNT_FOUND].contains(&verdict.reason);
        ready.reason == verdict.reason && (!names_accounts || ready.message == verdict.message)
    }

    pub(super) fn before(&self, at: &Moment) -> status::Before<'_> {
        status::Before {
            conditions: &self.status.conditions,
            generation: self.object.generation,
            now: at.now,
            grace: self.around.grace,
        }
    }

    pub(super) fn observed(&self, status: &mut AccountStatus) {
        status.observed_generation = self.object.generation;
        status.last_handled_reconcile_at = self.object.requested_at.clone();
    }

    /// Chatwoot agrees, or differs in nothing that is being repaired.
    pub(super) fn agreed(&self, account: &Account, wanted: &Wanted, diff: &Diff, at: &Moment) -> Next {
        // The token may have been changed a moment ago, or the membership: the next pass reads both anew.
        if let settings::Seen::Refused(failure) = &self.settings.seen {
            let text = format!(
                "the operator's own user in the account could not read or write spec.settings: {failure}"
            );
            return self.unavailable(Verdict::new(reason::CHATWOOT_UNAVAILABLE, text), Duration::ZERO, at);
        }
        let (status, again) = self.agreed_status(account, wanted, diff, at);
        self.end(status, again, true)
    }

    pub(super) fn agreed_status(
        &self,
        account: &Account,
        wanted: &Wanted,
        diff: &Diff,
        at: &Moment,
    ) -> (AccountStatus, Again) {
        let mut facts = self.clone();
        let next = &mut facts.status;
        next.drifted = self.drifted(account, diff);
        next.duplicates = self.duplicates();
        next.managed = wanted.managed.clone();
        self.record_suspension(account, next);
        next.decision = None;
        if let Some(own) = next.automation.as_mut()
            && (own.user_id.is_some() || own.problem.is_some())
            && self.under_way(own, at).is_none()
        {
            own.unanswered_since = None;
        }
        if let (Some(view), Some(id)) = (self.around.known(), next.id) {
            next.url = Some(format!("{}/app/accounts/{id}", view.public_url));
            // The account was just found under our marker there; a release by an instance that is gone is over.
            if next.instance.as_ref().is_none_or(|old| old.uid != view.binding.uid) {
                next.instance = Some(view.binding.clone());
            }
        }
        // The tenant's own wishes are refused; what is imposed on them has been enforced.
        let refusal = self.around.refusal(self).or_else(|| self.settings_refused(account));
        if let Some(refusal) = refusal {
            return match facts.settle(refusal, at) {
                Step::Settle(end) => (end.status, end.again),
                Step::Act(_) => (facts.status, Again::OnChange),
            };
        }
        let mut next = facts.status;
        next.applied = Some(self.around.hash.clone());
        self.observed(&mut next);
        let extras = self.extras(next.drifted.clone());
        let after = if self.spec.paused {
            status::paused(self.before(at), self.around.reconciled, &extras)
        } else {
            status::conditions(self.before(at), &self.success(&next, account.state), &extras)
        };
        next.conditions = after.conditions;
        (next, Again::OnChange)
    }

    /// The state to return to stands exactly while a grant suspends the account.
    pub(super) fn record_suspension(&self, account: &Account, next: &mut AccountStatus) {
        next.state_before = entitlements::state_before(&self.asked(self.scope()), account.state);
        next.suspended_by = next.state_before.map(|_| Suspender::Grant);
    }

    /// What must stand in the status before anything is sent, where it does not stand there yet.
    pub(super) fn write_ahead(&self, wanted: &Wanted, account: &Account, at: &Moment) -> Option<Effect> {
        let mut status = self.status.clone();
        self.record_ahead(wanted, account, &mut status);
        if status == self.status {
            return None;
        }
        let facts = Facts { status, ..self.clone() };
        let text = "applying the settings of the account";
        let mut status = facts.status_with(&Verdict::new(reason::PROGRESSING, text), at).0;
        if self.spec.paused {
            // What is imposed is no progress of what the tenant has paused.
            let extras = self.extras(Vec::new());
            status.conditions = status::paused(self.before(at), self.around.reconciled, &extras).conditions;
        }
        Some(Effect::Write(Box::new(status), Tag::Progress))
    }

    /// Keys that are about to be set, and the state to return to.
    pub(super) fn record_ahead(&self, wanted: &Wanted, account: &Account, status: &mut AccountStatus) {
        status.managed = wanted.managed_meanwhile.clone();
        if self.around.verdict.suspension == Suspension::Yes {
            self.record_suspension(account, status);
        }
    }

    /// Differences nobody repairs: all of them while observing, otherwise what a write did not change.
    fn drifted(&self, account: &Account, diff: &Diff) -> Vec<String> {
        if self.spec.paused {
            return Vec::new();
        }
        let own = if self.spec.mode == Mode::Observe {
            self.diff(&self.wanted(entitlements::Scope::Everything), account, false).drifted
        } else {
            diff.drifted.clone()
        };
        own.into_iter().chain(self.drifted_settings()).collect()
    }

    fn success(&self, next: &AccountStatus, state: AccountState) -> Verdict {
        let mut text = match self.spec.mode {
            Mode::Enforce if next.suspended_by.is_some() => {
                "everything asked for is so; the account is suspended by a grant".into()
            }
            Mode::Enforce => "everything asked for is so in Chatwoot".to_owned(),
            Mode::Observe => "observed; differences are listed in status.drifted".to_owned(),
        };
        let waits = self.settings_wait(state).into_iter().chain(self.automation_waits(state));
        let own = waits.map(str::to_owned).chain(self.automation_problem());
        for note in self.notes(next).into_iter().chain(own) {
            text.push_str("; ");
            text.push_str(&note);
        }
        Verdict::new(if self.spec.mode == Mode::Observe { reason::OBSERVED } else { reason::SUCCEEDED }, text)
    }

    /// What a person may want to follow up although all is well.
    fn notes(&self, next: &AccountStatus) -> Vec<String> {
        let mut notes = Vec::new();
        let repeats = next.creation.as_ref().map_or(0, |creation| creation.repeats.len());
        if repeats > 0 {
            notes.push(format!(
                "the create was repeated or an earlier account bound {repeats} time(s), so an account nobody can see may exist"
            ));
        }
        if next.creation.as_ref().is_some_and(|c| c.outcome.is_none()) && next.id.is_some() {
            notes.push("another create request of this resource has an unknown outcome".to_owned());
        }
        if !next.duplicates.is_empty() {
            notes.push(format!(
                "accounts {} carry this resource's marker too and are left alone",
                verify::list(&next.duplicates)
            ));
        }
        notes
    }

    pub(super) fn settle_paused(&self, at: &Moment) -> Next {
        let mut next = self.status.clone();
        self.observed(&mut next);
        next.applied = Some(self.around.hash.clone());
        let extras = self.extras(Vec::new());
        next.conditions = status::paused(self.before(at), self.around.reconciled, &extras).conditions;
        self.end(next, Again::OnChange, false)
    }

    /// Chatwoot cannot be used just now. What had converged keeps its Ready: only the instance flips.
    pub(super) fn unavailable(&self, verdict: Verdict, at_least: Duration, at: &Moment) -> Next {
        let status = if self.is_converged() && !self.object.deleting {
            self.status.clone()
        } else {
            self.status_with(&self.blocked_if_deleting(verdict), at).0
        };
        self.end(status, Again::Backoff { at_least }, false)
    }

    /// A dead Chatwoot never wedges a namespace without saying how to get out.
    fn blocked_if_deleting(&self, verdict: Verdict) -> Verdict {
        match self.object.deleting {
            true if self.retains() && self.leaves_automation() => self.leaving_soon(&verdict.message),
            true => self.deletion_blocked(&verdict.message),
            false => verdict,
        }
    }

    pub(super) fn failed(&self, call: Call, failure: &Failure, at: &Moment) -> Next {
        let at_least = failure.retry_after.unwrap_or_default();
        let last_word = failure.class == Class::Server
            && call == Call::Write
            && self.around.write_errors + 1 >= trouble::LAST_WORD;
        match trouble::reason_of(failure).filter(|_| !last_word) {
            Some(reason::REDIRECTED) => {
                self.settle(self.blocked_if_deleting(trouble::redirected(failure)), at)
            }
            Some(passing) => self.unavailable(trouble::passing(passing, failure), at_least, at),
            None => self.settle(self.blocked_if_deleting(self.rejected(failure)), at),
        }
    }

    pub(super) fn rejected(&self, failure: &Failure) -> Verdict {
        Verdict::new(
            reason::REJECTED_BY_CHATWOOT,
            format!("{failure}; correct the spec of {}/{}", self.object.namespace, self.object.name),
        )
    }

    /// This pass's claim ended without an account; why stands in the status already.
    pub(super) fn ended(&self, at: &Moment) -> Next {
        let refused = self.done.refused.as_ref();
        if let Some(failure) = refused.filter(|failure| failure.class == Class::Invalid) {
            return self.settle(self.rejected(failure), at);
        }
        let at_least = refused.and_then(|failure| failure.retry_after).unwrap_or_default();
        self.end(self.status.clone(), Again::Backoff { at_least }, false)
    }

    /// Chatwoot has refused these very values, so they are sent again after a while only.
    pub(super) fn refused_before(&self, at: &Moment) -> Option<Next> {
        let verdict = self.standing_refusal()?;
        let sent = self.status.creation.as_ref().filter(|_| self.create.ended.is_none())?.started_at;
        let age = Duration::try_from(at.now.duration_since(sent)).ok()?;
        let left = SECOND_LOOK.checked_sub(age).filter(|left| !left.is_zero())?;
        if self.is_requested() || self.create.decided().is_some() {
            return None;
        }
        let (status, grace_left) = self.status_with(&verdict, at);
        Some(self.end(status, Again::After(grace_left.map_or(left, |grace| grace.min(left))), false))
    }

    /// The refusal of these values as the conditions tell it.
    pub(super) fn standing_refusal(&self) -> Option<Verdict> {
        let creation = self.status.creation.as_ref()?;
        let ready = conditions::find(&self.status.conditions, conditions::READY)?;
        let stands = creation.outcome == Some(CreationOutcome::Rejected)
            && ready.reason == reason::REJECTED_BY_CHATWOOT
            && ready.observed_generation == Some(self.object.generation);
        stands.then(|| Verdict::new(reason::REJECTED_BY_CHATWOOT, ready.message.clone()))
    }

    pub(super) fn waiting(&self, wait: &create::Wait, at: &Moment) -> Next {
        match wait {
            create::Wait::Fresh => self.fresh(),
            create::Wait::Stopping => self.quiet(),
            create::Wait::Index if self.create.unresolved() => {
                self.end(self.resolving(at), Again::OnChange, false)
            }
            create::Wait::Index => self.quiet(),
            create::Wait::Unavailable if self.create.unresolved() => {
                self.end(self.resolving(at), Again::Backoff { at_least: Duration::ZERO }, false)
            }
            create::Wait::Unavailable => {
                let text = "the account index cannot be read just now, and nothing is created unseen";
                self.unavailable(Verdict::new(reason::CHATWOOT_UNAVAILABLE, text), Duration::ZERO, at)
            }
            create::Wait::Settling { until } => {
                self.end(self.resolving(at), Again::After(until.saturating_sub(at.clock)), false)
            }
        }
    }

    fn resolving(&self, at: &Moment) -> AccountStatus {
        let text = "finding out whether an earlier create request, or an earlier resource of this name, left an account; this \
                    takes up to two minutes";
        self.status_with(&Verdict::new(reason::RESOLVING_CREATE, text), at).0
    }

    pub(super) fn stopped(&self, stop: &create::Stop, at: &Moment) -> Next {
        if self.object.deleting {
            let text = "an earlier create request may have made an account, and no program can tell";
            return self.settle(self.deletion_blocked(text), at);
        }
        let who = format!("{}/{}", self.object.namespace, self.object.name);
        let verdict = match stop {
            create::Stop::OutcomeUnknown => Verdict::new(
                reason::CREATE_OUTCOME_UNKNOWN,
                format!(
                    "a create request may have made an account and no program can tell; look in Chatwoot for an account with \
                     custom attribute chatwoot_operator = {}, then run: kubectl chatwoot resolve account {who} --account-id N, \
                     or --create if there is none",
                    self.around.marker
                ),
            ),
            create::Stop::Duplicate(ids) => return self.duplicate(ids.clone(), at),
            create::Stop::Previous(ids) => self.previous_account(ids),
            create::Stop::NeedsIndex => return self.needs_index(at),
        };
        self.settle(verdict, at)
    }

    fn needs_index(&self, at: &Moment) -> Next {
        let verdict = Verdict::new(
            reason::WAITING_FOR_INSTANCE,
            "rebindUntil is set, but the account index cannot be read, so nothing is created: repair the index \
                 (chatwoot-operator doctor prints the statement), name the account in adopt.id, or remove rebindUntil",
        );
        // Nobody tells when it is repaired, or when rebindUntil has passed.
        self.end(self.status_with(&verdict, at).0, Again::After(SECOND_LOOK), false)
    }

    pub(super) fn duplicate(&self, ids: Vec<i64>, at: &Moment) -> Next {
        let mut facts = self.clone();
        facts.status.duplicates = ids.into_iter().filter(|id| Some(*id) != self.status.id).collect();
        let verdict = self.duplicate_verdict(&facts.status.duplicates);
        facts.settle(verdict, at)
    }

    pub(super) fn duplicate_verdict(&self, others: &[i64]) -> Verdict {
        let mut all: Vec<i64> = self.status.id.into_iter().chain(others.iter().copied()).collect();
        all.dedup();
        Verdict::new(
            reason::DUPLICATE_CREATED,
            format!(
                "accounts {} carry this resource's marker; none was deleted; choose one with: kubectl chatwoot resolve account \
                 {}/{} --account-id N, and delete the others in Chatwoot",
                verify::list(&all),
                self.object.namespace,
                self.object.name
            ),
        )
    }

    pub(super) fn release(&self, release: Release, at: &Moment) -> Next {
        let notice = (release == Release::MayExist).then_some(Notice::MayExist);
        self.dismiss_if_reachable(at).unwrap_or(Step::Act(Effect::DropFinalizer(notice)))
    }
}

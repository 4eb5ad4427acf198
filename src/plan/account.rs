//! What an account needs next.

pub mod automation;
mod delete;
mod learn;
pub mod settings;
mod settle;
#[cfg(test)]
mod tests;
mod types;
mod verify;
pub mod walked;
mod write;

pub use types::*;

use super::{Moment, NoTurn, Step, create, entitlements, status::Verdict};
use crate::{
    api::{account::AccountStatus, common::Mode, conditions::reason},
    chatwoot::{
        features, marker,
        outcome::Class,
        types::{Account, AccountPatch},
    },
};

type Next = Step<Effect, super::End<AccountStatus>>;

impl super::Machine for Facts {
    type Effect = Effect;
    type Lesson = Lesson;
    type End = super::End<AccountStatus>;

    fn next(&self, at: &Moment) -> Next {
        match self.decide(at) {
            // A request to look is answered when the look is over.
            Step::Act(Effect::Write(mut status, tag)) if !super::status::is_ready(&status.conditions) => {
                status.last_handled_reconcile_at = self.status.last_handled_reconcile_at.clone();
                Step::Act(Effect::Write(status, tag))
            }
            step => step,
        }
    }

    fn learn(&mut self, lesson: Lesson) {
        self.fold(lesson);
    }
}

impl Facts {
    fn decide(&self, at: &Moment) -> Next {
        // What has happened in Chatwoot is written down before anything else is considered.
        if self.create.memory.created.is_some() || self.create.read_again {
            return self.create(at);
        }
        if let Some(trouble) = &self.trouble {
            // What a process keeps to itself because it is going, or has lost the lead, says nothing about Chatwoot.
            let silent = at.stopping && trouble.is_silence() && self.create.mine.is_none();
            let in_line = matches!(trouble, Trouble::NoTurn(NoTurn::Queued));
            if self.gives_up_on_automation() && !at.stopping && !in_line {
                return if self.create.gone || self.create.stale { self.fresh() } else { self.let_go() };
            }
            return if silent { self.quiet() } else { self.troubled(trouble, at) };
        }
        if self.create.stale || self.create.gone {
            return self.fresh();
        }
        // Once a claim of this pass has come to its end, a spec that may have changed decides nothing any more, least of all
        // what becomes of the account of a resource that has been deleted meanwhile.
        let ends_here = self.create.ended.is_some() && !self.object.deleting;
        if self.done.reread && self.create.mine.is_none() && !ends_here {
            return self.fresh();
        }
        // Nothing new is begun by a process that is going, or has lost the lead; what was sent is written down.
        if at.stopping && self.create.mine.is_none() && !self.done.deleted {
            return self.quiet();
        }
        if self.object.deleting {
            return self.delete(at);
        }
        if self.has_no_work() {
            return self.tell_walked(at);
        }
        // A claim of this pass is carried through to a recorded end, whatever the surroundings say now.
        if self.create.mine.is_some() {
            return self.create(at);
        }
        // A replaced manifest strips it; without it a deletion would forget what is bound, or what may have been made.
        if !self.object.finalizer && (self.status.id.is_some() || self.create.unresolved()) {
            return Step::Act(Effect::AddFinalizer);
        }
        let refusal = self.around.refusal(self);
        match (self.status.id, refusal) {
            // What plan and grants impose is enforced even while the tenant's own wishes are refused, paused or observed.
            (Some(id), refusal)
                if self.around.reachable() && (refusal.is_none() || self.is_imposed_upon()) =>
            {
                self.bound(id, at)
            }
            // The instance says what is wrong with it; what has converged keeps its Ready.
            (_, Some(_)) if self.is_cut_off() && self.is_converged() => self.quiet(),
            (_, Some(refusal)) => self.settle(refusal, at),
            (_, None) if self.spec.paused => self.settle_paused(at),
            (_, None) if self.spec.mode == Mode::Observe => self.observe_unbound(at),
            (_, None) => self.refused_before(at).unwrap_or_else(|| self.create(at)),
        }
    }

    /// Everything wanted was so when it was last looked at, and nothing asks for another look.
    fn has_no_work(&self) -> bool {
        self.is_converged()
            && !self.around.due
            && !self.is_requested()
            && !self.has_news_of_duplicates()
            && !self.has_automation_work()
            // What was begun for the operator's own user is carried to its end.
            && self.automation == automation::Pass::default()
    }

    /// Chatwoot agreed with exactly what is wanted now.
    pub(super) fn is_converged(&self) -> bool {
        self.status.observed_generation == self.object.generation
            && self.status.applied.as_deref() == Some(self.around.hash.as_str())
            && (self.spec.paused || super::status::is_ready(&self.status.conditions))
            && (self.object.finalizer || self.status.id.is_none())
    }

    /// The instance is there, and nothing can be sent to it.
    fn is_cut_off(&self) -> bool {
        self.around.known().is_some_and(|view| view.blocked.is_some())
    }

    /// Something is enforced whatever the tenant's fields say.
    fn is_imposed_upon(&self) -> bool {
        self.wanted(self.scope())
            != entitlements::Wanted {
                managed: self.status.managed.clone(),
                managed_meanwhile: self.status.managed.clone(),
                ..entitlements::Wanted::default()
            }
    }

    /// People wait for it: it is new, changed, going, or not as it should be.
    pub fn is_urgent(&self) -> bool {
        self.object.deleting
            || self.status.observed_generation != self.object.generation
            || !super::status::is_ready(&self.status.conditions)
            || self.has_automation_work()
    }

    /// 500s in a row to a write of this object.
    pub fn write_errors(&self) -> u32 {
        match &self.trouble {
            Some(Trouble::Failed(Call::Write, failure)) if failure.class == Class::Server => {
                self.around.write_errors + 1
            }
            _ if self.done.patched || self.done.flagged => 0,
            _ => self.around.write_errors,
        }
    }

    fn is_requested(&self) -> bool {
        self.object.requested_at.is_some()
            && self.object.requested_at != self.status.last_handled_reconcile_at
    }

    /// One step of the create protocol, in the words of an account.
    fn create(&self, at: &Moment) -> Next {
        match self.create.next(at) {
            create::Next::Act(effect) => Step::Act(self.carry(effect, at)),
            create::Next::Bound(id) => self.bound(id, at),
            create::Next::Verify { id, chosen } => self.verify(id, chosen, at),
            create::Next::Ended(_) => self.ended(at),
            create::Next::Wait(wait) => self.waiting(&wait, at),
            create::Next::Stop(stop) => self.stopped(&stop, at),
            create::Next::Release(release) => self.release(release, at),
        }
    }

    fn carry(&self, effect: create::Effect, at: &Moment) -> Effect {
        match effect {
            create::Effect::AskIndex { not_before } => Effect::AskIndex { not_before },
            create::Effect::ReadBack => Effect::ReadBack,
            create::Effect::AddFinalizer => Effect::AddFinalizer,
            // Only name and marker: an unknown flag on POST leaks an account (chatwoot-api P1).
            create::Effect::Post { before, .. } => Effect::Post { name: self.spec.name.clone(), before },
            create::Effect::ReportOrphan(id) => Effect::ReportOrphan(id),
            create::Effect::Claim(claim) => self.write_claim(claim, at),
            create::Effect::Record(outcome) => self.write_outcome(outcome, at),
            create::Effect::StoreId(id) => self.write_id(id, at),
            create::Effect::Bind { id, found } => self.write_binding(id, found, at),
            create::Effect::NoteDuplicate(id) => self.write_duplicate(id, at),
        }
    }

    /// An account whose id is recorded: read it, see that it is ours, make it agree.
    fn bound(&self, id: i64, at: &Moment) -> Next {
        if let Some(step) = self.question(id, at) {
            return step;
        }
        let account = match &self.remote {
            Remote::Found(account) if account.id.0 == id => account,
            Remote::NotFound(missing) if *missing == id => return Step::Act(Effect::Vanished(id)),
            Remote::Vanished(missing) if *missing == id => return self.vanished(id, at),
            Remote::NotPermitted(foreign) if *foreign == id => return self.settle(not_permitted(id), at),
            _ => return Step::Act(Effect::Get(id)),
        };
        let stamp = match self.may_write(account) {
            Ok(stamp) => stamp,
            // A person may let the predecessor's account be.
            Err(refusal)
                if refusal.reason == reason::PREVIOUS_ACCOUNT_FOUND
                    && self.create.decided() == Some(create::Choice::Create) =>
            {
                return self.start_anew(at);
            }
            Err(refusal) => return self.settle(refusal, at),
        };
        let scope = self.scope();
        let wanted = self.wanted(scope);
        let mut diff = self.diff(&wanted, account, false);
        // Who only looks stamps nothing; but whatever is written all the same goes under our marker.
        if stamp && (scope == entitlements::Scope::Everything || !diff.is_empty()) {
            diff = self.diff(&wanted, account, true);
        }
        // Recorded before it is sent: a key that was set must never be forgotten, nor the state to return to.
        if !diff.is_empty()
            && let Some(write) = self.write_ahead(&wanted, account, at)
        {
            return Step::Act(write);
        }
        if diff.patch != AccountPatch::default() && !self.done.patched {
            return Step::Act(Effect::Patch(id, Box::new(diff.patch)));
        }
        // Features go in a PATCH of their own: one unknown flag answers 500 and loses the whole request (P1, §1.4).
        if !diff.features.is_empty() && !self.done.flagged {
            let patch = AccountPatch { features: diff.features, ..AccountPatch::default() };
            return Step::Act(Effect::Patch(id, Box::new(patch)));
        }
        if let Some(step) = self.tend_automation(account, at).or_else(|| self.tend_settings(account)) {
            return step;
        }
        self.agreed(account, &wanted, &diff, at)
    }

    /// What may be written now.
    fn scope(&self) -> entitlements::Scope {
        let resting = self.spec.paused || self.spec.mode == Mode::Observe;
        match entitlements::scope(&self.around.verdict, resting) {
            // A spec that cannot be is like one that is refused: none of it is sent, and it shields nothing.
            entitlements::Scope::Everything | entitlements::Scope::Resting
                if self.around.refusal(self).is_some() =>
            {
                entitlements::Scope::Sold
            }
            scope => scope,
        }
    }

    fn asked(&self, scope: entitlements::Scope) -> entitlements::Asked<'_> {
        entitlements::Asked {
            spec: &self.spec,
            plan: self.around.plan.as_deref(),
            planned: &self.around.planned,
            managed: &self.status.managed,
            suspension: self.around.verdict.suspension,
            before: self.status.state_before,
            scope,
        }
    }

    pub(super) fn wanted(&self, scope: entitlements::Scope) -> entitlements::Wanted {
        entitlements::wanted(&self.asked(scope))
    }

    /// Differences between `wanted` and `account`, with the marker when it has to be stamped anew.
    fn diff(&self, wanted: &entitlements::Wanted, account: &Account, stamp: bool) -> entitlements::Diff {
        let applied = self.status.applied.as_deref() == Some(self.around.hash.as_str());
        let mut diff = entitlements::diff(wanted, account, applied, features::is_community_reset);
        if stamp {
            let attributes =
                diff.patch.custom_attributes.get_or_insert_with(|| account.custom_attributes.clone());
            let text = self.around.marker.text(self.origin_of(account));
            attributes.insert(marker::KEY.into(), text.into());
        }
        diff
    }

    /// In mode Observe an unbound account is looked at where `adopt` names one, and never bound or stamped.
    fn observe_unbound(&self, at: &Moment) -> Next {
        let Some(id) = self.spec.adopt.map(|adopt| adopt.id) else {
            let nothing = "mode is Observe and no account is bound: nothing is created; set mode: Enforce to create one";
            return self.settle(Verdict::new(reason::OBSERVED, nothing), at);
        };
        match &self.remote {
            Remote::Found(account) if account.id.0 == id => {
                let wanted = self.wanted(entitlements::Scope::Everything);
                self.agreed(account, &wanted, &self.diff(&wanted, account, false), at)
            }
            Remote::NotFound(missing) if *missing == id => Step::Act(Effect::Vanished(id)),
            Remote::Vanished(missing) if *missing == id => self.settle(no_such_account(id), at),
            Remote::NotPermitted(foreign) if *foreign == id => self.settle(not_permitted(id), at),
            _ => Step::Act(Effect::Get(id)),
        }
    }

    /// A call could not be made, or failed.
    fn troubled(&self, trouble: &Trouble, at: &Moment) -> Next {
        match trouble {
            Trouble::NoTurn(why) => match (super::trouble::no_turn(why), why) {
                (Some(verdict), NoTurn::Down { retry_in } | NoTurn::Throttled { retry_in }) => {
                    self.unavailable(verdict, *retry_in, at)
                }
                _ => self.quiet(),
            },
            Trouble::Failed(call, failure) => self.failed(*call, failure, at),
        }
    }
}

/// The sandbox's refusal, with the statement that lifts it.
pub fn not_permitted(id: i64) -> Verdict {
    Verdict::new(
        reason::NOT_PERMITTED,
        format!(
            "account {id} exists in Chatwoot, but this Platform App has no permission for it; run in the Rails console: \
             PlatformAppPermissible.find_or_create_by!(platform_app: PlatformApp.find(APP_ID), permissible: Account.find({id}))"
        ),
    )
}

fn no_such_account(id: i64) -> Verdict {
    Verdict::new(
        reason::INVALID_SPEC,
        format!("spec.adopt.id: Chatwoot has no account {id}; write the id of one that exists"),
    )
}

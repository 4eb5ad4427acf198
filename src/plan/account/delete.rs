//! Deleting a resource: keep, suspend or destroy, and never wedge.

use super::*;
use crate::{
    api::{account::AccountDeletionPolicy as Policy, common::DeletionStatus},
    chatwoot::types::AccountState,
    plan::{Again, End, grants::Fit},
};
use std::time::Duration;

impl Facts {
    pub(super) fn delete(&self, at: &Moment) -> Next {
        if !self.object.finalizer {
            return self.quiet();
        }
        if self.spec.mode == Mode::Observe {
            return self.let_go();
        }
        if let Some(step) = self.await_content(at) {
            return step;
        }
        if self.is_released() {
            return self.retire(at);
        }
        match self.spec.deletion_policy {
            Policy::Retain => self.retain(at),
            Policy::Suspend | Policy::Delete if self.status.id.is_none() && !self.create.unresolved() => {
                // Nothing was made; a refusal is believed after a look only, where the policy destroys.
                self.create(at)
            }
            Policy::Suspend | Policy::Delete if self.spec.paused => self.held_up(
                &self.deletion_blocked(
                    "the resource is paused: set spec.paused: false to let the deletion go on",
                ),
                at,
            ),
            Policy::Suspend | Policy::Delete => match self.deletion_refused() {
                Some(blocked) => self.held_up(&blocked, at),
                None => self.act_on_account(at),
            },
        }
    }

    /// What plan and grants impose is enforced as long as the resource is there: a deletion that its author holds up must be
    /// no way out of a suspension.
    fn held_up(&self, blocked: &Verdict, at: &Moment) -> Next {
        let Some(id) = self
            .status
            .id
            .filter(|_| self.around.reachable() && self.status.deletion.is_none() && self.is_imposed_upon())
        else {
            return self.settle(blocked.clone(), at);
        };
        match self.bound(id, at) {
            Step::Settle(end) => {
                let conditions = self.status.conditions.clone();
                let facts = Self { status: AccountStatus { conditions, ..end.status }, ..self.clone() };
                match (facts.settle(blocked.clone(), at), end.again) {
                    (Step::Settle(told), again @ Again::Backoff { .. }) => {
                        Step::Settle(End { again, ..told })
                    }
                    (step, _) => step,
                }
            }
            step => step,
        }
    }

    fn retain(&self, at: &Moment) -> Next {
        // One look where something may have been made; without a usable instance there is nowhere to look, and a decision
        // that names an account would have it read first.
        let looks = self.status.id.is_none()
            && self.create.unresolved()
            && self.create.decided().is_none()
            && self.around.reachable();
        if looks { self.create(at) } else { self.retire(at) }
    }

    fn is_released(&self) -> bool {
        self.status.instance.as_ref().and_then(|instance| instance.released) == Some(true)
    }

    /// The account stays in Chatwoot as it is.
    pub(super) fn retains(&self) -> bool {
        self.is_released() || self.spec.deletion_policy == Policy::Retain
    }

    /// Takes nothing from the account but the operator's own user, where Chatwoot can be asked.
    fn retire(&self, at: &Moment) -> Next {
        self.dismiss_if_reachable(at).unwrap_or_else(|| self.let_go())
    }

    pub(super) fn dismiss_if_reachable(&self, at: &Moment) -> Option<Next> {
        if self.around.reachable() { self.dismiss(at) } else { None }
    }

    /// Drops the finalizer, and says what is left behind.
    pub(super) fn let_go(&self) -> Next {
        let notice = match self.status.id {
            Some(_) if self.status.deletion.is_some() => Some(Notice::TooLate),
            None if self.create.unresolved() => Some(Notice::MayExist),
            _ if self.leaves_automation() => Some(Notice::AutomationLeft),
            id => id.map(|_| Notice::Retained),
        };
        Step::Act(Effect::DropFinalizer(notice))
    }

    /// Why what the policy asks for cannot be carried out.
    fn deletion_refused(&self) -> Option<Verdict> {
        if self.spec.deletion_policy == Policy::Delete
            && let Fit::Refused(refusal) | Fit::Unknown(refusal) = &self.around.may_delete
        {
            return Some(self.deletion_blocked(&refusal.to_string()));
        }
        match &self.around.instance {
            InstanceChoice::Known(view) => view.blocked.as_ref().map(|why| self.deletion_blocked(why)),
            _ => Some(self.deletion_blocked("its instance is not there")),
        }
    }

    fn act_on_account(&self, at: &Moment) -> Next {
        let Some(id) = self.status.id else { return self.create(at) };
        let account = match &self.remote {
            Remote::Found(account) if account.id.0 == id => account,
            Remote::NotFound(_) => return Step::Act(Effect::Vanished(id)),
            Remote::Vanished(_) => {
                if let Some(left) = self.just_made(at) {
                    return self.end(self.deleting_status(at), Again::After(left), false);
                }
                if let Some(step) = self.dismiss(at) {
                    return step;
                }
                return Step::Act(Effect::DropFinalizer(
                    self.status.deletion.is_some().then_some(Notice::Deleted),
                ));
            }
            Remote::NotPermitted(_) => {
                return self.settle(self.deletion_blocked(&not_permitted(id).message), at);
            }
            Remote::Unread | Remote::Found(_) => return Step::Act(Effect::Get(id)),
        };
        if self.done.deleted && self.status.deletion.is_none() {
            let mut status = self.deleting_status(at);
            status.deletion = Some(DeletionStatus { sent_at: at.now });
            return Step::Act(Effect::Write(Box::new(status), Tag::Progress));
        }
        if self.status.deletion.is_some() {
            return self.end(
                self.deleting_status(at),
                Again::Backoff { at_least: Duration::from_secs(1) },
                false,
            );
        }
        let stamp = match self.may_write(account) {
            Ok(stamp) => stamp,
            Err(refusal) => return self.settle(self.deletion_blocked(&refusal.message), at),
        };
        // Suspended first: people stop working in it at once, while the deletion is only queued (P27). And nothing is
        // destroyed that does not carry our marker, whoever lists it as adoptable.
        let patch = AccountPatch {
            state: (account.state != AccountState::Suspended).then_some(AccountState::Suspended),
            custom_attributes: stamp.then(|| self.stamped(account)),
            ..AccountPatch::default()
        };
        if patch != AccountPatch::default() && !self.done.patched {
            return Step::Act(Effect::Patch(id, Box::new(patch)));
        }
        if stamp {
            let text = format!("account {id} does not keep this resource's marker");
            return self.settle(self.deletion_blocked(&text), at);
        }
        // Before the account: people of one that is being cleaned up cannot be read (P4).
        if let Some(step) = self.dismiss(at) {
            return step;
        }
        match self.spec.deletion_policy {
            Policy::Delete => Step::Act(Effect::Delete(id)),
            _ if self.leaves_automation() => Step::Act(Effect::DropFinalizer(Some(Notice::AutomationLeft))),
            _ => Step::Act(Effect::DropFinalizer(Some(Notice::Suspended))),
        }
    }

    fn deleting_status(&self, at: &Moment) -> AccountStatus {
        let text = "Chatwoot is deleting the account, which can take hours for a big one";
        self.status_with(&Verdict::new(reason::DELETING, text), at).0
    }

    /// It is let go soon, whatever becomes of the operator's own user.
    pub(super) fn leaving_soon(&self, why: &str) -> Verdict {
        let text = format!(
            "{why}; the operator's own user in the account is removed first; if that cannot be within {} s of the deletion, \
             it stays in Chatwoot and this resource goes",
            self.around.grace.as_secs()
        );
        Verdict::new(reason::DELETING, text)
    }

    pub(super) fn deletion_blocked(&self, why: &str) -> Verdict {
        Verdict::new(
            reason::DELETION_BLOCKED,
            format!("{why}; to let go at once and keep the account, set spec.deletionPolicy: Retain"),
        )
    }
}

//! Consent that was taken back, before anything that the tenant's own fields could hold up.

use super::*;
use crate::{
    api::user::{MembershipStatus, UserDeletionPolicy as Policy},
    plan::{Again, End},
};

impl Facts {
    /// Leaves accounts whose owners took their consent back, whatever else is asked for, refused or resting.
    pub(super) fn withdrawn(&self) -> Option<Next> {
        let id = self.status.id.filter(|_| self.heeds_withdrawal())?;
        if self.pass.remote == Remote::Unread {
            return Some(Step::Act(Effect::Get(id)));
        }
        let left = self.withdrawn_from(&self.status.memberships)?.leave;
        let account = left.into_iter().find(|account| !self.pass.failed.contains_key(account))?;
        Some(Step::Act(Effect::Leave { account, user: id }))
    }

    /// Whether any account takes something back that could be carried out now.
    fn heeds_withdrawal(&self) -> bool {
        let reachable = self.around.known().is_some_and(|view| view.blocked.is_none());
        let released = self.status.instance.as_ref().and_then(|instance| instance.released) == Some(true);
        let retains = self.spec.mode == Mode::Observe || self.spec.deletion_policy == Policy::Retain;
        // Letting go must never wait for Chatwoot.
        let goes_now = self.object.deleting && self.object.finalizer && retains;
        let wishes = self.around.declared.iter().chain(&self.around.left_over);
        // What the platform admin took away freezes, and freezes this too.
        self.around.stands
            && reachable
            && !released
            && !goes_now
            && self.status.deletion.is_none()
            && memberships::any_withdrawn(wishes, &self.status.memberships)
    }

    /// `None`: the person has not been read, or does not carry our marker.
    fn withdrawn_from(&self, recorded: &[MembershipStatus]) -> Option<memberships::Withdrawn> {
        let Remote::Found(user) = &self.pass.remote else { return None };
        self.may_write(user).ok()?;
        let declared: Vec<_> = self.around.declared.iter().chain(&self.around.left_over).cloned().collect();
        let facts = memberships::Facts { declared: &declared, recorded, ..self.membership_facts(user) };
        Some(memberships::withdrawn(&facts, &self.memory))
    }

    /// However a pass ends, the status says what was taken back, and the next one comes when it is time.
    pub(super) fn tell_of_withdrawn(&self, mut end: End<UserStatus>, at: &Moment) -> End<UserStatus> {
        if end.again == Again::Fresh || !self.heeds_withdrawal() {
            return end;
        }
        let Some(taken) = self.withdrawn_from(&end.status.memberships) else { return end };
        for entry in taken.entries {
            let same = |made: &&mut MembershipStatus| {
                (&made.namespace, &made.account) == (&entry.namespace, &entry.account)
            };
            if let Some(made) = end.status.memberships.iter_mut().find(same) {
                *made = entry;
            }
        }
        let wake = taken.wake.map(|wake| wake.saturating_sub(at.clock));
        end.again = match (end.again, wake) {
            (again @ Again::Backoff { .. }, _) => again,
            _ if !taken.leave.is_empty() => Again::Backoff { at_least: std::time::Duration::ZERO },
            (Again::After(wait), Some(wake)) => Again::After(wait.min(wake)),
            (Again::OnChange, Some(wake)) => Again::After(wake),
            (again, _) => again,
        };
        end
    }
}

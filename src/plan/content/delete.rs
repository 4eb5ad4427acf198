//! Deleting a resource: what was made goes with it, everything else stays, and nothing wedges.

use super::*;
use crate::plan::Again;
use std::time::Duration;

impl Facts {
    pub(super) fn delete(&self, at: &Moment) -> Next {
        if !self.object.finalizer {
            return self.quiet();
        }
        let adopted = self.status.ownership == Some(Ownership::Adopted);
        let nothing_made = self.status.id.is_none() && self.status.creation.is_none();
        if self.manner.mode == Mode::Observe || !self.manner.deletes || adopted || nothing_made {
            return self.let_go(self.left_behind(), at);
        }
        if self.manner.paused {
            let why = "the resource is paused: set spec.paused: false to let the deletion go on";
            return self.settle(self.deletion_blocked(why), at);
        }
        match (&self.around.place, self.status.id) {
            (Place::Open(_), _) => {}
            (_, Some(id)) if self.manner.installation_wide => return self.delete_everywhere(id, at),
            // What is inside an account goes with it, or stays with it.
            (Place::Gone(_), _) => return self.let_go(self.left_behind(), at),
            (Place::Waiting(verdict), _) => return self.settle(self.deletion_blocked(&verdict.message), at),
        }
        if !self.around.has_token {
            return Step::Act(Effect::Token);
        }
        match self.status.id {
            Some(id) => self.delete_bound(id, at),
            None => self.delete_noted(at),
        }
    }

    /// The account it was seen through cannot be asked, and does not matter.
    fn delete_everywhere(&self, id: i64, at: &Moment) -> Next {
        if self.pass.deleted.contains(&id) {
            return self.let_go(Some(Notice::Deleted), at);
        }
        // Another Chatwoot has another one under this id.
        if self.around.elsewhere {
            return self.let_go(Some(Notice::Retained), at);
        }
        match &self.pass.shown {
            None => Step::Act(Effect::Show(id)),
            Some(Asked::Gone) => self.let_go(None, at),
            Some(Asked::There(seen)) if self.may_delete(seen) => Step::Act(Effect::Delete(id)),
            Some(Asked::There(_)) => self.let_go(Some(Notice::Retained), at),
        }
    }

    fn delete_bound(&self, id: i64, at: &Moment) -> Next {
        // A second one of ours is looked for now or never.
        let not_before = if self.is_temporary() { self.clock } else { self.around.fresh_from };
        let list = match self.list(not_before) {
            Ok(list) => list,
            Err(look) => return Step::Act(look),
        };
        let twin = list.named(&self.around.temporary).into_iter().find(|item| item.id != id);
        if let Some(twin) = twin.filter(|_| self.is_temporary()) {
            return Step::Act(Effect::Delete(twin.id));
        }
        let seen = list.find(id);
        if seen.is_some_and(|seen| self.may_delete(seen)) {
            return Step::Act(Effect::Delete(id));
        }
        match self.list(self.clock) {
            Ok(_) if seen.is_some() => self.let_go(Some(Notice::Retained), at),
            _ if self.pass.deleted.contains(&id) => self.let_go(Some(Notice::Deleted), at),
            Ok(_) => self.let_go(None, at),
            Err(look) => Step::Act(look),
        }
    }

    /// A request was sent and its outcome is not known: what it made is deleted, once it can no longer arrive later.
    fn delete_noted(&self, at: &Moment) -> Next {
        let Some(note) = &self.status.creation else { return self.let_go(None, at) };
        let list = match self.list(self.around.fresh_from) {
            Ok(list) => list,
            Err(look) => return Step::Act(look),
        };
        if let Some(made) = self.made(list, note) {
            return Step::Act(Effect::Delete(made.id));
        }
        let arrived = self.around.requested_since.unwrap_or(self.clock) + self.around.settle;
        if at.clock < arrived {
            let text = format!(
                "a request to make the {} may still be under way; looking again when it can be no longer",
                self.kind.noun
            );
            let status = self.status_with(&Verdict::new(reason::DELETING, text), at).0;
            return self.end(status, Again::After((arrived - at.clock).max(Duration::from_secs(1))), false);
        }
        match self.list(arrived) {
            Ok(_) => self.let_go(None, at),
            Err(look) => Step::Act(look),
        }
    }

    /// What people must learn where nothing is deleted.
    fn left_behind(&self) -> Option<Notice> {
        match (self.status.id, &self.status.creation) {
            (Some(_), _) => Some(Notice::Retained),
            (None, Some(_)) => Some(Notice::MayExist),
            (None, None) if self.around.left_behind => Some(Notice::LeftBehind),
            (None, None) => self.has_lost_status().then_some(Notice::MayExist),
        }
    }

    /// The connection Secret goes with its resource; one that a failed attempt made, too.
    fn let_go(&self, notice: Option<Notice>, at: &Moment) -> Next {
        if let Some(Published::Failed(why)) = &self.pass.published {
            return self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at);
        }
        let wanted = self.around.wish.as_ref().ok().and_then(|wish| wish.connection.clone());
        let mut secrets = self.status.connection_secret.clone().into_iter().chain(wanted);
        match secrets.find(|name| !self.pass.dropped_secrets.contains(name)) {
            Some(name) => Step::Act(Effect::DropSecret(name)),
            None => Step::Act(Effect::DropFinalizer(notice)),
        }
    }

    pub(super) fn deletion_blocked(&self, why: &str) -> Verdict {
        Verdict::new(
            reason::DELETION_BLOCKED,
            format!("{why}; to let go at once and touch nothing, set spec.deletionPolicy: Retain"),
        )
    }
}

//! Deleting a resource: take back the access it gave, keep or destroy the person, and never wedge.

use super::*;
use crate::{
    api::{common::DeletionStatus, user::UserDeletionPolicy as Policy},
    chatwoot::marker::Origin,
    plan::{Again, grants::Fit, memberships},
};
use std::time::Duration;

impl Facts {
    pub(super) fn delete(&self, at: &Moment) -> Next {
        if !self.object.finalizer {
            return self.quiet();
        }
        let released = self.status.instance.as_ref().and_then(|instance| instance.released) == Some(true);
        if self.spec.mode == Mode::Observe || released {
            return self.retain(at);
        }
        match self.spec.deletion_policy {
            Policy::Retain => self.retain(at),
            _ if self.spec.paused => self.settle(
                self.deletion_blocked(
                    "the resource is paused: set spec.paused: false to let the deletion go on",
                ),
                at,
            ),
            Policy::Revoke if self.status.id.is_none() => self.let_go(self.may_exist(), at),
            Policy::Revoke | Policy::Delete => match self.deletion_refused() {
                Some(blocked) => self.settle(blocked, at),
                None => self.act_on_person(at),
            },
        }
    }

    fn retain(&self, at: &Moment) -> Next {
        let notice = match (self.status.id, &self.status.deletion) {
            (Some(_), Some(_)) => Some(Notice::TooLate),
            (Some(_), None) => Some(Notice::Retained),
            (None, _) => self.may_exist(),
        };
        self.let_go(notice, at)
    }

    /// A finalizer without an id: a POST may have gone through, unless it is known whom it found.
    fn may_exist(&self) -> Option<Notice> {
        self.status.email_taken.is_none().then_some(Notice::MayExist)
    }

    /// The credentials Secret goes with its resource; one that a failed attempt made, too.
    fn let_go(&self, notice: Option<Notice>, at: &Moment) -> Next {
        if self.status.login_link.as_ref().is_some_and(|link| link.expires_at.is_some()) {
            return match self.pass.link {
                Link::Failed => {
                    let text = "the Secret with the login link could not be removed";
                    self.settle(Verdict::new(reason::KUBERNETES_ERROR, text), at)
                }
                _ => Step::Act(Effect::RemoveLink),
            };
        }
        let wanted = self.spec.credentials_secret.as_ref().map(|secret| secret.name.clone());
        let mut secrets = self.status.credentials_secret.clone().into_iter().chain(wanted);
        match secrets.find(|name| !self.pass.dropped_secrets.contains(name)) {
            Some(name) => self.drop_secret(name, at),
            None => Step::Act(Effect::DropFinalizer(notice)),
        }
    }

    /// Why what the policy asks for cannot be carried out.
    fn deletion_refused(&self) -> Option<Verdict> {
        if self.spec.deletion_policy == Policy::Delete
            && let Fit::Refused(refusal) | Fit::Unknown(refusal) = &self.around.may_delete
        {
            return Some(self.deletion_blocked(&refusal.to_string()));
        }
        match &self.around.instance {
            crate::plan::account::InstanceChoice::Known(view) => {
                view.blocked.as_ref().map(|why| self.deletion_blocked(why))
            }
            _ => Some(self.deletion_blocked("its instance is not there")),
        }
    }

    fn act_on_person(&self, at: &Moment) -> Next {
        let Some(id) = self.status.id else { return self.delete_unbound(at) };
        let user = match &self.pass.remote {
            Remote::Found(user) if user.id.0 == id => user,
            Remote::NotFound(_) => return Step::Act(Effect::Vanished(id)),
            Remote::Vanished(_) => {
                return self.let_go(self.status.deletion.is_some().then_some(Notice::Deleted), at);
            }
            Remote::NotPermitted(_) => {
                return self.settle(self.deletion_blocked(&not_permitted(id).message), at);
            }
            Remote::Unread | Remote::Found(_) => return Step::Act(Effect::Get(id)),
        };
        if self.pass.deleted && self.status.deletion.is_none() {
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
        // For what was recorded as given, our installation in the marker suffices; destroying needs all of it.
        if !self.around.marker.same_installation(&user.custom_attributes) {
            let text = "the person no longer carries this operator's marker, so no access is taken back";
            return self.settle(self.deletion_blocked(text), at);
        }
        // Whether others depend on the person is decided before anything is taken back.
        let destroys = self.spec.deletion_policy == Policy::Delete
            && memberships::only_ours(&self.status.memberships, &user.belongings)
            && self.may_write(user).is_ok();
        let mut ours = memberships::to_take_back(&self.status.memberships, &user.belongings).into_iter();
        if let Some(account) = ours.find(|account| !self.pass.failed.contains_key(account)) {
            return Step::Act(Effect::Leave { account, user: id });
        }
        if let Some((account, failure)) = self.pass.failed.iter().next() {
            let text = format!("the membership of account {account} could not be taken back: {failure}");
            return self.end(
                self.status_with(&self.deletion_blocked(&text), at).0,
                Again::Backoff { at_least: failure.retry_after.unwrap_or_default() },
                false,
            );
        }
        if destroys {
            return match self.memory.made_again_until(at.clock, self.around.settle) {
                Some(until) => self.wait_until(until, "make the person", at),
                None => Step::Act(Effect::Delete(id)),
            };
        }
        // What is under way when the last finalizer goes would be made, and nobody would remember it.
        let facts = self.membership_facts(user);
        if let Some(until) = memberships::under_way_until(&facts, &self.memory) {
            return self.wait_until(until, "make a membership", at);
        }
        let kept = self.spec.deletion_policy == Policy::Delete;
        self.let_go(kept.then_some(Notice::KeptForOthers), at)
    }

    /// What such a request makes after the resource is gone, nobody would remember.
    fn wait_until(&self, until: Duration, what: &str, at: &Moment) -> Next {
        let text =
            format!("a request to {what} may still be under way; looking again when it can be no longer");
        let status = self.status_with(&Verdict::new(reason::DELETING, text), at).0;
        self.end(status, Again::After(until.saturating_sub(at.clock)), false)
    }

    /// A person with policy Delete whose id is not known: the POST is repeated, which finds them (P3).
    fn delete_unbound(&self, at: &Moment) -> Next {
        if self.status.email_taken.is_some() || self.pass.stranger.is_some() {
            return self.let_go(None, at);
        }
        // Somebody else holds the address by now, or somebody who exists is named: asking for it would find them.
        if self.refusal().is_some() || self.spec.adopt.is_some() {
            return self.let_go(Some(Notice::MayExist), at);
        }
        self.post_again()
    }

    fn post_again(&self) -> Next {
        let profile = Profile {
            email: self.around.email.as_ref().ok().map(ToString::to_string),
            name: Some(self.spec.name.clone()),
            custom_attributes: Some(self.stamp(Origin::Made)),
            ..Profile::default()
        };
        Step::Act(Effect::Post(Box::new(profile)))
    }

    fn deleting_status(&self, at: &Moment) -> UserStatus {
        self.status_with(&Verdict::new(reason::DELETING, "Chatwoot is deleting the person"), at).0
    }

    pub(super) fn deletion_blocked(&self, why: &str) -> Verdict {
        Verdict::new(
            reason::DELETION_BLOCKED,
            format!("{why}; to let go at once and touch nothing, set spec.deletionPolicy: Retain"),
        )
    }
}

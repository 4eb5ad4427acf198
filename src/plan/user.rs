//! What a person needs next.

mod adopted;
mod credentials;
mod delete;
mod learn;
pub mod link;
mod make;
mod settle;
#[cfg(test)]
mod tests;
pub mod token;
mod types;
mod withdrawn;

pub use link::{Link, LinkSecret};
pub use token::Rotation;
pub use types::*;

use super::{
    Moment, Step,
    memberships::{self, Call as Membership},
    password::Due,
    status::Verdict,
};
use crate::{
    api::{
        common::Mode,
        conditions::reason,
        user::{MembershipState, PasswordStatus, UserStatus},
    },
    chatwoot::{marker::Reading, types::User},
};

type Next = Step<Effect, super::End<UserStatus>>;

impl super::Machine for Facts {
    type Effect = Effect;
    type Lesson = Lesson;
    type End = super::End<UserStatus>;

    fn next(&self, at: &Moment) -> Next {
        let refusing = self.refusing_link(at);
        let facts = refusing.as_ref().unwrap_or(self);
        match facts.decide(at) {
            Step::Settle(end) if !at.stopping => Step::Settle(facts.tell_of_withdrawn(end, at)),
            step => step,
        }
    }

    fn learn(&mut self, lesson: Lesson) {
        self.fold(lesson);
    }
}

impl Facts {
    fn decide(&self, at: &Moment) -> Next {
        // An id that Chatwoot has given us is written down before anything else is considered.
        if let Some(made) = self.pass.made.as_ref().filter(|_| self.status.id.is_none()) {
            return self.keep(made, at);
        }
        // So is a password that was set: forgotten, it would be set again, which ends sessions.
        if let Some(record) = self.unrecorded_password() {
            return self.record_password(record);
        }
        if let Some(trouble) = &self.pass.trouble {
            // What a process keeps to itself because it is going, or has lost the lead, says nothing about Chatwoot.
            let silent = at.stopping && trouble.is_silence();
            return if silent { self.quiet() } else { self.troubled(trouble, at) };
        }
        if self.pass.stale || self.pass.gone || self.pass.reread {
            return self.fresh();
        }
        // Nothing new is begun by a process that is going, or has lost the lead; what was sent is written down.
        if at.stopping && !self.pass.deleted {
            return self.quiet();
        }
        if let Some(step) = self.expire_link(at) {
            return step;
        }
        if !self.object.deleting && self.has_no_work() {
            return self.quiet();
        }
        if let Some(step) = self.withdrawn() {
            return step;
        }
        if self.object.deleting {
            return self.delete(at);
        }
        // A replaced manifest strips it; without it a deletion would leave the access that was given.
        if !self.object.finalizer && self.status.id.is_some() {
            return Step::Act(Effect::AddFinalizer);
        }
        if let Some(refusal) = self.refusal() {
            if let Some(secret) = self.needless_secret() {
                return self.drop_secret(secret.to_owned(), at);
            }
            // The instance says what is wrong with it; what has converged keeps its Ready.
            let cut_off = self.around.known().is_some_and(|view| view.blocked.is_some());
            return if cut_off && self.is_converged() { self.quiet() } else { self.settle(refusal, at) };
        }
        match self.status.id {
            _ if self.spec.paused => self.settle_paused(at),
            Some(id) => self.bound(id, at),
            None if self.spec.mode == Mode::Observe => self.observe_unbound(at),
            None => match self.spec.adopt {
                Some(adopt) => self.adopt(adopt.id, at),
                None => self.make(at),
            },
        }
    }

    /// Everything wanted was so when it was last looked at, and nothing asks for another look.
    fn has_no_work(&self) -> bool {
        self.is_converged()
            && !self.around.due
            && !self.is_requested()
            && !self.around.secret_news
            && self.open_request().is_none()
            && !self.pass.began
            && !self.status.memberships.iter().any(|made| made.state == MembershipState::Revoking)
    }

    fn unrecorded_password(&self) -> Option<&PasswordStatus> {
        let Password::Set(record) = &self.pass.password else { return None };
        let open =
            self.status.id.is_some() && !self.pass.gone && self.status.password.as_ref() != Some(record);
        open.then_some(record)
    }

    fn record_password(&self, record: &PasswordStatus) -> Next {
        if self.pass.stale {
            return Step::Act(Effect::ReadBack);
        }
        let status = UserStatus { password: Some(record.clone()), ..self.status.clone() };
        Step::Act(Effect::Write(Box::new(status), Tag::Progress))
    }

    /// What the Secrets hold now has been looked at, as far as this resource looks at all.
    pub fn has_seen_secrets(&self) -> bool {
        let looks = self.spec.mode == Mode::Enforce && !self.spec.paused;
        let password = self.spec.password.is_none() || self.pass.password != Password::Unread;
        let published = self.spec.credentials_secret.is_none() || self.pass.published.is_some();
        self.pass.trouble.is_none() && !self.pass.stale && (!looks || password && published)
    }

    /// Chatwoot agreed with exactly what is wanted now.
    pub(super) fn is_converged(&self) -> bool {
        self.status.observed_generation == self.object.generation
            && self.status.applied.as_deref() == Some(self.around.hash.as_str())
            && (self.spec.paused || super::status::is_ready(&self.status.conditions))
            && (self.object.finalizer || self.status.id.is_none())
    }

    fn is_requested(&self) -> bool {
        self.object.requested_at.is_some()
            && self.object.requested_at != self.status.last_handled_reconcile_at
    }

    /// People wait for it.
    pub fn is_urgent(&self) -> bool {
        self.object.deleting
            || self.open_request().is_some()
            || self.status.observed_generation != self.object.generation
            || !super::status::is_ready(&self.status.conditions)
    }

    /// Somebody whose id is recorded: read them, see that they are ours, make everything agree.
    fn bound(&self, id: i64, at: &Moment) -> Next {
        let observing = self.spec.mode == Mode::Observe;
        let user = match &self.pass.remote {
            Remote::Found(user) if user.id.0 == id => user,
            Remote::NotFound(missing) if *missing == id => return Step::Act(Effect::Vanished(id)),
            Remote::Vanished(missing) if *missing == id => {
                return if observing { self.settle(missing_person(), at) } else { self.vanished(at) };
            }
            Remote::NotPermitted(foreign) if *foreign == id => return self.settle(not_permitted(id), at),
            _ => return Step::Act(Effect::Get(id)),
        };
        let stamp = match self.may_write(user) {
            Ok(stamp) => stamp,
            Err(refusal) => return self.settle(refusal, at),
        };
        let (patch, drifted) = self.diff(user, stamp.then(|| self.origin_of(user)));
        if observing {
            return self.agreed(drifted, at);
        }
        if let Some(write) = self.write_ahead(at) {
            return Step::Act(write);
        }
        if !patch.is_empty() && !self.pass.patched {
            return Step::Act(Effect::Patch(id, Box::new(patch)));
        }
        if let Some(step) = self.login_link(id, user) {
            return step;
        }
        if let Some(step) = self.password(id, at) {
            return step;
        }
        if let Some(step) = self.membership(id, user, at) {
            return step;
        }
        if let Some(step) = self.rotate(id, at) {
            return step;
        }
        if let Some(step) = self.publish(at) {
            return step;
        }
        if let Some(end) = self.rotation_unknown(at) {
            return end;
        }
        self.agreed(if self.pass.patched { drifted } else { Vec::new() }, at)
    }

    /// Whether `user`, read in this pass, may be written; `Ok(true)`: after stamping the marker anew.
    pub(super) fn may_write(&self, user: &User) -> Result<bool, Verdict> {
        let id = user.id.0;
        let listed = self.around.adoptable.contains(&id);
        let restoring = self.around.known().is_some_and(|instance| instance.restoring);
        match self.around.marker.read(&user.custom_attributes) {
            Reading::Ours => Ok(!self.is_stamped(user)),
            Reading::Recreated => Ok(true),
            Reading::Restored if listed || restoring => Ok(true),
            Reading::Absent if listed => Ok(true),
            Reading::Restored => Err(Verdict::new(
                reason::NOT_OWNED,
                format!(
                    "user {id} belonged to a resource of this name in an earlier namespace of this name, and is not touched; \
                     after a restore set rebindUntil on the instance, or have {id} listed under adoptable.users of a ChatwootGrant"
                ),
            )),
            Reading::Absent => Err(Verdict::new(
                reason::NOT_OWNED,
                format!(
                    "user {id} does not carry this resource's marker, so nothing of theirs is touched; if they are yours, have \
                     {id} listed under adoptable.users of a ChatwootGrant, else delete this resource"
                ),
            )),
            Reading::Foreign => Err(Verdict::new(
                reason::NOT_OWNED,
                format!(
                    "user {id} carries another owner's marker, so nothing of theirs is touched; delete this resource"
                ),
            )),
        }
    }

    /// The person is gone, in Chatwoot's own words. Chatwoot removes people who leave their last account (P30), so they
    /// are made again, but only where one of their accounts proves that this is the Chatwoot they were in.
    fn vanished(&self, at: &Moment) -> Next {
        match (self.pass.proof, self.around.vouching.iter().find(|(id, _)| !self.pass.asked.contains(id))) {
            (true, _) => Step::Act(self.write_forgotten(at)),
            (false, Some((id, marker))) => Step::Act(Effect::Vouch { account: *id, marker: marker.clone() }),
            (false, None) => self.settle(missing_person(), at),
        }
    }

    /// Memberships, one call at a time; one that fails does not hold up the others.
    fn membership(&self, id: i64, user: &User, at: &Moment) -> Option<Next> {
        let plan = self.memberships(user);
        if plan.record_first && self.status.memberships != plan.entries {
            return Some(Step::Act(self.write_memberships(plan.entries, at)));
        }
        let call = plan.calls.into_iter().find(|call| !self.pass.failed.contains_key(account_of(call)))?;
        Some(Step::Act(match call {
            Membership::Join { account, role, .. } => Effect::Join { account, user: id, role },
            Membership::Leave { account, .. } => Effect::Leave { account, user: id },
        }))
    }

    pub(super) fn memberships(&self, user: &User) -> memberships::Plan {
        memberships::plan(&self.membership_facts(user), &self.memory)
    }

    /// By the clock of when this pass began, and not of now: nothing tells of what has arrived since the person was read.
    pub(super) fn membership_facts<'a>(&'a self, user: &'a User) -> memberships::Facts<'a> {
        memberships::Facts {
            declared: &self.around.declared,
            recorded: &self.status.memberships,
            belongings: &user.belongings,
            clock: self.clock,
            settle: self.around.settle,
            withdrawn_for: self.around.revoke_after,
        }
    }

    /// A declared password that is not set yet.
    fn password(&self, id: i64, at: &Moment) -> Option<Next> {
        self.spec.password.as_ref()?;
        Some(match &self.pass.password {
            Password::Unread => Step::Act(Effect::ReadPassword),
            Password::Unusable(why) => self.settle(Verdict::new(reason::SECRET_INVALID, why), at),
            Password::Kubernetes(why) => self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at),
            Password::Due(Due::Generate) => Step::Act(Effect::StorePassword),
            Password::Due(Due::Patch(record)) => Step::Act(Effect::SetPassword(id, record.clone())),
            Password::Due(Due::Record(_) | Due::Nothing) | Password::Set(_) => return None,
        })
    }

    /// In mode Observe an unbound person is looked at where `adopt` names one, and never bound or stamped.
    fn observe_unbound(&self, at: &Moment) -> Next {
        let Some(id) = self.spec.adopt.map(|adopt| adopt.id) else {
            let nothing = "mode is Observe and nobody is bound: nobody is created; set mode: Enforce to create the person";
            return self.settle(Verdict::new(reason::OBSERVED, nothing), at);
        };
        match &self.pass.remote {
            Remote::Found(user) if user.id.0 == id => self.agreed(self.diff(user, None).1, at),
            Remote::NotFound(missing) if *missing == id => Step::Act(Effect::Vanished(id)),
            Remote::Vanished(missing) if *missing == id => self.settle(no_such_user(id), at),
            Remote::NotPermitted(foreign) if *foreign == id => self.settle(not_permitted(id), at),
            _ => Step::Act(Effect::Get(id)),
        }
    }
}

pub(super) fn account_of(call: &Membership) -> &crate::chatwoot::types::AccountId {
    match call {
        Membership::Join { account, .. } | Membership::Leave { account, .. } => account,
    }
}

fn missing_person() -> Verdict {
    Verdict::new(
        reason::EXTERNAL_RESOURCE_MISSING,
        "the person is gone from Chatwoot, and no account of theirs answers with our marker, so this may be another \
         Chatwoot; to make them anew delete this resource and apply it again",
    )
}

/// The sandbox's refusal, with the statement that lifts it.
pub(super) fn not_permitted(id: i64) -> Verdict {
    Verdict::new(
        reason::NOT_PERMITTED,
        format!(
            "user {id} exists in Chatwoot, but this Platform App has no permission for them; run in the Rails console: \
             PlatformAppPermissible.find_or_create_by!(platform_app: PlatformApp.find(APP_ID), permissible: User.find({id}))"
        ),
    )
}

pub(super) fn no_such_user(id: i64) -> Verdict {
    Verdict::new(
        reason::INVALID_SPEC,
        format!("spec.adopt.id: Chatwoot has no user {id}; write the id of one who exists"),
    )
}

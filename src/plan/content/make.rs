//! Making one, so that an interrupted request neither doubles it nor loses it.
//!
//! A note of the request stands in the status before it is sent, with the name it is sent under, and the finalizer after it:
//! a finalizer without any status tells that the status was lost. What appears under the noted name is ours. A request is
//! repeated only when an earlier one can no longer arrive: it might arrive after the resource is gone.

use super::*;
use crate::{
    api::content::{AccountBinding, ContentCreation},
    chatwoot::{outcome::Failure, types::Map},
    plan::{Again, status},
};
use std::time::Duration;

impl Facts {
    pub(super) fn make(&self, wish: &Wish, at: &Moment) -> Next {
        // After a refusal it is looked again whether somebody has it by now.
        let not_before = if self.pass.refused.is_some() { self.clock } else { self.around.fresh_from };
        // A process may have stood still since.
        let not_before = not_before.max(at.clock.saturating_sub(FRESH));
        // Where names are not unique nobody would refuse a second one: what is to be taken over must not be overlooked.
        let seeks = self.is_temporary() && self.manner.adopt;
        let not_before = if seeks { not_before.max(self.clock) } else { not_before };
        let list = match self.list(not_before) {
            Ok(list) => list,
            Err(look) => return Step::Act(look),
        };
        if let Some(note) = &self.status.creation {
            return match (self.made(list, note), &self.pass.refused) {
                // A proxy may have sent it twice, and the refusal may be the second one's.
                (Some(made), Some(_)) if self.is_temporary() || wish.made(made) => self.keep(made.id, at),
                (_, Some(failure)) => self.refused(failure, list, wish, at),
                (Some(made), None) => self.keep(made.id, at),
                (None, None) => self.send_noted(wish, at),
            };
        }
        if let Some(step) = self.found(list, wish, at) {
            return step;
        }
        self.note(wish, at)
    }

    fn note(&self, wish: &Wish, at: &Moment) -> Next {
        Step::Act(Effect::Write(Box::new(self.noted(wish, at)), Tag::Note))
    }

    /// What the noted request has made, oldest first. What another resource is bound to is none of it.
    pub(super) fn made<'a>(&self, list: &'a Listed, note: &ContentCreation) -> Option<&'a Seen> {
        list.named(&note.name).into_iter().find(|seen| self.around.bound_to(seen.id).is_none())
    }

    /// Chatwoot refuses it, and nothing was made: what is there now has been made by somebody else meanwhile.
    fn refused(&self, failure: &Failure, list: &Listed, wish: &Wish, at: &Moment) -> Next {
        let mut facts = self.clone();
        facts.status.creation = None;
        if let Some(step) = facts.found(list, wish, at) {
            return step;
        }
        let text = format!("{failure}; correct the spec of {}/{}", self.object.namespace, self.object.name);
        facts.settle(Verdict::new(reason::REJECTED_BY_CHATWOOT, text), at)
    }

    /// Something with this key that is there already.
    pub(super) fn found(&self, list: &Listed, wish: &Wish, at: &Moment) -> Option<Next> {
        let (noun, key) = (self.kind.noun, self.kind.key);
        match list.named(&wish.key).as_slice() {
            [] => None,
            _ if self.is_temporary() && !self.manner.adopt && !self.has_lost_status() => None,
            [_, _, ..] if self.is_temporary() && self.manner.adopt => {
                let text = format!(
                    "the account has several of {key} {:?}, so none of them is taken over; give the one that is meant another \
                     name in Chatwoot and write it into spec.{key}, or leave adopt out",
                    wish.key
                );
                Some(self.settle(Verdict::new(reason::INVALID_SPEC, text), at))
            }
            [one, ..] if self.around.bound_to(one.id).is_some() => {
                let who = self.around.bound_to(one.id).map_or("another resource", |other| &other.who);
                let text = format!(
                    "{noun} {} is bound to {who}; write another {key}, or delete that resource with deletionPolicy: Retain",
                    one.id
                );
                Some(self.settle(Verdict::new(reason::NOT_OWNED, text), at))
            }
            [one, ..] if self.manner.adopt && wish.irreconcilable(one).is_some() => {
                let text = format!(
                    "the account's {noun} {} of {key} {:?} has another {}, which cannot be changed, so it is not taken over; write \
                     another {key}, or correct the spec",
                    one.id,
                    wish.key,
                    wish.irreconcilable(one).unwrap_or_default()
                );
                Some(self.settle(Verdict::new(reason::INVALID_SPEC, text), at))
            }
            [one, ..] if self.manner.adopt && self.object.finalizer => {
                let status = self.binding(one.id, Ownership::Adopted, at);
                Some(Step::Act(Effect::Write(Box::new(status), Tag::Bind(one.id))))
            }
            [_, ..] if self.manner.adopt => Some(Step::Act(Effect::AddFinalizer)),
            [one, ..] if self.is_temporary() => {
                let text = format!(
                    "the status of this resource was lost, and the account has {noun} {} of {key} {:?}, which it may have made; \
                     set spec.adopt: true to take it over, or write another {key}",
                    one.id, wish.key
                );
                Some(self.settle(Verdict::new(reason::NOT_OWNED, text), at))
            }
            [one, ..] => {
                let text = format!(
                    "the account has {noun} {} of {}, which this resource has not made, so it is not touched; set spec.adopt: \
                     true to take it over, or write another {key}",
                    one.id,
                    self.kind.shown(&wish.key)
                );
                Some(self.settle(Verdict::new(reason::NOT_OWNED, text), at))
            }
        }
    }

    /// A note always stands before the finalizer does, and the account it is made in stays in the status ever after, whatever
    /// became of the request. What was written since, such as what is waited for, names no account.
    pub(super) fn has_lost_status(&self) -> bool {
        let status = &self.status;
        self.object.finalizer && status.id.is_none() && status.creation.is_none() && status.account.is_none()
    }

    /// Nothing is there under the noted name: the request is sent, unless an earlier one may still arrive. A repeat is noted
    /// anew, so that it is waited for as long as the first.
    fn send_noted(&self, wish: &Wish, at: &Moment) -> Next {
        if !self.pass.noted {
            let arrived = self.around.requested_since.unwrap_or(self.clock) + self.around.settle;
            if at.clock < arrived {
                return self.resolve_later(arrived - at.clock, at);
            }
            // By now another key may be wanted than the one that was noted.
            return match self.list(arrived) {
                Ok(list) => self.found(list, wish, at).unwrap_or_else(|| self.note(wish, at)),
                Err(look) => Step::Act(look),
            };
        }
        if !self.object.finalizer {
            return Step::Act(Effect::AddFinalizer);
        }
        let mut fields: Map = wish.fields.clone();
        fields.extend(wish.fixed.clone());
        fields.extend(wish.blind.clone());
        if let (Naming::Temporary(field), Some(note)) = (self.kind.naming, &self.status.creation) {
            fields.insert(field.to_owned(), note.name.clone().into());
        }
        Step::Act(Effect::Create(Box::new(fields)))
    }

    pub(super) fn resolve_later(&self, wait: Duration, at: &Moment) -> Next {
        let text = format!(
            "it is not certain yet whether a request made the {}; looking again when it can be no longer under way",
            self.kind.noun
        );
        let (status, _) = self.status_with(&Verdict::new(reason::RESOLVING_CREATE, text), at);
        self.end(status, Again::After(wait), false)
    }

    /// Writes down the id of what our request made.
    pub(super) fn keep(&self, id: i64, at: &Moment) -> Next {
        if self.pass.gone {
            return self.fresh();
        }
        if self.pass.stale {
            return Step::Act(Effect::ReadBack);
        }
        // Another process has recorded one meanwhile. This one can still be found by its name.
        if self.pass.reread && self.status.id.is_some_and(|recorded| recorded != id) {
            return self.fresh();
        }
        let status = self.binding(id, Ownership::Created, at);
        Step::Act(Effect::Write(Box::new(status), Tag::Bind(id)))
    }

    fn binding(&self, id: i64, ownership: Ownership, at: &Moment) -> ContentStatus {
        let mut next = self.progressing(at);
        let noted = next.creation.take().map(|note| note.name);
        next.key = self.listed_key(id).or(noted);
        next.id = Some(id);
        next.ownership = Some(ownership);
        next.account = self.account();
        // What was agreed with is another one, and this one may differ in what is not shown.
        if ownership == Ownership::Adopted {
            next.applied = None;
        }
        next
    }

    fn noted(&self, wish: &Wish, at: &Moment) -> ContentStatus {
        let name = match self.kind.naming {
            Naming::Key | Naming::Fingerprint(_) => wish.key.clone(),
            Naming::Temporary(_) => self.around.temporary.clone(),
        };
        let verdict = Verdict::new(reason::CREATING, format!("making the {}", self.kind.noun));
        let mut next = self.status_with(&verdict, at).0;
        next.last_handled_reconcile_at = self.status.last_handled_reconcile_at.clone();
        next.creation = Some(ContentCreation { started_at: at.now, name });
        next.account = self.account();
        next
    }

    pub(super) fn account(&self) -> Option<AccountBinding> {
        self.around.site().cloned().or_else(|| self.status.account.clone())
    }

    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.kind.naming, Naming::Temporary(_))
    }

    /// The status while there is more to do.
    pub(super) fn progressing(&self, at: &Moment) -> ContentStatus {
        let text = format!("the {} exists; applying everything else", self.kind.noun);
        let verdict = Verdict::new(reason::PROGRESSING, text);
        let mut next = self.status_with(&verdict, at).0;
        // A request to look is answered when the look is over.
        next.last_handled_reconcile_at = self.status.last_handled_reconcile_at.clone();
        next
    }

    /// The status with `verdict`, and how long its grace lasts.
    pub(super) fn status_with(&self, verdict: &Verdict, at: &Moment) -> (ContentStatus, Option<Duration>) {
        let mut next = self.status.clone();
        let extras =
            status::Extras { paused: self.manner.paused, drifted: next.drifted.clone(), own: Vec::new() };
        let after = status::conditions(self.before(at), verdict, &extras);
        next.conditions = after.conditions;
        self.observed(&mut next);
        (next, after.grace_left)
    }
}

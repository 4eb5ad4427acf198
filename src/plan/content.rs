//! What a thing inside an account needs next, whatever its kind: find it in the list by its id or key, make it, change the
//! declared fields that differ, delete it.

mod delete;
mod fingerprint;
mod learn;
mod make;
mod names;
mod settle;
#[cfg(test)]
pub(super) mod tests;
mod told;
mod types;
mod whose;

pub use names::{Named, Names};
pub use told::{Called, Shown, Telling, Untold};
pub use types::*;
pub use whose::MADE_UNDER;

use super::{Moment, Step, claims::Standing, status::Verdict};
use crate::{
    api::{
        common::{Mode, Ownership},
        conditions::reason,
        content::ContentStatus,
    },
    chatwoot::types::Map,
};
use std::collections::BTreeSet;

type Next = Step<Effect, super::End<ContentStatus>>;

impl super::Machine for Facts {
    type Effect = Effect;
    type Lesson = Lesson;
    type End = super::End<ContentStatus>;

    fn next(&self, at: &Moment) -> Next {
        // An id that Chatwoot has given us is written down before anything else is considered.
        if let Some(id) = self.pass.unrecorded {
            return self.keep(id, at);
        }
        if let Some(trouble) = &self.pass.trouble {
            // What a process keeps to itself because it is going, or has lost the lead, says nothing about Chatwoot.
            let silent = at.stopping && trouble.is_silence();
            return if silent { self.quiet() } else { self.troubled(trouble, at) };
        }
        if self.pass.stale || self.pass.gone || self.pass.reread {
            return self.fresh();
        }
        if at.stopping && self.pass.deleted.is_empty() {
            return self.quiet();
        }
        if self.object.deleting {
            return self.delete(at);
        }
        if self.has_no_work() {
            return self.quiet();
        }
        // A replaced manifest strips it; without it a deletion would leave behind what was made.
        if !self.object.finalizer && self.status.id.is_some() {
            return Step::Act(Effect::AddFinalizer);
        }
        if self.manner.paused {
            return self.settle_paused(at);
        }
        if let Some(refusal) = self.refusal() {
            let waits = matches!(self.around.place, Place::Waiting(_));
            if let Some(left) = self.around.patience.filter(|_| waits) {
                return self.end(self.status.clone(), super::Again::After(left), false);
            }
            return if waits && self.is_converged() { self.quiet() } else { self.settle(refusal, at) };
        }
        let Ok(wish) = &self.around.wish else { return self.quiet() };
        match &self.pass.secrets {
            None if !wish.secrets.is_empty() => return Step::Act(Effect::Secrets),
            Some(Err(Unread::Unusable(why))) => {
                return self.settle(Verdict::new(reason::SECRET_INVALID, why), at);
            }
            Some(Err(Unread::Failed(why))) => {
                return self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at);
            }
            Some(Ok(())) | None => {}
        }
        if !self.around.has_token {
            return Step::Act(Effect::Token);
        }
        match self.status.id {
            Some(id) => self.bound(id, wish, at),
            None if self.manner.mode == Mode::Observe => self.observe_unbound(wish, at),
            None => self.make(wish, at),
        }
    }

    fn learn(&mut self, lesson: Lesson) {
        self.fold(lesson);
    }
}

impl Facts {
    /// Everything wanted was so when it was last looked at, and nothing asks for another look.
    fn has_no_work(&self) -> bool {
        let requested = self.object.requested_at.is_some()
            && self.object.requested_at != self.status.last_handled_reconcile_at;
        self.is_converged()
            && !self.around.due
            && !requested
            && !self.around.secret_news
            && self.pass.list.is_none()
            && !matches!(self.around.place, Place::Gone(_))
    }

    /// Chatwoot agreed with exactly what is wanted now.
    pub(super) fn is_converged(&self) -> bool {
        self.status.observed_generation == self.object.generation
            && self.status.applied.as_deref() == Some(self.around.hash.as_str())
            && (self.manner.paused || super::status::is_ready(&self.status.conditions))
            && (self.object.finalizer || self.status.id.is_none())
    }

    /// People wait for it.
    pub fn is_urgent(&self) -> bool {
        self.object.deleting
            || self.status.observed_generation != self.object.generation
            || !super::status::is_ready(&self.status.conditions)
    }

    /// What the Secret holds now has been looked at, as far as this resource looks at all.
    pub fn has_seen_secrets(&self) -> bool {
        let looks = self.manner.mode == Mode::Enforce && !self.manner.paused;
        let Ok(wish) = &self.around.wish else { return true };
        let read = wish.secrets.is_empty() || self.pass.secrets.is_some();
        let published = wish.connection.is_none() || self.pass.published.is_some();
        !looks || (read && published)
    }

    /// Why nothing may be done now, most fundamental first.
    fn refusal(&self) -> Option<Verdict> {
        match (&self.around.place, &self.around.wish, self.around.standing) {
            (Place::Waiting(verdict) | Place::Gone(verdict), ..) | (_, Err(verdict), _) => {
                Some(verdict.clone())
            }
            (_, Ok(wish), Standing::Taken) => Some(Verdict::new(
                reason::NOT_OWNED,
                format!(
                    "another {} of this namespace has {} in the account; write another into spec.{}, or delete one of the two",
                    self.kind.kind,
                    self.kind.shown(&wish.key),
                    self.kind.key
                ),
            )),
            (_, Ok(_), Standing::Unknown) => Some(Verdict::new(
                reason::WAITING_FOR_REFERENCE,
                format!(
                    "a {} of this namespace cannot be read and may have the same {}; correct it, or delete it",
                    self.kind.kind, self.kind.key
                ),
            )),
            (_, Ok(_), Standing::Holds) => None,
        }
    }

    /// A list asked for at this time or later, or the effect that gets one.
    fn list(&self, not_before: std::time::Duration) -> Result<&Listed, Effect> {
        let enough = self.pass.list.as_ref().filter(|list| list.asked_at >= not_before);
        enough.ok_or(Effect::List { not_before })
    }

    /// Something whose id is recorded: see that it is there, and make everything agree.
    fn bound(&self, id: i64, wish: &Wish, at: &Moment) -> Next {
        let list = match self.list(self.around.fresh_from) {
            Ok(list) => list,
            Err(look) => return Step::Act(look),
        };
        let Some(seen) = list.find(id) else {
            // Absence is believed only of a list that was asked for in this pass.
            return match self.list(self.clock) {
                Ok(_) => self.missing(id, "is gone from Chatwoot", wish, at),
                Err(look) => Step::Act(look),
            };
        };
        if let Some(step) = self.not_ours(list, seen, wish, at) {
            return step;
        }
        let observing = self.manner.mode == Mode::Observe;
        // A second one under this resource's own temporary name was made by a repeated request of ours, and nobody uses it.
        let twin = list.named(&self.around.temporary).into_iter().find(|item| item.id != id);
        if let Some(twin) = twin.filter(|_| self.is_temporary() && !observing) {
            return Step::Act(Effect::Delete(twin.id));
        }
        let differences = wish.differences(seen);
        let changes = self.changes(wish, &differences);
        if !changes.is_empty() && !observing && !self.pass.patched {
            let noted = self.note_tried(wish, &changes, at);
            return Step::Act(noted.unwrap_or_else(|| Effect::Patch(id, Box::new(changes))));
        }
        let mut drifted: Vec<String> = differences.keys().cloned().collect();
        for (name, wanted) in &wish.parts {
            match self.pass.parts.get(name) {
                None => return Step::Act(Effect::ReadPart(id, name)),
                Some(found) if found == wanted => {}
                Some(_) if !observing && !self.pass.written_parts.contains(name) => {
                    return Step::Act(Effect::WritePart(id, name, wanted.clone()));
                }
                Some(_) => drifted.push((*name).to_owned()),
            }
        }
        if let Some(step) = self.publish(id, wish, observing, at) {
            return step;
        }
        self.agreed(drifted, at)
    }

    /// What is sent to have everything as wanted: what differs, what Chatwoot tries out together with it or could not use
    /// the last time, and what it does not show.
    fn changes(&self, wish: &Wish, differences: &Map) -> Map {
        let mut changes = differences.clone();
        for (name, together) in &wish.tried {
            let failed = self.status.drifted.iter().any(|drifted| drifted == name);
            if failed || together.iter().any(|field| differences.contains_key(*field)) {
                let all = wish.fields.iter().filter(|(field, _)| together.contains(field.as_str()));
                changes.extend(all.map(|(field, value)| (field.clone(), value.clone())));
            }
        }
        if self.status.applied.as_deref() != Some(self.around.hash.as_str()) {
            changes.extend(wish.blind.clone());
        }
        changes
    }

    /// What Chatwoot is about to try out is listed as not in use before it is sent. Should nobody hear what came of it, lists
    /// would show nothing amiss.
    fn note_tried(&self, wish: &Wish, changes: &Map, at: &Moment) -> Option<Effect> {
        let is_sent = |together: &BTreeSet<&str>| together.iter().any(|field| changes.contains_key(*field));
        let sent = wish.tried.iter().filter(|(_, together)| is_sent(together)).map(|(name, _)| *name);
        let noted = |name: &&str| self.status.drifted.iter().any(|drifted| drifted == name);
        let new: Vec<&str> = sent.filter(|name| !noted(name)).collect();
        if new.is_empty() {
            return None;
        }
        let mut facts = self.clone();
        facts.status.drifted.extend(new.into_iter().map(str::to_owned));
        facts.status.applied = None;
        Some(Effect::Write(Box::new(facts.progressing(at)), Tag::Progress))
    }

    /// The connection Secret, and the one before it.
    fn publish(&self, id: i64, wish: &Wish, observing: bool, at: &Moment) -> Option<Next> {
        if observing {
            return None;
        }
        match (&wish.connection, &self.pass.published) {
            (Some(name), None) => return Some(Step::Act(Effect::Publish { id, name: name.clone() })),
            (_, Some(Published::NotOurs(why))) => {
                return Some(self.unpublished(Verdict::new(reason::SECRET_INVALID, why), at));
            }
            (_, Some(Published::Failed(why))) => {
                return Some(self.unpublished(Verdict::new(reason::KUBERNETES_ERROR, why), at));
            }
            (_, Some(Published::Yes) | None) => {}
        }
        let before =
            self.status.connection_secret.as_ref().filter(|name| Some(*name) != wish.connection.as_ref())?;
        let open = !self.pass.dropped_secrets.contains(before);
        open.then(|| Step::Act(Effect::DropSecret(before.clone())))
    }

    /// Everything but the Secret is as wanted.
    fn unpublished(&self, verdict: Verdict, at: &Moment) -> Next {
        let mut facts = self.clone();
        facts.status.applied = self.sent_unseen().or(facts.status.applied);
        facts.settle(verdict, at)
    }

    /// It is gone from Chatwoot. What only configures is made anew; what holds people's work is not, nor what we only took
    /// over.
    fn missing(&self, id: i64, how: &str, wish: &Wish, at: &Moment) -> Next {
        let ours = self.status.ownership == Some(Ownership::Created);
        if self.manner.mode == Mode::Enforce && ours && !self.kind.precious {
            let mut anew = self.clone();
            anew.status.id = None;
            anew.status.ownership = None;
            anew.status.key = None;
            return anew.make(wish, at);
        }
        let text = format!(
            "{} {id} {how}; to make one anew delete this resource and apply it again",
            self.kind.noun
        );
        self.settle(Verdict::new(reason::EXTERNAL_RESOURCE_MISSING, text), at)
    }

    /// In mode Observe nothing is bound; what `adopt` would take over is looked at.
    fn observe_unbound(&self, wish: &Wish, at: &Moment) -> Next {
        let nothing = || {
            let text = format!(
                "mode is Observe and no {} is bound: none is made; set mode: Enforce to make it",
                self.kind.noun
            );
            self.settle(Verdict::new(reason::OBSERVED, text), at)
        };
        if !self.manner.adopt {
            return nothing();
        }
        let list = match self.list(self.around.fresh_from) {
            Ok(list) => list,
            Err(look) => return Step::Act(look),
        };
        match list.named(&wish.key).as_slice() {
            [seen] => self.agreed(wish.differences(seen).keys().cloned().collect(), at),
            _ => nothing(),
        }
    }
}

//! Whose an account is, and what a person decided about it.

use super::*;
use crate::{
    api::{common::Ownership, conditions::reason},
    chatwoot::{
        marker::{Origin, Reading},
        types::Map,
    },
    plan::{
        Again,
        create::{Choice, Found},
    },
};
use std::time::Duration;

/// A just-created account is not believed to be gone before this.
const BELIEVED_AFTER: Duration = Duration::from_secs(30);

impl Facts {
    /// Whether `account`, read in this pass, may be written; `Ok(true)`: after stamping the marker anew.
    pub(super) fn may_write(&self, account: &Account) -> Result<bool, Verdict> {
        let id = account.id.0;
        match self.around.marker.read(&account.custom_attributes) {
            // The uid proves it ours; owner or namespace may have been hashed with a key that was lost.
            Reading::Ours => {
                Ok(!self.around.marker.stands_in(self.origin_of(account), &account.custom_attributes))
            }
            Reading::Recreated => Ok(true),
            Reading::Restored if self.may_restore(id) => Ok(true),
            Reading::Absent if self.around.adoptable.contains(&id) => Ok(true),
            Reading::Restored => Err(self.previous_account(&[id])),
            Reading::Absent => Err(Verdict::new(
                reason::NOT_OWNED,
                format!(
                    "account {id} no longer carries this resource's marker, so it is not touched; if it is yours, have {id} \
                     listed under adoptable.accounts of a ChatwootGrant, else delete this resource"
                ),
            )),
            Reading::Foreign => Err(not_owned(id)),
        }
    }

    /// How `account`, which is or is about to be ours, came to be. What carries no marker is adopted by being given one;
    /// what the status alone calls adopted was so by an operator that did not note it in the marker yet.
    pub(super) fn origin_of(&self, account: &Account) -> Origin {
        let named = self.status.id.is_none() && self.spec.adopt.is_some_and(|adopt| adopt.id == account.id.0);
        let recorded =
            self.status.ownership == Some(Ownership::Adopted) && self.status.id == Some(account.id.0);
        match Origin::of(&account.custom_attributes) {
            Some(Origin::Made) if !named && !recorded => Origin::Made,
            _ => Origin::Adopted,
        }
    }

    /// The bound account's marker says more than the status: its resource was applied again, or has lost its status.
    pub(super) fn recognise(&mut self) {
        let Remote::Found(account) = &self.remote else { return };
        let ours = match self.around.marker.read(&account.custom_attributes) {
            Reading::Ours | Reading::Recreated | Reading::Restored => self.status.id == Some(account.id.0),
            Reading::Absent | Reading::Foreign => false,
        };
        if ours && Origin::of(&account.custom_attributes) == Some(Origin::Adopted) {
            self.status.ownership = Some(Ownership::Adopted);
        }
    }

    fn may_restore(&self, id: i64) -> bool {
        self.around.adoptable.contains(&id) || self.around.known().is_some_and(|instance| instance.restoring)
    }

    /// An id somebody named: read it, see whose it is, stamp it, bind it.
    pub(super) fn verify(&self, id: i64, chosen: bool, at: &Moment) -> Next {
        if self.around.taken.contains(&id) {
            let (namespace, name) = (&self.object.namespace, &self.object.name);
            let text = format!(
                "account {id} is bound to another resource; choose another id with: kubectl chatwoot resolve account \
                 {namespace}/{name} --account-id N"
            );
            return self.settle(Verdict::new(reason::ACCOUNT_ALREADY_BOUND, text), at);
        }
        let account = match &self.remote {
            Remote::Found(account) if account.id.0 == id => account,
            Remote::NotFound(missing) if *missing == id => return Step::Act(Effect::Vanished(id)),
            Remote::Vanished(missing) if *missing == id => return self.settle(self.no_such(id, chosen), at),
            Remote::NotPermitted(foreign) if *foreign == id => return self.settle(not_permitted(id), at),
            _ => return Step::Act(Effect::Get(id)),
        };
        // The finalizer comes after the id: without one it would say that a create is unresolved.
        match self.may_write(account) {
            // Stamped before it is bound: a bound account without our marker would be somebody's else.
            Ok(true) if !self.done.patched => {
                let attributes = Some(self.stamped(account));
                let patch = AccountPatch { custom_attributes: attributes, ..AccountPatch::default() };
                Step::Act(Effect::Patch(id, Box::new(patch)))
            }
            Ok(_) => {
                let found = if chosen { Found::Chosen } else { Found::Adopted };
                Step::Act(self.write_binding(id, found, at))
            }
            Err(refusal) => self.settle(refusal, at),
        }
    }

    /// Its attributes with our marker: Chatwoot replaces all of them (P12).
    pub(super) fn stamped(&self, account: &Account) -> Map {
        let mut attributes = account.custom_attributes.clone();
        let text = self.around.marker.text(self.origin_of(account));
        attributes.insert(marker::KEY.into(), text.into());
        attributes
    }

    fn no_such(&self, id: i64, chosen: bool) -> Verdict {
        if chosen {
            Verdict::new(
                reason::CREATE_OUTCOME_UNKNOWN,
                format!(
                    "Chatwoot has no account {id}; answer again with the id of one that exists, or with create"
                ),
            )
        } else {
            no_such_account(id)
        }
    }

    /// A question that stands open on a bound account, or has just been answered.
    pub(super) fn question(&self, id: i64, at: &Moment) -> Option<Next> {
        match self.create.decided() {
            Some(Choice::Account(chosen)) if chosen != id => return Some(self.verify(chosen, true, at)),
            Some(Choice::Account(_)) => return Some(Step::Act(self.write_answered(at))),
            // Only an account that is gone can be made anew; the answer is read where that is known.
            Some(Choice::Create) | None => {}
        }
        let others = self.new_duplicates();
        if !others.is_empty() {
            return Some(self.duplicate(others, at));
        }
        // An outage in between changes the reason, and leaves the question open.
        let another = [reason::EXTERNAL_RESOURCE_MISSING, reason::PREVIOUS_ACCOUNT_FOUND];
        let asked = super::super::status::ready_reason(&self.status.conditions)
            .is_some_and(|reason| !another.contains(&reason));
        if asked && self.status.decision.is_some() && !self.duplicates().is_empty() {
            return Some(self.duplicate(self.duplicates(), at));
        }
        None
    }

    /// Accounts with this resource's uid besides the bound one: as the last sweep saw them, else as recorded.
    pub(super) fn duplicates(&self) -> Vec<i64> {
        let mut known: Vec<i64> = match &self.around.swept {
            Some(swept) => swept.iter().copied().collect(),
            None => self.status.duplicates.clone(),
        };
        known.retain(|other| Some(*other) != self.status.id);
        known
    }

    fn new_duplicates(&self) -> Vec<i64> {
        let found = self.duplicates();
        if found.iter().all(|id| self.status.duplicates.contains(id)) { Vec::new() } else { found }
    }

    pub(super) fn has_news_of_duplicates(&self) -> bool {
        self.around.swept.is_some() && self.duplicates() != self.status.duplicates
    }

    /// The account is gone, in Chatwoot's own words.
    pub(super) fn vanished(&self, id: i64, at: &Moment) -> Next {
        if self.create.decided() == Some(Choice::Create) {
            return self.start_anew(at);
        }
        if let Some(left) = self.just_made(at) {
            let text = format!("account {id} was made a moment ago and does not show yet");
            let status = self.status_with(&Verdict::new(reason::PROGRESSING, text), at).0;
            return self.end(status, Again::After(left), false);
        }
        self.settle(
            Verdict::new(
                reason::EXTERNAL_RESOURCE_MISSING,
                format!(
                    "account {id} is gone from Chatwoot, with its data; delete this resource, or start anew with: \
                     kubectl chatwoot resolve account {}/{} --create",
                    self.object.namespace, self.object.name
                ),
            ),
            at,
        )
    }

    /// How much longer a just-created account is not believed to be gone: a replica may lag behind.
    pub(super) fn just_made(&self, at: &Moment) -> Option<Duration> {
        let creation = self.status.creation.as_ref()?;
        let age = Duration::try_from(at.now.duration_since(creation.started_at)).ok()?;
        BELIEVED_AFTER.checked_sub(age).filter(|left| !left.is_zero())
    }

    pub(super) fn previous_account(&self, ids: &[i64]) -> Verdict {
        let (list, namespace, name) = (list(ids), &self.object.namespace, &self.object.name);
        Verdict::new(
            reason::PREVIOUS_ACCOUNT_FOUND,
            format!(
                "account {list} in Chatwoot belonged to a resource of this name in an earlier namespace of this name, and is not \
                 touched; after a restore set rebindUntil on the instance; to take it over have it listed under \
                 adoptable.accounts of a ChatwootGrant; for a new account run: kubectl chatwoot resolve account \
                 {namespace}/{name} --create"
            ),
        )
    }

    /// A person decided to replace the account: the protocol begins again, one attempt further.
    pub(super) fn start_anew(&self, at: &Moment) -> Next {
        let mut create = self.create.clone();
        create.bound = None;
        create.finalizer = true;
        match create.next(at) {
            create::Next::Act(create::Effect::Claim(claim)) => Step::Act(self.write_claim(claim, at)),
            _ => self.quiet(),
        }
    }
}

pub(super) fn list(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn not_owned(id: i64) -> Verdict {
    Verdict::new(
        reason::NOT_OWNED,
        format!(
            "account {id} carries another owner's marker, so it is not touched; name another id, or delete this resource"
        ),
    )
}

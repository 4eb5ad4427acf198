//! The status writes of the create protocol. Each is a compare-and-swap on the version that was decided on.

use super::*;
use crate::{
    api::{
        account::{Creation, CreationOutcome, Repeat, RepeatCause},
        common::GoDuration,
    },
    chatwoot::marker::Origin,
    plan::{
        create::{Choice, Found, NewClaim, Outcome},
        trouble,
    },
};

/// Notes beyond this many say nothing new.
const NOTES: usize = 20;

impl Facts {
    pub(super) fn write_claim(&self, new: NewClaim, at: &Moment) -> Effect {
        let old = self.status.creation.as_ref();
        let mut repeats = old.map(|creation| creation.repeats.clone()).unwrap_or_default();
        let doubted = old.map_or(1, |creation| creation.attempt);
        if i64::from(new.claim.attempt) > doubted || (old.is_none() && new.claim.attempt > 1) {
            let decided = self.create.decided() == Some(Choice::Create);
            let cause = if decided { RepeatCause::Decided } else { RepeatCause::NotFound };
            note(&mut repeats, Repeat { attempt: doubted.max(1), cause, at: at.now });
        }
        // Sent again after a while, values that were refused are not news before the answer is.
        let creating = || Verdict::new(reason::CREATING, "creating the account in Chatwoot");
        let verdict = self.standing_refusal().unwrap_or_else(creating);
        let mut status = self.status_with(&verdict, at).0;
        status.creation = Some(Creation {
            attempt: i64::from(new.claim.attempt),
            nonce: new.claim.nonce.clone(),
            started_at: at.now,
            timeout: GoDuration(new.claim.timeout),
            outcome: None,
            answered: false,
            repeats,
        });
        if !matches!(self.remote, Remote::Vanished(_)) {
            status.duplicates.extend(status.id);
        }
        status.id = None;
        status.ownership = None;
        status.url = None;
        status.applied = None;
        status.decision = None;
        status.instance = self.around.known().map(|view| view.binding.clone());
        Effect::Write(Box::new(status), Tag::Claim(new))
    }

    pub(super) fn write_outcome(&self, outcome: Outcome, at: &Moment) -> Effect {
        let verdict = match &self.done.refused {
            Some(failure) => self.refused_verdict(failure),
            None => Verdict::new(reason::CREATING, "nothing was sent; the create is tried again"),
        };
        let mut status = self.status_with(&verdict, at).0;
        if let Some(creation) = &mut status.creation {
            creation.outcome = Some(stored(outcome));
            creation.answered = outcome.answered();
        }
        Effect::Write(Box::new(status), Tag::Record(outcome))
    }

    pub(super) fn write_id(&self, id: i64, at: &Moment) -> Effect {
        let mut facts = self.clone();
        facts.bind_in_status(id, Origin::Made);
        let nonce = self.create.memory.created.as_ref().map(|created| created.nonce.as_str());
        if let Some(creation) = &mut facts.status.creation
            && Some(creation.nonce.as_str()) == nonce
        {
            creation.outcome = Some(CreationOutcome::Created);
            creation.answered = true;
        }
        // The answer of the POST is the read of this pass: where nothing follows, Ready is written with the id.
        let mut status = match &self.remote {
            Remote::Found(account) if account.id.0 == id && !self.object.deleting => {
                let wanted = facts.wanted(facts.scope());
                let diff = facts.diff(&wanted, account, false);
                let mut status = facts.status.clone();
                let more = facts.declared_settings().is_some() | facts.intend_with(&mut status, at);
                if diff.is_empty() && facts.object.finalizer && !more {
                    facts.agreed_status(account, &wanted, &diff, at).0
                } else {
                    facts.record_ahead(&wanted, account, &mut status);
                    Facts { status, ..facts }.progressing(at)
                }
            }
            _ => facts.progressing(at),
        };
        status.decision = None;
        Effect::Write(Box::new(status), Tag::StoreId(id))
    }

    pub(super) fn write_binding(&self, id: i64, found: Found, at: &Moment) -> Effect {
        let mut facts = self.clone();
        let replaced = facts.status.id.filter(|old| *old != id);
        let origin = match &self.remote {
            Remote::Found(account) if account.id.0 == id => self.origin_of(account),
            // The index tells whose it is; what the marker says beyond that is read next.
            _ => Origin::Made,
        };
        facts.bind_in_status(id, origin);
        facts.status.duplicates.extend(replaced);
        facts.status.duplicates.retain(|other| *other != id);
        let cause = match found {
            Found::Recreated => Some(RepeatCause::Recreated),
            Found::Restored => Some(RepeatCause::Restored),
            Found::Ours | Found::Chosen | Found::Adopted => None,
        };
        if let Some(creation) = &mut facts.status.creation {
            creation.outcome = Some(if found == Found::Chosen {
                CreationOutcome::Decided
            } else {
                CreationOutcome::Created
            });
            creation.answered = true;
            if let Some(cause) = cause {
                let repeat = Repeat { attempt: creation.attempt, cause, at: at.now };
                note(&mut creation.repeats, repeat);
            }
        }
        let mut status = facts.progressing(at);
        status.decision = None;
        Effect::Write(Box::new(status), Tag::Bind { id, found })
    }

    pub(super) fn write_duplicate(&self, id: i64, at: &Moment) -> Effect {
        let mut facts = self.clone();
        if !facts.status.duplicates.contains(&id) {
            facts.status.duplicates.push(id);
        }
        let verdict = facts.duplicate_verdict(&facts.status.duplicates);
        Effect::Write(Box::new(facts.status_with(&verdict, at).0), Tag::Duplicate(id))
    }

    /// The question is answered with what is bound already.
    pub(super) fn write_answered(&self, at: &Moment) -> Effect {
        let mut status = self.progressing(at);
        status.duplicates = self.duplicates();
        status.decision = None;
        Effect::Write(Box::new(status), Tag::Progress)
    }

    fn progressing(&self, at: &Moment) -> AccountStatus {
        self.status_with(&Verdict::new(reason::PROGRESSING, "the account exists; applying its settings"), at)
            .0
    }

    fn bind_in_status(&mut self, id: i64, origin: Origin) {
        self.status.id = Some(id);
        self.status.ownership = Some(origin.into());
        self.status.duplicates.retain(|other| *other != id);
        if let Some(view) = self.around.known() {
            self.status.url = Some(format!("{}/app/accounts/{id}", view.public_url));
            self.status.instance = Some(view.binding.clone());
        }
    }

    /// The reason a POST that made nothing leaves in the conditions.
    fn refused_verdict(&self, failure: &crate::chatwoot::outcome::Failure) -> Verdict {
        match trouble::reason_of(failure) {
            Some(reason::REDIRECTED) => trouble::redirected(failure),
            Some(reason) => Verdict::new(reason, failure.to_string()),
            None => self.rejected(failure),
        }
    }
}

fn stored(outcome: Outcome) -> CreationOutcome {
    match outcome {
        Outcome::NotSent { .. } => CreationOutcome::NotSent,
        Outcome::Rejected => CreationOutcome::Rejected,
        Outcome::Created => CreationOutcome::Created,
    }
}

fn note(repeats: &mut Vec<Repeat>, repeat: Repeat) {
    if repeats.len() < NOTES {
        repeats.push(repeat);
    }
}

impl From<&Creation> for create::Claim {
    fn from(creation: &Creation) -> Self {
        let outcome = creation.outcome.map(|outcome| match outcome {
            CreationOutcome::NotSent => Outcome::NotSent { answered: creation.answered },
            CreationOutcome::Rejected => Outcome::Rejected,
            CreationOutcome::Created | CreationOutcome::Decided => Outcome::Created,
        });
        create::Claim {
            attempt: u32::try_from(creation.attempt).unwrap_or(u32::MAX),
            nonce: creation.nonce.clone(),
            timeout: creation.timeout.into(),
            outcome,
        }
    }
}

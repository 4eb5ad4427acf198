//! Folding one lesson into the facts.

use super::*;
use crate::{
    chatwoot::{
        marker::Reading,
        outcome::{Class, Failure, Fate},
    },
    plan::create::{Lesson as Created, Posted, Wrote},
};

impl Facts {
    pub(super) fn fold(&mut self, lesson: Lesson) {
        match lesson {
            Lesson::NoTurn(why) => self.trouble = Some(Trouble::NoTurn(why)),
            Lesson::Index(look) => self.create.learn(Created::Index(look)),
            Lesson::ReadBack { back, status } => self.read_back(back, status),
            Lesson::Finalizer(wrote) => {
                self.object.finalizer |= wrote == Wrote::Yes;
                self.create.learn(Created::Finalizer(wrote));
            }
            Lesson::Dropped(Wrote::Yes | Wrote::Gone) => self.create.gone = true,
            Lesson::Dropped(Wrote::Conflict | Wrote::Unknown) => self.create.stale = true,
            Lesson::OrphanReported => self.create.learn(Created::OrphanReported),
            Lesson::Wrote { tag, status, wrote } => self.wrote(tag, *status, wrote),
            Lesson::Posted(answer) => self.posted(answer),
            Lesson::Got(id, answer) => {
                self.done.read = true;
                self.answered(id, Call::Read, about(id, answer));
            }
            Lesson::Vanished(id, Ok(true)) => self.remote = Remote::Vanished(id),
            Lesson::Vanished(_, Ok(false)) => self.fail(Call::Read, Failure::of(Class::NotRouted)),
            Lesson::Vanished(_, Err(failure)) => self.fail(Call::Read, failure),
            Lesson::Patched { features, answer } => {
                self.done.flagged |= features;
                self.done.patched |= !features;
                let id = self.remote_id();
                self.answered(id, Call::Write, about(id, answer));
            }
            Lesson::Deleted(_, Ok(())) => self.done.deleted = true,
            Lesson::Deleted(id, Err(failure)) => self.answered(id, Call::Write, Err(failure)),
            Lesson::Automation(lesson) => self.fold_automation(lesson),
            Lesson::Settings(lesson) => self.fold_settings(lesson),
        }
    }

    fn remote_id(&self) -> i64 {
        match &self.remote {
            Remote::Found(account) => account.id.0,
            Remote::NotFound(id) | Remote::Vanished(id) | Remote::NotPermitted(id) => *id,
            Remote::Unread => 0,
        }
    }

    fn answered(&mut self, id: i64, call: Call, answer: Result<Account, Failure>) {
        match answer {
            Ok(account) => {
                self.remote = Remote::Found(Box::new(account));
                self.recognise();
            }
            Err(failure) => match failure.class {
                Class::NotFound => self.remote = Remote::NotFound(id),
                Class::NotPermitted => self.remote = Remote::NotPermitted(id),
                _ => self.fail(call, failure),
            },
        }
    }

    fn fail(&mut self, call: Call, failure: Failure) {
        self.trouble = Some(Trouble::Failed(call, failure));
    }

    fn posted(&mut self, answer: Result<Account, Failure>) {
        let failure = match answer {
            Ok(account) if self.around.marker.read(&account.custom_attributes) == Reading::Ours => {
                self.create.learn(Created::Created(account.id.0));
                self.remote = Remote::Found(Box::new(account));
                return;
            }
            // Somebody else's account in the answer to our POST: a cache or a replay on the way.
            Ok(_) => Failure::of(Class::Unexpected),
            Err(failure) => failure,
        };
        match failure.fate() {
            Fate::NotSent => {
                self.create.learn(Created::Posted(Posted::NotSent { answered: failure.status.is_some() }))
            }
            // A 401 is the instance's trouble and says nothing about the values.
            Fate::Rejected if failure.class == Class::Unauthorized => {
                self.create.learn(Created::Posted(Posted::NotSent { answered: true }));
            }
            Fate::Rejected => self.create.learn(Created::Posted(Posted::Rejected)),
            Fate::Ambiguous => self.create.learn(Created::Lost),
        }
        self.done.refused = Some(failure);
    }

    fn wrote(&mut self, tag: Tag, status: AccountStatus, wrote: Wrote) {
        let lesson = match tag {
            Tag::Claim(claim) => Created::Claimed { claim, wrote },
            Tag::Record(outcome) => Created::Recorded { outcome, wrote },
            Tag::StoreId(id) => Created::Stored { id, wrote },
            Tag::Bind { id, .. } => Created::Bound { id, wrote },
            Tag::Duplicate(id) => Created::DuplicateNoted { id, wrote },
            Tag::Progress | Tag::Intent { .. } => {
                match wrote {
                    Wrote::Yes => {}
                    Wrote::Conflict | Wrote::Unknown => self.create.stale = true,
                    Wrote::Gone => self.create.gone = true,
                }
                if wrote == Wrote::Yes {
                    self.create.question = status.decision.as_ref().map(|decision| decision.token.clone());
                    self.status = status;
                    if let Tag::Intent { earlier } = tag {
                        self.automation.intended = Some(earlier);
                    }
                }
                return;
            }
        };
        if wrote == Wrote::Yes {
            // The write that binds may carry the intent to make the operator's own user.
            let (before, now) = (&self.status.automation, &status.automation);
            if before.is_none() && now.as_ref().is_some_and(|now| now.user_id.is_none()) {
                self.automation.intended = Some(None);
            }
            if let Created::Claimed { .. } = lesson {
                // What was bound before, if anything, is given up for the account this claim will make.
                self.remote = Remote::Unread;
            }
            self.status = status;
            // What was sent before binding was the marker alone.
            self.done.patched &= !matches!(lesson, Created::Bound { .. });
        }
        self.create.learn(lesson);
    }

    /// The object as it stands at the API server; what this pass wanted stays what it was.
    fn read_back(&mut self, back: create::ReadBack, status: Option<Box<AccountStatus>>) {
        if let create::ReadBack::Found { finalizer, deleting, .. } = &back {
            self.object.finalizer = *finalizer;
            self.object.deleting = *deleting;
        }
        if let Some(status) = status {
            self.status = *status;
            self.done.reread = true;
        }
        self.create.learn(Created::ReadBack(back));
    }
}

/// An answer about another account than the one asked for is no answer: a cache or a proxy mixed them up.
fn about(id: i64, answer: Result<Account, Failure>) -> Result<Account, Failure> {
    answer.and_then(
        |account| {
            if account.id.0 == id { Ok(account) } else { Err(Failure::of(Class::Unexpected)) }
        },
    )
}

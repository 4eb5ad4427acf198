//! Folding one lesson into the facts.

use super::*;
use crate::{
    chatwoot::outcome::{Class, Failure, Fate},
    plan::{
        create::Wrote,
        trouble::{Call, Trouble},
    },
};

/// Chatwoot's words for a URL that another webhook has (chatwoot-api §3.6).
const TAKEN: &str = "Url has already been taken";

impl Facts {
    pub(super) fn fold(&mut self, lesson: Lesson) {
        match lesson {
            Lesson::NoTurn(why) => self.pass.trouble = Some(Trouble::NoTurn(why)),
            Lesson::Finalizer(wrote) => {
                self.object.finalizer |= wrote == Wrote::Yes;
                self.lost_race(wrote);
            }
            Lesson::Dropped(Wrote::Yes | Wrote::Gone) => self.pass.gone = true,
            Lesson::Dropped(Wrote::Conflict | Wrote::Unknown) => self.pass.stale = true,
            Lesson::Wrote { tag, status, wrote } => self.wrote(&tag, *status, wrote),
            Lesson::ReadBack { gone: true, .. } => self.pass.gone = true,
            Lesson::ReadBack { status: Some(status), .. } => {
                self.status = *status;
                self.pass.stale = false;
                self.pass.reread = true;
            }
            Lesson::ReadBack { status: None, .. } => {}
            Lesson::Token(Ok(())) => self.around.has_token = true,
            // It is read with the platform token; whatever else is wrong is wrong with the operator's user.
            Lesson::Token(Err(failure)) if failure.class == Class::Unauthorized => {
                self.fail_by_platform(Call::Read, failure);
            }
            Lesson::Token(Err(failure)) => self.fail(Call::Read, failure),
            Lesson::Secrets(read) => {
                self.pass.secrets = Some(read.map(|hashes| {
                    if let Ok(wish) = &mut self.around.wish {
                        wish.fields
                            .extend(hashes.into_iter().map(|(field, hash)| (field.to_owned(), hash.into())));
                    }
                }));
            }
            Lesson::Listed(Ok(list)) => self.pass.list = Some(list),
            Lesson::Listed(Err(failure)) => self.fail(Call::Read, failure),
            Lesson::Created(answer) => self.created(answer),
            Lesson::Patched(id, answer) => {
                self.pass.patched = true;
                let lost = answer.as_ref().is_err_and(|failure| failure.fate() == Fate::Ambiguous);
                self.pass.unused = lost && self.is_trying();
                match answer {
                    Ok(seen) if seen.id == id => self.put(seen),
                    Ok(_) => self.fail(Call::Write, Failure::of(Class::Unexpected)),
                    Err(failure) => self.fail_about_one(Call::Write, self.discreet(failure)),
                }
            }
            Lesson::PartRead(name, Ok(value)) => {
                self.pass.parts.insert(name, value);
            }
            Lesson::PartRead(_, Err(failure)) => self.fail(Call::Read, failure),
            Lesson::PartWritten(name, answer) => {
                self.pass.written_parts.insert(name);
                match answer {
                    Ok(value) => {
                        self.pass.parts.insert(name, value);
                    }
                    Err(failure) => self.fail(Call::Write, failure),
                }
            }
            Lesson::Published(published) => self.pass.published = Some(published),
            Lesson::SecretDropped(name, Ok(())) => {
                self.pass.dropped_secrets.insert(name);
            }
            Lesson::SecretDropped(_, Err(why)) => self.pass.published = Some(Published::Failed(why)),
            Lesson::Shown(Ok(seen)) => self.pass.shown = Some(Asked::There(seen)),
            Lesson::Shown(Err(failure)) if failure.class == Class::NotFound && self.object.deleting => {
                self.pass.shown = Some(Asked::Gone);
            }
            Lesson::Shown(Err(failure)) => self.fail_about_one(Call::Read, failure),
            Lesson::Deleted(id, answer) => self.deleted(id, answer),
        }
    }

    fn wrote(&mut self, tag: &Tag, status: ContentStatus, wrote: Wrote) {
        self.lost_race(wrote);
        if wrote != Wrote::Yes {
            return;
        }
        self.status = status;
        match tag {
            Tag::Note => self.pass.noted = true,
            Tag::Bind(_) => self.pass.unrecorded = None,
            Tag::Progress => {}
        }
    }

    fn lost_race(&mut self, wrote: Wrote) {
        match wrote {
            Wrote::Yes => {}
            Wrote::Conflict | Wrote::Unknown => self.pass.stale = true,
            Wrote::Gone => self.pass.gone = true,
        }
    }

    /// What the request came to. One that is certain to have made nothing leaves no note behind.
    fn created(&mut self, answer: Result<Seen, Failure>) {
        match answer.map_err(|failure| self.discreet(failure)) {
            Ok(seen) => {
                let (id, key) = (seen.id, seen.key.clone());
                self.put(seen);
                if self.is_temporary() {
                    self.pass.unrecorded = Some(id);
                } else {
                    // Should the write at the end be lost, the note finds it again.
                    self.status.id = Some(id);
                    self.status.key = Some(key);
                    self.status.ownership = Some(Ownership::Created);
                    self.status.creation = None;
                }
            }
            Err(failure) if failure.class == Class::Invalid && self.pass.refused.is_none() => {
                self.pass.refused = Some(failure);
                // Whether nothing was made shows in a list that comes after.
                self.pass.list = None;
            }
            Err(failure) => {
                // Of an earlier request with this note nothing is known.
                if self.pass.noted && failure.fate() != Fate::Ambiguous {
                    self.status.creation = None;
                }
                self.fail_about_one(Call::Write, failure);
            }
        }
    }

    /// Where the key can hold a secret, Chatwoot's words may quote it: only those that tell of another's key are repeated.
    fn discreet(&self, failure: Failure) -> Failure {
        let taken = failure.refusal.as_ref().is_some_and(|refusal| refusal.0 == TAKEN);
        match self.kind.naming {
            Naming::Fingerprint(_) if !taken => Failure { refusal: None, ..failure },
            Naming::Fingerprint(_) | Naming::Key | Naming::Temporary(_) => failure,
        }
    }

    fn deleted(&mut self, id: i64, answer: Result<(), Failure>) {
        match answer {
            Err(failure) if failure.class != Class::NotFound => self.fail_about_one(Call::Write, failure),
            Ok(()) | Err(_) => {
                self.pass.deleted.insert(id);
                if let Some(list) = &mut self.pass.list {
                    list.remove(id);
                }
            }
        }
    }

    fn put(&mut self, seen: Seen) {
        if let Some(list) = &mut self.pass.list {
            list.put(seen);
        }
    }

    /// What the status lists as tried out goes out with every change.
    fn is_trying(&self) -> bool {
        let is_listed = |name: &&str| self.status.drifted.iter().any(|drifted| drifted == name);
        self.around.wish.as_ref().is_ok_and(|wish| wish.tried.keys().any(is_listed))
    }

    /// A call about one by its id, or to make one: what is the installation's needs the platform token for that.
    fn fail_about_one(&mut self, call: Call, failure: Failure) {
        match self.manner.installation_wide {
            true => self.fail_by_platform(call, failure),
            false => self.fail(call, failure),
        }
    }

    /// What the platform token may not do says nothing about the account's.
    fn fail_by_platform(&mut self, call: Call, failure: Failure) {
        self.pass.by_platform = true;
        self.pass.trouble = Some(Trouble::Failed(call, failure));
    }

    /// A token that is refused is read anew, once in a pass.
    fn fail(&mut self, call: Call, failure: Failure) {
        if failure.class == Class::Unauthorized && self.around.has_token && !self.pass.token_renewed {
            self.pass.token_renewed = true;
            self.around.has_token = false;
            self.forget_refused(call);
            return;
        }
        self.pass.trouble = Some(Trouble::Failed(call, failure));
    }

    /// What was refused for the token's sake has not been done.
    fn forget_refused(&mut self, call: Call) {
        if call == Call::Write {
            self.pass.patched = false;
            self.pass.written_parts.clear();
        }
    }
}

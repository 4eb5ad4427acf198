//! Folding one lesson into the facts.

use super::*;
use crate::{
    chatwoot::{
        marker::{Origin, Reading},
        outcome::{Class, Failure, Fate},
        types::{AccountId, Belonging},
    },
    plan::{
        create::Wrote,
        trouble::{Call, Trouble},
    },
};
use std::time::Duration;

/// Chatwoot's words for an address that somebody has (chatwoot-api §1.7).
const TAKEN: &str = "Email has already been taken";

impl Facts {
    pub(super) fn fold(&mut self, lesson: Lesson) {
        match lesson {
            Lesson::NoTurn(why) => self.pass.trouble = Some(Trouble::NoTurn(why)),
            Lesson::Finalizer(wrote) => {
                self.object.finalizer |= wrote == Wrote::Yes;
                self.pass.first =
                    wrote == Wrote::Yes && self.status.id.is_none() && self.status.instance.is_none();
                self.pass.began = true;
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
            Lesson::Password(password) => {
                self.pass.stored_password |= self.pass.password == Password::Due(Due::Generate);
                self.pass.password = password;
            }
            Lesson::Posted { answer, password, clock } => self.posted(answer, password, clock),
            Lesson::Got(id, answer) => {
                self.pass.read = true;
                self.answered(id, Call::Read, about(id, answer));
            }
            Lesson::Vanished(id, Ok(true)) => self.pass.remote = Remote::Vanished(id),
            Lesson::Vanished(_, Ok(false)) => self.fail(Call::Read, Failure::of(Class::NotRouted)),
            Lesson::Vanished(_, Err(failure)) => self.fail(Call::Read, failure),
            Lesson::Vouched { account, answer } => {
                self.pass.asked.insert(account);
                match answer {
                    Ok(ours) => self.pass.proof |= ours,
                    Err(failure) if matches!(failure.class, Class::NotFound | Class::NotPermitted) => {}
                    Err(failure) => self.fail(Call::Read, failure),
                }
            }
            Lesson::Patched(id, answer) => {
                self.pass.patched = true;
                self.pass.began = true;
                self.answered(id, Call::Write, about(id, answer));
            }
            Lesson::PasswordSet(record, answer) => {
                self.pass.began = true;
                match answer {
                    Ok(user) => {
                        self.pass.remote = Remote::Found(Box::new(user));
                        self.recognise();
                        self.pass.password = Password::Set(record);
                    }
                    Err(failure) if failure.class == Class::Invalid => {
                        self.pass.password = self.refused_password();
                    }
                    Err(failure) => self.fail(Call::Write, failure),
                }
            }
            Lesson::Joined { account, role, answer, clock } => self.joined(account, role, answer, clock),
            Lesson::Left { account, answer } => self.left(account, answer),
            Lesson::Rotation(rotation) => self.pass.rotation = rotation,
            Lesson::TokenRotated(answer) => self.rotated(answer),
            Lesson::Published(published) => self.pass.published = Some(published),
            Lesson::LinkMinted(answer) => self.minted(answer),
            Lesson::LinkSecret(became) => self.link_secret(became),
            Lesson::SecretDropped(name, Ok(())) => {
                self.pass.dropped_secrets.insert(name);
            }
            Lesson::SecretDropped(_, Err(why)) => self.pass.published = Some(Published::Failed(why)),
            Lesson::Deleted(_, Ok(())) => self.pass.deleted = true,
            Lesson::Deleted(id, Err(failure)) => self.answered(id, Call::Write, Err(failure)),
        }
    }

    fn lost_race(&mut self, wrote: Wrote) {
        match wrote {
            Wrote::Yes => {}
            Wrote::Conflict | Wrote::Unknown => self.pass.stale = true,
            Wrote::Gone => self.pass.gone = true,
        }
    }

    /// No token is looked at here: the hands open one only after the marker has been checked.
    fn posted(
        &mut self,
        answer: Result<User, Failure>,
        password: Option<crate::api::user::PasswordStatus>,
        clock: Duration,
    ) {
        let lost = answer.as_ref().err().is_some_and(|failure| failure.fate() == Fate::Ambiguous);
        // An earlier pass, or a process before this one, may have sent one and never learned what became of it.
        if lost || !self.pass.first {
            self.memory.request_to_make_them(clock);
        }
        self.pass.began = true;
        self.pass.read = true;
        match answer {
            Ok(user) => match self.around.marker.read(&user.custom_attributes) {
                Reading::Ours | Reading::Recreated => {
                    let origin = self.origin_of(&user);
                    let certain = self.pass.first && origin == Origin::Made && self.is_stamped(&user);
                    let password = password.filter(|_| certain);
                    // What was just set is not set again.
                    if let Some(record) = &password {
                        self.pass.password = Password::Set(record.clone());
                    }
                    self.pass.made = Some(Made { id: user.id.0, origin, password });
                    self.pass.remote = Remote::Found(Box::new(user));
                }
                Reading::Restored if self.may_write(&user).is_ok() => {
                    let origin = self.origin_of(&user);
                    self.pass.made = Some(Made { id: user.id.0, origin, password: None });
                    self.pass.remote = Remote::Found(Box::new(user));
                }
                reading @ (Reading::Restored | Reading::Absent | Reading::Foreign) => {
                    self.pass.stranger = Some(true);
                    self.pass.namesake = reading == Reading::Restored;
                }
            },
            Err(failure) if is_taken(&failure) => self.pass.stranger = Some(false),
            Err(failure) if failure.class == Class::Invalid && speaks_of_password(&failure) => {
                self.pass.password = self.refused_password();
            }
            Err(failure) => {
                if failure.fate() == Fate::Ambiguous {
                    // Noted, because a replaced manifest may strip the finalizer that would tell the next pass.
                    self.status.instance = self.around.known().map(|view| view.binding.clone());
                }
                self.fail(Call::Write, failure);
            }
        }
    }

    fn answered(&mut self, id: i64, call: Call, answer: Result<User, Failure>) {
        match answer {
            Ok(user) => {
                self.pass.remote = Remote::Found(Box::new(user));
                self.recognise();
                self.look_at_memberships();
            }
            Err(failure) => match failure.class {
                Class::NotFound => self.pass.remote = Remote::NotFound(id),
                Class::NotPermitted => self.pass.remote = Remote::NotPermitted(id),
                _ if is_taken(&failure) => self.pass.stranger = Some(false),
                _ => self.fail(call, failure),
            },
        }
    }

    /// Consent that is not there is timed from the first look that missed it.
    pub(super) fn look_at_memberships(&mut self) {
        let Remote::Found(user) = self.pass.remote.clone() else { return };
        let mut memory = self.memory.clone();
        memory.observe(&self.membership_facts(&user));
        self.memory = memory;
    }

    fn joined(
        &mut self,
        account: AccountId,
        role: crate::chatwoot::types::MemberRole,
        answer: Result<(), Failure>,
        clock: Duration,
    ) {
        self.pass.began = true;
        let answered = answer.as_ref().err().is_none_or(|failure| failure.fate() != Fate::Ambiguous);
        // Whatever the answer, a copy of the request may still be under way until its settle time is over.
        self.memory.sent(account, clock, answered);
        match answer {
            Ok(()) => {
                self.pass.joined = true;
                if let Remote::Found(user) = &mut self.pass.remote {
                    user.belongings.retain(|belonging| belonging.account != account);
                    user.belongings.push(Belonging { account, role: Some(role) });
                }
            }
            Err(failure) => {
                self.pass.failed.insert(account, failure);
            }
        }
    }

    fn left(&mut self, account: AccountId, answer: Result<(), Failure>) {
        self.pass.began = true;
        match answer {
            Ok(()) => self.forget_belonging(account),
            // The account is gone, and its memberships with it.
            Err(failure) if failure.class == Class::NotFound => self.forget_belonging(account),
            Err(failure) => {
                self.pass.failed.insert(account, failure);
            }
        }
    }

    fn forget_belonging(&mut self, account: AccountId) {
        if let Remote::Found(user) = &mut self.pass.remote {
            user.belongings.retain(|belonging| belonging.account != account);
        }
    }

    /// Chatwoot's words about a password are never shown; the rules are, and where to mend it.
    fn refused_password(&self) -> Password {
        let rules = crate::chatwoot::passwords::RULES;
        let namespace = &self.object.namespace;
        let declared = self.spec.password.as_ref();
        Password::Unusable(match declared.and_then(|declared| declared.secret_key_ref.as_ref()) {
            Some(reference) => format!(
                "Chatwoot refuses the password: {rules}; write another into Secret {namespace}/{}, key {}",
                reference.name, reference.key
            ),
            None => {
                format!("Chatwoot refuses the password: {rules}; set another spec.password.generate.rotation")
            }
        })
    }

    pub(super) fn fail(&mut self, call: Call, failure: Failure) {
        self.pass.trouble = Some(Trouble::Failed(call, failure));
    }
}

/// An answer about another person than the one asked for is no answer: a cache or a proxy mixed them up.
fn about(id: i64, answer: Result<User, Failure>) -> Result<User, Failure> {
    answer.and_then(|user| if user.id.0 == id { Ok(user) } else { Err(Failure::of(Class::Unexpected)) })
}

fn is_taken(failure: &Failure) -> bool {
    failure.class == Class::Invalid
        && failure.refusal.as_ref().is_some_and(|refusal| refusal.0.contains(TAKEN))
}

fn speaks_of_password(failure: &Failure) -> bool {
    failure.refusal.as_ref().is_some_and(|refusal| refusal.0 == crate::chatwoot::passwords::RULES)
}

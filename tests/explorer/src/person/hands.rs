//! Carrying out one effect, and what must not happen on the way.

use super::{
    Person,
    around::{Around, Request},
    facts,
    mutants::Mutant,
    promises::{self, Violation},
};
use crate::resource::{How, Kind, Pass, Turn, step::write};
use chatwoot_operator::{
    chatwoot::{
        marker,
        outcome::{Class, Failure},
        types::User,
    },
    plan::{
        create::Wrote,
        user::{Effect, Lesson, Notice, Published, Tag},
    },
};

pub fn act(turn: &mut Turn<'_, Person>, pass: &mut Pass<Person>, effect: Effect, how: How) -> Lesson {
    match effect {
        Effect::AddFinalizer => Lesson::Finalizer(write(turn, pass, how, |object| object.finalizer = true)),
        Effect::DropFinalizer(notice) => {
            let first = turn.kind.mutant != Some(Mutant::TellsAfterwards);
            let may_exist = notice == Some(Notice::MayExist);
            turn.state.chatwoot.told |= first && may_exist;
            let wrote = write(turn, pass, how, |object| object.finalizer = false);
            turn.state.chatwoot.told |= may_exist && wrote == Wrote::Yes;
            let kept = matches!(notice, Some(Notice::KeptForOthers | Notice::TooLate));
            turn.state.chatwoot.told |= kept && matches!(wrote, Wrote::Yes | Wrote::Unknown) && !how.dies();
            Lesson::Dropped(wrote)
        }
        Effect::Write(status, tag) => {
            if let Tag::Bind(id) = tag {
                turn.check(promises::binding(pass, id));
            }
            let stored = turn.kind.stored((*status).clone());
            let bound = stored.id;
            let wrote = write(turn, pass, how, |object| object.status = stored);
            let now = turn.state.object.as_ref().and_then(|object| object.status.id);
            turn.state.chatwoot.recorded |= bound.is_some() && now == bound;
            Lesson::Wrote { tag, status, wrote }
        }
        Effect::ReadBack => {
            let stored = turn.state.object.clone().filter(|stored| stored.uid == pass.object.uid);
            let status = stored.as_ref().map(|stored| Box::new(stored.status.clone()));
            let gone = stored.is_none();
            pass.object = stored.unwrap_or_else(|| pass.object.clone());
            Lesson::ReadBack { status, gone }
        }
        Effect::ReadPassword => {
            let secret = turn.state.chatwoot.secret;
            pass.held.password = Some(secret);
            Lesson::Password(facts::due(secret, pass.machine.status.password.as_ref()))
        }
        Effect::Post(profile) => {
            turn.check(promises::posting(&turn.state, pass, &profile));
            let password = pass.held.password.unwrap_or_default();
            let request = Request::Post { uid: pass.object.uid, password };
            let answer = late(turn, request, how).and_then(|id| shown(&turn.state.chatwoot, id));
            see(turn, pass, answer.as_ref().ok());
            Lesson::Posted {
                answer,
                password: pass.held.password.map(facts::record),
                clock: turn.state.clock,
            }
        }
        Effect::Get(id) => {
            let answer = looked(how).and_then(|()| find(&turn.state.chatwoot, id));
            see(turn, pass, answer.as_ref().ok());
            Lesson::Got(id, answer)
        }
        Effect::Vanished(id) => {
            Lesson::Vanished(id, looked(how).map(|()| turn.state.chatwoot.find(id).is_none()))
        }
        Effect::Vouch { account, .. } => Lesson::Vouched { account, answer: looked(how).map(|()| true) },
        Effect::Patch(id, profile) => {
            turn.check(promises::patching(pass, id, &profile));
            let stamp = profile.custom_attributes.as_ref().and_then(marker::Origin::of);
            let uid = pass.object.uid;
            let answer = done(turn, how, |around| {
                if let (Some(origin), Some(someone)) = (stamp, around.find_mut(id)) {
                    (someone.marker, someone.adopted) = (Some(uid), origin == marker::Origin::Adopted);
                }
            });
            let answer = answer.and_then(|()| find(&turn.state.chatwoot, id));
            see(turn, pass, answer.as_ref().ok());
            Lesson::Patched(id, answer)
        }
        Effect::SetPassword(id, record) => {
            turn.check(promises::writing(pass, id));
            turn.check(promises::setting_password(pass, &record));
            turn.check(promises::coming_in_as(id));
            let value = pass.held.password.unwrap_or_default();
            let answer = done(turn, how, |around| {
                around.find_mut(id).into_iter().for_each(|someone| someone.password = value);
            });
            let answer = answer.and_then(|()| find(&turn.state.chatwoot, id));
            see(turn, pass, answer.as_ref().ok());
            Lesson::PasswordSet(record, answer)
        }
        Effect::Join { account, user, role } => {
            turn.check(promises::writing(pass, user));
            turn.check(promises::joining(&turn.state, pass, account.0));
            let request = Request::Join { account: account.0, user };
            turn.state.chatwoot.repeated |= turn.state.chatwoot.late.contains(&request);
            let answer = late(turn, request, how).map(|_| ());
            Lesson::Joined { account, role, answer, clock: turn.state.clock }
        }
        Effect::Leave { account, user } => {
            turn.check(promises::taking_back(pass, account.0));
            let answer = done(turn, how, |around| around.leave(account.0, user));
            Lesson::Left { account, answer }
        }
        Effect::Delete(id) => {
            turn.check(promises::writing(pass, id));
            turn.check(promises::destroying(pass));
            let answer = done(turn, how, |around| {
                around.people.retain(|someone| someone.id != id);
                around.destroyed = true;
                around.made.clear();
            });
            Lesson::Deleted(id, answer)
        }
        Effect::ReadRotation => {
            let published = turn.state.chatwoot.published;
            Lesson::Rotation(facts::rotation(&pass.object.spec, &pass.object.status, published))
        }
        Effect::RotateToken(id) => {
            turn.check(promises::writing(pass, id));
            turn.check(promises::rotating(&turn.state, pass));
            turn.check(promises::coming_in_as(id));
            let held = pass.held.token.take();
            let now = turn.state.chatwoot.find(id).map(|someone| someone.token);
            // A token that was replaced meanwhile lets nobody in.
            if now.is_none() || held != now {
                return Lesson::TokenRotated(Err(failure(Class::Unexpected, 401)));
            }
            let answer = done(turn, how, |around| {
                around.find_mut(id).into_iter().for_each(|someone| someone.token += 1);
            });
            pass.held.token = now.filter(|_| answer.is_ok()).map(|token| token + 1);
            Lesson::TokenRotated(answer)
        }
        Effect::Publish { rotation, .. } => {
            let Some(token) = pass.held.token.take() else {
                return Lesson::Published(Published::NoToken(failure(Class::Unexpected, 200)));
            };
            let written = (token, rotation.and_then(|rotation| rotation.parse().ok()));
            turn.check(promises::publishing(&turn.state, written));
            turn.check(promises::coming_in_as(pass.object.status.id.unwrap_or_default()));
            let stored = done(turn, how, |around| around.published = Some(written));
            Lesson::Published(match stored {
                Ok(()) => Published::Yes,
                Err(_) => Published::Failed("the API server did not answer".into()),
            })
        }
        Effect::DropSecret(name) => {
            turn.state.chatwoot.published = None;
            Lesson::SecretDropped(name, Ok(()))
        }
        // Passwords are not generated here, and nobody asks for a login link.
        Effect::StorePassword | Effect::MintLink(_) | Effect::StoreLink(_) | Effect::RemoveLink => {
            turn.check(Err(Violation::Endless));
            Lesson::SecretDropped(String::new(), Ok(()))
        }
    }
}

fn shown(around: &Around, id: Option<i64>) -> Result<User, Failure> {
    id.ok_or_else(|| failure(Class::NotFound, 404)).and_then(|id| find(around, id))
}

fn find(around: &Around, id: i64) -> Result<User, Failure> {
    around.find(id).map(super::around::Someone::shown).ok_or_else(|| failure(Class::NotFound, 404))
}

fn failure(class: Class, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::of(class) }
}

fn see(turn: &Turn<'_, Person>, pass: &mut Pass<Person>, user: Option<&User>) {
    let uid = |user: &User| {
        let text = user.custom_attributes.get(marker::KEY)?.as_str()?;
        marker::Marker::parse(text)?.uid.strip_prefix("u-")?.parse().ok()
    };
    pass.held.seen = user.map(|user| (user.id.0, uid(user))).or(pass.held.seen);
    // Only who publishes it keeps it: otherwise there would be more states that are the same.
    let token = user.and_then(|user| turn.state.chatwoot.find(user.id.0)).map(|someone| someone.token);
    pass.held.token = token.or(pass.held.token).filter(|_| pass.object.spec.token.is_some());
}

fn looked(how: How) -> Result<(), Failure> {
    if how == How::Failed { Err(Failure::of(Class::Timeout)) } else { Ok(()) }
}

/// A change that is made now or not at all.
fn done(turn: &mut Turn<'_, Person>, how: How, change: impl FnOnce(&mut Around)) -> Result<(), Failure> {
    if how == How::Failed {
        return Err(failure(Class::Server, 500));
    }
    change(&mut turn.state.chatwoot);
    if how == How::Plainly { Ok(()) } else { Err(Failure::of(Class::Timeout)) }
}

/// A change that may be made later.
fn late(turn: &mut Turn<'_, Person>, request: Request, how: How) -> Result<Option<i64>, Failure> {
    let around = &mut turn.state.chatwoot;
    match how {
        How::Failed => return Err(failure(Class::Server, 500)),
        How::LostUnderWay | How::DiedUnderWay => around.delay(request),
        How::Repeated => {
            around.replayed = true;
            around.delay(request);
            return Ok(around.carry_out(request));
        }
        How::Plainly => return Ok(around.carry_out(request)),
        _ => {
            around.carry_out(request);
        }
    }
    Err(Failure::of(Class::Timeout))
}

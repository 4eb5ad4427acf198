//! Carrying out one effect, and what must not happen on the way.

use super::{
    Inside,
    around::{Around, Item, Name, Request},
    promises::{self, Violation},
};
use crate::resource::{How, Kind, Pass, Turn, step::write};
use chatwoot_operator::{
    chatwoot::outcome::{Class, Failure},
    plan::content::{Effect, Lesson, Listed, Notice, Seen, Tag},
};
use std::{sync::Arc, time::Duration};

pub fn act(turn: &mut Turn<'_, Inside>, pass: &mut Pass<Inside>, effect: Effect, how: How) -> Lesson {
    match effect {
        Effect::AddFinalizer => Lesson::Finalizer(write(turn, pass, how, |object| object.finalizer = true)),
        Effect::DropFinalizer(notice) => {
            // An event about what may exist is sent before; about what is kept, the policy says it.
            turn.state.chatwoot.told |= notice == Some(Notice::MayExist);
            let wrote = write(turn, pass, how, |object| object.finalizer = false);
            Lesson::Dropped(wrote)
        }
        Effect::Write(status, tag) => {
            if let Tag::Bind(id) = tag {
                let bound = promises::binding(&turn.state, pass, id);
                turn.state.chatwoot.mistaken |= bound == Ok(true);
                turn.state.chatwoot.adopted |= pass.object.spec.adopt;
                turn.check(bound.map(drop));
            }
            let stored = turn.kind.stored((*status).clone());
            let wrote = write(turn, pass, how, |object| object.status = stored);
            Lesson::Wrote { tag, status, wrote }
        }
        Effect::ReadBack => {
            let stored = turn.state.object.clone().filter(|stored| stored.uid == pass.object.uid);
            let status = stored.as_ref().map(|stored| Box::new(stored.status.clone()));
            let gone = stored.is_none();
            pass.object = stored.unwrap_or_else(|| pass.object.clone());
            Lesson::ReadBack { status, gone }
        }
        // The kinds explored here name none.
        Effect::List { not_before } => list(turn, pass, not_before, how),
        Effect::Create(fields) => {
            turn.check(promises::creating(&turn.state, pass));
            let name = Name::of(fields.get("name").and_then(|name| name.as_str()).unwrap_or_default());
            let request = Request { uid: pass.object.uid, name };
            Lesson::Created(late(turn, request, how))
        }
        Effect::Patch(id, fields) => {
            let written = promises::writing(&turn.state, pass, id);
            turn.state.chatwoot.mistaken |= written == Ok(true);
            turn.check(written.map(drop));
            let name = fields.get("name").and_then(|name| name.as_str()).map(Name::of);
            let unique = turn.kind.unique;
            let taken = |item: &Item| Some(item.name) == name && item.id != id;
            if unique && turn.state.chatwoot.items.iter().any(taken) {
                return Lesson::Patched(id, Err(failure(Class::Invalid, 422)));
            }
            let answer = done(turn, how, |around| {
                around.items.iter_mut().filter(|item| item.id == id).for_each(|item| {
                    item.name = name.unwrap_or(item.name);
                    item.declared |= fields.contains_key("color");
                });
            });
            let there = turn.state.chatwoot.find(id).map(Item::shown);
            Lesson::Patched(id, answer.and_then(|()| there.ok_or_else(|| failure(Class::NotFound, 404))))
        }
        Effect::Delete(id) => {
            let deleted = promises::deleting(&turn.state, pass, id);
            turn.state.chatwoot.mistaken |= deleted == Ok(true);
            turn.check(deleted.map(drop));
            let answer = done(turn, how, |around| around.items.retain(|item| item.id != id));
            Lesson::Deleted(id, answer)
        }
        // There is no token to read, nothing beside it, and no Secret.
        Effect::Token
        | Effect::Secrets
        | Effect::Show(_)
        | Effect::ReadPart(..)
        | Effect::WritePart(..)
        | Effect::Publish { .. }
        | Effect::DropSecret(_) => {
            turn.check(Err(Violation::Endless));
            Lesson::Token(Ok(()))
        }
    }
}

/// What the process has seen a moment ago will do, where that is enough.
fn list(turn: &Turn<'_, Inside>, pass: &Pass<Inside>, not_before: Duration, how: How) -> Lesson {
    if how == How::Failed {
        return Lesson::Listed(Err(Failure::of(Class::Timeout)));
    }
    let mut memories = turn.state.processes.iter().filter_map(|process| process.memory.as_ref());
    let shared = memories.find_map(|(uid, memory)| {
        let (asked_at, items) = memory.list.as_ref().filter(|_| *uid == pass.object.uid)?;
        (*asked_at >= not_before && not_before < pass.machine.clock).then(|| items.clone())
    });
    let clock = turn.state.clock;
    let (asked_at, items) = match shared {
        // It was asked for before this pass began.
        Some(items) => (clock.saturating_sub(Duration::from_millis(1)), items),
        None => (clock, turn.state.chatwoot.items.clone()),
    };
    Lesson::Listed(Ok(Listed { asked_at, items: Arc::new(items.iter().map(Item::shown).collect()) }))
}

fn failure(class: Class, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::of(class) }
}

/// A change that is made now or not at all.
fn done(turn: &mut Turn<'_, Inside>, how: How, change: impl FnOnce(&mut Around)) -> Result<(), Failure> {
    if how == How::Failed {
        return Err(failure(Class::Server, 500));
    }
    change(&mut turn.state.chatwoot);
    if how == How::Plainly { Ok(()) } else { Err(Failure::of(Class::Timeout)) }
}

/// A change that may be made later.
fn late(turn: &mut Turn<'_, Inside>, request: Request, how: How) -> Result<Seen, Failure> {
    let unique = turn.kind.unique;
    let around = &mut turn.state.chatwoot;
    let made = match how {
        How::Failed => return Err(failure(Class::Server, 500)),
        How::LostUnderWay | How::DiedUnderWay => {
            around.delay(request);
            return Err(Failure::of(Class::Timeout));
        }
        How::Repeated => {
            around.replayed = true;
            around.delay(request);
            around.carry_out(request, unique)
        }
        _ => around.carry_out(request, unique),
    };
    if !matches!(how, How::Plainly | How::Repeated) {
        return Err(Failure::of(Class::Timeout));
    }
    let made = made.and_then(|id| around.find(id)).map(Item::shown);
    made.ok_or_else(|| failure(Class::Invalid, 422))
}

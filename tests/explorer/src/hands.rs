//! Carrying out one effect, and what it teaches.

use crate::{
    invariants,
    model::*,
    process::{How, name},
    world::{Turn, abandoned, add},
};
use chatwoot_operator::plan::create::{
    Choice, Effect, Found, Index, Lesson, Look, Outcome, Posted, ReadBack, Wrote,
};
use std::{rc::Rc, time::Duration};

/// Carries out one effect; true when the pass is over.
pub fn act(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, effect: Effect, how: How) -> bool {
    let a = name(turn, who);
    if let Some(lesson) = turn.machine.imagines(&effect) {
        turn.say(|_| format!("{a}: only imagines {effect:?}"));
        turn.machine.learn(&mut pass.facts, lesson);
        return false;
    }
    let lesson = match effect {
        Effect::AskIndex { not_before } => {
            turn.state.now = turn.state.now.max(not_before);
            let answer = match how {
                How::Unavailable => Index::Unavailable,
                _ => turn.index(pass.object.uid),
            };
            turn.say(|_| format!("{a}: asks the index: {answer:?}"));
            Lesson::Index(Look { asked_at: turn.state.now, answer })
        }
        Effect::ReadBack => {
            turn.say(|state| format!("{a}: reads back {}", words(state, &pass.object)));
            let read = read_back(turn, pass);
            turn.machine.learn(&mut pass.facts, Lesson::ReadBack(read));
            turn.check(invariants::going_on(&pass.object, &pass.facts));
            return false;
        }
        Effect::Claim(new) => {
            let decided = turn.machine.takes_for(&pass.facts).decided() == Some(Choice::Create);
            let answered = pass.facts.answer.clone();
            let claim = new.claim.clone();
            let what = format!("claims {}", turn.state.called.name(&claim.nonce));
            let mut wrote = write(turn, who, pass, how, &what, |object| {
                object.status.claim = Some(claim.clone());
                object.status.question = None;
            });
            if wrote.answer == Wrote::Conflict && turn.machine.overwrites() {
                wrote = overwrite(turn, who, pass, |object| object.status.claim = Some(claim.clone()));
            }
            if let (true, true, Some(before)) = (decided, wrote.applied, &wrote.before) {
                turn.state.ghost.person_created = true;
                let open = before.status.question.as_ref().map(|question| &question.token);
                turn.check(invariants::deciding(open, before.answer.as_ref(), answered.as_ref()));
            }
            Lesson::Claimed { claim: new, wrote: wrote.answer }
        }
        Effect::AddFinalizer => Lesson::Finalizer(add_finalizer(turn, who, pass, how)),
        Effect::Post { before: send_before, .. } => {
            turn.say(|_| format!("{a}: decides to send, and waits for its turn"));
            pass.post = Some(Post::Waiting { send_before });
            return false;
        }
        Effect::Record(outcome) => {
            let wrote = write(turn, who, pass, how, &format!("records {outcome:?}"), |object| {
                if let Some(claim) = &mut object.status.claim {
                    claim.outcome = Some(outcome);
                }
            });
            Lesson::Recorded { outcome, wrote: wrote.answer }
        }
        Effect::StoreId(id) => {
            let nonce = pass.facts.memory.created.as_ref().map(|created| created.nonce.clone());
            let wrote = write(turn, who, pass, how, &format!("stores id {id}"), |object| {
                bind(object, id, |claim| Some(claim) == nonce.as_deref());
            });
            Lesson::Stored { id, wrote: wrote.answer }
        }
        Effect::Bind { id, found } => return bind_found(turn, who, pass, id, found, how),
        Effect::NoteDuplicate(id) => {
            let wrote = write(turn, who, pass, how, &format!("lists duplicate {id}"), |object| {
                add(&mut object.status.duplicates, &[id]);
            });
            Lesson::DuplicateNoted { id, wrote: wrote.answer }
        }
        Effect::ReportOrphan(id) => {
            turn.name(&mut vec![id]);
            turn.say(|_| format!("{a}: reports account {id}, which nothing can hold"));
            Lesson::OrphanReported
        }
    };
    turn.machine.learn(&mut pass.facts, lesson);
    false
}

fn words(state: &State, read: &Object) -> String {
    let stored = state.object.as_deref().filter(|stored| stored.uid == read.uid);
    crate::world::words(stored, &state.called)
}

fn read_back(turn: &Turn<'_>, pass: &mut Pass) -> ReadBack {
    let Some(stored) = turn.state.object.clone().filter(|stored| stored.uid == pass.object.uid) else {
        return ReadBack::Gone;
    };
    let read = ReadBack::Found {
        bound: stored.status.bound,
        claim: stored.status.claim.clone(),
        finalizer: stored.finalizer,
        deleting: stored.deleting,
        // After anything that was asked before.
        at: turn.state.now + Duration::from_millis(1),
    };
    pass.object = stored;
    read
}

struct Written {
    answer: Wrote,
    applied: bool,
    /// What stood there.
    before: Option<Rc<Object>>,
}

/// One compare-and-swap on what this pass has read, and what its answer is.
fn write(
    turn: &mut Turn<'_>,
    who: usize,
    pass: &mut Pass,
    how: How,
    what: &str,
    change: impl FnOnce(&mut Object),
) -> Written {
    let a = name(turn, who);
    let before = turn.state.object.clone();
    if how == How::NotAppliedWithoutAnswer {
        turn.say(|_| format!("{a}: {what}: not applied, no answer"));
        return Written { answer: Wrote::Unknown, applied: false, before };
    }
    let (wrote, stored) = turn.write(&pass.object, change);
    let applied = wrote == Wrote::Yes;
    let answer = match how {
        How::AppliedWithoutAnswer => Wrote::Unknown,
        How::AppliedWithConflict => Wrote::Conflict,
        _ => wrote,
    };
    if let (Wrote::Yes, Some(stored)) = (answer, stored) {
        pass.object = stored;
    }
    turn.say(|_| {
        format!(
            "{a}: {what}: {}",
            if applied && answer != wrote {
                format!("applied, answer {answer:?}")
            } else {
                format!("{answer:?}")
            }
        )
    });
    Written { answer, applied, before }
}

fn add_finalizer(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, how: How) -> Wrote {
    if let Some(uid) = turn.machine.adds_finalizer_to(&pass.object, turn.state.object.as_deref()) {
        let a = name(turn, who);
        turn.store(|object| object.finalizer = true);
        turn.say(|_| format!("{a}: adds the finalizer to whatever stands there: uid {uid}"));
        return Wrote::Yes;
    }
    write(turn, who, pass, how, "adds the finalizer", |object| object.finalizer = true).answer
}

/// What a mutant does about a conflict: reads the object and writes the same again.
fn overwrite(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, change: impl FnOnce(&mut Object)) -> Written {
    if let Some(stored) = turn.state.object.clone().filter(|stored| stored.uid == pass.object.uid) {
        pass.object = stored;
    }
    write(turn, who, pass, How::Plainly, "writes it over whatever stands there now", change)
}

/// Stores an id, closing the claim where it is the one that made it.
fn bind(object: &mut Object, id: i64, closes: impl Fn(&str) -> bool) {
    let status = &mut object.status;
    status.bound = Some(id);
    status.duplicates.retain(|other| *other != id);
    if let Some(claim) = status.claim.as_mut().filter(|claim| closes(&claim.nonce)) {
        claim.outcome = Some(Outcome::Created);
    }
}

pub fn bind_found(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, id: i64, found: Found, how: How) -> bool {
    let wrote = write(turn, who, pass, how, &format!("binds {id} ({found:?})"), |object| {
        bind(object, id, |_| true);
        object.status.question = None;
    });
    if let (true, Some(before)) = (wrote.applied, &wrote.before) {
        turn.check(invariants::binding(&turn.state, before, id, found));
        if found == Found::Chosen {
            turn.state.ghost.person_chose = true;
            let open = before.status.question.as_ref().map(|question| &question.token);
            turn.check(invariants::deciding(open, before.answer.as_ref(), pass.facts.answer.as_ref()));
        }
        if matches!(found, Found::Adopted | Found::Chosen) {
            stamp(turn, id, before.uid);
        }
    }
    turn.machine.learn(&mut pass.facts, Lesson::Bound { id, wrote: wrote.answer });
    false
}

pub fn stamp(turn: &mut Turn<'_>, id: i64, uid: u8) {
    if let Some(account) = turn.state.accounts.iter_mut().find(|account| account.id == id) {
        account.uid = Some(uid);
    }
}

pub fn send(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, send_before: Duration, how: How) -> bool {
    let a = name(turn, who);
    let late = turn.state.now >= send_before && !turn.machine.sends_late();
    if how == How::NotSent || late {
        turn.say(|_| {
            format!("{a}: {}", if late { "its turn comes too late to send" } else { "cannot connect" })
        });
        turn.machine.learn(&mut pass.facts, Lesson::Posted(Posted::NotSent { answered: false }));
        return false;
    }
    let uid = pass.object.uid;
    let attempt = pass.facts.claim.as_ref().map_or(0, |claim| claim.attempt);
    let nonce = pass.facts.mine.as_ref().map(|mine| mine.nonce.as_str());
    turn.check(invariants::sending(&turn.state, uid, nonce, attempt));
    turn.say(|_| format!("{a}: sends the POST"));
    pass.post = Some(Post::Sent(Flight { uid, until: turn.state.now + TIMEOUT }));
    false
}

pub fn answer(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, flight: &Flight, how: How) -> bool {
    let a = name(turn, who);
    let uid = flight.uid;
    let lesson = match how {
        How::Throttled => Lesson::Posted(Posted::NotSent { answered: true }),
        How::Refused => Lesson::Posted(Posted::Rejected),
        How::Lied => {
            turn.make_account(uid, true);
            turn.state.ghost.lied = true;
            Lesson::Posted(Posted::Rejected)
        }
        How::LostAfter => {
            turn.make_account(uid, true);
            Lesson::Lost
        }
        How::Leaked => {
            turn.make_account(uid, false);
            Lesson::Lost
        }
        How::LostUnderWay => {
            turn.state.flights.push(abandoned(flight));
            Lesson::Lost
        }
        How::Repeated => {
            turn.state.flights.push(abandoned(flight));
            turn.state.ghost.replayed = true;
            Lesson::Created(turn.make_account(uid, true))
        }
        How::Plainly => Lesson::Created(turn.make_account(uid, true)),
        _ => Lesson::Lost,
    };
    turn.say(|_| format!("{a}: the POST ends: {how:?}, {lesson:?}"));
    turn.machine.learn(&mut pass.facts, lesson);
    false
}

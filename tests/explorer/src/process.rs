//! A pass of a process: it calls the production machine, does what it says, and teaches it what came of it.
//!
//! One step is one effect. How an effect ends is chosen from [`ways`]; everything but [`How::Plainly`] is trouble.

use crate::{
    bounds::Trouble,
    invariants,
    model::*,
    world::{Turn, add},
};
use chatwoot_operator::plan::{
    Moment,
    create::{
        Choice, Effect, Facts, Found, Index, Lesson, Look, Memory, Next, Outcome, Posted, ReadBack, Release,
        Stop, Wrote,
    },
};
use std::{rc::Rc, time::Duration};

/// How the effect of a step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Plainly,
    // A write to Kubernetes.
    AppliedWithoutAnswer,
    NotAppliedWithoutAnswer,
    /// Applied, and answered with a conflict: something on the way repeated it.
    AppliedWithConflict,
    // A question to the index.
    Unavailable,
    // Before a POST goes out.
    NotSent,
    // The answer to a POST.
    Throttled,
    Refused,
    /// Carried out, and answered with a refusal: a proxy repeated it.
    Lied,
    LostAfter,
    LostBefore,
    LostUnderWay,
    Leaked,
    /// Carried out and answered, and repeated by a proxy: the second one is still on its way.
    Repeated,
}

impl How {
    pub fn trouble(self) -> Option<Trouble> {
        Some(match self {
            How::Plainly => return None,
            How::AppliedWithoutAnswer | How::NotAppliedWithoutAnswer | How::AppliedWithConflict => {
                Trouble::Write
            }
            How::Unavailable => Trouble::Unavailable,
            How::NotSent | How::Throttled | How::Refused => Trouble::Refused,
            How::Lied => Trouble::Lie,
            How::LostAfter | How::LostBefore | How::LostUnderWay => Trouble::Lost,
            How::Leaked => Trouble::Leak,
            How::Repeated => Trouble::Replay,
        })
    }
}

const WRITES: &[How] =
    &[How::Plainly, How::AppliedWithoutAnswer, How::NotAppliedWithoutAnswer, How::AppliedWithConflict];
const ANSWERS: &[How] = &[
    How::Plainly,
    How::Throttled,
    How::Refused,
    How::Lied,
    How::LostAfter,
    How::LostBefore,
    How::LostUnderWay,
    How::Leaked,
    How::Repeated,
];

/// In which ways the next step of this process can end.
pub fn ways(turn: &Turn<'_>, who: usize) -> &'static [How] {
    let Some(pass) = current(turn, who) else { return &[] };
    match &pass.post {
        Some(Post::Sent(flight)) if flight.until < turn.state.now => return &[How::LostBefore],
        Some(Post::Sent(_)) => return ANSWERS,
        Some(Post::Waiting { .. }) => return &[How::Plainly, How::NotSent],
        None => {}
    }
    let fits = || turn.state.object.as_deref().is_some_and(|now| now.version == pass.object.version);
    match turn.machine.next(&pass.facts, &moment(turn, who)) {
        Next::Act(Effect::AskIndex { .. }) => &[How::Plainly, How::Unavailable],
        Next::Act(Effect::ReadBack | Effect::ReportOrphan(_) | Effect::Post { .. }) => &[How::Plainly],
        // A write that does not fit is refused, whatever happens to its answer.
        Next::Act(_) | Next::Verify { .. } if fits() => WRITES,
        _ => &[How::Plainly],
    }
}

/// Begins a pass with its first step, on the newest version or on the one the process has seen last.
pub fn begin(turn: &mut Turn<'_>, who: usize, fresh: bool, how: How) {
    if fresh {
        turn.deliver(who);
    }
    let a = name(turn, who);
    let process = &turn.state.processes[who];
    let seen = crate::world::words(process.cache.as_deref(), &turn.state.called);
    let age = if fresh { "" } else { ", which is out of date" };
    turn.say(|_| format!("{a}: begins a pass on {seen}{age}"));
    step(turn, who, how);
}

/// Takes one step of this process's pass, beginning one where there is none.
pub fn step(turn: &mut Turn<'_>, who: usize, how: How) {
    let Some(mut pass) = current(turn, who) else { return };
    pass.paused = false;
    let over = match pass.post.take() {
        Some(Post::Waiting { send_before }) => send(turn, who, &mut pass, send_before, how),
        Some(Post::Sent(flight)) => answer(turn, who, &mut pass, &flight, how),
        None => match decide(turn, who, &pass) {
            Next::Act(effect) => act(turn, who, &mut pass, effect, how),
            Next::Verify { id, chosen } => verify(turn, who, &mut pass, id, chosen, how),
            next => settle(turn, who, &pass, next),
        },
    };
    let over = over || ends_quietly(turn, who, &pass);
    let process = &mut turn.state.processes[who];
    if !over {
        process.memory = None;
        process.pass = Some(pass);
        return;
    }
    process.memory = Some((pass.object.uid, pass.facts.memory));
    process.pass = None;
    if process.stopping {
        *process = Process::new(process.name.0);
    }
}

fn decide(turn: &mut Turn<'_>, who: usize, pass: &Pass) -> Next {
    if pass.facts.look.as_ref().is_some_and(|look| look.answer == Index::Unusable) {
        turn.state.ghost.blind |= turn.state.ghost.lied;
    }
    turn.machine.next(&pass.facts, &moment(turn, who))
}

/// A pass that has nothing to do but end does so at once; only what it would do later is worth interrupting.
fn ends_quietly(turn: &mut Turn<'_>, who: usize, pass: &Pass) -> bool {
    let a = name(turn, who);
    if pass.post.is_some() {
        return false;
    }
    let next = turn.machine.next(&pass.facts, &moment(turn, who));
    let quiet = matches!(next, Next::Wait(_) | Next::Ended(_));
    if quiet {
        turn.say(|_| format!("{a}: the pass ends: {next:?}"));
    }
    quiet
}

/// The pass under way, or the one that would begin now.
fn current(turn: &Turn<'_>, who: usize) -> Option<Pass> {
    let process = &turn.state.processes[who];
    if let Some(pass) = &process.pass {
        return Some(pass.clone());
    }
    let object = process.cache.clone()?;
    let memory =
        process.memory.as_ref().filter(|(uid, _)| *uid == object.uid).map(|(_, memory)| memory.clone());
    let known = memory.is_some();
    let mut facts = facts(&object, memory.unwrap_or_default(), turn.state.now);
    turn.machine.begin(&mut facts, turn.state.now, known);
    Some(Pass { object, facts, post: None, paused: false })
}

fn facts(object: &Object, memory: Memory, now: Duration) -> Facts {
    Facts {
        bound: object.status.bound,
        claim: object.status.claim.clone(),
        finalizer: object.finalizer,
        deleting: object.deleting,
        destroying: object.destroying,
        adopt: object.adopt,
        question: object.status.question.as_ref().map(|question| question.token.clone()),
        answer: object.answer.clone(),
        // Looks of earlier passes are not kept, so any instant before this pass's first look says the same.
        read_at: now,
        restoring: false,
        timeout: TIMEOUT,
        settle_margin: MARGIN,
        memory,
        mine: None,
        unsure: None,
        look: None,
        ended: None,
        read_again: false,
        stale: false,
        gone: false,
    }
}

fn moment(turn: &Turn<'_>, who: usize) -> Moment {
    Moment {
        now: jiff::Timestamp::UNIX_EPOCH,
        clock: turn.state.now,
        nonce: turn.state.fresh_nonce(),
        stopping: turn.state.processes[who].stopping,
    }
}

fn name(turn: &Turn<'_>, who: usize) -> char {
    turn.state.processes[who].name.0
}

/// Carries out one effect; true when the pass is over.
fn act(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, effect: Effect, how: How) -> bool {
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
            Lesson::ReadBack(read_back(turn, pass))
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
        Effect::AddFinalizer => Lesson::Finalizer(
            write(turn, who, pass, how, "adds the finalizer", |object| object.finalizer = true).answer,
        ),
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

fn bind_found(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, id: i64, found: Found, how: How) -> bool {
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

fn stamp(turn: &mut Turn<'_>, id: i64, uid: u8) {
    if let Some(account) = turn.state.accounts.iter_mut().find(|account| account.id == id) {
        account.uid = Some(uid);
    }
}

fn send(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, send_before: Duration, how: How) -> bool {
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

fn answer(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, flight: &Flight, how: How) -> bool {
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
            turn.state.flights.push(flight.clone());
            Lesson::Lost
        }
        How::Repeated => {
            turn.state.flights.push(flight.clone());
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

/// What the account's own plan does with an id somebody named: reads it, checks the marker, binds it.
fn verify(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, id: i64, chosen: bool, how: How) -> bool {
    let found = if chosen { Found::Chosen } else { Found::Adopted };
    if turn.state.accounts.iter().any(|account| account.id == id && account.visible) {
        return bind_found(turn, who, pass, id, found, how);
    }
    ask(turn, who, pass, About::NotThere(id));
    true
}

/// The end of a pass, and what the account's own plan writes then. A write that does not fit is left to the next pass.
fn settle(turn: &mut Turn<'_>, who: usize, pass: &Pass, end: Next) -> bool {
    let a = name(turn, who);
    match end {
        Next::Bound(id) => settle_bound(turn, who, pass, id),
        Next::Stop(stop) => ask(turn, who, pass, About::Stop(stop)),
        Next::Release(release) => {
            turn.check(invariants::releasing(&turn.state, pass.object.uid, release));
            if release == Release::MayExist {
                turn.state.ghost.warned.push(pass.object.uid);
                turn.state.ghost.warned.sort_unstable();
                turn.state.ghost.warned.dedup();
            }
            let (wrote, _) = turn.write(&pass.object, |object| object.finalizer = false);
            turn.say(|_| format!("{a}: lets go ({release:?}): {wrote:?}"));
        }
        other => turn.say(|_| format!("{a}: the pass ends: {other:?}")),
    }
    true
}

fn settle_bound(turn: &mut Turn<'_>, who: usize, pass: &Pass, id: i64) {
    let a = name(turn, who);
    let object = &pass.object;
    if object.deleting {
        if object.destroying
            && turn.state.object.as_ref().is_some_and(|stored| stored.version == object.version)
        {
            turn.state.accounts.retain(|account| account.id != id);
            turn.say(|_| format!("{a}: destroys account {id}"));
        }
        let (wrote, _) = turn.write(object, |object| object.finalizer = false);
        turn.say(|_| format!("{a}: drops the finalizer: {wrote:?}"));
    } else if !object.finalizer {
        let (wrote, _) = turn.write(object, |object| object.finalizer = true);
        turn.say(|_| format!("{a}: puts the finalizer back: {wrote:?}"));
    } else {
        stamp(turn, id, object.uid);
        turn.say(|_| format!("{a}: the pass ends: bound to {id}"));
    }
}

/// Opens a question, unless the same stands open already. Ids it names are listed, so that they outlive it.
fn ask(turn: &mut Turn<'_>, who: usize, pass: &Pass, about: About) {
    let a = name(turn, who);
    if pass.object.status.question.as_ref().is_some_and(|open| open.about == about) {
        turn.say(|_| format!("{a}: the question still stands"));
        return;
    }
    let token = turn.state.fresh_token();
    let (wrote, _) = turn.write(&pass.object, |object| {
        if let About::Stop(Stop::Duplicate(ids)) = &about {
            add(&mut object.status.duplicates, ids);
        }
        object.status.question = Some(Question { token, about: about.clone() });
    });
    turn.say(|_| format!("{a}: asks a person about {about:?}: {wrote:?}"));
    if wrote == Wrote::Yes {
        turn.check(invariants::asking(&turn.state, &pass.object, &about));
    }
}

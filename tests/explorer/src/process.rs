//! A pass of a process: it calls the production machine, does what it says, and teaches it what came of it.
//!
//! One step is one effect. How an effect ends is chosen from [`ways`]; everything but [`How::Plainly`] is trouble.

use crate::{
    bounds::Trouble,
    hands::{act, answer, send},
    model::*,
    settle::{settle, verify},
    world::{Turn, words},
};
use chatwoot_operator::plan::{
    Moment,
    create::{Effect, Facts, Index, Memory, Next},
};
use std::time::Duration;

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
        // One that is still under way when its time-out comes has been lost at that instant already.
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
    let seen = words(process.cache.as_deref(), &turn.state.called);
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

pub fn name(turn: &Turn<'_>, who: usize) -> char {
    turn.state.processes[who].name.0
}

//! A pass: observe, then one effect after another, then the status, as the operator's driver does it.

use super::{How, Kind, Object, Pass, Sort, State, Turn};
use crate::{bounds::Trouble, fingerprint::of_words};
use chatwoot_operator::plan::{Again, End, Moment, Step, create::Wrote};
use std::rc::Rc;

const WRITES: &[How] = &[
    How::Plainly,
    How::AppliedWithoutAnswer,
    How::NotAppliedWithoutAnswer,
    How::AppliedWithConflict,
    How::DiedAfter,
];
const CHANGES: &[How] = &[How::Plainly, How::Failed, How::LostAfter, How::DiedAfter];
const LATE_CHANGES: &[How] = &[
    How::Plainly,
    How::Failed,
    How::LostAfter,
    How::LostUnderWay,
    How::Repeated,
    How::DiedAfter,
    How::DiedUnderWay,
];
/// No pass needs more steps.
const FUEL: usize = 60;

impl How {
    pub fn trouble(self) -> Option<Trouble> {
        Some(match self {
            How::Plainly => return None,
            How::AppliedWithoutAnswer | How::NotAppliedWithoutAnswer | How::AppliedWithConflict => {
                Trouble::Write
            }
            How::Failed => Trouble::Server,
            How::LostAfter | How::LostUnderWay => Trouble::Lost,
            How::Repeated => Trouble::Replay,
            How::DiedAfter | How::DiedUnderWay => Trouble::Crash,
        })
    }

    pub fn dies(self) -> bool {
        matches!(self, How::DiedAfter | How::DiedUnderWay)
    }
}

/// In which ways the next step of this process can end; none where there is nothing to look at.
pub fn ways<K: Kind>(kind: &K, state: &State<K>, who: usize) -> &'static [How] {
    let Some(pass) = current(kind, state, who) else { return &[] };
    match kind.next(&pass.machine, &moment(kind, state, who)) {
        Step::Act(effect) => match kind.sort(&effect) {
            Sort::Write => WRITES,
            Sort::Change { late: true } => LATE_CHANGES,
            Sort::Change { late: false } => CHANGES,
            Sort::Look => &[How::Plainly, How::Failed],
            Sort::Inside => &[How::Plainly],
        },
        Step::Settle(end) if is_written(kind, &pass.object, &end) => WRITES,
        Step::Settle(_) => &[How::Plainly],
    }
}

/// The watch of this process brings the newest version.
pub fn deliver<K: Kind>(turn: &mut Turn<'_, K>, who: usize) {
    let object = turn.state.object.clone();
    turn.state.processes[who].cache = object;
}

/// Takes one step of this process's pass, beginning one where there is none.
pub fn step<K: Kind>(turn: &mut Turn<'_, K>, who: usize, how: How) {
    let Some(mut pass) = current(turn.kind, &turn.state, who) else { return };
    let begins = turn.state.processes[who].pass.is_none();
    if begins {
        let (kind, object) = (turn.kind, pass.object.clone());
        turn.say(|_| format!("{}: looks at {}", name(who), words(kind, &object)));
    }
    pass.paused = false;
    pass.steps += 1;
    let over = match turn.kind.next(&pass.machine, &moment(turn.kind, &turn.state, who)) {
        Step::Act(effect) => {
            let kind = turn.kind;
            turn.say(|_| format!("{}: {} ({how:?})", name(who), kind.does_what(&effect)));
            let lesson = kind.act(turn, &mut pass, effect, how);
            turn.say(|_| format!("   and learns {}", kind.learns_what(&lesson)));
            kind.learn(&mut pass.machine, lesson);
            ends_quietly(turn, who, &pass)
        }
        Step::Settle(end) => {
            settle(turn, who, &mut pass, end, how);
            true
        }
    };
    if pass.steps > FUEL {
        turn.check(Err(K::endless()));
    }
    if how.dies() {
        turn.restart(who);
        turn.say(|_| format!("{}: dies, and starts anew", name(who)));
    } else if over {
        let process = &mut turn.state.processes[who];
        // A pass is never begun on a version that this process itself has replaced.
        process.cache = Some(pass.object.clone());
        process.memory = Some((pass.object.uid, turn.kind.remember(&pass.machine)));
        process.pass = None;
        let leads = turn.state.leader.is_none_or(|leader| leader == who);
        if process.stopping || !leads {
            turn.restart(who);
        }
    } else {
        pass.mark = of_words(&pass.machine);
        turn.state.processes[who].pass = Some(pass);
    }
}

/// A pass that has nothing to do but end does so at once; only what it would do later is worth interrupting.
fn ends_quietly<K: Kind>(turn: &mut Turn<'_, K>, who: usize, pass: &Pass<K>) -> bool {
    match turn.kind.next(&pass.machine, &moment(turn.kind, &turn.state, who)) {
        Step::Settle(end) if !is_written(turn.kind, &pass.object, &end) => {
            turn.say(|_| format!("{}: the pass ends: {:?}", name(who), end.again));
            true
        }
        _ => false,
    }
}

fn is_written<K: Kind>(kind: &K, object: &Object<K>, end: &End<K::Status>) -> bool {
    end.again != Again::Fresh && kind.stored(end.status.clone()) != object.status
}

fn settle<K: Kind>(turn: &mut Turn<'_, K>, who: usize, pass: &mut Pass<K>, end: End<K::Status>, how: How) {
    if !is_written(turn.kind, &pass.object, &end) {
        turn.say(|_| format!("{}: the pass ends: {:?}", name(who), end.again));
        return;
    }
    let status = turn.kind.stored(end.status);
    let kind = turn.kind;
    turn.say(|_| format!("{}: settles ({how:?}): {}", name(who), kind.words(&status)));
    write(turn, pass, how, |object| object.status = status);
}

/// One compare-and-swap on what this pass has read, and what its answer is.
pub fn write<K: Kind>(
    turn: &mut Turn<'_, K>,
    pass: &mut Pass<K>,
    how: How,
    change: impl FnOnce(&mut Object<K>),
) -> Wrote {
    let fits = |stored: &Rc<Object<K>>| stored.version == pass.object.version;
    let stored = turn.state.object.as_ref().filter(|stored| stored.uid == pass.object.uid);
    let wrote = match stored {
        None => Wrote::Gone,
        Some(stored) if !fits(stored) => Wrote::Conflict,
        Some(_) => Wrote::Yes,
    };
    if how == How::NotAppliedWithoutAnswer {
        return Wrote::Unknown;
    }
    let mut written = None;
    if wrote == Wrote::Yes {
        written = store(turn, change);
    }
    match how {
        How::AppliedWithoutAnswer | How::DiedAfter => Wrote::Unknown,
        How::AppliedWithConflict => Wrote::Conflict,
        _ => {
            pass.object = written.unwrap_or_else(|| pass.object.clone());
            wrote
        }
    }
}

/// Changes the stored object, whatever its version, and removes it when nothing holds it any more.
pub fn store<K: Kind>(turn: &mut Turn<'_, K>, change: impl FnOnce(&mut Object<K>)) -> Option<Rc<Object<K>>> {
    let mut object = Object::clone(turn.state.object.as_deref()?);
    change(&mut object);
    object.version = turn.state.fresh_version();
    turn.state.stripped &= !object.finalizer;
    let object = Rc::new(object);
    if object.deleting && !object.finalizer {
        turn.state.object = None;
        turn.say(|_| "   the resource is gone".into());
        turn.kind.gone(turn, &object);
    } else {
        turn.state.object = Some(object.clone());
    }
    Some(object)
}

/// The pass under way, or the one that would begin now.
fn current<K: Kind>(kind: &K, state: &State<K>, who: usize) -> Option<Pass<K>> {
    let process = &state.processes[who];
    if let Some(pass) = &process.pass {
        return Some(pass.clone());
    }
    let object = process.cache.clone()?;
    let memory = process.memory.as_ref().filter(|(uid, _)| *uid == object.uid);
    let memory = memory.map(|(_, memory)| memory.clone()).unwrap_or_default();
    let machine = kind.observe(state, &object, &memory);
    Some(Pass { object, machine, held: K::Held::default(), mark: 0, paused: false, steps: 0 })
}

fn moment<K: Kind>(kind: &K, state: &State<K>, who: usize) -> Moment {
    let seconds = i64::try_from(state.clock.as_secs()).unwrap_or_default();
    Moment {
        now: jiff::Timestamp::from_second(seconds).unwrap_or_default(),
        clock: state.clock,
        nonce: kind.fresh(state),
        stopping: state.processes[who].stopping || state.leader.is_some_and(|leader| leader != who),
    }
}

pub fn name(who: usize) -> char {
    ['A', 'B', 'C'].get(who).copied().unwrap_or('Z')
}

fn words<K: Kind>(kind: &K, object: &Object<K>) -> String {
    let finalizer = if object.finalizer { "finalizer" } else { "no finalizer" };
    let deleting = if object.deleting { ", deleting" } else { "" };
    format!("{:?}, {finalizer}{deleting}, {}", object.spec, kind.words(&object.status))
}

/// Cut to a line.
pub fn brief<T: std::fmt::Debug>(value: &T) -> String {
    let all = format!("{value:?}");
    match all.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &all[..at]),
        None => all,
    }
}

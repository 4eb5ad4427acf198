//! Everything that can happen in a state.

use crate::{
    bounds::Trouble,
    invariants::Violation,
    model::{ADOPTABLE, Object, Pass, State, Status},
    mutants::Machine,
    process::{self, How},
    world::Turn,
};
use chatwoot_operator::plan::create::Choice;
use std::rc::Rc;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The watch of an idle process brings the newest version.
    Deliver(usize),
    Begin {
        who: usize,
        fresh: bool,
        how: How,
    },
    Step(usize, How),
    Pause(usize),
    Crash(usize),
    Terminate(usize),
    Land(usize),
    Tick,
    /// The instance sweeps, and time passes.
    Rest,
    BreakIndex,
    RepairIndex,
    Delete {
        destroying: bool,
    },
    Switch,
    Recreate,
    Wipe,
    Strip,
    Adopt,
    Decide(Choice),
}

impl Action {
    fn troubles(self) -> [Option<Trouble>; 2] {
        let one = match self {
            Action::Deliver(_) | Action::Land(_) | Action::Tick | Action::Rest => None,
            Action::Begin { fresh, how, .. } => {
                return [(!fresh).then_some(Trouble::Stale), how.trouble()];
            }
            Action::Step(_, how) => how.trouble(),
            Action::Pause(_) => Some(Trouble::Pause),
            Action::Crash(_) => Some(Trouble::Crash),
            Action::Terminate(_) => Some(Trouble::Terminate),
            Action::BreakIndex | Action::RepairIndex => Some(Trouble::Index),
            Action::Delete { destroying: false } => Some(Trouble::DeleteKeeping),
            Action::Delete { destroying: true } => Some(Trouble::DeleteDestroying),
            Action::Switch => Some(Trouble::Switch),
            Action::Recreate => Some(Trouble::Recreate),
            Action::Wipe => Some(Trouble::Wipe),
            Action::Strip => Some(Trouble::Strip),
            Action::Adopt => Some(Trouble::Adopt),
            Action::Decide(_) => Some(Trouble::Decide),
        };
        [one, None]
    }
}

/// Carries out one action.
pub fn apply(
    machine: Machine,
    state: &State,
    action: Action,
    story: Option<&mut Vec<String>>,
) -> (State, Option<Violation>) {
    let mut turn = Turn { machine, state: state.clone(), broke: None, story };
    for trouble in action.troubles().into_iter().flatten() {
        turn.state.budget.spend(trouble);
    }
    match action {
        Action::Deliver(who) => turn.deliver(who),
        Action::Begin { who, fresh, how } => process::begin(&mut turn, who, fresh, how),
        Action::Step(who, how) => process::step(&mut turn, who, how),
        Action::Pause(who) => turn.pause(who),
        Action::Crash(who) => turn.crash(who),
        Action::Terminate(who) => turn.terminate(who),
        Action::Land(flight) => turn.land(flight),
        Action::Tick => turn.tick(),
        Action::Rest => {
            turn.sweep();
            turn.tick();
        }
        Action::BreakIndex => turn.set_index(false),
        Action::RepairIndex => turn.set_index(true),
        Action::Delete { destroying } => turn.delete(destroying),
        Action::Switch => turn.switch(),
        Action::Recreate => turn.recreate(),
        Action::Wipe => turn.wipe(),
        Action::Strip => turn.strip(),
        Action::Adopt => turn.adopt(),
        Action::Decide(choice) => turn.decide(choice),
    }
    turn.finish(state, action == Action::Wipe, matches!(action, Action::Crash(_)))
}

/// The next step of this process, as it goes when nothing goes wrong; `None` where there is nothing to look at.
pub fn plain_step(machine: Machine, state: &State, who: usize) -> Option<Action> {
    let mut turn = Turn { machine, state: state.clone(), broke: None, story: None };
    if state.processes[who].pass.is_some() {
        return process::ways(&turn, who).first().map(|how| Action::Step(who, *how));
    }
    turn.deliver(who);
    process::ways(&turn, who).first().map(|how| Action::Begin { who, fresh: true, how: *how })
}

/// Everything that can happen in this state.
pub fn actions(machine: Machine, state: &State) -> Vec<Action> {
    let mut all = vec![];
    for who in 0..state.processes.len() {
        processes(machine, state, who, &mut all);
    }
    all.extend((0..state.flights.len()).map(Action::Land));
    let still = |pass: &Pass| pass.paused || pass.post.is_some();
    if state.processes.iter().filter_map(|process| process.pass.as_ref()).all(still) {
        all.push(Action::Tick);
    }
    all.push(if state.index_works { Action::BreakIndex } else { Action::RepairIndex });
    people(state, &mut all);
    let mut budget;
    let mut affordable = vec![];
    for action in all {
        budget = state.budget.clone();
        let troubles = action.troubles().into_iter().flatten();
        if troubles.into_iter().all(|trouble| {
            let allowed = budget.allows(trouble);
            budget.spend(trouble);
            allowed
        }) {
            affordable.push(action);
        }
    }
    affordable
}

fn processes(machine: Machine, state: &State, who: usize, all: &mut Vec<Action>) {
    let process = &state.processes[who];
    let mut turn = Turn { machine, state: state.clone(), broke: None, story: None };
    if let Some(pass) = &process.pass {
        all.extend(process::ways(&turn, who).iter().map(|how| Action::Step(who, *how)));
        if !pass.paused && pass.post.is_none() {
            all.push(Action::Pause(who));
        }
        if !process.stopping {
            all.push(Action::Terminate(who));
        }
    } else {
        if state.budget.allows(Trouble::Stale) {
            let version =
                |object: &Option<Rc<Object>>| object.as_ref().map(|object| (object.uid, object.version));
            if version(&process.cache) != version(&state.object) {
                all.push(Action::Deliver(who));
                let old = process::ways(&turn, who).iter();
                all.extend(old.map(|how| Action::Begin { who, fresh: false, how: *how }));
            }
        }
        turn.deliver(who);
        let new = process::ways(&turn, who).iter();
        all.extend(new.map(|how| Action::Begin { who, fresh: true, how: *how }));
    }
    if process.pass.is_some() || process.memory.is_some() {
        all.push(Action::Crash(who));
    }
}

fn people(state: &State, all: &mut Vec<Action>) {
    let Some(object) = state.object.as_deref() else {
        all.push(Action::Recreate);
        return;
    };
    if object.deleting {
        all.push(Action::Switch);
        return;
    }
    all.extend([Action::Delete { destroying: false }, Action::Delete { destroying: true }]);
    // Nothing can hold where the status and the finalizer are lost together while an account may exist.
    let at_work = state.processes.iter().filter_map(|process| process.pass.as_ref());
    // Before the finalizer is known to stand, nothing is sent and every step is a compare-and-swap.
    let sends = |pass: &Pass| pass.facts.mine.is_some() && pass.facts.finalizer;
    let at_work = at_work.into_iter().any(|pass| sends(pass) || pass.post.is_some());
    let pending = at_work
        || state.in_the_air(object.uid) > 0
        || state.accounts.iter().any(|account| account.uid == Some(object.uid));
    let empty = object.status.claim.is_none() && object.status.bound.is_none();
    if object.status != Status::default() && (object.finalizer || !pending) {
        all.push(Action::Wipe);
    }
    if object.finalizer && (!empty || !pending) {
        all.push(Action::Strip);
    }
    if object.adopt.is_none() && object.status.bound.is_none() {
        all.push(Action::Adopt);
    }
    if let Some(question) = &object.status.question
        && object.answer.as_ref().is_none_or(|answer| answer.token != question.token)
    {
        all.push(Action::Decide(Choice::Create));
        let known = state.accounts.iter().filter(|account| account.uid.is_some() || account.id == ADOPTABLE);
        all.extend(known.map(|account| Action::Decide(Choice::Account(account.id))));
    }
}

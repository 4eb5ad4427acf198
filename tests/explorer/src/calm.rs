//! Once nothing goes wrong any more, every state must come to rest: bound, let go, or with a question that names the
//! problem.

use crate::{
    actions::{Action, apply, plain_step},
    fingerprint::{Met, fingerprint},
    invariants::{self, Violation},
    model::State,
    mutants::Machine,
};

/// No pass needs more steps, and no state more rounds.
const PASS: usize = 40;
const ROUNDS: usize = 40;

/// Follows the one calm way from this state; `known` are those that are known to end well.
pub fn comes_to_rest(
    machine: Machine,
    state: &State,
    known: &mut Met,
    story: Option<&mut Vec<String>>,
) -> Result<(), Violation> {
    let mut way = Vec::with_capacity(8);
    follow(machine, state, story, |mark| {
        way.push(mark);
        known.contains(&mark)
    })?;
    known.extend(way);
    Ok(())
}

fn follow(
    machine: Machine,
    state: &State,
    mut story: Option<&mut Vec<String>>,
    mut ends_well: impl FnMut(u128) -> bool,
) -> Result<(), Violation> {
    let mut act = |state: &State, action| match apply(machine, state, action, story.as_deref_mut()) {
        (next, None) => Ok(next),
        (_, Some(violation)) => Err(violation),
    };
    let mut state = state.clone();
    // Passes under way end first, one step at a time, so that ways meet early.
    let mut steps = 0;
    let mut mark = fingerprint(&state);
    while let Some(who) = state.processes.iter().position(|process| process.pass.is_some()) {
        if ends_well(mark) {
            return Ok(());
        }
        let action =
            plain_step(machine, &state, who).filter(|_| steps < PASS).ok_or(Violation::EndlessPass)?;
        state = act(&state, action)?;
        mark = fingerprint(&state);
        steps += 1;
    }
    for _ in 0..ROUNDS {
        if ends_well(mark) {
            return Ok(());
        }
        let before = mark;
        let names: Vec<char> = state.processes.iter().map(|process| process.name.0).collect();
        for name in names {
            state = pass(machine, state, name, &mut act)?;
        }
        state = act(&state, Action::Rest)?;
        mark = fingerprint(&state);
        if mark == before {
            return invariants::at_rest(&state);
        }
    }
    Err(Violation::Stuck)
}

/// Processes change places when they change.
fn place(state: &State, name: char) -> usize {
    state.processes.iter().position(|process| process.name.0 == name).unwrap_or_default()
}

/// Takes steps until this process is idle.
fn pass(
    machine: Machine,
    mut state: State,
    name: char,
    act: &mut impl FnMut(&State, Action) -> Result<State, Violation>,
) -> Result<State, Violation> {
    for _ in 0..PASS {
        let Some(action) = plain_step(machine, &state, place(&state, name)) else { return Ok(state) };
        state = act(&state, action)?;
        if state.processes[place(&state, name)].pass.is_none() {
            return Ok(state);
        }
    }
    Err(Violation::EndlessPass)
}

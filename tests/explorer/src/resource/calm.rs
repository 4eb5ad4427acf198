//! Once nothing goes wrong any more, every state must come to rest: passes that find nothing to do, and a status that
//! says so or names the problem.

use super::{How, Kind, Object, State, Turn, run, run::Running, step};
use crate::fingerprint::{Met, fingerprint};
use std::rc::Rc;

/// No pass needs more steps, and no state more rounds.
const PASS: usize = 80;
const ROUNDS: usize = 30;

pub fn comes_to_rest<K: Kind>(
    running: &Running<K>,
    state: &State<K>,
    known: &mut Met,
    story: Option<&mut Vec<String>>,
) -> Result<(), K::Violation> {
    let mut way = Vec::with_capacity(8);
    let listened = story.is_some();
    let mut turn = Turn { kind: &running.kind, state: state.clone(), broke: None, story };
    let mut ends_well = |turn: &Turn<'_, K>| {
        let mark = fingerprint(&turn.state);
        way.push(mark);
        known.contains(&mark) && !listened
    };
    let mut quiet = 0;
    // Passes under way end first, so that ways meet early.
    for who in 0..turn.state.processes.len() {
        if finish(&mut turn, who, &mut ends_well)? {
            known.extend(way);
            return Ok(());
        }
    }
    for _ in 0..ROUNDS {
        if ends_well(&turn) {
            known.extend(way);
            return Ok(());
        }
        let before = (turn.state.object.clone(), turn.state.chatwoot.clone());
        for who in 0..turn.state.processes.len() {
            if turn.state.leader.is_none_or(|leader| leader == who) {
                step::deliver(&mut turn, who);
                plainly(&mut turn, who)?;
                finish(&mut turn, who, &mut |_| false)?;
            }
        }
        running.kind.always(&turn.state)?;
        let same = same(&turn, &before);
        run::tick(&mut turn);
        turn.state = turn.state.clone().canonical();
        quiet = if same { quiet + 1 } else { 0 };
        if quiet == 3 {
            running.kind.at_rest(&turn.state)?;
            known.extend(way);
            return Ok(());
        }
    }
    Err(K::restless())
}

/// Nothing was written and nothing has changed in Chatwoot.
fn same<K: Kind>(turn: &Turn<'_, K>, (object, chatwoot): &(Option<Rc<Object<K>>>, K::Chatwoot)) -> bool {
    let stored = |object: &Option<Rc<Object<K>>>| {
        object.as_ref().map(|object| (object.uid, object.finalizer, object.status.clone()))
    };
    stored(object) == stored(&turn.state.object) && *chatwoot == turn.state.chatwoot
}

/// Takes this process's pass to its end; true where it is known how it goes on.
fn finish<K: Kind>(
    turn: &mut Turn<'_, K>,
    who: usize,
    ends_well: &mut impl FnMut(&Turn<'_, K>) -> bool,
) -> Result<bool, K::Violation> {
    for _ in 0..PASS {
        if turn.state.processes[who].pass.is_none() {
            return Ok(false);
        }
        if ends_well(turn) {
            return Ok(true);
        }
        plainly(turn, who)?;
    }
    Err(K::endless())
}

fn plainly<K: Kind>(turn: &mut Turn<'_, K>, who: usize) -> Result<(), K::Violation> {
    step::step(turn, who, How::Plainly);
    turn.state = turn.state.clone().canonical();
    turn.broke.take().map_or(Ok(()), Err)
}

//! What the account's own plan does around the protocol: it verifies ids that are named, and writes what a pass ends
//! with. The least of it that the promises need.

use crate::{
    hands::{bind_found, stamp},
    invariants,
    model::*,
    process::{How, name},
    world::{Turn, add},
};
use chatwoot_operator::plan::create::{Found, Next, Release, Stop, Wrote};

/// What the account's own plan does with an id somebody named: reads it, checks the marker, binds it.
pub fn verify(turn: &mut Turn<'_>, who: usize, pass: &mut Pass, id: i64, chosen: bool, how: How) -> bool {
    let found = if chosen { Found::Chosen } else { Found::Adopted };
    if turn.state.accounts.iter().any(|account| account.id == id && account.visible) {
        return bind_found(turn, who, pass, id, found, how);
    }
    ask(turn, who, pass, About::NotThere(id));
    true
}

/// The end of a pass, and what the account's own plan writes then. A write that does not fit is left to the next pass.
pub fn settle(turn: &mut Turn<'_>, who: usize, pass: &Pass, end: Next) -> bool {
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

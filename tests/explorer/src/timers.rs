//! Settle times that nobody reads again.
//!
//! They are most of what states differ in: two processes begin to count at many distances from each other, and from what
//! else is under way. Production reads a timer ([`Facts::settled_at`]) in two places only, so that it can be forgotten
//! where neither can be reached before it is started anew:
//! - to resolve a claim without an outcome (or one that is lost): never again once the resource is bound, or the claim has
//!   an outcome that says nothing was made, because neither is undone without another nonce taking its place;
//! - to bind a predecessor's account: never where there is no predecessor ([`State::has_predecessors`]).
//!
//! A timer for a nonce that stands nowhere any more is started anew by the next pass, exactly as if nothing were
//! remembered. One for a status that was lost is kept while the status may be lost again: the next loss would find it.
//! Machines that read timers elsewhere ([`Machine::forgets_timers`]) are explored with all of them; the test below holds
//! both explorations of the right machine against each other.
//!
//! [`Facts::settled_at`]: chatwoot_operator::plan::create::Facts::settled_at
//! [`Machine::forgets_timers`]: crate::mutants::Machine::forgets_timers

use crate::{bounds::Trouble, model::*};
use chatwoot_operator::plan::create::{Claim, LOST, Memory, Outcome};

pub fn forget(state: &mut State) {
    let first_life = !state.has_predecessors();
    let wipes = state.budget.allows(Trouble::Wipe);
    let now = state.now;
    let stored = state.object.clone();
    for process in &mut state.processes {
        let copies = [stored.as_deref(), process.cache.as_deref()];
        process.memory = process.memory.take().filter(|(uid, memory)| {
            let read_again = |copy: &&Object| copy.uid == *uid && is_read(memory, copy, first_life, wipes);
            memory.created.is_some() || copies.iter().flatten().any(read_again)
        });
        let Some(pass) = &mut process.pass else { continue };
        let facts = &mut pass.facts;
        let memory = &facts.memory;
        let over = match memory.nonce.as_str() {
            LOST => facts.bound.is_some() && !wipes,
            // A finalizer that this very pass has added makes it a status that was lost.
            "" => facts.bound.is_some() || (first_life && !facts.finalizer),
            _ => facts.bound.is_some() || (first_life && made_nothing(memory, facts.claim.as_ref())),
        };
        if over {
            facts.memory.first_seen = now;
            facts.memory.first_look = None;
        }
    }
}

/// Whether a pass that begins on `copy` goes on counting what `memory` has begun to count, and may read it.
fn is_read(memory: &Memory, copy: &Object, first_life: bool, wipes: bool) -> bool {
    let bound = copy.status.bound.is_some();
    match memory.nonce.as_str() {
        LOST => wipes || !bound && copy.status.claim.is_none(),
        "" => !first_life,
        nonce => {
            let stands = copy.status.claim.as_ref().is_some_and(|claim| claim.nonce == nonce);
            stands && !bound && !(first_life && made_nothing(memory, copy.status.claim.as_ref()))
        }
    }
}

fn made_nothing(memory: &Memory, claim: Option<&Claim>) -> bool {
    let known = claim.filter(|claim| claim.nonce == memory.nonce).and_then(|claim| claim.outcome);
    matches!(known, Some(Outcome::NotSent { .. } | Outcome::Rejected))
}

//! Nonces and tokens that nobody holds.

use super::Tenant;
use crate::resource::State;
use chatwoot_operator::{api::account::AccountStatus, plan::create::Memory};

/// The first of a fixed row, so that states which differ only in what was drawn meet.
pub fn fresh(state: &State<Tenant>) -> String {
    let held = held(state);
    (0..).map(|at| format!("n{at}")).find(|nonce| !held.contains(&nonce.as_str())).unwrap_or_default()
}

fn held(state: &State<Tenant>) -> Vec<&str> {
    let mut all = vec![];
    let passes = state.processes.iter().filter_map(|process| process.pass.as_ref());
    let copies = state.processes.iter().filter_map(|process| process.cache.as_ref());
    let copies = copies.chain(passes.clone().map(|pass| &pass.object)).chain(&state.object);
    for object in copies {
        of_status(&object.status, &mut all);
        all.extend(object.spec.answer.as_ref().map(|answer| answer.token.as_str()));
    }
    let remembered = state.processes.iter().filter_map(|process| process.memory.as_ref());
    for (_, memory) in remembered {
        of_memory(&memory.create, &mut all);
    }
    for pass in passes {
        let create = &pass.machine.create;
        of_status(&pass.machine.status, &mut all);
        of_memory(&create.memory, &mut all);
        all.extend(create.claim.as_ref().map(|claim| claim.nonce.as_str()));
        all.extend(create.mine.as_ref().map(|mine| mine.nonce.as_str()));
        all.extend(create.unsure.as_ref().map(|new| new.claim.nonce.as_str()));
        all.extend(create.question.as_deref());
        all.extend(create.answer.as_ref().map(|answer| answer.token.as_str()));
    }
    all
}

fn of_status<'a>(status: &'a AccountStatus, all: &mut Vec<&'a str>) {
    all.extend(status.creation.as_ref().map(|creation| creation.nonce.as_str()));
    all.extend(status.decision.as_ref().map(|decision| decision.token.as_str()));
}

fn of_memory<'a>(memory: &'a Memory, all: &mut Vec<&'a str>) {
    all.push(&memory.nonce);
    all.extend(memory.created.as_ref().map(|created| created.nonce.as_str()));
}

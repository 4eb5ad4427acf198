//! The production machine holds its promises in every state within these bounds.
//!
//! `cargo test -p chatwoot-explorer -- --nocapture` prints how many states that are; `explore --bound N` goes further.

use chatwoot_explorer::{
    bounds::Trouble,
    creating::Creating,
    explore::Search,
    fingerprint::fingerprint,
    model::State,
    mutants::Machine,
    scenarios::{self, FAULTS},
};
use std::{collections::HashSet, rc::Rc};

fn holds(search: &Search<Creating>) {
    let report = search.run();
    println!("{report}");
    assert!(report.found.is_none(), "{report}");
    assert!(report.complete, "not every state was visited");
}

fn hold(processes: usize, troubles: u8, kinds: &[Trouble]) {
    for index_works in [true, false] {
        holds(&scenarios::search(Machine::Production, processes, index_works, troubles, kinds));
    }
}

/// What Kubernetes and Chatwoot hold in every state that can be reached.
fn stored(machine: Machine, index_works: bool, troubles: u8, kinds: &[Trouble]) -> HashSet<u128> {
    let mut all = HashSet::new();
    let report = scenarios::search(machine, 2, index_works, troubles, kinds).visit(|state| {
        let State { object, accounts, index_works, .. } = state;
        // Names of claims depend on who else holds one.
        let mut object = object.clone();
        let claim = object.as_mut().and_then(|object| Rc::make_mut(object).status.claim.as_mut());
        claim.into_iter().for_each(|claim| claim.nonce.clear());
        all.insert(fingerprint(&(object, accounts, index_works)));
    });
    println!("{machine:?}: {report}");
    assert!(report.found.is_none() && report.complete, "{report}");
    all
}

#[test]
fn forgetting_timers_that_nobody_reads_again_forgets_no_outcome() {
    use Trouble::*;
    for (kinds, index_works) in
        [([Lost, Recreate, DeleteKeeping], true), ([Crash, Wipe, Lost], true), ([Lost, Decide, Adopt], false)]
    {
        let all = stored(Machine::Remembering, index_works, 2, &kinds);
        assert_eq!(stored(Machine::Production, index_works, 2, &kinds), all, "{kinds:?}");
    }
}

#[test]
fn one_process_makes_one_account_whatever_crashes_and_however_a_post_ends() {
    hold(1, 4, FAULTS);
}

#[test]
fn one_process_keeps_its_promises_whatever_people_do_meanwhile() {
    for index_works in [true, false] {
        holds(&scenarios::whole(1, index_works, 3));
    }
}

#[test]
fn two_processes_that_both_act_keep_them_too() {
    holds(&scenarios::whole(2, true, 2));
}

#[test]
fn two_processes_that_both_act_keep_them_without_an_index() {
    holds(&scenarios::whole(2, false, 2));
}

// What follows goes one trouble further, with fewer kinds of it.

#[test]
fn two_processes_with_stale_reads_and_crashes_make_one_account() {
    use Trouble::*;
    hold(2, 3, &[Stale, Crash, Lost]);
}

#[test]
fn two_processes_that_stand_still_anywhere_make_one_account() {
    use Trouble::*;
    // Without an index every outcome has to be settled by the claim alone.
    holds(&scenarios::search(Machine::Production, 2, false, 3, &[Pause, Lost]));
}

#[test]
fn two_processes_whose_writes_get_lost_or_wrong_answers_make_one_account() {
    use Trouble::*;
    hold(2, 3, &[Write, Lost, Lie]);
}

#[test]
fn two_processes_make_one_account_although_the_status_or_the_finalizer_is_lost() {
    use Trouble::*;
    hold(2, 3, &[Wipe, Strip, Lost]);
}

#[test]
fn two_processes_survive_deletion_another_life_and_adoption() {
    use Trouble::*;
    hold(2, 3, &[DeleteKeeping, Switch, Recreate, Adopt]);
}

//! The production machine holds its promises in every state within these bounds.
//!
//! `cargo test -p chatwoot-explorer -- --nocapture` prints how many states that are; `explore --bound N` goes further.

use chatwoot_explorer::{
    bounds::Trouble,
    explore::Search,
    mutants::Machine,
    scenarios::{self, FAULTS},
};

fn holds(search: &Search) {
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
    for index_works in [true, false] {
        holds(&scenarios::whole(2, index_works, 1));
    }
}

#[test]
fn two_processes_with_stale_reads_and_crashes_make_one_account() {
    use Trouble::*;
    hold(2, 2, &[Stale, Crash, Lost]);
}

#[test]
fn two_processes_that_stand_still_anywhere_make_one_account() {
    use Trouble::*;
    // With the index the states are a million; without it every outcome has to be settled by the claim alone.
    holds(&scenarios::search(Machine::Production, 2, false, 2, &[Pause, Lost]));
}

#[test]
fn two_processes_whose_writes_get_lost_or_wrong_answers_make_one_account() {
    use Trouble::*;
    hold(2, 2, &[Write, Crash, Lost, Lie]);
}

#[test]
fn two_processes_make_one_account_although_the_status_or_the_finalizer_is_lost() {
    use Trouble::*;
    hold(2, 2, &[Wipe, Strip, Lost]);
}

#[test]
fn two_processes_survive_deletion_another_life_and_adoption() {
    use Trouble::*;
    hold(2, 2, &[DeleteKeeping, DeleteDestroying, Recreate, Adopt, Lost]);
}

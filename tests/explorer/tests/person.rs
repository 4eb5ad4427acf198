//! A person's resource keeps its promises in every state within these bounds, and machines that are wrong in one thing
//! each are found.

use chatwoot_explorer::{
    bounds::Trouble::{self, *},
    person::{Person, Wish, mutants::Mutant, promises::Violation},
    scenarios::{self, WHOLE},
};
use chatwoot_operator::api::user::UserDeletionPolicy as Policy;

const ALICE: Wish = Wish { member: true, password: true, token: None, adopt: false, policy: Policy::Revoke };
/// Somebody whose token is published, and nothing else.
const APPLICATION: Wish =
    Wish { member: false, password: false, token: Some(1), adopt: false, policy: Policy::Revoke };
/// Everything that lets somebody come in as a person.
const ENTERING: Wish = Wish { password: true, ..APPLICATION };

fn holds(wish: Wish, stranger: bool, processes: (usize, bool), troubles: u8, kinds: &[Trouble]) {
    explore(Person { mutant: None, wish, adopts: false }, stranger, processes, troubles, kinds);
}

fn explore(kind: Person, stranger: bool, processes: (usize, bool), troubles: u8, kinds: &[Trouble]) {
    let report = scenarios::person(kind, stranger, processes, troubles, kinds).run();
    println!("{report}");
    assert!(report.found.is_none(), "{report}");
    assert!(report.complete, "not every state was visited");
}

/// Explores a wrong machine, with the right one for comparison, and returns what is broken first.
fn breaks(mutant: Mutant, wish: Wish, stranger: bool, troubles: u8, kinds: &[Trouble]) -> Option<Violation> {
    breaks_with(Person { mutant: Some(mutant), wish, adopts: false }, stranger, troubles, kinds)
}

fn breaks_with(wrong: Person, stranger: bool, troubles: u8, kinds: &[Trouble]) -> Option<Violation> {
    let mutant = wrong.mutant;
    let search = |mutant| {
        let kind = Person { mutant, ..wrong };
        scenarios::person(kind, stranger, (1, false), troubles, kinds)
    };
    let report = search(mutant).run();
    println!("{mutant:?}: {report}");
    let mut right = search(None);
    right.most_states = 20_000;
    let right = right.run();
    assert!(right.found.is_none(), "the right machine breaks too: {right}");
    report.found.map(|trace| trace.violation)
}

#[test]
fn one_process_keeps_a_persons_promises_whatever_fails() {
    holds(ALICE, false, (1, false), 2, WHOLE);
}

#[test]
fn a_membership_recorded_before_it_is_made() {
    let broken = breaks(Mutant::JoinsBeforeRecording, ALICE, false, 0, &[]);
    assert_eq!(broken, Some(Violation::JoinUnrecorded(42)));
}

#[test]
fn an_id_trusted_from_a_strangers_answer() {
    let broken = breaks(Mutant::TrustsStrangers, ALICE, true, 0, &[]);
    assert_eq!(broken, Some(Violation::BoundStranger(7)));
}

#[test]
fn a_post_before_the_finalizer_stands() {
    let broken = breaks(Mutant::SkipsTheFinalizer, ALICE, false, 0, &[]);
    assert_eq!(broken, Some(Violation::PostUnheld));
}

#[test]
fn a_password_not_set_again_after_a_post_of_which_nobody_knew_the_end() {
    let broken = breaks(Mutant::ForgetsTheUnknownPost, ALICE, false, 2, &[Lost, Edit]);
    assert_eq!(broken, Some(Violation::ReadyButNot("the password")));
}

#[test]
fn a_deletion_that_forgets_what_is_only_pending() {
    let broken = breaks(Mutant::ForgetsPendingOnDeletion, ALICE, false, 2, &[Lost, DeleteKeeping]);
    assert_eq!(broken, Some(Violation::LeftBehind(42)));
}

#[test]
fn a_membership_that_is_no_longer_declared_forgotten() {
    let broken = breaks(Mutant::ForgetsWhatIsUndeclared, ALICE, false, 1, &[Edit]);
    assert_eq!(broken, Some(Violation::LeftBehind(42)));
}

#[test]
fn a_request_under_way_forgotten_too_early() {
    let broken = breaks(Mutant::ForgetsLateJoins, ALICE, false, 2, &[Lost, Edit]);
    assert_eq!(broken, Some(Violation::LeftBehind(42)));
}

#[test]
fn a_person_destroyed_while_a_request_to_make_them_is_under_way() {
    let wish = Wish { policy: Policy::Delete, ..ALICE };
    let broken = breaks(Mutant::DestroysAtOnce, wish, false, 2, &[Lost, DeleteKeeping]);
    assert_eq!(broken, Some(Violation::NotDestroyed));
}

#[test]
fn a_person_written_to_without_having_been_read() {
    let broken = breaks(Mutant::WritesUnread, ALICE, false, 1, &[Lost, Edit, Behind]);
    assert!(matches!(broken, Some(Violation::Unread(_))), "{broken:?}");
}

#[test]
fn a_person_destroyed_although_only_their_access_was_to_be_taken_back() {
    let broken = breaks(Mutant::DestroysUnasked, ALICE, false, 1, &[DeleteKeeping]);
    assert_eq!(broken, Some(Violation::DestroyedUnasked));
}

#[test]
fn a_warning_given_only_after_the_finalizer_is_gone() {
    let wish = Wish { token: None, ..APPLICATION };
    let broken = breaks(Mutant::TellsAfterwards, wish, false, 3, &[Lost, DeleteKeeping, Write]);
    assert_eq!(broken, Some(Violation::Forgotten));
}

#[test]
fn what_may_exist_is_told_whatever_becomes_of_the_last_write() {
    let wish = Wish { token: None, ..APPLICATION };
    holds(wish, false, (1, false), 3, &[Lost, DeleteKeeping, Write, Crash, Terminate]);
}

#[test]
fn a_process_that_took_the_lead_remembers_what_the_one_before_it_may_have_sent() {
    holds(ALICE, false, (2, true), 2, &[Handover, Pause, Lost, Crash, DeleteKeeping, Edit, Write]);
}

#[test]
fn a_token_replaced_in_name_only() {
    let broken = breaks(Mutant::SkipsTheRotation, APPLICATION, false, 1, &[Edit]);
    assert_eq!(broken, Some(Violation::NotRotated(1)));
}

#[test]
fn whatever_interrupts_a_rotation_the_token_that_holds_is_published() {
    let kinds = [Crash, Terminate, Pause, Stale, Write, Server, Lost, Edit, DeleteKeeping];
    holds(APPLICATION, false, (1, false), 3, &kinds);
}

#[test]
fn two_processes_that_both_rotate_publish_the_token_that_holds() {
    holds(APPLICATION, false, (2, false), 1, &[Pause, Stale, Crash, Write, Lost, Edit]);
}

#[test]
fn a_stranger_with_the_address_is_never_touched() {
    holds(ALICE, true, (1, false), 2, WHOLE);
}

#[test]
fn every_deletion_policy_is_carried_out() {
    for policy in [Policy::Retain, Policy::Delete] {
        let wish = Wish { policy, ..ALICE };
        holds(wish, false, (1, false), 2, &[Lost, DeleteKeeping, Switch, Crash, Pause, Write, Behind]);
    }
}

#[test]
fn two_processes_that_both_act_make_one_person_with_one_password() {
    holds(ALICE, false, (2, false), 1, &[Pause, Stale, Lost, Crash, Write, Server]);
}

#[test]
fn what_arrives_while_a_deletion_stands_still_is_taken_back_too() {
    let wish = Wish { password: false, ..ALICE };
    holds(wish, false, (1, false), 3, &[Crash, DeleteKeeping, Pause]);
}

#[test]
fn nobody_comes_in_as_somebody_adopted_however_often_they_are_applied_again() {
    let kinds = [DeleteKeeping, Recreate, Lost, Crash, Terminate, Write, Wipe, Strip, Stale, Pause];
    let kind = Person { mutant: None, wish: ENTERING, adopts: true };
    explore(kind, true, (1, false), 3, &kinds);
    explore(kind, true, (1, false), 2, WHOLE);
}

#[test]
fn somebody_adopted_called_made_once_they_are_applied_again() {
    let wrong = Person { mutant: Some(Mutant::ForgetsWhoWasAdopted), wish: ENTERING, adopts: true };
    let broken = breaks_with(wrong, true, 2, &[DeleteKeeping, Recreate]);
    assert_eq!(broken, Some(Violation::CameIn(7)));
}

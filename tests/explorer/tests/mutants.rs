//! Machines that are wrong in one thing each: the exploration must find what it leads to.
//!
//! Each test prints the shortest way there (`cargo test -p chatwoot-explorer -- --nocapture`).

use chatwoot_explorer::{bounds::Trouble, invariants::Violation, mutants::Machine, scenarios};

/// Explores with `troubles` of `kinds` at most, and returns what is broken first.
fn breaks(
    machine: Machine,
    processes: usize,
    index_works: bool,
    troubles: u8,
    kinds: &[Trouble],
) -> Option<Violation> {
    let report = scenarios::search(machine, processes, index_works, troubles, kinds).run();
    println!("{machine:?}: {report}");
    // The right machine within the same bounds, as far as that is quick; protocol.rs goes to their end.
    let mut right = scenarios::search(Machine::Production, processes, index_works, troubles, kinds);
    right.most_states = 50_000;
    let right = right.run();
    assert!(right.found.is_none(), "the right machine breaks too: {right}");
    report.found.map(|trace| trace.violation)
}

#[test]
fn a_post_without_a_claim() {
    let broken = breaks(Machine::PostsWithoutClaim, 1, true, 0, &[]);
    assert_eq!(broken, Some(Violation::UnclaimedPost));
}

#[test]
fn a_failing_index_taken_for_an_empty_one() {
    let broken = breaks(Machine::TakesFailingIndexForEmpty, 1, false, 1, &[Trouble::Lost]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_repeat_without_the_settle_time() {
    let broken = breaks(Machine::RepeatsWithoutSettling, 1, true, 1, &[Trouble::Lost]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_claim_found_in_the_status_trusted_as_ones_own() {
    let broken = breaks(Machine::TrustsAClaimItFound, 2, true, 0, &[]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn the_finalizers_absence_trusted() {
    let kinds = [Trouble::Lost, Trouble::Strip];
    let broken = breaks(Machine::TrustsTheFinalizersAbsence, 1, true, 2, &kinds);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_conflict_retried_blindly() {
    let broken = breaks(Machine::RetriesConflictsBlindly, 2, true, 0, &[]);
    assert_eq!(broken, Some(Violation::UnclaimedPost));
}

#[test]
fn a_read_back_that_accepts_any_claim() {
    let broken = breaks(Machine::AcceptsAnyClaimOnReadBack, 2, true, 0, &[]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_settle_timer_for_the_object_and_not_for_the_claim() {
    let broken = breaks(Machine::KeepsOneTimerPerObject, 1, true, 2, &[Trouble::Lost]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_created_id_dropped_on_a_conflict() {
    let broken = breaks(Machine::DropsTheIdOnConflict, 1, true, 1, &[Trouble::Strip]);
    assert!(matches!(broken, Some(Violation::DroppedId(_))), "{broken:?}");
}

#[test]
fn an_answer_good_for_more_than_one_question() {
    let kinds = [Trouble::Lost, Trouble::Decide];
    let broken = breaks(Machine::ReusesAnswers, 1, false, 3, &kinds);
    assert_eq!(broken, Some(Violation::OldAnswerUsed));
}

#[test]
fn adopting_before_an_unfinished_create_is_resolved() {
    let kinds = [Trouble::Lost, Trouble::Adopt];
    let broken = breaks(Machine::AdoptsBeforeResolving, 1, true, 2, &kinds);
    assert!(matches!(broken, Some(Violation::AdoptedOverUnfinished(_))), "{broken:?}");
}

#[test]
fn a_predecessors_account_bound_at_first_sight() {
    let kinds = [Trouble::DeleteKeeping, Trouble::Recreate];
    let broken = breaks(Machine::BindsPredecessorsAtFirstSight, 1, true, 2, &kinds);
    assert!(matches!(broken, Some(Violation::BoundTooEarly(_))), "{broken:?}");
}

#[test]
fn a_refusal_believed_without_a_look() {
    let broken = breaks(Machine::BelievesRefusals, 1, true, 1, &[Trouble::Lie]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_person_asked_while_the_creator_is_at_work() {
    let broken = breaks(Machine::AsksTooEarly, 2, false, 0, &[]);
    assert_eq!(broken, Some(Violation::AskedTooEarly));
}

#[test]
fn letting_go_of_an_unfinished_create_in_silence() {
    let kinds = [Trouble::Lost, Trouble::DeleteKeeping];
    let broken = breaks(Machine::LetsGoInSilence, 1, false, 2, &kinds);
    assert_eq!(broken, Some(Violation::LetGoInSilence));
}

#[test]
fn a_repeat_that_leaves_no_note() {
    let broken = breaks(Machine::RepeatsWithoutNote, 1, true, 1, &[Trouble::Leak]);
    assert_eq!(broken, Some(Violation::RepeatWithoutNote));
}

#[test]
fn a_request_sent_however_late_its_turn_comes() {
    let broken = breaks(Machine::SendsLate, 2, true, 0, &[]);
    assert_eq!(broken, Some(Violation::UnclaimedPost));
}

#[test]
fn a_claim_read_back_and_repeated_with_the_timer_of_an_older_one() {
    let broken = breaks(Machine::GoesOnAfterReadingBack, 2, true, 2, &[Trouble::Stale, Trouble::Pause]);
    assert_eq!(broken, Some(Violation::UnclaimedPost));
}

#[test]
fn a_lost_status_taken_for_one_that_never_was() {
    let broken = breaks(Machine::TakesALostStatusForNone, 2, true, 2, &[Trouble::Pause, Trouble::Wipe]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_post_before_the_finalizer_stands() {
    let kinds = [Trouble::DeleteKeeping];
    let broken = breaks(Machine::PostsWithoutFinalizer, 1, true, 1, &kinds);
    assert_eq!(broken, Some(Violation::PostForNobody));
}

#[test]
fn a_finalizer_added_to_whatever_version_stands_there() {
    let broken = breaks(Machine::AddsFinalizerToAnyVersion, 2, true, 1, &[Trouble::Wipe]);
    assert_eq!(broken, Some(Violation::SecondPost));
}

#[test]
fn a_finalizer_added_to_whoever_has_the_name_now() {
    let kinds = [Trouble::DeleteKeeping, Trouble::Recreate];
    let broken = breaks(Machine::AddsFinalizerToAnyUid, 1, true, 2, &kinds);
    assert_eq!(broken, Some(Violation::PostForNobody));
}

#[test]
fn ones_own_claim_read_back_and_gone_on_with_although_an_id_stands_beside_it() {
    let kinds = [Trouble::Pause, Trouble::Write, Trouble::Decide];
    let broken = breaks(Machine::GoesOnOverAnId, 2, false, 3, &kinds);
    assert!(matches!(broken, Some(Violation::ClaimOverAnId(_))), "{broken:?}");
}

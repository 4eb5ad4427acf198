//! What is inside accounts keeps its promises in every state within these bounds, and machines that are wrong in one thing
//! each are found.

use chatwoot_explorer::{
    bounds::Trouble::{self, *},
    inside::{Inside, Wish, mutants::Mutant, promises::Violation},
    scenarios::{self, WHOLE},
};

const PLAIN: Wish = Wish { second: false, adopt: false, deletes: true };

fn kind(unique: bool, wish: Wish) -> Inside {
    Inside { mutant: None, unique, wish }
}

fn holds(kind: Inside, theirs: bool, processes: (usize, bool), troubles: u8, kinds: &[Trouble]) {
    let report = scenarios::inside(kind, theirs, processes, troubles, kinds).run();
    println!("{report}");
    assert!(report.found.is_none(), "{report}");
    assert!(report.complete, "not every state was visited");
}

/// Explores a wrong machine, with the right one for comparison, and returns what is broken first.
fn breaks(mutant: Mutant, kind: Inside, theirs: bool, troubles: u8, kinds: &[Trouble]) -> Option<Violation> {
    let search = |mutant| scenarios::inside(Inside { mutant, ..kind }, theirs, (1, false), troubles, kinds);
    let report = search(Some(mutant)).run();
    println!("{mutant:?}: {report}");
    let mut right = search(None);
    right.most_states = 20_000;
    let right = right.run();
    assert!(right.found.is_none(), "the right machine breaks too: {right}");
    report.found.map(|trace| trace.violation)
}

#[test]
fn one_process_keeps_the_promises_of_what_has_a_key_whatever_fails() {
    holds(kind(true, PLAIN), false, (1, false), 2, WHOLE);
}

#[test]
fn one_process_keeps_the_promises_of_what_is_renamed_whatever_fails() {
    holds(kind(false, PLAIN), false, (1, false), 2, WHOLE);
}

#[test]
fn what_others_have_made_is_never_touched() {
    for unique in [true, false] {
        holds(kind(unique, PLAIN), true, (1, false), 2, WHOLE);
    }
}

#[test]
fn what_is_to_be_taken_over_is_never_deleted() {
    for unique in [true, false] {
        holds(kind(unique, Wish { adopt: true, ..PLAIN }), true, (1, false), 2, WHOLE);
    }
}

#[test]
fn what_another_resource_is_bound_to_is_never_touched() {
    for unique in [true, false] {
        let mut search = scenarios::inside(
            kind(unique, PLAIN),
            false,
            (1, false),
            2,
            &[Lost, Behind, Edit, DeleteKeeping],
        );
        search.model.start.chatwoot.rival = true;
        let report = search.run();
        println!("{report}");
        assert!(report.found.is_none() && report.complete, "{report}");
    }
}

#[test]
fn a_process_that_takes_the_lead_doubles_nothing() {
    for unique in [true, false] {
        holds(
            kind(unique, PLAIN),
            false,
            (2, true),
            2,
            &[Handover, Pause, Lost, Crash, DeleteKeeping, Write, Behind],
        );
    }
}

#[test]
fn an_id_recorded_over_the_one_that_another_process_has_recorded() {
    let search = |mutant| {
        let kind = Inside { mutant, ..kind(false, PLAIN) };
        scenarios::inside(kind, false, (2, true), 2, &[Handover, Behind]).run()
    };
    let report = search(Some(Mutant::KeepsItsOwnId));
    assert_eq!(report.found.as_ref().map(|trace| &trace.violation), Some(&Violation::Doubled), "{report}");
    assert!(search(None).found.is_none());
}

#[test]
fn a_request_sent_before_it_is_noted() {
    let broken = breaks(Mutant::SendsBeforeNoting, kind(true, PLAIN), false, 1, &[Crash]);
    assert_eq!(broken, Some(Violation::Unnoted));
}

#[test]
fn a_request_sent_while_nothing_holds_the_resource() {
    let broken = breaks(Mutant::SkipsTheFinalizer, kind(true, PLAIN), false, 0, &[]);
    assert_eq!(broken, Some(Violation::Unheld));
}

#[test]
fn a_request_repeated_while_an_earlier_one_is_under_way() {
    // The second one is found by its name and removed, so nothing but the deletion shows that it was there.
    let broken = breaks(Mutant::RepeatsAtOnce, kind(false, PLAIN), false, 3, &[Lost, DeleteKeeping]);
    assert!(matches!(broken, Some(Violation::LeftBehind(_))), "{broken:?}");
}

#[test]
fn what_others_made_taken_over_unasked() {
    let broken = breaks(Mutant::TakesOverUnasked, kind(true, PLAIN), true, 0, &[]);
    assert!(matches!(broken, Some(Violation::BoundStranger(_))), "{broken:?}");
}

#[test]
fn a_name_given_before_the_id_is_recorded() {
    let broken = breaks(Mutant::RenamesBeforeBinding, kind(false, PLAIN), false, 1, &[Crash]);
    assert_eq!(broken, Some(Violation::Doubled));
}

#[test]
fn what_was_taken_over_deleted_with_its_resource() {
    let adopting = kind(true, Wish { adopt: true, ..PLAIN });
    let broken = breaks(Mutant::DeletesWhatItTookOver, adopting, true, 1, &[DeleteKeeping]);
    assert!(matches!(broken, Some(Violation::DeletedNotOurs(_))), "{broken:?}");
}

#[test]
fn a_second_one_of_ours_overlooked() {
    let broken = breaks(Mutant::ForgetsTwins, kind(false, PLAIN), false, 1, &[Replay]);
    assert_eq!(broken, Some(Violation::Doubled));
}

#[test]
fn an_id_that_counts_alone() {
    for unique in [true, false] {
        let broken = breaks(Mutant::TrustsTheId, kind(unique, PLAIN), false, 1, &[Behind]);
        assert!(matches!(broken, Some(Violation::WroteNotOurs(_))), "{broken:?}");
    }
}

#[test]
fn what_another_resource_has_made_meanwhile_taken_for_its_own() {
    let search = |mutant| {
        let kind = Inside { mutant, ..kind(true, PLAIN) };
        let mut search = scenarios::inside(kind, false, (1, false), 2, &[Lost, Behind]);
        search.model.start.chatwoot.rival = true;
        search.run()
    };
    let report = search(Some(Mutant::ForgetsRivals));
    let broken = report.found.as_ref().map(|trace| &trace.violation);
    assert!(matches!(broken, Some(Violation::BoundStranger(_))), "{report}");
}

#[test]
fn what_was_in_the_way_of_a_request_taken_for_its_outcome() {
    let broken = breaks(Mutant::KeepsWhatIsInTheWay, kind(true, PLAIN), false, 1, &[Behind]);
    assert!(matches!(broken, Some(Violation::BoundStranger(_))), "{broken:?}");
}

#[test]
fn a_resource_let_go_while_its_request_is_under_way() {
    let broken = breaks(Mutant::ForgetsWhatIsUnderWay, kind(true, PLAIN), false, 2, &[Lost, DeleteKeeping]);
    assert!(matches!(broken, Some(Violation::LeftBehind(_))), "{broken:?}");
}

//! An account's resource keeps its promises in every state within these bounds, from the first look to the last
//! finalizer, and machines that are wrong in one thing each are found.

use chatwoot_explorer::{
    bounds::Trouble::{self, *},
    scenarios::{self, WHOLE},
    tenant::{Tenant, mutants::Mutant, promises::Violation},
};
use chatwoot_operator::api::account::AccountDeletionPolicy as Policy;

fn holds(policy: Policy, index_works: bool, processes: (usize, bool), troubles: u8, kinds: &[Trouble]) {
    let kind = Tenant { mutant: None, policy, content: false };
    let report = scenarios::tenant(kind, index_works, processes, troubles, kinds).run();
    println!("{report}");
    assert!(report.found.is_none(), "{report}");
    assert!(report.complete, "not every state was visited");
}

/// Explores a wrong machine, with the right one for comparison, and returns what is broken first.
fn breaks(
    mutant: Mutant,
    policy: Policy,
    index_works: bool,
    troubles: u8,
    kinds: &[Trouble],
) -> Option<Violation> {
    breaks_with(Tenant { mutant: Some(mutant), policy, content: false }, index_works, troubles, kinds)
}

fn breaks_with(wrong: Tenant, index_works: bool, troubles: u8, kinds: &[Trouble]) -> Option<Violation> {
    let mutant = wrong.mutant;
    let search = |mutant| {
        let kind = Tenant { mutant, ..wrong };
        scenarios::tenant(kind, index_works, (1, false), troubles, kinds)
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
fn one_process_keeps_an_accounts_promises_whatever_fails() {
    for index_works in [true, false] {
        holds(Policy::Retain, index_works, (1, false), 2, WHOLE);
    }
}

#[test]
fn every_deletion_policy_is_carried_out_or_says_why_not() {
    for policy in [Policy::Suspend, Policy::Delete] {
        holds(
            policy,
            true,
            (1, false),
            2,
            &[Lost, Server, DeleteKeeping, Switch, Crash, Write, Behind, Index],
        );
    }
}

#[test]
fn two_processes_that_both_act_keep_an_accounts_promises() {
    holds(Policy::Delete, true, (2, false), 1, &[Pause, Stale, Lost, Crash, Write, DeleteKeeping, Switch]);
}

/// An account with content: at most one user of the operator's own, and none when the account is gone.
#[test]
fn the_operators_own_user_goes_with_its_account_whatever_fails() {
    for policy in [Policy::Retain, Policy::Suspend, Policy::Delete] {
        let kind = Tenant { mutant: None, policy, content: true };
        let kinds = [Lost, Server, DeleteKeeping, Switch, Crash, Write, Terminate, Replay, Recreate];
        let report = scenarios::tenant(kind, true, (1, false), 2, &kinds).run();
        println!("{report}");
        assert!(report.found.is_none(), "{report}");
        assert!(report.complete, "not every state was visited");
    }
}

fn breaks_its_user(mutant: Mutant, troubles: u8, kinds: &[Trouble]) -> Option<Violation> {
    breaks_with(Tenant { mutant: Some(mutant), policy: Policy::Delete, content: true }, true, troubles, kinds)
}

#[test]
fn a_user_left_behind() {
    let broken = breaks_its_user(Mutant::LeavesItsUser, 1, &[DeleteKeeping]);
    assert!(matches!(broken, Some(Violation::UserLeft(_))), "{broken:?}");
}

#[test]
fn a_user_asked_for_before_that_is_recorded() {
    let broken = breaks_its_user(Mutant::AsksUnrecorded, 1, &[Crash]);
    assert_eq!(broken, Some(Violation::UserUnrecorded));
}

#[test]
fn a_request_for_the_user_that_arrives_after_the_account_is_gone() {
    let broken = breaks_its_user(Mutant::ForgetsWhatIsUnderWay, 2, &[Lost, DeleteKeeping]);
    assert!(matches!(broken, Some(Violation::UserLeft(_))), "{broken:?}");
}

#[test]
fn an_account_written_to_without_having_been_read() {
    let broken = breaks(Mutant::WritesUnread, Policy::Retain, true, 1, &[Behind]);
    assert!(matches!(broken, Some(Violation::Unread(_))), "{broken:?}");
}

#[test]
fn a_foreign_marker_taken_for_ones_own() {
    let broken = breaks(Mutant::TakesForeignForOurs, Policy::Retain, true, 1, &[Behind]);
    assert_eq!(broken, Some(Violation::ReadyButNot("the marker")));
}

#[test]
fn an_account_destroyed_that_was_only_to_be_suspended() {
    let broken = breaks(Mutant::DestroysUnasked, Policy::Suspend, true, 1, &[DeleteKeeping]);
    assert!(matches!(broken, Some(Violation::DestroyedUnasked(_))), "{broken:?}");
}

#[test]
fn let_go_before_it_is_suspended() {
    let broken = breaks(Mutant::LetsGoBeforeSuspending, Policy::Suspend, true, 1, &[DeleteKeeping]);
    assert_eq!(broken, Some(Violation::OtherPolicy));
}

#[test]
fn a_finalizer_dropped_although_the_policy_has_changed_since() {
    let broken = breaks(Mutant::DropsWithoutTest, Policy::Retain, true, 3, &[Lost, DeleteKeeping, Switch]);
    assert_eq!(broken, Some(Violation::OtherPolicy));
}

#[test]
fn a_replaced_id_that_is_listed_nowhere() {
    let kinds = [Replay, Decide];
    let broken = breaks(Mutant::ForgetsWhatItReplaces, Policy::Retain, true, 2, &kinds);
    assert!(matches!(broken, Some(Violation::ChangedInSilence(_))), "{broken:?}");
}

#[test]
fn let_go_without_a_word_although_an_account_may_exist() {
    let kinds = [Lost, DeleteKeeping];
    let broken = breaks(Mutant::SaysNothingOfWhatMayExist, Policy::Retain, false, 2, &kinds);
    assert_eq!(broken, Some(Violation::LetGoInSilence));
}

#[test]
fn ready_said_before_it_is_so() {
    let broken = breaks(Mutant::SaysReadyBeforeItIs, Policy::Retain, true, 0, &[]);
    assert_eq!(broken, Some(Violation::ReadyButNot("the domain")));
}

#[test]
fn an_account_that_was_adopted_called_made_once_it_is_applied_again() {
    let kinds = [Adopt, DeleteKeeping, Recreate];
    let broken = breaks(Mutant::ForgetsWhatWasAdopted, Policy::Retain, true, 3, &kinds);
    assert_eq!(broken, Some(Violation::ReadyButNot("its origin")));
}

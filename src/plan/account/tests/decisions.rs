//! What only a person can decide, and how an answer counts.

use super::world::*;
use crate::{
    api::{
        account::{CreationOutcome, RepeatCause},
        conditions::{STALLED, reason},
    },
    chatwoot::outcome::Class,
    plan::{Again, account::*},
};
use serde_json::json;

fn token(world: &World) -> String {
    world.status.decision.as_ref().expect("nobody is asked").token.clone()
}

fn vanished() -> World {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.accounts.clear();
    world.due = true;
    world.seconds += 60;
    world.settle();
    world
}

fn unknown() -> World {
    let mut world = World::acme();
    world.books = Books::Broken;
    world.fail("post", Class::Timeout, 0);
    world.settle();
    assert_eq!(world.reason(), reason::CREATE_OUTCOME_UNKNOWN);
    world
}

#[test]
fn an_account_that_vanished_is_not_made_again_and_a_person_must_know() {
    let mut world = vanished();
    assert_eq!((world.reason(), world.status.id), (reason::EXTERNAL_RESOURCE_MISSING, Some(42)));
    assert!(
        world.is(STALLED) && world.message().ends_with("kubectl chatwoot resolve account acme/main --create")
    );
    let before = world.status.clone();
    world.seconds += 600;
    let pass = world.pass();
    assert!(!calls(&pass.effects).contains(&"post"));
    assert_eq!(world.status, before, "asked again, the question is the same");
}

#[test]
fn a_just_created_account_is_not_believed_to_be_gone() {
    let mut world = World::converged(json!({"name": "Acme"}));
    let made = world.accounts.clone();
    let creation = world.status.creation.clone().unwrap().started_at.as_second() - 1_800_000_000;
    world.seconds = creation as u64 + 10;
    world.accounts.clear();
    world.change(json!({"name": "Other"}));
    let pass = world.pass();
    assert_eq!(world.reason(), reason::PROGRESSING);
    assert_eq!(pass.end.again, Again::After(std::time::Duration::from_secs(20)));
    // Nor is its deletion believed to be over.
    world.deleting = true;
    world.spec.deletion_policy = crate::api::account::AccountDeletionPolicy::Delete;
    world.pass();
    assert!(!world.gone);
    world.accounts = made;
    world.deleting = false;
    world.seconds += 30;
    world.pass();
    assert!(world.is_ready());
}

#[test]
fn create_in_answer_to_a_vanished_account_makes_exactly_one_and_leaves_a_note() {
    let mut world = vanished();
    world.answer = Some(format!("{}/create", token(&world)));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "vanished", "post"], "{}", world.message());
    assert!(world.is_ready(), "{}", world.message());
    assert_eq!(world.accounts.len(), 1);
    let creation = world.status.creation.clone().unwrap();
    assert_eq!((creation.attempt, creation.repeats[0].cause), (2, RepeatCause::Decided));
    // The same annotation answers nothing any more.
    world.accounts.clear();
    world.due = true;
    world.settle();
    assert_eq!(world.reason(), reason::EXTERNAL_RESOURCE_MISSING);
}

#[test]
fn an_answer_given_during_an_outage_still_counts_when_it_is_over() {
    let mut world = unknown();
    let mine = world.mine();
    world.someone(42, Some(&mine));
    let asked = token(&world);
    world.answer = Some(format!("{asked}/account-id=42"));
    world.fail("get", Class::Timeout, 0);
    world.pass();
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    world.pass();
    assert!(world.is_ready(), "{}: {}", world.reason(), world.message());
    assert_eq!(world.status.creation.as_ref().unwrap().outcome, Some(CreationOutcome::Decided));
    assert!(world.status.decision.is_none());
}

#[test]
fn an_answer_that_names_somebody_elses_account_changes_nothing_and_may_be_corrected() {
    let mut world = unknown();
    let mine = world.mine();
    world.someone(42, Some(&mine));
    world.someone(43, Some(&marker_of("n-2", "other", "u-2")));
    let asked = token(&world);
    world.answer = Some(format!("{asked}/account-id=43"));
    world.pass();
    assert_eq!((world.reason(), world.status.id), (reason::NOT_OWNED, None));
    world.taken.insert(44);
    world.answer = Some(format!("{asked}/account-id=44"));
    world.pass();
    assert_eq!(world.reason(), reason::ACCOUNT_ALREADY_BOUND);
    world.answer = Some(format!("{asked}/account-id=42"));
    world.pass();
    assert_eq!(world.status.id, Some(42));
}

#[test]
fn an_old_answer_cannot_answer_a_new_question() {
    let mut world = unknown();
    let first = token(&world);
    world.answer = Some(format!("{first}/create"));
    world.fail("post", Class::Timeout, 0);
    world.settle();
    assert_eq!(world.reason(), reason::CREATE_OUTCOME_UNKNOWN);
    assert_ne!(token(&world), first);
    assert_eq!(world.status.creation.as_ref().unwrap().attempt, 2, "the answer was good once");
}

#[test]
fn another_question_has_another_token() {
    let mut world = unknown();
    let first = token(&world);
    // The index was repaired, and shows the account of a namesake in an earlier namespace.
    world.books = Books::Open;
    world.someone(40, Some(&marker_of("n-0", "main", "u-0")));
    world.settle();
    assert_eq!(world.reason(), reason::PREVIOUS_ACCOUNT_FOUND);
    assert_ne!(token(&world), first);
    assert!(world.message().ends_with("resolve account acme/main --create"), "{}", world.message());
}

#[test]
fn a_question_about_more_accounts_is_another_question() {
    let mut world = World::converged(json!({"name": "Acme"}));
    let mine = world.mine();
    world.someone(43, Some(&mine));
    world.swept = Some([42, 43].into());
    world.settle();
    let first = token(&world);
    world.someone(44, Some(&mine));
    world.swept = Some([42, 43, 44].into());
    world.settle();
    assert_ne!(token(&world), first);
    world.answer = Some(format!("{first}/account-id=43"));
    world.settle();
    assert_eq!((world.reason(), world.status.id), (reason::DUPLICATE_CREATED, Some(42)));
}

#[test]
fn a_second_account_is_told_never_touched_and_forgotten_when_it_vanishes() {
    let mut world = World::converged(json!({"name": "Acme"}));
    let mine = world.mine();
    world.someone(43, Some(&mine));
    let before = world.accounts.clone();
    world.swept = Some([42, 43].into());
    world.settle();
    assert_eq!(
        (world.reason(), world.status.duplicates.as_slice()),
        (reason::DUPLICATE_CREATED, [43].as_slice())
    );
    assert!(world.message().contains("42, 43"));
    // The question survives an outage.
    world.requested = Some("x".into());
    world.fail("get", Class::Timeout, 0);
    world.settle();
    assert_eq!(world.reason(), reason::DUPLICATE_CREATED);
    let asked = token(&world);
    world.answer = Some(format!("{asked}/account-id=42"));
    world.settle();
    assert!(world.is_ready() && world.message().contains("43"), "{}", world.message());
    assert_eq!(world.accounts, before);
    world.accounts.remove(&43);
    world.swept = Some([42].into());
    world.settle();
    assert!(world.status.duplicates.is_empty() && !world.message().contains("43"));
}

#[test]
fn the_other_one_of_two_may_be_chosen() {
    let mut world = World::converged(json!({"name": "Acme"}));
    let mine = world.mine();
    world.someone(43, Some(&mine));
    world.swept = Some([42, 43].into());
    world.settle();
    world.answer = Some(format!("{}/account-id=43", token(&world)));
    world.settle();
    assert_eq!((world.status.id, world.status.duplicates.as_slice()), (Some(43), [42].as_slice()));
    assert!(world.is_ready());
    assert_eq!(world.accounts[&42].name, "Acme");
    assert_eq!(world.accounts[&43].name, "Acme", "the chosen one has become as declared");
}

#[test]
fn after_a_restore_nothing_is_touched_until_somebody_says_so() {
    let mut world = World::converged(json!({"name": "Acme"}));
    // New UIDs, new namespace: what stands in Chatwoot is a namesake's.
    world.someone(42, Some(&marker_of("n-0", "main", "u-0")));
    let before = world.accounts.clone();
    world.due = true;
    world.settle();
    assert_eq!((world.reason(), &world.accounts), (reason::PREVIOUS_ACCOUNT_FOUND, &before));
    let mut restored = world.clone();
    let mut restoring = view();
    restoring.restoring = true;
    restored.instance = InstanceChoice::Known(Box::new(restoring));
    restored.settle();
    assert!(restored.is_ready());
    assert_eq!((restored.id(), restored.account().custom_attributes.len()), (42, 2));
    // Or a person lets it be.
    world.answer = Some(format!("{}/create", token(&world)));
    world.settle();
    assert!(world.is_ready(), "{}", world.message());
    assert_eq!(world.accounts[&42], before[&42]);
    assert_ne!(world.status.id, Some(42));
}

#[test]
fn while_restoring_nothing_is_created_blindly() {
    let mut world = World::acme();
    let mut restoring = view();
    restoring.restoring = true;
    world.instance = InstanceChoice::Known(Box::new(restoring));
    world.books = Books::Broken;
    let pass = world.pass();
    assert!(calls(&pass.effects).is_empty());
    assert_eq!(world.reason(), reason::WAITING_FOR_INSTANCE);
    assert!(matches!(pass.end.again, Again::After(_)), "nobody else would tell when that is over");
}

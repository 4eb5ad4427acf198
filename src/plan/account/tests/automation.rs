//! The operator's own user in an account: one, ours, and gone with the account.

use super::world::*;
use crate::{
    api::{
        account::{AutomationStatus, ProblemReason},
        conditions::reason,
    },
    chatwoot::{marker, outcome::Class, types::AccountState, types::MemberRole},
    plan::{
        NoTurn,
        account::{automation::Effect as Own, *},
        grants::Suspension,
    },
};
use serde_json::json;
use std::time::Duration;

const ADDRESS: &str = "chatwoot-operator+42@ops.example.com";

/// An account that is Ready on an instance with automation, and has content from now on.
fn with_content() -> World {
    let mut world = World::acme();
    world.domain = Some("ops.example.com".into());
    world.settle();
    assert!(world.users.is_empty() && world.status.automation.is_none(), "nothing needs a user yet");
    world.wanted = true;
    world
}

/// The same with its user.
fn served() -> World {
    let mut world = with_content();
    world.settle();
    assert_eq!(world.status.automation_user(), Some(17));
    world
}

fn problem(world: &World) -> Option<ProblemReason> {
    Some(world.status.automation.as_ref()?.problem.as_ref()?.reason)
}

fn users(world: &World) -> Vec<&str> {
    world.users.values().map(|user| user.email.as_str()).collect()
}

#[test]
fn the_first_content_brings_a_user_that_is_recorded_before_it_is_asked_for() {
    let mut world = with_content();
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "post user", "join"]);
    assert_eq!(pass.writes, 2, "the address, and the id");
    let user = &world.users[&17];
    assert_eq!(user.email, ADDRESS);
    assert_eq!(
        user.belongings.iter().map(|b| (b.account.0, b.role)).collect::<Vec<_>>(),
        [(42, Some(MemberRole::Administrator))]
    );
    let expected =
        AutomationStatus { email: ADDRESS.into(), user_id: Some(17), ..AutomationStatus::default() };
    assert_eq!(world.status.automation, Some(expected));
    assert!(world.is_ready());
    assert!(world.pass().effects.is_empty(), "and nothing after that");
}

#[test]
fn an_account_without_content_or_settings_costs_what_it_cost_before() {
    let mut world = World::acme();
    world.domain = Some("ops.example.com".into());
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["post"], 3));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0));
}

#[test]
fn without_a_domain_content_brings_nobody() {
    let mut world = with_content();
    world.domain = None;
    assert!(world.pass().effects.is_empty());
    assert!(world.is_ready());
}

#[test]
fn a_drift_check_reads_the_user_once_and_repairs_what_it_is_for() {
    let mut world = served();
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get", "get user"], 0));
    world.users.get_mut(&17).unwrap().belongings[0].role = Some(MemberRole::Agent);
    world.users.get_mut(&17).unwrap().email = "vandal@acme.example".into();
    world.due = true;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "get user", "patch user", "join"]);
    assert_eq!(users(&world), [ADDRESS]);
    // What has no content any more keeps its user: it goes with the account.
    world.wanted = false;
    world.due = true;
    assert_eq!(calls(&world.pass().effects), ["get", "get user"]);
}

#[test]
fn a_lost_answer_is_asked_for_again_and_makes_nobody_twice() {
    let mut world = with_content();
    world.fail("post user", Class::Timeout, 0);
    world.pass();
    assert!(world.is_ready(), "nothing the author asked for is missing");
    assert!(world.status.automation.as_ref().is_some_and(|own| own.unanswered_since.is_some()));
    // It had arrived all the same.
    world.users.insert(17, inside::user(17, ADDRESS, Some(&own_marker(UID))));
    world.seconds += 5;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "post user", "join"]);
    assert_eq!(users(&world), [ADDRESS]);
    assert_eq!(world.status.automation_user(), Some(17));
    assert!(
        world.status.automation.as_ref().is_some_and(|own| own.unanswered_since.is_some()),
        "a copy may still be under way"
    );
}

#[test]
fn somebody_who_has_the_address_is_neither_used_nor_touched() {
    for marker in [None, Some(world_marker())] {
        let mut world = with_content();
        world.users.insert(7, inside::user(7, ADDRESS, marker.as_ref()));
        let before = world.users.clone();
        world.settle();
        assert_eq!(world.users, before);
        assert_eq!(
            (world.status.automation_user(), problem(&world)),
            (None, Some(ProblemReason::AddressTaken))
        );
        assert!(world.is_ready() && world.message().contains(ADDRESS), "{}", world.message());
        // Not asked again: that would find the same person.
        world.due = true;
        assert_eq!(calls(&world.pass().effects), ["get"]);
        // An admin frees the address, and asks for a look.
        world.users.remove(&7);
        world.requested = Some("now".into());
        world.settle();
        assert_eq!((world.status.automation_user(), problem(&world)), (Some(17), None));
    }
}

fn world_marker() -> crate::chatwoot::marker::Marker {
    // The marker of a person's resource, which nobody may take for the user's.
    installation().marker("ChatwootUser", "acme", "n-1", "main", "u-9")
}

#[test]
fn an_address_that_chatwoot_says_is_taken_reads_the_same() {
    let mut world = with_content();
    world.failing.entry("post user").or_default().push(inside::taken());
    world.settle();
    assert_eq!(problem(&world), Some(ProblemReason::AddressTaken));
}

#[test]
fn a_request_for_a_look_asks_a_stranger_once() {
    let mut world = with_content();
    world.users.insert(7, inside::user(7, ADDRESS, None));
    world.settle();
    world.requested = Some("now".into());
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "post user"]);
    assert!(world.pass().effects.is_empty());
}

#[test]
fn a_full_licence_leaves_the_account_ready_and_says_so() {
    let mut world = with_content();
    world.fail("post user", Class::Invalid, 422);
    world.settle();
    assert_eq!(problem(&world), Some(ProblemReason::Refused));
    assert!(world.is_ready() && world.message().contains("HTTP 422"), "{}", world.message());
}

#[test]
fn a_user_that_vanished_is_made_again_and_one_that_lost_its_marker_is_left_alone() {
    let mut world = served();
    world.users.clear();
    world.due = true;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "get user", "vanished user", "post user", "join"]);
    assert_eq!(users(&world), [ADDRESS]);

    let user = world.users.values_mut().next().unwrap();
    user.custom_attributes.insert(marker::KEY.into(), json!(world_marker().to_string()));
    user.belongings.clear();
    let before = world.users.clone();
    world.due = true;
    world.settle();
    assert_eq!((world.status.automation_user(), problem(&world)), (None, Some(ProblemReason::NotOwned)));
    assert_eq!(world.users, before);
    assert!(world.is_ready());
    // Another domain changes nothing of that, and whoever asks for it in vain brings no look either.
    world.domain = Some("other.example.com".into());
    world.doubted = true;
    assert!(world.pass().effects.is_empty());
}

#[test]
fn a_404_that_is_not_chatwoots_own_makes_nobody() {
    let mut world = served();
    world.fail("get user", Class::NotFound, 404);
    world.due = true;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "get user", "vanished user"]);
    assert_eq!((world.status.automation_user(), world.users.len()), (Some(17), 1));
}

#[test]
fn somebody_who_found_the_user_gone_has_it_looked_at() {
    let mut world = served();
    world.doubted = true;
    assert_eq!(calls(&world.pass().effects), ["get", "get user"]);
}

#[test]
fn another_domain_gives_the_user_another_address() {
    let mut world = served();
    world.domain = Some("Other.example.com".into());
    world.settle();
    assert_eq!(users(&world), ["chatwoot-operator+42@other.example.com"]);
    // Somebody has the next one: the user keeps what it has, and can be used.
    let next = "chatwoot-operator+42@third.example.com";
    world.users.insert(7, inside::user(7, next, None));
    world.domain = Some("third.example.com".into());
    world.settle();
    assert_eq!(
        (world.status.automation_user(), problem(&world)),
        (Some(17), Some(ProblemReason::AddressTaken))
    );
    assert!(world.pass().effects.is_empty());
}

#[test]
fn nothing_is_made_in_an_account_that_is_suspended_paused_or_observed() {
    let mut suspended = with_content();
    suspended.verdict.suspension = Suspension::Yes;
    let mut behind = with_content();
    behind.account_mut().state = AccountState::Suspended;
    let mut paused = with_content();
    paused.change(json!({"name": "Acme", "paused": true}));
    let mut observed = with_content();
    observed.change(json!({"name": "Acme", "mode": "Observe"}));
    for mut world in [suspended, behind, paused, observed] {
        world.settle();
        assert!(world.users.is_empty() && world.status.automation.is_none(), "{:?}", world.spec);
    }
}

#[test]
fn every_deletion_policy_takes_the_user_along() {
    for (policy, after) in [
        ("Retain", vec!["get user", "delete user"]),
        ("Suspend", vec!["get", "patch", "get user", "delete user"]),
        ("Delete", vec!["get", "patch", "get user", "delete user", "delete"]),
    ] {
        let mut world = served();
        world.change(json!({"name": "Acme", "deletionPolicy": policy}));
        world.settle();
        world.deleting = true;
        assert_eq!(calls(&world.pass().effects), after, "{policy}");
        assert!(world.users.is_empty(), "{policy}");
    }
}

#[test]
fn a_user_that_is_not_ours_any_more_is_left_behind_with_a_word() {
    let mut world = served();
    world.users.get_mut(&17).unwrap().custom_attributes.clear();
    world.deleting = true;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get user"]);
    assert!(pass.effects.contains(&Effect::DropFinalizer(Some(Notice::AutomationLeft))));
    assert_eq!(world.users.len(), 1);
}

#[test]
fn a_request_under_way_is_waited_for_before_the_account_goes() {
    let mut world = with_content();
    world.fail("post user", Class::Timeout, 0);
    world.pass();
    world.deleting = true;
    world.seconds += 5;
    let pass = world.pass();
    assert!(calls(&pass.effects).is_empty() && !world.gone, "a copy may still arrive");
    assert_eq!(world.reason(), reason::DELETING);
    // It arrives; and is found by asking once more.
    world.users.insert(17, inside::user(17, ADDRESS, Some(&own_marker(UID))));
    world.seconds += 70;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["post user", "delete user"]);
    assert!(world.gone && world.users.is_empty());
}

#[test]
fn a_dead_chatwoot_holds_a_retained_account_for_the_grace_and_no_longer() {
    let mut world = served();
    world.deleting = true;
    world.no_turn = Some(NoTurn::Down { retry_in: Duration::from_secs(1) });
    world.pass();
    assert!(!world.gone);
    assert_eq!(world.reason(), reason::DELETING);
    world.deleting_for = 120;
    let pass = world.pass();
    assert!(world.gone && pass.effects.contains(&Effect::DropFinalizer(Some(Notice::AutomationLeft))));
}

#[test]
fn an_instance_that_cannot_be_used_holds_nothing() {
    let mut world = served();
    world.deleting = true;
    world.instance = InstanceChoice::Missing { name: "main".into(), namespace: "ops".into() };
    let pass = world.pass();
    assert!(world.gone && calls(&pass.effects).is_empty());
    assert!(pass.effects.contains(&Effect::DropFinalizer(Some(Notice::AutomationLeft))));
}

/// A namespace that is cleared away: the account's deletion can be heard of before that of what is inside.
#[test]
fn content_is_given_the_time_to_be_heard_of_as_going() {
    let mut world = with_content();
    world.settle();
    world.deleting = true;
    world.deleting_for = 0;
    let before = world.status.clone();
    let pass = world.pass();
    assert!(calls(&pass.effects).is_empty() && !world.gone);
    assert_eq!(world.status, before, "no write says so");
    world.deleting_for = 2;
    world.pass();
    assert!(world.gone && world.users.is_empty());
}

#[test]
fn content_that_is_going_is_waited_for_and_not_for_ever() {
    let mut world = served();
    world.leaving = true;
    world.deleting = true;
    assert!(calls(&world.pass().effects).is_empty() && !world.gone);
    world.deleting_for = 121;
    world.pass();
    assert!(world.gone && world.users.is_empty());
}

#[test]
fn an_account_whose_user_was_never_asked_for_is_deleted_as_before() {
    let mut world = with_content();
    world.deleting = true;
    let pass = world.pass();
    assert!(world.gone && calls(&pass.effects).is_empty());
    assert!(!pass.effects.iter().any(|effect| matches!(effect, Effect::Automation(Own::Post { .. }))));
}

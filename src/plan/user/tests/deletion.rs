//! Deleting a person's resource, for every policy and every state of the world.

use super::world::*;
use crate::{
    api::{
        common::{Mode, Role},
        conditions::reason,
        user::{MembershipState, UserDeletionPolicy as Policy},
    },
    chatwoot::{
        outcome::Class,
        types::{AccountId, Belonging, MemberRole},
    },
    plan::{Again, NoTurn, account::InstanceChoice, grants::Fit, user::*},
};
use serde_json::json;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Bound,
    /// A finalizer without an id: a POST may have gone through.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sky {
    Clear,
    Down,
    Missing,
}

fn prepared(held: Held) -> World {
    let value = json!({"memberships": [member("main", Role::Agent)]});
    match held {
        Held::Bound => World::converged(value),
        Held::Unknown => {
            let mut world = World::new(value);
            world.loses_answer = true;
            world.pass();
            world
        }
    }
}

fn go(world: &mut World, policy: Policy) {
    world.deleting = true;
    world.spec.deletion_policy = policy;
    world.generation += 1;
}

fn notice(effects: &[Effect]) -> Option<Notice> {
    effects.iter().find_map(|effect| match effect {
        Effect::DropFinalizer(notice) => *notice,
        _ => None,
    })
}

#[test]
fn deleting_with_every_policy_in_every_state_ends_or_says_how_to_get_out() {
    for policy in [Policy::Retain, Policy::Revoke, Policy::Delete] {
        for held in [Held::Bound, Held::Unknown] {
            for sky in [Sky::Clear, Sky::Down, Sky::Missing] {
                for granted in [true, false] {
                    for paused in [true, false] {
                        one_deletion(policy, held, sky, granted, paused);
                    }
                }
            }
        }
    }
}

fn one_deletion(policy: Policy, held: Held, sky: Sky, granted: bool, paused: bool) {
    let case = format!("{policy:?}, {held:?}, {sky:?}, granted: {granted}, paused: {paused}");
    let mut world = prepared(held);
    match sky {
        Sky::Clear => {}
        Sky::Down => world.no_turn = Some(NoTurn::Down { retry_in: Duration::from_secs(5) }),
        Sky::Missing => {
            world.instance = InstanceChoice::Missing { name: "main".into(), namespace: "ops".into() }
        }
    }
    go(&mut world, policy);
    world.spec.paused = paused;
    if !granted {
        world.may_delete = Fit::Refused(refusal());
    }
    let mut effects = Vec::new();
    for _ in 0..4 {
        if world.gone {
            break;
        }
        effects.extend(world.pass().effects);
        if calls(&effects).contains(&"delete") {
            world.users.clear();
        }
        world.seconds += 100;
    }
    let acts = sky == Sky::Clear && !paused;
    let deletes = calls(&effects).contains(&"delete");
    assert!(!deletes || (policy == Policy::Delete && granted && acts), "{case}");
    assert!(!calls(&effects).contains(&"leave") || (policy != Policy::Retain && acts), "{case}");
    let free = match policy {
        Policy::Retain => true,
        _ if paused => false,
        Policy::Revoke => held == Held::Unknown || sky == Sky::Clear,
        Policy::Delete => granted && sky == Sky::Clear,
    };
    assert_eq!(world.gone, free, "{case}: {} {}", world.reason(), world.message());
    if free {
        let expected = match (policy, held) {
            (Policy::Delete, _) => Some(Notice::Deleted),
            (_, Held::Unknown) => Some(Notice::MayExist),
            (Policy::Retain, _) => Some(Notice::Retained),
            (Policy::Revoke, _) => None,
        };
        assert_eq!(notice(&effects), expected, "{case}");
        return;
    }
    assert_eq!(world.reason(), reason::DELETION_BLOCKED, "{case}");
    assert!(world.message().ends_with("set spec.deletionPolicy: Retain"), "{case}: {}", world.message());
    world.spec.deletion_policy = Policy::Retain;
    world.generation += 1;
    world.pass();
    assert!(world.gone, "{case}: Retain lets go at once");
}

#[test]
fn a_person_is_not_destroyed_while_a_request_may_still_make_them_again() {
    let mut world = World::new(json!({"memberships": []}));
    world.loses_answer = true;
    world.pass();
    go(&mut world, Policy::Delete);
    let waits = world.pass();
    assert!(
        calls(&waits.effects).contains(&"post") && !calls(&waits.effects).contains(&"delete"),
        "{waits:#?}"
    );
    assert_eq!(world.reason(), reason::DELETING);
    assert!(matches!(waits.end.again, Again::After(_)), "{waits:#?}");
    world.seconds += 100;
    assert!(calls(&world.pass().effects).contains(&"delete"));
}

#[test]
fn revoking_takes_back_what_was_given_and_keeps_the_person() {
    let mut world = prepared(Held::Bound);
    world.user_mut().belongings.push(Belonging { account: AccountId(99), role: None });
    go(&mut world, Policy::Revoke);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "leave"]);
    assert_eq!(world.users[&7].belongings.iter().map(|b| b.account.0).collect::<Vec<_>>(), [99]);
    assert!(world.gone);
}

#[test]
fn somebody_others_count_on_is_not_destroyed_and_the_event_says_so() {
    let mut world = prepared(Held::Bound);
    world.user_mut().belongings.push(Belonging { account: AccountId(99), role: None });
    go(&mut world, Policy::Delete);
    let pass = world.pass();
    assert_eq!(
        (calls(&pass.effects), notice(&pass.effects)),
        (vec!["get", "leave"], Some(Notice::KeptForOthers))
    );
    assert_eq!(world.users.len(), 1);
}

#[test]
fn a_person_without_our_marker_is_neither_destroyed_nor_taken_out_of_anything() {
    for marker in [
        None,
        Some(
            crate::chatwoot::marker::Installation::new("f".repeat(16), vec![1; 32])
                .marker("x", "y", "z", "a", UID),
        ),
    ] {
        let mut world = prepared(Held::Bound);
        world.user_mut().custom_attributes.clear();
        if let Some(marker) = marker {
            world
                .user_mut()
                .custom_attributes
                .insert(crate::chatwoot::marker::KEY.into(), json!(marker.to_string()));
        }
        let before = world.users.clone();
        go(&mut world, Policy::Delete);
        let pass = world.pass();
        assert_eq!(calls(&pass.effects), ["get"]);
        assert_eq!((world.reason(), &world.users), (reason::DELETION_BLOCKED, &before));
    }
}

#[test]
fn one_membership_that_cannot_be_taken_back_holds_up_no_other() {
    let mut world = World::converged(
        json!({"memberships": [member("main", Role::Agent), member("second", Role::Agent)]}),
    );
    world.broken_accounts.insert(42, Class::Server);
    go(&mut world, Policy::Revoke);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "leave", "leave"]);
    assert_eq!(world.user().belongings.len(), 1);
    assert_eq!(world.reason(), reason::DELETION_BLOCKED);
    assert!(matches!(pass.end.again, Again::Backoff { .. }));
    world.broken_accounts.clear();
    world.pass();
    assert!(world.gone && world.users[&7].belongings.is_empty());
}

#[test]
fn the_credentials_secret_goes_with_its_resource_also_one_of_an_attempt_that_failed() {
    let value = json!({"password": {"generate": {}}, "credentialsSecret": {"name": "alice"}});
    let mut world = World::new(value);
    world.fail("post", Class::Timeout);
    world.pass();
    assert_eq!((world.ours.len(), world.status.credentials_secret.as_ref()), (1, None));
    go(&mut world, Policy::Retain);
    world.secrets_fail = true;
    let pass = world.pass();
    assert!(matches!(pass.end.again, Again::Backoff { .. }), "no hot loop: {:?}", pass.end.again);
    world.secrets_fail = false;
    world.pass();
    assert!(world.gone && world.ours.is_empty());
}

#[test]
fn whoever_was_to_be_adopted_is_never_asked_for_by_post() {
    let mut world = World::new(json!({}));
    world.fail("post", Class::Timeout);
    world.pass();
    world.someone(7, ALICE, None);
    world.change(json!({"adopt": {"id": 7}}));
    go(&mut world, Policy::Delete);
    let effects = world.settle();
    assert!(world.gone && calls(&effects).is_empty(), "{effects:?}");
    assert_eq!(notice(&effects), Some(Notice::MayExist));
}

#[test]
fn observing_and_a_released_instance_let_go_without_a_call() {
    for released in [true, false] {
        let mut world = prepared(Held::Bound);
        if released {
            world.status.instance.as_mut().unwrap().released = Some(true);
        } else {
            world.spec.mode = Mode::Observe;
        }
        go(&mut world, Policy::Delete);
        let pass = world.pass();
        assert!(calls(&pass.effects).is_empty() && world.gone);
        assert_eq!(notice(&pass.effects), Some(Notice::Retained));
    }
}

#[test]
fn access_that_arrives_after_the_deletion_began_is_taken_back_too() {
    let mut world = World::new(json!({"memberships": [member("main", Role::Agent)]}));
    world.broken_accounts.insert(42, Class::Timeout);
    world.pass();
    go(&mut world, Policy::Revoke);
    let waits = world.pass();
    assert!(!world.gone && waits.end.again == Again::After(Duration::from_secs(70)), "{waits:?}");
    assert_eq!(world.reason(), reason::DELETING);
    world.broken_accounts.clear();
    let arrived = Belonging { account: AccountId(42), role: Some(MemberRole::Agent) };
    world.user_mut().belongings.push(arrived);
    world.seconds += 70;
    assert_eq!(calls(&world.pass().effects), ["get", "leave"]);
    assert!(world.gone);
}

#[test]
fn a_membership_that_was_made_and_answered_holds_no_deletion_up() {
    let mut world = World::new(json!({"memberships": [member("main", Role::Agent)]}));
    world.pass();
    go(&mut world, Policy::Revoke);
    assert_eq!(calls(&world.pass().effects), ["get", "leave"]);
    assert!(world.gone);
}

#[test]
fn a_membership_that_vanished_is_recorded_as_pending_before_it_is_made_again() {
    let mut world = World::converged(json!({"memberships": [member("main", Role::Agent)]}));
    world.user_mut().belongings.clear();
    world.due = true;
    let effects = world.pass().effects;
    let recorded = effects.iter().position(|effect| {
        matches!(effect, Effect::Write(status, _)
        if status.memberships.iter().all(|made| made.state == MembershipState::Pending))
    });
    let joined = effects.iter().position(|effect| matches!(effect, Effect::Join { .. }));
    assert!(recorded.is_some() && recorded < joined, "{effects:?}");
}

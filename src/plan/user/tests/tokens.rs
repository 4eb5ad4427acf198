//! Rotating the API token: another value makes another one, once, and wherever it is interrupted the Secret ends with the
//! token that holds.

use super::world::*;
use crate::{
    api::conditions::{CREDENTIALS_PUBLISHED, reason},
    chatwoot::{outcome::Class, version::Version},
    plan::{
        Again,
        account::InstanceChoice,
        user::{
            token::{Noted, is_due},
            *,
        },
    },
};
use serde_json::json;

fn rotation(value: &str) -> serde_json::Value {
    json!({"credentialsSecret": {"name": "alice", "accessToken": {"rotation": value}}})
}

fn unrotated() -> serde_json::Value {
    json!({"credentialsSecret": {"name": "alice", "accessToken": {}}})
}

fn recorded(world: &World) -> Option<&str> {
    world.status.access_token.as_ref().map(|token| token.rotation.as_str())
}

/// The Secret has the token that holds.
fn is_published(world: &World) -> bool {
    world.published.get("alice").is_some_and(|(token, _)| *token == world.tokens[&7])
}

#[test]
fn another_value_than_that_of_the_published_token_is_due() {
    let noted = |rotation| Some(Noted { rotation });
    for (recorded, published, due) in [
        // Nobody has a token yet.
        (None, None, false),
        (Some("1"), None, true),
        (Some("2"), None, false),
        // Published before any rotation was declared.
        (None, noted(None), true),
        (Some("1"), noted(None), true),
        // The note was stripped.
        (Some("2"), noted(None), false),
        (Some("1"), noted(Some("1")), true),
        // Interrupted after the Secret was written.
        (Some("1"), noted(Some("2")), false),
        (None, noted(Some("2")), false),
        (None, noted(Some("1")), true),
    ] {
        assert_eq!(is_due("2", recorded, published), due, "{recorded:?} {published:?}");
    }
}

#[test]
fn a_new_persons_first_token_is_published_as_it_is() {
    let mut world = World::new(rotation("1"));
    world.settle();
    assert!(world.is_ready() && world.is(CREDENTIALS_PUBLISHED), "{}", world.message());
    assert_eq!((world.rotations, recorded(&world)), (0, Some("1")));
    assert!(is_published(&world));
}

#[test]
fn another_value_makes_another_token_once() {
    let mut world = World::converged(rotation("1"));
    world.change(rotation("2"));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "rotate"]);
    assert_eq!((world.rotations, recorded(&world), pass.writes), (1, Some("2"), 1));
    assert!(is_published(&world) && world.is_ready());
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), world.rotations), (vec!["get"], 1));
    assert!(!pass.effects.contains(&Effect::ReadRotation), "what is recorded need not be looked up");
}

#[test]
fn a_token_that_people_have_is_replaced_by_the_first_value_too() {
    let mut world = World::converged(unrotated());
    assert_eq!(recorded(&world), None);
    world.change(rotation("1"));
    world.settle();
    assert_eq!((world.rotations, recorded(&world)), (1, Some("1")));
    assert!(is_published(&world));
    // Neither taking the value away nor the same one again replaces anything.
    for value in [unrotated(), rotation("1")] {
        world.change(value);
        world.settle();
        assert_eq!(world.rotations, 1);
    }
}

#[test]
fn killed_after_any_step_the_secret_ends_with_the_token_that_holds() {
    for steps in 0..20 {
        let mut world = World::converged(rotation("1"));
        world.change(rotation("2"));
        let done = world.dies_after(steps);
        world.settle();
        assert!(world.is_ready() && is_published(&world), "after {steps} steps");
        assert_eq!(recorded(&world), Some("2"));
        assert!((1..=2).contains(&world.rotations), "{} rotations after {steps} steps", world.rotations);
        if done < steps {
            assert!(done > 3, "it has more steps than {done}");
            return;
        }
    }
    panic!("it never came to its end");
}

#[test]
fn a_new_person_whose_process_is_killed_keeps_their_first_token() {
    for steps in 0..20 {
        let mut world = World::new(rotation("1"));
        let done = world.dies_after(steps);
        world.settle();
        assert!(world.is_ready() && is_published(&world), "after {steps} steps");
        assert_eq!(world.rotations, 0, "after {steps} steps");
        if done < steps {
            return;
        }
    }
    panic!("it never came to its end");
}

#[test]
fn after_a_lost_answer_the_token_that_holds_is_published_at_once() {
    let mut world = World::converged(rotation("1"));
    world.change(rotation("2"));
    world.fail("rotate", Class::Timeout);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "rotate", "get"]);
    assert_eq!((world.reason(), recorded(&world)), (reason::CHATWOOT_UNAVAILABLE, Some("1")));
    assert!(is_published(&world), "the first one is dead");
    assert!(matches!(pass.end.again, Again::Backoff { .. }));
    world.settle();
    assert!(world.is_ready() && is_published(&world));
    assert_eq!((world.rotations, recorded(&world)), (2, Some("2")));
}

#[test]
fn what_was_not_sent_leaves_the_published_token_alone() {
    let mut world = World::converged(rotation("1"));
    world.change(rotation("2"));
    world.fail("rotate", Class::Connect);
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), world.rotations), (vec!["get", "rotate"], 0));
    assert!(is_published(&world));
    world.settle();
    assert_eq!((world.rotations, recorded(&world)), (1, Some("2")));
}

#[test]
fn errors_in_a_row_are_chatwoots_last_word() {
    let mut world = World::converged(rotation("1"));
    world.change(rotation("2"));
    for _ in 0..3 {
        world.fail("rotate", Class::Server);
        world.pass();
        assert!(is_published(&world));
    }
    assert_eq!(world.reason(), reason::REJECTED_BY_CHATWOOT);
}

#[test]
fn a_chatwoot_that_cannot_rotate_is_said_and_nobodys_first_token_is_held_up() {
    let mut world = World::new(rotation("1"));
    let InstanceChoice::Known(view) = &mut world.instance else { unreachable!() };
    view.version = Version::new(4, 2, 0);
    world.settle();
    assert!(world.is_ready(), "{}", world.message());
    world.change(rotation("2"));
    world.settle();
    assert_eq!((world.reason(), world.rotations), (reason::INVALID_SPEC, 0));
    assert!(
        world.message().contains("4.2.0") && world.message().contains("since 4.3"),
        "{}",
        world.message()
    );
    let InstanceChoice::Known(view) = &mut world.instance else { unreachable!() };
    view.version = Version::new(4, 3, 0);
    world.settle();
    assert_eq!((world.is_ready(), world.rotations), (true, 1));
}

#[test]
fn nothing_is_rotated_for_a_secret_that_cannot_be_written() {
    let mut world = World::converged(rotation("1"));
    world.change(rotation("2"));
    world.strangers_secret = true;
    world.pass();
    assert_eq!((world.reason(), world.rotations), (reason::SECRET_INVALID, 0));
    world.strangers_secret = false;
    world.secrets_fail = true;
    world.pass();
    assert_eq!((world.reason(), world.rotations), (reason::KUBERNETES_ERROR, 0));
}

#[test]
fn a_rename_takes_the_token_along_and_a_rotation_with_it_is_one() {
    let mut world = World::converged(unrotated());
    world.change(json!({"credentialsSecret": {"name": "other", "accessToken": {"rotation": "1"}}}));
    world.settle();
    assert_eq!((world.rotations, recorded(&world)), (1, Some("1")));
    assert_eq!(world.published.keys().collect::<Vec<_>>(), ["other"]);
    assert_eq!(world.published["other"].0, world.tokens[&7]);
}

#[test]
fn a_token_that_is_no_longer_published_is_forgotten() {
    let mut world = World::converged(rotation("1"));
    world.change(json!({"credentialsSecret": {"name": "alice"}}));
    world.settle();
    assert_eq!(recorded(&world), None);
    world.change(rotation("2"));
    world.settle();
    assert_eq!((world.rotations, recorded(&world)), (0, Some("2")), "nobody had one");
}

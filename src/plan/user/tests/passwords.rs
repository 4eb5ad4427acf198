//! Passwords and credentials: set exactly once, recorded at once, never shown.

use super::world::*;
use crate::{
    api::{
        common::Role,
        conditions::{CREDENTIALS_PUBLISHED, reason},
    },
    chatwoot::outcome::Class,
    plan::{Again, user::*},
};
use serde_json::json;

fn generated() -> serde_json::Value {
    json!({"password": {"generate": {"rotation": "1"}}, "credentialsSecret": {"name": "alice"}})
}

fn yours() -> serde_json::Value {
    json!({"password": {"secretKeyRef": {"name": "mine", "key": "password"}}})
}

#[test]
fn a_generated_password_is_stored_before_it_is_sent_and_set_by_the_create() {
    let mut world = World::new(generated());
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), world.resets), (vec!["post"], 0));
    assert!(world.is_ready() && world.is(CREDENTIALS_PUBLISHED), "{}", world.message());
    let (value, rotation) = world.ours["alice"].clone();
    assert_eq!((value.as_deref(), rotation.as_deref()), (Some(world.passwords[&7].as_str()), Some("1")));
}

#[test]
fn after_a_lost_answer_the_password_is_set_once_more_and_never_again() {
    for value in [generated(), yours()] {
        let mut world = World::new(value);
        world.loses_answer = true;
        world.pass();
        assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
        world.settle();
        assert!(world.is_ready(), "{}", world.message());
        assert_eq!((world.users.len(), world.resets), (1, 1));
        world.due = true;
        world.settle();
        assert_eq!(world.resets, 1);
    }
}

#[test]
fn a_stripped_finalizer_does_not_hide_that_another_password_may_have_been_sent() {
    let mut world = World::new(yours());
    world.loses_answer = true;
    world.pass();
    world.finalizer = false;
    world.yours = Some(format!("{CANARY}two"));
    world.settle();
    assert!(world.is_ready());
    assert_eq!(world.passwords[&7], format!("{CANARY}two"));
}

#[test]
fn a_password_that_was_set_is_recorded_whatever_fails_afterwards() {
    type Trouble = fn(&mut World);
    let troubles: [Trouble; 4] = [
        |w| w.strangers_secret = true,
        |w| w.secrets_fail = true,
        |w| {
            w.broken_accounts.insert(42, Class::Timeout);
        },
        |w| w.conflicts = 1,
    ];
    for trouble in troubles {
        let mut value = yours();
        value["credentialsSecret"] = json!({"name": "alice"});
        value["memberships"] = json!([member("main", Role::Agent)]);
        let mut world = World::converged(value);
        world.targets.insert("main".into(), there(42));
        world.user_mut().belongings.clear();
        world.yours = Some(format!("{CANARY}two"));
        world.secret_news = true;
        trouble(&mut world);
        for _ in 0..5 {
            world.pass();
        }
        assert_eq!(world.resets, 1, "{}: {}", world.reason(), world.message());
        assert_eq!(world.passwords[&7], format!("{CANARY}two"));
    }
}

#[test]
fn news_of_a_secret_wait_for_a_pass_that_can_look() {
    let mut world = World::converged(yours());
    world.yours = Some(format!("{CANARY}two"));
    world.secret_news = true;
    world.no_turn = Some(crate::plan::NoTurn::Queued);
    world.pass();
    assert!(world.secret_news, "the turn comes later, and the news are still news");
    world.no_turn = None;
    world.pass();
    assert_eq!((world.resets, world.secret_news), (1, false));
}

#[test]
fn another_rotation_makes_a_new_password_and_sets_it_once() {
    let mut world = World::converged(generated());
    let before = world.passwords[&7].clone();
    world
        .change(json!({"password": {"generate": {"rotation": "2"}}, "credentialsSecret": {"name": "alice"}}));
    world.settle();
    assert_eq!(world.resets, 1);
    assert_ne!(world.passwords[&7], before);
    assert_eq!(world.ours["alice"].0.as_deref(), Some(world.passwords[&7].as_str()));
    assert_eq!(world.status.password.as_ref().unwrap().rotation.as_deref(), Some("2"));
}

#[test]
fn a_missing_credentials_secret_is_made_again_with_a_password_that_is_applied() {
    let mut world = World::converged(generated());
    world.ours.clear();
    world.secret_news = true;
    world.settle();
    assert_eq!(world.ours["alice"].0.as_deref(), Some(world.passwords[&7].as_str()));
    assert!(world.is_ready() && world.resets == 1);
}

#[test]
fn a_secret_that_is_not_ours_is_not_overwritten_and_says_so() {
    let mut world = World::new(json!({"credentialsSecret": {"name": "alice"}}));
    world.strangers_secret = true;
    let pass = world.pass();
    assert_eq!(world.reason(), reason::SECRET_INVALID);
    assert!(!world.is(CREDENTIALS_PUBLISHED) && world.ours.is_empty());
    assert!(matches!(pass.end.again, Again::After(_)));
    // A generated password would have to be stored there, so nobody is made.
    let mut world = World::new(generated());
    world.strangers_secret = true;
    let pass = world.pass();
    assert!(calls(&pass.effects).is_empty() && !world.finalizer);
}

#[test]
fn a_renamed_secret_leaves_no_old_one_behind() {
    let mut world = World::converged(json!({"credentialsSecret": {"name": "alice"}}));
    world.change(json!({"credentialsSecret": {"name": "other"}}));
    world.settle();
    assert_eq!(world.ours.keys().collect::<Vec<_>>(), ["other"]);
    world.change(json!({}));
    world.settle();
    assert!(world.ours.is_empty() && world.status.credentials_secret.is_none());
}

#[test]
fn an_old_secret_that_cannot_be_removed_is_no_hot_loop() {
    let mut world = World::converged(json!({"credentialsSecret": {"name": "alice"}}));
    world.change(json!({}));
    world.secrets_fail = true;
    let pass = world.pass();
    assert!(matches!(pass.end.again, Again::Backoff { .. }), "{:?}", pass.end.again);
    assert_eq!(pass.effects.iter().filter(|effect| matches!(effect, Effect::DropSecret(_))).count(), 1);
    assert_eq!(world.reason(), reason::KUBERNETES_ERROR);
}

#[test]
fn a_refused_password_says_the_rules_and_never_the_password() {
    let mut world = World::converged(yours());
    world.yours = Some(format!("{CANARY}two"));
    world.secret_news = true;
    world.fail("password", Class::Invalid);
    world.pass();
    assert_eq!((world.reason(), world.resets), (reason::SECRET_INVALID, 0));
}

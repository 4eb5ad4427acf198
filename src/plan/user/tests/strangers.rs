//! An e-mail address that somebody has: nothing of theirs is taken, and they are asked for once.

use super::world::*;
use crate::{
    api::{
        common::Role,
        conditions::{RECONCILING, STALLED, reason},
    },
    chatwoot::marker::Origin,
    plan::{Again, account::InstanceChoice, user::*},
};
use serde_json::json;

fn stranger() -> World {
    let mut world = World::new(json!({
        "memberships": [member("main", Role::Administrator)], "password": {"generate": {}}, "credentialsSecret": {"name": "alice"},
    }));
    let foreign = marker_of("n-2", "other", "u-2");
    world.someone(7, ALICE, Some(&foreign));
    world
}

#[test]
fn a_matching_email_never_hands_over_a_stranger() {
    for marker in [None, Some(marker_of("n-2", "other", "u-2"))] {
        let mut world = stranger();
        world.someone(7, ALICE, marker.as_ref());
        let before = (world.users.clone(), world.passwords.clone());
        let effects = world.settle();
        assert_eq!(calls(&effects), ["post"]);
        assert_eq!((world.users.clone(), world.passwords.clone()), before);
        assert_eq!((world.reason(), world.status.id), (reason::NOT_OWNED, None));
        assert!(world.ours.is_empty(), "the generated password is removed");
        assert!(world.message().contains("PlatformAppPermissible"), "{}", world.message());
    }
}

/// As in a restore where nobody has said yet that it is one: what was kept of her must still be there then.
#[test]
fn who_was_there_before_a_restore_is_not_touched_and_nothing_of_theirs_is_forgotten() {
    let mut world = stranger();
    world.someone(7, ALICE, Some(&marker_of("n-0", "alice", "u-0")));
    world.ours.insert("alice".into(), (Some(format!("{CANARY}kept")), Some(String::new())));
    let before = (world.users.clone(), world.passwords.clone(), world.ours.clone());
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["post"]);
    assert_eq!((world.users.clone(), world.passwords.clone(), world.ours.clone()), before);
    assert_eq!((world.reason(), world.status.id), (reason::NOT_OWNED, None));
    assert!(world.message().contains("set rebindUntil on the instance"), "{}", world.message());

    let mut restoring = view();
    restoring.restoring = true;
    world.instance = InstanceChoice::Known(Box::new(restoring));
    world.settle();
    assert_eq!((world.is_ready(), world.status.id), (true, Some(7)), "{}", world.message());
    assert_eq!(world.ours["alice"].0, before.2["alice"].0, "she keeps her password");
}

/// Nothing else may have to be written to somebody who was found, and it would say Ready over a marker that counts only
/// until the restore is over.
#[test]
fn who_is_found_again_is_marked_anew_although_nothing_else_differs() {
    for old in [marker_of("n-0", "alice", "u-0"), marker_of("n-1", "alice", "u-0")] {
        let mut world = World::new(json!({"name": "Somebody"}));
        let mut restoring = view();
        restoring.restoring = true;
        world.instance = InstanceChoice::Known(Box::new(restoring));
        world.someone(7, ALICE, Some(&old));
        let effects = world.settle();
        assert_eq!((world.is_ready(), world.status.id), (true, Some(7)), "{}", world.message());
        let attributes = &world.users[&7].custom_attributes;
        assert!(marker_of("n-1", "alice", UID).stands_in(Origin::Made, attributes), "{effects:?}");
    }
}

#[test]
fn a_strangers_answer_is_never_asked_for_again_before_the_generation_changes_or_a_look_is_requested() {
    let mut world = stranger();
    world.pass();
    assert!(world.is(RECONCILING) && !world.is(STALLED));
    world.seconds += 120;
    let pass = world.pass();
    assert!(world.is(STALLED), "it is stalled once its grace is over");
    assert!(pass.effects.is_empty());
    for _ in 0..20 {
        world.seconds += 3600;
        world.due = true;
        let pass = world.pass();
        assert!(pass.effects.is_empty() && pass.writes == 0);
        assert!(matches!(pass.end.again, Again::After(_)));
    }
    world.requested = Some("now".into());
    assert_eq!(calls(&world.pass().effects), ["post"]);
    assert!(calls(&world.pass().effects).is_empty());
    world.generation += 1;
    assert_eq!(calls(&world.pass().effects), ["post"]);
}

#[test]
fn a_secret_that_cannot_be_removed_at_once_is_removed_later_and_the_stranger_not_asked_again() {
    let mut world = stranger();
    // The first one is stored before anybody answers.
    world.pass();
    let mut world = stranger();
    world.ours.insert("alice".into(), (Some(format!("{CANARY}made0")), Some(String::new())));
    world.secrets_fail = true;
    let first = world.pass();
    assert_eq!(calls(&first.effects), ["post"]);
    assert_eq!(world.reason(), reason::KUBERNETES_ERROR);
    assert!(matches!(first.end.again, Again::Backoff { .. }), "{:?}", first.end.again);
    let second = world.pass();
    assert!(calls(&second.effects).is_empty(), "{:?}", second.effects);
    world.secrets_fail = false;
    world.pass();
    assert!(world.ours.is_empty());
    assert_eq!(world.reason(), reason::NOT_OWNED);
}

#[test]
fn an_address_that_is_taken_in_chatwoots_words_is_not_owned_and_names_nobody() {
    let mut world = World::new(json!({}));
    world.failing.insert("post", vec![World::taken_answer()]);
    world.settle();
    assert_eq!(world.reason(), reason::NOT_OWNED);
    assert!(!world.message().contains('7') && !world.message().contains("Rails"), "{}", world.message());
    // Before asking, it reads the same.
    let mut claimed = World::new(json!({}));
    claimed.standing = crate::plan::claims::Standing::Taken;
    claimed.settle();
    assert_eq!(claimed.message(), world.message());
}

#[test]
fn moving_to_an_address_that_is_taken_is_not_owned_and_not_called_done() {
    let mut world = World::converged(json!({"memberships": [member("main", Role::Agent)]}));
    world.change(json!({"email": "bob@acme.example", "memberships": [member("main", Role::Agent), member("second", Role::Agent)]}));
    world.failing.insert("patch", vec![World::taken_answer()]);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "patch", "join"], "the other wishes go on");
    assert_eq!((world.reason(), world.status.applied.is_none()), (reason::NOT_OWNED, true));
    assert!(matches!(pass.end.again, Again::After(_)));
    assert_eq!(world.status.email.as_deref(), Some(ALICE));
}

#[test]
fn a_stranger_is_let_be_when_the_resource_goes() {
    for policy in ["Revoke", "Delete", "Retain"] {
        let mut world = stranger();
        world.spec.deletion_policy = serde_json::from_value(json!(policy)).unwrap();
        world.settle();
        let before = world.users.clone();
        world.deleting = true;
        world.generation += 1;
        let effects = world.settle();
        assert!(world.gone && calls(&effects).is_empty(), "{policy}: {effects:?}");
        assert_eq!(world.users, before);
        assert!(effects.contains(&Effect::DropFinalizer(None)), "nobody of ours can exist");
    }
}

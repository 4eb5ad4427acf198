//! Whoever was there before their resource stays so, whatever becomes of the resource: who comes in as them is granted.

use super::world::*;
use crate::{
    api::{
        common::{Ownership, Role},
        conditions::reason,
        user::LoginLinkState,
    },
    chatwoot::marker::{self, Origin},
    plan::{account::InstanceChoice, grants::Fit, user::*},
};
use serde_json::{Value, json};

/// Everything that lets somebody come in as Alice.
fn everything() -> Value {
    json!({
        "name": "Alice", "memberships": [member("main", Role::Agent)],
        "password": {"secretKeyRef": {"name": "mine", "key": "p"}},
        "credentialsSecret": {"name": "alice", "accessToken": {"rotation": "1"}},
    })
}

/// A tenant that was never granted to come in as people it adopts, and asks for a login link, too.
fn ungranted(value: Value) -> World {
    let mut world = World::new(value);
    world.fit_of_adopted = Fit::Refused(refusal());
    world.may_have_link = Fit::Refused(refusal());
    world.link_requested = Some("1".into());
    let mut restoring = view();
    restoring.restoring = true;
    world.instance = InstanceChoice::Known(Box::new(restoring));
    world
}

/// The markers of this resource, of one of this name that was deleted, and of one in a cluster that was restored.
fn earlier() -> [marker::Marker; 3] {
    [marker_of("n-1", "alice", UID), marker_of("n-1", "alice", "u-0"), marker_of("n-0", "alice", "u-0")]
}

fn text(world: &World) -> &Value {
    &world.users[&7].custom_attributes[marker::KEY]
}

fn nobody_came_in(world: &World) {
    assert_eq!((world.passwords[&7].as_str(), world.resets, world.rotations), ("theirs", 0, 0));
    assert_eq!((world.published.len(), world.ours.len(), world.links), (0, 0, 0));
}

#[test]
fn who_was_adopted_is_so_when_their_object_is_applied_again_without_adopt_or_has_lost_its_status() {
    for (marker, finalizer) in
        earlier().into_iter().flat_map(|marker| [(marker.clone(), false), (marker, true)])
    {
        let mut world = ungranted(everything());
        world.finalizer = finalizer;
        world.someone_of(7, ALICE, Some(marker.text(Origin::Adopted)));
        let effects = world.settle();
        assert_eq!((world.reason(), world.status.ownership), (reason::NOT_GRANTED, Some(Ownership::Adopted)));
        assert_eq!(calls(&effects), ["post"], "{marker}");
        nobody_came_in(&world);
        let link = world.status.login_link.as_ref().expect("nothing is said about the link");
        assert_eq!(
            (link.state, link.reason.as_deref()),
            (LoginLinkState::Refused, Some(reason::NOT_GRANTED))
        );

        // The grant is all that was missing, and what is stamped anew still says so.
        world.fit_of_adopted = Fit::Granted;
        world.settle();
        assert!(world.is_ready(), "{}", world.message());
        assert_eq!((world.resets, world.published.len()), (1, 1));
        assert_eq!(text(&world), &json!(world.mine().text(Origin::Adopted)));
        assert_eq!(world.status.ownership, Some(Ownership::Adopted));
    }
}

#[test]
fn who_was_made_needs_no_such_grant_when_their_object_is_applied_again() {
    for marker in earlier() {
        let mut world = ungranted(everything());
        world.someone(7, ALICE, Some(&marker));
        world.settle();
        assert!(world.is_ready(), "{}", world.message());
        assert_eq!((world.status.ownership, world.links), (Some(Ownership::Created), 1));
        assert_eq!(text(&world), &json!(world.mine().to_string()));
    }
}

#[test]
fn a_password_made_for_somebody_new_is_not_left_beside_somebody_who_was_there() {
    let mut world = ungranted(json!({"password": {"generate": {}}, "credentialsSecret": {"name": "alice"}}));
    world.someone_of(7, ALICE, Some(marker_of("n-1", "alice", "u-0").text(Origin::Adopted)));
    let effects = world.settle();
    assert_eq!((calls(&effects), world.reason()), (vec!["post"], reason::NOT_GRANTED));
    assert!(effects.contains(&Effect::StorePassword), "nobody knows before the answer: {effects:?}");
    nobody_came_in(&world);
}

/// Kept from before, it is the one that holds.
#[test]
fn a_password_that_was_there_before_is_kept_while_the_grant_is_missing() {
    let mut world = ungranted(json!({"password": {"generate": {}}, "credentialsSecret": {"name": "alice"}}));
    world.ours.insert("alice".into(), (Some(format!("{CANARY}kept")), Some(String::new())));
    world.someone_of(7, ALICE, Some(marker_of("n-0", "alice", "u-0").text(Origin::Adopted)));
    world.settle();
    assert_eq!((world.reason(), world.ours.len()), (reason::NOT_GRANTED, 1));
}

#[test]
fn who_needs_no_such_grant_is_found_again_as_before() {
    let mut world = World::new(json!({"name": "Somebody"}));
    world.someone_of(7, ALICE, Some(marker_of("n-1", "alice", "u-0").text(Origin::Adopted)));
    let effects = world.settle();
    assert_eq!((calls(&effects), world.is_ready()), (vec!["post", "patch"], true));
    assert_eq!(world.status.ownership, Some(Ownership::Adopted));
    assert_eq!(text(&world), &json!(world.mine().text(Origin::Adopted)));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0));
}

#[test]
fn a_marker_is_believed_before_a_status_that_says_the_person_was_made() {
    let mut world = World::converged(everything());
    let mine = world.mine().text(Origin::Adopted);
    world.user_mut().custom_attributes.insert(marker::KEY.into(), json!(mine));
    world.fit_of_adopted = Fit::Refused(refusal());
    world.yours = Some(format!("{CANARY}two"));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), world.resets), (vec!["get"], 0));
    assert_eq!((world.reason(), world.status.ownership), (reason::NOT_GRANTED, Some(Ownership::Adopted)));
}

#[test]
fn who_was_adopted_before_markers_said_so_is_marked_at_the_next_look_and_never_again() {
    let mut world = World::new(json!({"adopt": {"id": 7}}));
    world.someone(7, ALICE, None);
    world.adoptable.insert(7);
    world.settle();
    let before = world.mine().to_string();
    world.user_mut().custom_attributes.insert(marker::KEY.into(), json!(before));
    assert!(world.settle().is_empty(), "no look is taken for it");
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get", "patch"], 0));
    assert_eq!(text(&world), &json!(world.mine().text(Origin::Adopted)));
    world.due = true;
    assert_eq!(calls(&world.pass().effects), ["get"]);
}

#[test]
fn taking_over_by_id_marks_as_adopted_also_whom_an_earlier_resource_of_the_name_had_made() {
    for marker in [None, Some(marker_of("n-1", "alice", "u-0"))] {
        let mut world = World::new(json!({"adopt": {"id": 7}}));
        world.someone(7, ALICE, marker.as_ref());
        world.adoptable.insert(7);
        world.settle();
        assert_eq!((world.is_ready(), world.status.ownership), (true, Some(Ownership::Adopted)));
        assert_eq!(text(&world), &json!(world.mine().text(Origin::Adopted)), "{marker:?}");
    }
}

/// Whose marker was taken away, nobody knows to be who was made: an id may be somebody else's by now.
#[test]
fn a_bound_person_without_a_marker_is_adopted_where_a_grant_lists_them() {
    let mut world = World::converged(everything());
    world.user_mut().custom_attributes.remove(marker::KEY);
    world.adoptable.insert(7);
    world.fit_of_adopted = Fit::Refused(refusal());
    world.yours = Some(format!("{CANARY}two"));
    world.due = true;
    world.settle();
    assert_eq!((world.reason(), world.status.ownership), (reason::NOT_GRANTED, Some(Ownership::Adopted)));
    assert_eq!((text(&world), world.resets), (&json!(world.mine().text(Origin::Adopted)), 0));
}

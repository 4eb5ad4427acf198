//! Making, changing and repairing people and their memberships; and being quiet afterwards.

use super::world::*;
use crate::{
    api::{
        common::{Ownership, Role},
        conditions::{DRIFTED, PAUSED, STALLED, reason},
        user::MembershipState,
    },
    chatwoot::{
        outcome::Class,
        types::{AccountId, MemberRole},
    },
    plan::{
        Again, NoTurn, account::InstanceChoice, claims::Standing, consent::Consent, grants::Fit,
        memberships::Target,
    },
};
use serde_json::json;
use std::time::Duration;

fn one() -> serde_json::Value {
    json!({"memberships": [member("main", Role::Agent)]})
}

#[test]
fn a_person_with_one_membership_takes_two_calls_and_three_writes() {
    let mut world = World::new(one());
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["post", "join"], 3));
    assert!(world.is_ready(), "{}", world.message());
    assert_eq!(world.user().belongings[0].account, AccountId(42));
}

#[test]
fn a_person_where_nothing_follows_takes_one_call_and_two_writes() {
    let mut world = World::new(json!({"customAttributes": {"team": "blue"}, "displayName": "Al"}));
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["post"], 2));
    assert!(world.is_ready());
}

#[test]
fn a_converged_person_costs_nothing_and_one_get_per_drift_slot() {
    let mut world = World::converged(one());
    let before = world.status.clone();
    assert!(world.pass().effects.is_empty());
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0));
    assert_eq!(world.status, before);
}

#[test]
fn memberships_are_recorded_before_they_are_made_and_one_that_fails_holds_up_no_other() {
    let mut world = World::new(
        json!({"memberships": [member("main", Role::Agent), member("second", Role::Administrator)]}),
    );
    world.broken_accounts.insert(42, Class::Server);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["post", "join", "join"]);
    assert_eq!(world.user().belongings[0].account, AccountId(43));
    let states: Vec<_> = world.status.memberships.iter().map(|made| made.state).collect();
    assert_eq!(states, [MembershipState::Pending, MembershipState::Granted]);
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    assert!(world.status.applied.is_none());
    // The third 500 is Chatwoot's last word.
    world.pass();
    world.pass();
    assert_eq!(world.reason(), reason::REJECTED_BY_CHATWOOT);
    world.broken_accounts.clear();
    world.pass();
    assert!(world.is_ready());
    assert_eq!(world.write_errors, 0);
}

#[test]
fn a_membership_outside_the_sandbox_says_what_permits_it() {
    let mut world = World::new(one());
    world.broken_accounts.insert(42, Class::NotPermitted);
    world.pass();
    assert_eq!(world.reason(), reason::NOT_PERMITTED);
    assert!(world.message().contains("Account.find(42)"), "{}", world.message());
}

#[test]
fn a_membership_that_waits_or_is_refused_holds_up_no_other() {
    let refused = Target::There { id: Some(AccountId(43)), consent: Consent::NOTHING };
    let waiting = Target::There { id: None, consent: Consent::EVERYTHING };
    for (target, expected) in [
        (refused, reason::NOT_GRANTED),
        (waiting, reason::WAITING_FOR_ACCOUNT),
        (Target::Absent, reason::NOT_GRANTED),
    ] {
        let mut world =
            World::new(json!({"memberships": [member("second", Role::Agent), member("main", Role::Agent)]}));
        world.targets.insert("second".into(), target);
        world.pass();
        assert_eq!((world.reason(), world.user().belongings.len()), (expected, 1));
    }
}

#[test]
fn whoever_is_applied_with_their_account_says_so_only_when_the_wait_is_long() {
    let mut world = World::new(json!({"memberships": [member("main", Role::Agent)]}));
    world.targets.insert("main".into(), Target::There { id: None, consent: Consent::EVERYTHING });
    world.patience = Some(Duration::from_secs(90));
    let pass = world.pass();
    assert_eq!((pass.writes, pass.end.again), (0, Again::After(Duration::from_secs(90))));
    world.patience = None;
    world.pass();
    assert_eq!(world.reason(), reason::WAITING_FOR_ACCOUNT);
}

#[test]
fn a_membership_taken_from_the_spec_is_taken_back_and_looked_for_once_more() {
    let mut world = World::converged(one());
    world.change(json!({}));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "leave"]);
    assert!(world.user().belongings.is_empty() && world.is_ready());
    assert_eq!(world.status.memberships.len(), 1, "remembered while a request to make it may be under way");
    let Again::After(wait) = pass.end.again else { panic!("{:?}", pass.end.again) };
    // A late copy of the request arrives.
    world
        .user_mut()
        .belongings
        .push(crate::chatwoot::types::Belonging { account: AccountId(42), role: Some(MemberRole::Agent) });
    world.seconds += wait.as_secs() + 1;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "leave"]);
    world.settle();
    assert!(world.user().belongings.is_empty() && world.status.memberships.is_empty());
}

#[test]
fn memberships_nobody_declared_are_not_ours_to_remove() {
    let mut world = World::converged(one());
    world
        .user_mut()
        .belongings
        .push(crate::chatwoot::types::Belonging { account: AccountId(99), role: None });
    world.change(json!({}));
    world.settle();
    assert_eq!(world.user().belongings.len(), 1);
}

#[test]
fn adopting_is_by_get_stamps_first_and_then_makes_every_declared_field_so() {
    let mut world = World::new(
        json!({"adopt": {"id": 7}, "name": "Alice", "memberships": [member("main", Role::Agent)]}),
    );
    world.someone(7, "Alice@ACME.example", None);
    world.adoptable.insert(7);
    let effects = world.settle();
    assert!(!calls(&effects).contains(&"post"));
    assert!(world.is_ready() && world.finalizer, "{}", world.message());
    assert_eq!((world.user().name.as_str(), world.status.ownership), ("Alice", Some(Ownership::Adopted)));
    assert!(!world.is(DRIFTED));
    assert_eq!(world.user().belongings.len(), 1);
}

#[test]
fn adopting_somebody_elses_person_leaves_no_trace() {
    for (email, marker, expected) in [
        (ALICE, Some(marker_of("n-2", "other", "u-2")), reason::NOT_OWNED),
        ("bob@acme.example", None, reason::INVALID_SPEC),
    ] {
        let mut world = World::new(json!({"adopt": {"id": 7}, "deletionPolicy": "Delete"}));
        world.someone(7, email, marker.as_ref());
        world.adoptable.insert(7);
        let before = world.users.clone();
        let effects = world.settle();
        assert!(calls(&effects).iter().all(|call| *call == "get"));
        assert_eq!((world.reason(), world.finalizer, &world.users), (expected, false, &before));
    }
}

#[test]
fn who_observes_writes_nothing_and_forgets_nobody() {
    let mut world = World::converged(json!({"credentialsSecret": {"name": "alice"}}));
    world.change(json!({"name": "Other", "mode": "Observe", "credentialsSecret": {"name": "alice"}}));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get"]);
    assert_eq!(
        (world.reason(), world.status.drifted.as_slice()),
        (reason::OBSERVED, ["name".to_owned()].as_slice())
    );
    assert_eq!(world.status.credentials_secret.as_deref(), Some("alice"), "or it could never be removed");
    // Somebody who vanished is told, and not made again.
    world.vouchers.insert(42, marker_of("n-1", "main", "a-1"));
    world.users.clear();
    world.due = true;
    world.settle();
    assert_eq!((world.reason(), world.status.id), (reason::EXTERNAL_RESOURCE_MISSING, Some(7)));
    assert!(world.users.is_empty());
}

#[test]
fn who_observes_and_is_not_bound_takes_nothing_and_makes_nobody() {
    let mut world = World::new(
        json!({"mode": "Observe", "password": {"generate": {}}, "credentialsSecret": {"name": "a"}}),
    );
    let effects = world.settle();
    assert!(effects.is_empty());
    assert!(!world.finalizer && world.ours.is_empty() && world.is_ready());
}

#[test]
fn paused_touches_nothing_and_keeps_its_ready() {
    let mut world = World::converged(one());
    world.change(json!({"memberships": [member("main", Role::Agent)], "paused": true}));
    assert!(world.settle().is_empty());
    assert!(world.is(PAUSED) && world.is_ready());
    world.change(json!({"memberships": [], "name": "Other", "paused": true}));
    assert!(world.settle().is_empty());
    assert_eq!(world.reason(), reason::PAUSED);
}

#[test]
fn every_refusal_sends_nothing_and_takes_nothing() {
    type Refuse = fn(&mut World);
    let refusals: [(&str, Refuse); 7] = [
        (reason::INVALID_SPEC, |w| w.instance = InstanceChoice::Unnamed),
        (reason::INVALID_SPEC, |w| w.invalid = Some("spec.memberships: write \"\"".into())),
        (reason::INVALID_SPEC, |w| w.spec.email = "no address".into()),
        (reason::NOT_GRANTED, |w| w.fit = Fit::Refused(refusal())),
        (reason::NOT_OWNED, |w| w.standing = Standing::Taken),
        (reason::KUBERNETES_ERROR, |w| w.standing = Standing::Unknown),
        (reason::SECRET_INVALID, |w| {
            w.spec = spec(json!({"password": {"secretKeyRef": {"name": "mine", "key": "p"}}}));
            w.yours = None;
        }),
    ];
    for (expected, refuse) in refusals {
        let mut world = World::new(one());
        refuse(&mut world);
        let effects = world.settle();
        assert!(calls(&effects).is_empty(), "{expected}: {effects:?}");
        assert_eq!((world.reason(), world.finalizer), (expected, false));
        // And freezes who is bound.
        if expected == reason::SECRET_INVALID {
            continue;
        }
        let mut world = World::converged(one());
        let before = world.users.clone();
        world.change(json!({"name": "Other"}));
        refuse(&mut world);
        let effects = world.settle();
        assert!(calls(&effects).is_empty(), "{expected}: {effects:?}");
        assert_eq!((world.reason(), &world.users), (expected, &before));
        assert_eq!(world.status.memberships.len(), 1, "nothing is revoked");
    }
}

#[test]
fn a_vanished_person_is_made_again_only_where_an_account_vouches_for_the_chatwoot() {
    let mut world = World::converged(one());
    world.users.clear();
    world.due = true;
    world.settle();
    assert_eq!((world.reason(), world.users.len()), (reason::EXTERNAL_RESOURCE_MISSING, 0));
    world.vouchers.insert(42, marker_of("n-1", "main", "a-1"));
    world.settle();
    assert!(world.is_ready(), "{}", world.message());
    assert_eq!((world.users.len(), world.user().belongings.len()), (1, 1));
}

#[test]
fn an_outage_writes_nothing_on_who_has_converged() {
    for class in
        [Class::Connect, Class::Timeout, Class::Proxy, Class::RateLimited, Class::Server, Class::NotRouted]
    {
        let mut world = World::converged(one());
        world.fail("get", class);
        world.due = true;
        let pass = world.pass();
        assert_eq!((pass.writes, world.is_ready(), world.due), (0, true, true), "{class:?}");
        assert!(matches!(pass.end.again, Again::Backoff { .. }));
    }
    let mut world = World::converged(one());
    let mut blocked = view();
    blocked.blocked = Some("instance ops/main is not Ready: Unauthorized".into());
    world.instance = InstanceChoice::Known(Box::new(blocked));
    world.due = true;
    let pass = world.pass();
    assert_eq!((pass.writes, pass.effects.len(), world.is_ready()), (0, 0, true));
}

#[test]
fn who_waits_for_a_turn_is_asked_to_wait_and_nothing_more() {
    let mut world = World::converged(one());
    world.due = true;
    world.no_turn = Some(NoTurn::Queued);
    let pass = world.pass();
    assert_eq!((pass.writes, pass.end.checked, pass.end.again), (0, false, Again::OnChange));
    world.no_turn = Some(NoTurn::Down { retry_in: Duration::from_secs(9) });
    let pass = world.pass();
    assert_eq!(pass.end.again, Again::Backoff { at_least: Duration::from_secs(9) });
}

#[test]
fn a_hundred_memberships_are_made_in_one_pass() {
    let names: Vec<String> = (0..100).map(|n| format!("a{n}")).collect();
    let mut world = World::new(
        json!({"memberships": names.iter().map(|name| member(name, Role::Agent)).collect::<Vec<_>>()}),
    );
    world.targets = names.iter().enumerate().map(|(n, name)| (name.clone(), there(100 + n as i64))).collect();
    let pass = world.pass();
    assert_eq!((calls(&pass.effects).len(), pass.writes), (101, 3));
    assert!(world.is_ready() && !world.is(STALLED));
}

#[test]
fn a_process_that_stops_begins_nothing_new() {
    let mut world = World::converged(one());
    world.change(json!({"name": "Other"}));
    world.stopping = true;
    assert!(world.pass().effects.is_empty());
    world.deleting = true;
    assert!(world.pass().effects.is_empty());
}

#[test]
fn a_finalizer_stripped_by_a_replaced_manifest_is_put_back() {
    let mut world = World::converged(one());
    world.finalizer = false;
    world.settle();
    assert!(world.finalizer && world.is_ready());
}

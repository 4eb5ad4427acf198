//! Consent that was taken back holds whatever the joining tenant's own resource says.

use super::world::*;
use crate::{
    api::conditions::reason,
    api::user::MembershipState,
    chatwoot::{outcome::Class, types::AccountId},
    plan::{
        Again, NoTurn, claims::Standing, consent::Consent, grants::Fit, memberships::Target, user::Effect,
    },
};
use serde_json::{Value, json};

fn wish(more: &Value) -> Value {
    let mut spec = json!({
        "memberships": [{"account": "main", "namespace": "victim", "role": "Agent"}],
        "password": {"secretKeyRef": {"name": "alice", "key": "password"}}
    });
    let fields = spec.as_object_mut().unwrap();
    fields.extend(more.as_object().cloned().unwrap_or_default());
    spec
}

fn member() -> World {
    let world = World::converged(wish(&json!({})));
    assert_eq!(world.user().belongings.len(), 1);
    world
}

fn withdraw(world: &mut World) {
    let gone = Target::There { id: Some(AccountId(42)), consent: Consent::NOTHING };
    world.targets.insert("main".into(), gone);
}

fn leaves(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Leave { account: AccountId(42), .. })).count()
}

type Dodge = fn(&mut World);

/// Ways to keep the plan from coming to the memberships.
fn dodges() -> Vec<(&'static str, Dodge)> {
    vec![
        ("paused", |world| world.change(wish(&json!({"paused": true})))),
        ("observed", |world| world.change(wish(&json!({"mode": "Observe"})))),
        ("paused and left out", |world| world.change(wish(&json!({"paused": true, "memberships": []})))),
        ("asks for too much", |world| {
            world.change(wish(&json!({"deletionPolicy": "Delete"})));
            world.fit = Fit::Refused(refusal());
        }),
        ("is no address", |world| world.change(wish(&json!({"email": "nobody"})))),
        ("somebody else's address", |world| world.standing = Standing::Taken),
        ("nobody can tell whose address", |world| world.standing = Standing::Unknown),
        ("another id", |world| world.change(wish(&json!({"adopt": {"id": 4711}})))),
        ("a spec that cannot be", |world| world.invalid = Some("spec.memberships: write \"\"".into())),
        ("no password", |world| {
            world.yours = None;
            world.secret_news = true;
        }),
        ("Secrets that cannot be read", |world| {
            world.secrets_fail = true;
            world.secret_news = true;
        }),
        ("a change that Chatwoot refuses", |world| {
            world.change(wish(&json!({"displayName": "Odd"})));
            (0..20).for_each(|_| world.fail("patch", Class::Server));
        }),
        ("deleted while paused", |world| {
            world.change(wish(&json!({"paused": true})));
            world.deleting = true;
        }),
        ("deleted without the right", |world| {
            world.change(wish(&json!({"deletionPolicy": "Delete"})));
            world.may_delete = Fit::Refused(refusal());
            world.deleting = true;
        }),
        ("deleted, and held by a finalizer of theirs", |world| {
            world.finalizer = false;
            world.deleting = true;
        }),
    ]
}

#[test]
fn no_field_of_a_tenants_own_keeps_a_person_where_consent_was_taken_back() {
    for (dodge, set_up) in dodges() {
        let mut world = member();
        set_up(&mut world);
        world.settle();
        assert_eq!(world.user().belongings.len(), 1, "{dodge}: consent stands");
        withdraw(&mut world);
        let first = world.pass();
        assert_eq!(leaves(&first.effects), 0, "{dodge}: a manifest may miss its consent for a moment");
        assert!(first.end.again != Again::OnChange, "{dodge}: nobody would come back");
        let effects = world.settle();
        assert_eq!(leaves(&effects), 1, "{dodge}: {effects:#?}");
        assert!(world.user().belongings.is_empty(), "{dodge}");
        let told = &world.status.memberships;
        assert!(told.iter().all(|made| made.state == MembershipState::Refused), "{dodge}: {told:#?}");
    }
}

#[test]
fn what_rests_is_read_only_as_long_as_consent_is_missing() {
    for rest in [json!({"paused": true}), json!({"mode": "Observe"})] {
        let mut world = member();
        world.change(wish(&rest));
        world.settle();
        withdraw(&mut world);
        world.pass();
        // It comes back before the minute is over.
        world.targets.insert("main".into(), there(42));
        world.seconds += 130;
        assert_eq!(leaves(&world.settle()), 0, "{rest}");
        assert_eq!(world.user().belongings.len(), 1, "{rest}");
        withdraw(&mut world);
        assert_eq!(leaves(&world.settle()), 1, "{rest}");
        let idle = world.pass();
        assert!(idle.effects.is_empty() && idle.writes == 0, "{rest}: {idle:#?}");
    }
}

#[test]
fn a_role_that_lost_its_consent_is_taken_back_although_a_smaller_one_has_it() {
    let mut world = World::converged(json!({
        "memberships": [{"account": "main", "namespace": "victim", "role": "Administrator"}]
    }));
    world.change(json!({
        "memberships": [{"account": "main", "namespace": "victim", "role": "Agent"}], "paused": true
    }));
    let agents = Consent { agent: Some(true), administrator: Some(false) };
    world.targets.insert("main".into(), Target::There { id: Some(AccountId(42)), consent: agents });
    assert_eq!(leaves(&world.settle()), 1);
}

#[test]
fn what_the_platform_admin_took_away_freezes_this_too() {
    let mut world = member();
    world.fit = Fit::Refused(refusal());
    world.stands = false;
    world.settle();
    withdraw(&mut world);
    assert!(world.settle().iter().all(|effect| !effect.needs_turn()));
    assert_eq!(world.user().belongings.len(), 1);
}

#[test]
fn somebody_without_our_marker_is_not_touched_for_it() {
    let mut world = member();
    world.change(wish(&json!({"paused": true})));
    world.settle();
    world.user_mut().custom_attributes.clear();
    withdraw(&mut world);
    assert_eq!(leaves(&world.settle()), 0);
}

#[test]
fn a_dead_chatwoot_keeps_nobody_from_letting_go_and_says_nothing_of_a_paused_person() {
    let mut world = member();
    world.change(wish(&json!({"paused": true})));
    world.settle();
    withdraw(&mut world);
    world.no_turn = Some(NoTurn::Down { retry_in: std::time::Duration::from_secs(1) });
    let down = world.pass();
    assert!(matches!(down.end.again, Again::Backoff { .. }), "{down:#?}");
    assert!(world.is_ready() && world.reason() == reason::SUCCEEDED, "{:?}", world.status);
    world.no_turn = None;
    assert_eq!(leaves(&world.settle()), 1);

    let mut world = member();
    world.change(wish(&json!({"deletionPolicy": "Retain"})));
    world.settle();
    withdraw(&mut world);
    world.deleting = true;
    let gone = world.pass();
    assert!(world.gone && gone.effects.iter().all(|effect| !effect.needs_turn()), "{gone:#?}");
}

#[test]
fn a_removal_that_fails_is_tried_again() {
    let mut world = member();
    world.change(wish(&json!({"paused": true})));
    world.settle();
    withdraw(&mut world);
    world.pass();
    world.seconds += 130;
    world.broken_accounts.insert(42, Class::Server);
    let failed = world.pass();
    assert_eq!(leaves(&failed.effects), 1);
    assert!(matches!(failed.end.again, Again::Backoff { .. }), "{failed:#?}");
    world.broken_accounts.clear();
    assert_eq!(leaves(&world.settle()), 1);
}

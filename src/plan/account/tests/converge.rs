//! Creating, changing, repairing, adopting; and being quiet afterwards.

use super::world::*;
use crate::{
    api::{
        account::{Ownership, State},
        conditions::{DRIFTED, PAUSED, STALLED, reason},
    },
    chatwoot::{
        marker::{self, Origin},
        types::AccountState,
    },
    plan::{
        Again,
        account::*,
        grants::{Fit, Suspension},
    },
};
use serde_json::json;

#[test]
fn an_account_with_a_plans_flag_and_a_locale_takes_three_calls_and_four_writes() {
    let mut world = World::new(json!({"name": "Acme", "plan": "pro", "locale": "de"}));
    world.plan = Some(planned(&[("sla", true)], &[]));
    world.plans = vec![planned(&[("sla", true)], &[])];
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["post", "patch", "features"]);
    assert_eq!(pass.writes, 4);
    assert!(world.is_ready(), "{}", world.message());
    assert_eq!(world.account().locale.as_deref(), Some("de"));
    assert!(world.account().features.contains("sla") && world.account().features.contains("macros"));
}

#[test]
fn an_account_where_nothing_follows_the_post_takes_one_call_and_three_writes() {
    let mut world = World::acme();
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["post"], 3));
    assert!(world.is_ready());
    assert_eq!(world.status.url.as_deref(), Some("https://chat.example.com/app/accounts/42"));
}

#[test]
fn a_suspended_tenants_new_account_is_suspended_within_four_writes() {
    let mut world = World::acme();
    world.verdict.suspension = Suspension::Yes;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["post", "patch"], 4));
    assert_eq!(world.account().state, AccountState::Suspended);
    assert_eq!(world.status.state_before, Some(State::Active));
}

#[test]
fn a_converged_object_costs_nothing_and_one_get_per_drift_slot() {
    let mut world = World::converged(json!({"name": "Acme", "limits": {"agents": 3}}));
    let before = world.status.clone();
    let pass = world.pass();
    assert!(pass.effects.is_empty() && pass.writes == 0);
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0));
    assert!(pass.end.checked);
    assert_eq!(world.status, before);
}

#[test]
fn what_somebody_changes_behind_our_back_is_repaired_at_the_slot() {
    let mut world = World::converged(json!({"name": "Acme", "limits": {"agents": 3}}));
    world.account_mut().name = "Vandal".into();
    world.account_mut().limits.insert("inboxes".into(), json!(9));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get", "patch"], 0));
    assert_eq!(world.account().name, "Acme");
    assert_eq!(world.account().limits.get("inboxes"), Some(&json!(9)), "not ours, so it stays");
}

#[test]
fn a_requested_look_is_answered_with_a_get() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.requested = Some("now".into());
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 1));
    assert_eq!(world.status.last_handled_reconcile_at.as_deref(), Some("now"));
    assert!(world.pass().effects.is_empty());
}

#[test]
fn adopting_stamps_first_and_then_makes_every_declared_field_so() {
    let mut world = World::new(json!({"name": "Acme", "adopt": {"id": 7}, "features": {"sla": true}}));
    world.someone(7, None);
    world.adoptable.insert(7);
    world.settle();
    assert!(world.is_ready(), "{}", world.message());
    assert_eq!(world.status.ownership, Some(Ownership::Adopted));
    assert_eq!(world.account().name, "Acme");
    assert!(world.account().features.contains("sla"));
    assert!(world.account().custom_attributes.contains_key("theirs"));
    assert!(world.finalizer && !world.is(DRIFTED));
}

/// Made or taken over, as the marker says: the status went with the resource that was applied again, or is lost.
#[test]
fn what_was_adopted_is_so_when_its_object_is_applied_again_without_adopt_or_has_lost_its_status() {
    for (uid, origin, expected) in [
        ("u-0", Origin::Adopted, Ownership::Adopted),
        (UID, Origin::Adopted, Ownership::Adopted),
        ("u-0", Origin::Made, Ownership::Created),
    ] {
        let mut world = World::new(json!({"name": "Acme"}));
        world.someone_of(7, Some(marker_of("n-1", "main", uid).text(origin)));
        world.finalizer = uid == UID;
        world.settle();
        assert_eq!((world.is_ready(), world.status.id), (true, Some(7)), "{}", world.message());
        assert_eq!(world.status.ownership, Some(expected), "{uid} {origin:?}");
        assert_eq!(world.account().custom_attributes[marker::KEY], json!(world.mine().text(origin)));
    }
}

#[test]
fn what_was_adopted_before_markers_said_so_is_marked_at_the_next_look_and_never_again() {
    let mut world = World::new(json!({"name": "Acme", "adopt": {"id": 7}}));
    world.someone(7, None);
    world.adoptable.insert(7);
    world.settle();
    let before = world.mine().to_string();
    world.account_mut().custom_attributes.insert(marker::KEY.into(), json!(before));
    assert!(calls(&world.settle()).is_empty(), "no look is taken for it");
    world.due = true;
    assert_eq!(calls(&world.pass().effects), ["get", "patch"]);
    assert_eq!(world.account().custom_attributes[marker::KEY], json!(world.mine().text(Origin::Adopted)));
    assert!(world.account().custom_attributes.contains_key("theirs"));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0));
}

#[test]
fn adopting_what_is_somebody_elses_leaves_no_trace() {
    let mut world = World::new(json!({"name": "Acme", "adopt": {"id": 7}}));
    world.someone(7, Some(&marker_of("n-2", "other", "u-2")));
    world.adoptable.insert(7);
    let before = world.accounts.clone();
    world.settle();
    assert_eq!((world.reason(), world.status.id, world.finalizer), (reason::NOT_OWNED, None, false));
    assert_eq!(world.accounts, before);
    // Ten minutes later it still says the same, and does not look for a create that never was.
    world.seconds += 600;
    world.pass();
    assert_eq!(world.reason(), reason::NOT_OWNED);
}

#[test]
fn who_observes_stamps_nothing_and_writes_nothing() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.change(json!({"name": "Other", "mode": "Observe"}));
    // The key was lost meanwhile, so a stamp would be due.
    let stale = marker_of("n-0", "old", UID);
    world.account_mut().custom_attributes.insert(marker::KEY.into(), json!(stale.to_string()));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get"]);
    assert_eq!(
        (world.reason(), world.status.drifted.as_slice()),
        (reason::OBSERVED, ["name".to_owned()].as_slice())
    );
    assert!(world.is(DRIFTED));
    world.change(json!({"name": "Other"}));
    world.settle();
    assert_eq!(world.account().custom_attributes[marker::KEY], json!(world.mine().to_string()));
}

#[test]
fn who_observes_and_is_not_bound_takes_nothing_and_makes_nothing() {
    let mut world = World::new(json!({"name": "Acme", "mode": "Observe", "adopt": {"id": 7}}));
    world.someone(7, None);
    world.adoptable.insert(7);
    let before = world.accounts.clone();
    let effects = world.settle();
    assert_eq!(calls(&effects), ["get"]);
    assert_eq!((world.finalizer, world.status.id, &world.accounts), (false, None, &before));
    assert_eq!(world.status.drifted, ["name"]);
    world.change(json!({"name": "Acme", "mode": "Observe"}));
    assert!(calls(&world.settle()).is_empty());
}

#[test]
fn a_plan_is_enforced_on_who_pauses_or_observes_and_nothing_else_is() {
    for rest in [json!({"paused": true}), json!({"mode": "Observe"})] {
        let mut world = World::new(json!({"name": "Acme", "plan": "pro"}));
        world.plan = Some(planned(&[], &[]));
        world.settle();
        let mut changed = json!({"name": "Other", "plan": "pro", "locale": "de"});
        changed.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        world.change(changed);
        world.plan = Some(planned(&[("sla", true)], &[("agents", 5)]));
        world.plans = vec![planned(&[("sla", true)], &[("agents", 5)])];
        world.settle();
        let account = world.account();
        assert_eq!((account.name.as_str(), account.locale.as_deref()), ("Acme", Some("en")));
        assert!(account.features.contains("sla"));
        assert_eq!(account.limits.get("agents"), Some(&json!(5)));
        if world.spec.paused {
            assert!(world.is(PAUSED));
            assert_ne!(world.reason(), reason::PROGRESSING, "paused is no progress");
        }
    }
}

#[test]
fn a_suspension_holds_whoever_pauses_and_ends_where_it_began() {
    for rest in [
        json!({"name": "Acme"}),
        json!({"name": "Acme", "paused": true}),
        json!({"name": "Acme", "mode": "Observe"}),
    ] {
        let mut world = World::converged(json!({"name": "Acme"}));
        world.change(rest);
        world.settle();
        world.verdict.suspension = Suspension::Yes;
        world.settle();
        assert_eq!(world.account().state, AccountState::Suspended);
        world.verdict.suspension = Suspension::No;
        world.settle();
        assert_eq!(world.account().state, AccountState::Active);
        assert_eq!((world.status.suspended_by, world.status.state_before), (None, None));
    }
}

#[test]
fn a_premium_flag_that_is_reset_daily_is_listed_and_not_sent_again() {
    let mut world = World::converged(json!({"name": "Acme", "features": {"sla": true}}));
    world.account_mut().features.remove("sla");
    world.due = true;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get"]);
    assert_eq!(world.status.drifted, ["features.sla"]);
    assert!(world.is_ready() && world.is(DRIFTED));
    world.change(json!({"name": "Acme", "features": {"sla": true}, "locale": "de"}));
    assert!(calls(&world.settle()).contains(&"features"));
}

#[test]
fn a_field_removed_from_the_spec_stays_and_a_key_removed_goes() {
    let mut world = World::converged(
        json!({"name": "Acme", "locale": "de", "features": {"sla": true}, "limits": {"agents": 3}}),
    );
    world.change(json!({"name": "Acme"}));
    world.settle();
    assert_eq!(world.account().locale.as_deref(), Some("de"));
    assert!(!world.account().features.contains("sla"));
    assert!(world.account().limits.is_empty());
    assert!(world.status.managed.is_empty());
}

#[test]
fn a_finalizer_stripped_by_a_replaced_manifest_is_put_back_also_where_nothing_may_be_done() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.finalizer = false;
    world.verdict.fit = Fit::Refused(refusal());
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), Vec::<&str>::new());
    assert!(world.finalizer);
    // And on a create whose end nobody knows.
    let mut world = World::acme();
    world.fail("post", crate::chatwoot::outcome::Class::Timeout, 0);
    world.pass();
    world.finalizer = false;
    world.spec.paused = true;
    world.pass();
    assert!(world.finalizer);
}

#[test]
fn a_look_that_finds_another_account_than_the_one_asked_for_is_no_look() {
    let mut world = World::converged(json!({"name": "Acme"}));
    let id = world.id();
    let mut other = world.account().clone();
    other.id = crate::chatwoot::types::AccountId(99);
    world.accounts.insert(id, other);
    world.due = true;
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get"]);
    assert!(matches!(pass.end.again, Again::Backoff { .. }));
}

#[test]
fn a_conflict_ends_the_pass_and_the_next_one_decides_anew() {
    for conflicts in 1..4 {
        let mut world = World::new(json!({"name": "Acme", "locale": "de"}));
        world.conflicts = conflicts;
        world.settle();
        assert!(world.is_ready(), "after {conflicts}: {}", world.message());
        assert_eq!(world.accounts.len(), 1);
    }
}

#[test]
fn an_instance_made_anew_takes_its_dependents_over_once_they_were_found_there() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.status.instance.as_mut().unwrap().released = Some(true);
    let mut anew = view();
    anew.binding.uid = "i-2".into();
    world.instance = InstanceChoice::Known(Box::new(anew));
    world.due = true;
    world.pass();
    let binding = world.status.instance.clone().unwrap();
    assert_eq!((binding.uid.as_str(), binding.released), ("i-2", None));
    assert!(!world.is(STALLED));
}

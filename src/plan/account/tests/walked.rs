//! `Verified`: what a walk through the account came to, and why there is none.

use super::world::*;
use crate::{
    api::conditions::{self, ConditionStatus, find},
    plan::account::walked::Outcome,
};
use serde_json::json;

fn told(world: &World) -> Option<(ConditionStatus, String)> {
    let condition = find(&world.status.conditions, conditions::VERIFIED)?;
    Some((condition.status, condition.reason.clone()))
}

fn is(world: &World, status: ConditionStatus, reason: &str) {
    assert_eq!(told(world), Some((status, reason.to_owned())));
}

fn world() -> World {
    let mut world = World::new(json!({"name": "Acme", "verify": {"interval": "1h"}}));
    world.domain = Some("ops.example.com".into());
    world
}

#[test]
fn the_outcome_of_a_walk_costs_one_write_and_the_same_again_none() {
    let mut world = world();
    world.settle();
    is(&world, ConditionStatus::Unknown, "Progressing");
    assert!(world.status.automation.as_ref().is_some_and(|own| own.user_id.is_some()), "nobody to walk as");
    for (outcome, status, reason) in [
        (Outcome::Arrived, ConditionStatus::True, "Succeeded"),
        (Outcome::Failed("the step broke".into()), ConditionStatus::False, "StepFailed"),
        (Outcome::Suspended, ConditionStatus::Unknown, "AccountSuspended"),
    ] {
        world.walked = Some(outcome);
        let pass = world.pass();
        assert_eq!((pass.effects.len(), pass.writes), (0, 1), "{pass:?}");
        is(&world, status, reason);
        assert_eq!(world.pass().writes, 0);
    }
    assert!(crate::plan::status::is_ready(&world.status.conditions), "Ready is about something else");
}

#[test]
fn a_restart_keeps_what_was_heard_and_a_look_does_not_lose_it() {
    let mut world = world();
    world.settle();
    world.walked = Some(Outcome::Arrived);
    world.pass();
    world.walked = None;
    assert_eq!(world.pass().writes, 0);
    world.due = true;
    assert_eq!(world.pass().writes, 0);
    is(&world, ConditionStatus::True, "Succeeded");
}

#[test]
fn whoever_does_not_ask_has_no_condition_and_no_user() {
    let mut world = World::acme();
    world.domain = Some("ops.example.com".into());
    world.settle();
    assert_eq!((told(&world), &world.status.automation), (None, &None));

    let mut world = self::world();
    world.settle();
    world.change(json!({"name": "Acme"}));
    world.settle();
    assert_eq!(told(&world), None);
}

#[test]
fn what_keeps_a_walk_from_being_made_is_said() {
    let mut world = world();
    world.domain = None;
    world.settle();
    is(&world, ConditionStatus::Unknown, "AutomationDisabled");
    let message = &find(&world.status.conditions, conditions::VERIFIED).unwrap().message;
    assert!(message.contains("spec.automation.emailDomain on ChatwootInstance ops/main"), "{message}");

    for (change, reason) in [
        (json!({"paused": true}), "Paused"),
        (json!({"mode": "Observe"}), "Observed"),
        (json!({"state": "Suspended"}), "AccountSuspended"),
    ] {
        let mut world = self::world();
        world.settle();
        world.walked = Some(Outcome::Arrived);
        world.pass();
        let mut spec = json!({"name": "Acme", "verify": {"interval": "1h"}});
        for (key, value) in change.as_object().unwrap() {
            spec[key] = value.clone();
        }
        world.change(spec);
        world.settle();
        is(&world, ConditionStatus::Unknown, reason);
        // The walk before that says nothing about now.
        world.walked = None;
        world.change(json!({"name": "Acme", "verify": {"interval": "1h"}, "state": "Active"}));
        world.settle();
        is(&world, ConditionStatus::Unknown, "Progressing");
    }
}

#[test]
fn a_deletion_waits_for_a_walk_that_cleans_up_but_not_for_ever() {
    let mut world = self::world();
    world.settle();
    (world.deleting, world.walking) = (true, true);
    world.generation += 1;
    world.run_unchecked();
    assert!(!world.gone && world.users.len() == 1, "the walk has nobody to clean up as");
    world.deleting_for = 120;
    world.settle();
    assert!(world.gone && world.users.is_empty());
}

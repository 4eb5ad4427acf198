//! Login links: one for each request, never for those who must not have one, and gone after five minutes whatever happens.

use super::world::*;
use crate::{
    api::{
        common::Ownership,
        conditions::reason,
        user::{LoginLinkState as State, LoginLinkStatus},
    },
    chatwoot::outcome::Class,
    plan::{
        Machine, NoTurn, Step,
        grants::Fit,
        user::{link::secret_name, *},
    },
};
use serde_json::json;
use std::time::Duration;

fn asked(value: serde_json::Value) -> World {
    let mut world = World::converged(value);
    world.link_requested = Some("1".into());
    world
}

fn link(world: &World) -> &LoginLinkStatus {
    world.status.login_link.as_ref().expect("nothing is said about a link")
}

fn refused(world: &World) -> Option<&str> {
    assert_eq!((link(world).state, &world.link), (State::Refused, &None));
    link(world).reason.as_deref()
}

/// How long until it must be looked at again because of the link.
fn deadline(world: &mut World) -> Option<Duration> {
    let (facts, at) = (world.facts(), world.moment());
    facts.deadline(&at)
}

#[test]
fn a_link_is_stored_once_for_each_request_and_removed_on_time() {
    let mut world = asked(json!({}));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "login"]);
    assert_eq!(pass.writes, 2, "until when it stands, and that it is there");
    assert_eq!((link(&world).state, link(&world).requested_at.as_str()), (State::Stored, "1"));
    assert!(world.link.is_some() && world.is_ready());
    assert_eq!(deadline(&mut world), Some(Duration::from_secs(300)));

    let pass = world.pass();
    assert_eq!((pass.effects.len(), pass.writes, world.links), (0, 0, 1), "the same value is answered once");
    world.seconds += 299;
    assert!(world.pass().effects.is_empty() && world.link.is_some());
    world.seconds += 1;
    let pass = world.pass();
    assert_eq!((pass.effects, pass.writes), (vec![Effect::RemoveLink], 1));
    assert_eq!((link(&world).state, link(&world).expires_at, &world.link), (State::Removed, None, &None));
    assert_eq!(deadline(&mut world), None);
    assert!(world.pass().effects.is_empty());

    world.link_requested = Some("2".into());
    world.settle();
    assert_eq!((link(&world).requested_at.as_str(), world.links), ("2", 2));
}

#[test]
fn who_asks_for_no_link_costs_what_they_did() {
    let mut world = World::converged(json!({}));
    assert_eq!((world.status.login_link.clone(), deadline(&mut world)), (None, None));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0));
}

#[test]
fn the_secret_goes_on_time_whatever_else_stands_still() {
    type Trouble = fn(&mut World);
    let troubles: [Trouble; 6] = [
        |w| w.spec.paused = true,
        |w| w.spec.mode = crate::api::common::Mode::Observe,
        |w| w.fit = Fit::Refused(refusal()),
        |w| w.no_turn = Some(NoTurn::Down { retry_in: Duration::from_secs(60) }),
        |w| w.instance = crate::plan::account::InstanceChoice::Unnamed,
        |w| w.link_requested = None,
    ];
    for trouble in troubles {
        let mut world = asked(json!({}));
        world.pass();
        assert!(world.link.is_some());
        trouble(&mut world);
        world.generation += 1;
        world.pass();
        assert!(world.link.is_some(), "its time is not over");
        world.seconds += 300;
        world.pass();
        assert_eq!((link(&world).state, &world.link), (State::Removed, &None));
    }
}

#[test]
fn killed_after_any_step_no_link_outlives_its_time() {
    for steps in 0..20 {
        let mut world = asked(json!({}));
        let done = world.dies_after(steps);
        // The process is away for longer than the link lives.
        world.seconds += 400;
        world.pass();
        let left = world.link.is_some();
        assert!(!left || link(&world).expires_at.is_some(), "after {steps} steps nobody would remove it");
        world.seconds += 300;
        world.settle();
        assert_eq!(world.link, None, "after {steps} steps");
        if done < steps {
            assert!(done > 3, "it has more steps than {done}");
            return;
        }
    }
    panic!("it never came to its end");
}

#[test]
fn a_process_that_was_killed_with_the_link_in_hand_makes_another() {
    let mut world = asked(json!({}));
    // Read, made, recorded; and then nothing.
    world.dies_after(3);
    let noted = link(&world).clone();
    assert_eq!((noted.state, &world.link), (State::Pending, &None));
    world.seconds += 100;
    world.pass();
    assert_eq!((link(&world).state, world.links), (State::Stored, 2));
    assert_eq!(link(&world).expires_at, noted.expires_at, "it is not put off");
}

#[test]
fn what_could_not_be_stored_in_time_is_told_and_not_tried_for_ever() {
    let mut world = asked(json!({}));
    world.secrets_fail = true;
    world.pass();
    assert_eq!((link(&world).state, world.is_ready()), (State::Pending, true));
    world.seconds += 300;
    world.pass();
    assert_eq!(link(&world).state, State::Pending, "nor could it be looked for");
    world.secrets_fail = false;
    world.pass();
    assert_eq!(refused(&world), Some(reason::KUBERNETES_ERROR));
}

#[test]
fn what_kubernetes_did_not_do_is_tried_again_soon() {
    let mut world = asked(json!({}));
    world.secrets_fail = true;
    let mut machine = world.facts();
    let at = world.moment();
    while let Step::Act(effect) = machine.next(&at) {
        machine.learn(world.act(&effect));
    }
    assert_eq!(machine.deadline(&at), Some(Duration::from_secs(5)));
}

#[test]
fn nobody_gets_a_link_who_rests_or_was_adopted_without_the_right() {
    let mut world = asked(json!({"paused": true}));
    let pass = world.pass();
    assert_eq!((refused(&world), pass.effects.len(), pass.writes), (Some(reason::PAUSED), 0, 1));

    let mut world = asked(json!({}));
    world.spec.mode = crate::api::common::Mode::Observe;
    world.pass();
    assert_eq!((refused(&world), world.links), (Some(reason::OBSERVED), 0));

    // Only who was adopted needs it.
    let mut world = asked(json!({}));
    world.may_have_link = Fit::Refused(refusal());
    world.pass();
    assert_eq!(link(&world).state, State::Stored);

    let mut world = asked(json!({}));
    world.status.ownership = Some(Ownership::Adopted);
    world.may_have_link = Fit::Refused(refusal());
    let pass = world.pass();
    assert_eq!((refused(&world), pass.effects.len()), (Some(reason::NOT_GRANTED), 0));
    assert!(world.is_ready(), "nothing is wrong with the person");
    // Refused is an answer: granted later, another value asks again.
    world.may_have_link = Fit::Granted;
    assert!(world.pass().effects.is_empty());
    world.link_requested = Some("2".into());
    world.pass();
    assert_eq!(link(&world).state, State::Stored);

    // Whether it is granted cannot be told: neither is anything done, nor said.
    let mut world = asked(json!({}));
    world.status.ownership = Some(Ownership::Adopted);
    world.may_have_link = Fit::Unknown(refusal());
    world.pass();
    assert_eq!((world.status.login_link.as_ref(), world.links), (None, 0));
}

#[test]
fn nobody_gets_a_link_who_does_not_carry_our_marker() {
    for marker in [None, Some(marker_of("n-2", "bob", "u-9"))] {
        let mut world = asked(json!({}));
        world.someone(7, ALICE, marker.as_ref());
        world.pass();
        assert_eq!((world.reason(), world.links), (reason::NOT_OWNED, 0));
        assert_eq!(world.status.login_link, None);
    }
}

#[test]
fn a_request_waits_for_a_chatwoot_that_is_down_and_for_the_person() {
    let mut world = World::new(json!({}));
    world.link_requested = Some("1".into());
    world.fail("post", Class::Connect);
    world.pass();
    assert_eq!(world.status.login_link, None);
    world.pass();
    assert_eq!(link(&world).state, State::Stored, "{}", world.message());

    let mut world = asked(json!({}));
    world.fail("login", Class::Timeout);
    world.pass();
    assert_eq!(world.status.login_link, None);
    assert!(world.is_ready());
    world.pass();
    assert_eq!(link(&world).state, State::Stored);
}

#[test]
fn a_link_that_chatwoot_refuses_holds_up_nothing_else() {
    let mut world = asked(json!({}));
    world.change(json!({"name": "Alice A."}));
    world.fail("login", Class::Server);
    world.pass();
    assert_eq!((refused(&world), world.is_ready()), (Some(reason::CHATWOOT_UNAVAILABLE), true));
    assert_eq!(world.user().name, "Alice A.");
}

#[test]
fn a_secret_of_somebody_elses_is_left_alone_and_the_earlier_link_is_not_forgotten() {
    let mut world = asked(json!({}));
    world.pass();
    let until = link(&world).expires_at;
    world.link_requested = Some("2".into());
    world.spec.paused = true;
    world.generation += 1;
    world.pass();
    assert_eq!((link(&world).state, link(&world).expires_at), (State::Refused, until));
    world.seconds += 300;
    world.pass();
    assert_eq!((refused(&world), link(&world).expires_at), (Some(reason::PAUSED), None));

    let mut world = asked(json!({}));
    world.strangers_secret = true;
    world.pass();
    assert_eq!(refused(&world), Some(reason::SECRET_INVALID));
}

#[test]
fn the_link_goes_with_the_resource() {
    for policy in ["Retain", "Revoke"] {
        let mut world = asked(json!({"deletionPolicy": policy}));
        world.pass();
        world.deleting = true;
        let effects = world.settle();
        assert!(world.gone && world.link.is_none());
        assert!(effects.contains(&Effect::RemoveLink));
    }
    let mut world = asked(json!({}));
    world.pass();
    world.seconds += 300;
    world.pass();
    world.deleting = true;
    assert!(!world.settle().contains(&Effect::RemoveLink), "and is not looked for again");
}

#[test]
fn a_clock_that_was_set_back_keeps_no_link() {
    let mut world = asked(json!({}));
    world.pass();
    world.seconds -= 100;
    world.pass();
    assert_eq!((link(&world).state, &world.link), (State::Removed, &None));
}

#[test]
fn a_secrets_name_is_one_whatever_the_resources_is() {
    assert_eq!(secret_name("alice"), "alice-login-link");
    let long = secret_name(&format!("{}.{}", "a".repeat(241), "b".repeat(11)));
    assert_eq!(long.len(), 252, "a point at the cut would not be a name: {long}");
    assert!(secret_name(&"a".repeat(253)).len() == 253);
}

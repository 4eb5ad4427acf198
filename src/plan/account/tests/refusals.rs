//! What is refused sends nothing, and says what to do.

use super::world::*;
use crate::{
    api::conditions::{RECONCILING, STALLED, reason},
    chatwoot::outcome::Class,
    plan::{
        account::*,
        grants::{Fit, Suspension},
    },
};
use serde_json::json;

type Refuse = fn(&mut World);

/// Every way to be refused, with the reason it leads to.
fn refusals() -> Vec<(&'static str, Refuse)> {
    vec![
        (reason::INVALID_SPEC, |w| w.instance = InstanceChoice::Unnamed),
        (reason::INVALID_SPEC, |w| w.invalid = Some("spec.locale: write another".into())),
        (reason::NOT_GRANTED, |w| {
            w.verdict.fit = Fit::Refused(refusal());
            w.verdict.plan_stands = false;
        }),
        (reason::NOT_GRANTED, |w| {
            w.verdict.fit = Fit::Unknown(refusal());
            w.verdict.plan_stands = false;
        }),
        (reason::NOT_GRANTED, |w| w.spec.plan = Some("gold".into())),
        (reason::INVALID_SPEC, |w| {
            w.home = true;
            w.spec.plan = Some("gold".into());
        }),
        (reason::WAITING_FOR_INSTANCE, |w| {
            w.instance = InstanceChoice::Missing { name: "main".into(), namespace: "ops".into() };
        }),
        (reason::WAITING_FOR_INSTANCE, |w| {
            let mut blocked = view();
            blocked.blocked = Some("instance ops/main is not Ready: Unauthorized".into());
            w.instance = InstanceChoice::Known(Box::new(blocked));
        }),
        (reason::ACCOUNT_ALREADY_BOUND, |w| {
            w.someone(7, None);
            w.adoptable.insert(7);
            w.spec.adopt = Some(crate::api::common::Adopt { id: 7 });
            w.taken.insert(7);
        }),
    ]
}

#[test]
fn every_refusal_of_something_new_sends_nothing_and_takes_nothing() {
    for (at, (expected, refuse)) in refusals().into_iter().enumerate() {
        for suspension in [Suspension::No, Suspension::Yes, Suspension::Unknown] {
            let mut world = World::acme();
            refuse(&mut world);
            world.verdict.suspension = suspension;
            let effects = world.settle();
            assert!(effects.is_empty(), "refusal {at}: {effects:?}");
            assert_eq!((world.reason(), world.finalizer), (expected, false), "refusal {at}");
            assert!(!world.message().is_empty());
        }
    }
}

#[test]
fn a_refusal_of_what_is_bound_changes_no_field_and_freezes() {
    for (at, (expected, refuse)) in refusals().into_iter().enumerate() {
        let mut world = World::converged(json!({"name": "Acme", "limits": {"agents": 3}}));
        let before = world.accounts.clone();
        world.change(json!({"name": "Other", "locale": "de", "limits": {"agents": 9}, "state": "Suspended"}));
        refuse(&mut world);
        if world.spec.adopt.is_some() {
            continue;
        }
        let effects = world.settle();
        assert!(calls(&effects).iter().all(|call| *call == "get"), "refusal {at}: {effects:?}");
        assert_eq!(world.accounts[&42], before[&42], "refusal {at}");
        assert_eq!(world.reason(), expected, "refusal {at}: {}", world.message());
        assert!(world.status.id.is_some());
    }
}

#[test]
fn naming_another_account_than_the_bound_one_is_refused_and_writes_nothing() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.someone(7, None);
    world.adoptable.insert(7);
    let before = world.accounts.clone();
    world.change(json!({"name": "Other", "adopt": {"id": 7}}));
    let effects = world.settle();
    assert!(calls(&effects).iter().all(|call| *call == "get"), "{effects:?}");
    assert_eq!((world.reason(), &world.accounts), (reason::INVALID_SPEC, &before));
    assert!(world.message().contains('7') && world.message().contains("42"), "{}", world.message());
}

#[test]
fn without_a_grant_it_reads_the_same_whatever_exists() {
    let texts: Vec<String> = [0, 1, 2, 3]
        .into_iter()
        .map(|case| {
            let mut world = World::acme();
            world.verdict.fit = Fit::Refused(refusal());
            match case {
                1 => {
                    world.instance = InstanceChoice::Missing { name: "main".into(), namespace: "ops".into() }
                }
                // Only an instance that is there has a version to say this of.
                2 => world.invalid = Some("spec.locale: et exists since Chatwoot 4.13".into()),
                3 => world.spec.adopt = Some(crate::api::common::Adopt { id: 7 }),
                _ => {}
            }
            world.pass();
            format!("{} {}", world.reason(), world.message())
        })
        .collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:#?}");
    assert!(texts[0].contains("ask the platform admin"));
}

#[test]
fn a_plan_that_is_missing_reads_like_one_that_is_not_granted() {
    let mut missing = World::new(json!({"name": "Acme", "plan": "gold"}));
    missing.pass();
    let mut refused = World::new(json!({"name": "Acme", "plan": "gold"}));
    refused.verdict.fit = Fit::Refused(refusal());
    refused.pass();
    assert_eq!(missing.status.conditions, refused.status.conditions);
}

#[test]
fn a_refusal_is_stalled_after_two_minutes_and_the_pass_comes_back_for_it() {
    let mut world = World::acme();
    world.verdict.fit = Fit::Refused(refusal());
    let pass = world.pass();
    assert!(world.is(RECONCILING) && !world.is(STALLED));
    let crate::plan::Again::After(wait) = pass.end.again else { panic!("{:?}", pass.end.again) };
    assert_eq!(wait.as_secs(), 120);
    world.seconds += 120;
    world.pass();
    assert!(world.is(STALLED) && !world.is(RECONCILING));
}

#[test]
fn what_chatwoot_refuses_is_stalled_and_sent_again_after_ten_minutes_only() {
    let mut world = World::acme();
    for _ in 0..5 {
        world.fail("post", Class::Invalid, 422);
    }
    let first = world.pass();
    assert_eq!((calls(&first.effects), world.reason()), (vec!["post"], reason::REJECTED_BY_CHATWOOT));
    let crate::plan::Again::After(wait) = first.end.again else { panic!("{:?}", first.end.again) };
    assert_eq!(wait.as_secs(), 120, "it comes back when its grace ends");
    world.seconds += 120;
    let second = world.pass();
    assert!(second.effects.is_empty(), "{:?}", second.effects);
    assert!(world.is(STALLED));
    world.seconds += 480;
    let third = world.pass();
    assert_eq!(calls(&third.effects), ["post"]);
    assert!(world.is(STALLED), "the second refusal is no news");
    assert_eq!(world.accounts.len(), 0);
    // A corrected spec is sent at once.
    world.failing.clear();
    world.change(json!({"name": "Better"}));
    assert_eq!(calls(&world.pass().effects), ["post"]);
    assert!(world.is_ready());
}

#[test]
fn three_500s_to_the_same_write_are_chatwoots_last_word() {
    let mut world = World::new(json!({"name": "Acme", "features": {"sla": true}}));
    for _ in 0..4 {
        world.fail("features", Class::Server, 500);
    }
    for expected in [reason::CHATWOOT_UNAVAILABLE, reason::CHATWOOT_UNAVAILABLE, reason::REJECTED_BY_CHATWOOT]
    {
        world.pass();
        assert_eq!(world.reason(), expected);
    }
    // Another spec begins to count anew.
    world.change(json!({"name": "Acme", "features": {"saml": true}}));
    world.pass();
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    world.failing.clear();
    world.pass();
    assert!(world.is_ready());
    assert_eq!(world.write_errors, 0);
}

#[test]
fn a_read_that_answers_500_is_never_held_against_the_author() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.change(json!({"name": "Other"}));
    for _ in 0..5 {
        world.fail("get", Class::Server, 500);
        world.pass();
        assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    }
}

#[test]
fn an_account_without_our_marker_is_not_touched() {
    for marker in [None, Some(marker_of("n-2", "other", "u-2"))] {
        let mut world = World::converged(json!({"name": "Acme"}));
        world.someone(42, marker.as_ref());
        let before = world.accounts.clone();
        world.change(json!({"name": "Other"}));
        world.settle();
        assert_eq!((world.reason(), &world.accounts), (reason::NOT_OWNED, &before));
    }
}

#[test]
fn outside_the_sandbox_the_message_carries_the_statement_that_permits() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.hidden.insert(42);
    world.due = true;
    world.pass();
    assert_eq!(world.reason(), reason::NOT_PERMITTED);
    assert!(
        world.message().contains("PlatformAppPermissible.find_or_create_by!")
            && world.message().contains("find(42)")
    );
}

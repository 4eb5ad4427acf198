//! Chatwoot is away: what has converged is left alone, what waits says so.

use super::world::*;
use crate::{
    api::conditions::{RECONCILING, reason},
    chatwoot::outcome::{Class, Failure},
    plan::{Again, Machine, Step, account::*},
};
use serde_json::json;
use std::time::Duration;

fn down() -> NoTurn {
    NoTurn::Down { retry_in: Duration::from_secs(7) }
}

#[test]
fn an_outage_writes_nothing_on_what_has_converged() {
    let classes =
        [Class::Connect, Class::Transport, Class::Timeout, Class::Proxy, Class::RateLimited, Class::Server];
    for class in classes {
        let mut world = World::converged(json!({"name": "Acme"}));
        world.fail("get", class, 0);
        world.due = true;
        let pass = world.pass();
        assert_eq!(pass.writes, 0, "{class:?}");
        assert!(world.is_ready() && world.due, "{class:?}");
        assert!(matches!(pass.end.again, Again::Backoff { .. }));
    }
    for no_turn in [down(), NoTurn::Throttled { retry_in: Duration::from_secs(7) }, NoTurn::Queued] {
        let mut world = World::converged(json!({"name": "Acme"}));
        world.no_turn = Some(no_turn);
        world.due = true;
        let pass = world.pass();
        assert_eq!((pass.writes, world.is_ready(), pass.end.checked), (0, true, false), "{no_turn:?}");
    }
}

#[test]
fn an_instance_that_is_not_ready_flips_nobody_who_has_no_work() {
    let mut world = World::converged(json!({"name": "Acme"}));
    let mut blocked = view();
    blocked.blocked = Some("instance ops/main is not Ready: Unauthorized".into());
    world.instance = InstanceChoice::Known(Box::new(blocked));
    world.due = true;
    let pass = world.pass();
    assert_eq!((pass.writes, calls(&pass.effects).len()), (0, 0));
    assert!(world.is_ready());
    world.change(json!({"name": "Other"}));
    world.pass();
    assert_eq!(world.reason(), reason::WAITING_FOR_INSTANCE);
}

#[test]
fn work_that_waits_says_why_and_backs_off_as_long_as_chatwoot_asks() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.change(json!({"name": "Other"}));
    let asked = Failure { retry_after: Some(Duration::from_secs(90)), ..failure(Class::RateLimited, 429) };
    world.failing.insert("get", vec![asked]);
    let pass = world.pass();
    assert_eq!(world.reason(), reason::RATE_LIMITED);
    assert!(world.is(RECONCILING));
    assert_eq!(pass.end.again, Again::Backoff { at_least: Duration::from_secs(90) });
    world.no_turn = Some(down());
    world.pass();
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    let again = world.pass();
    assert_eq!(again.writes, 0, "the same outage is no news");
}

#[test]
fn waiting_for_a_turn_is_nothing_to_tell() {
    let mut world = World::acme();
    world.no_turn = Some(NoTurn::Queued);
    let pass = world.pass();
    assert_eq!((pass.writes, pass.end.again), (0, Again::OnChange));
    assert!(!world.finalizer && world.status.creation.is_none());
}

#[test]
fn a_refused_token_is_the_instances_business() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.change(json!({"name": "Other"}));
    world.fail("get", Class::Unauthorized, 401);
    world.pass();
    assert_eq!(world.reason(), reason::WAITING_FOR_INSTANCE);
    // Also where a create meets it: nothing was made, and nobody is asked to decide.
    let mut world = World::acme();
    world.fail("post", Class::Unauthorized, 401);
    world.pass();
    assert_eq!((world.reason(), world.accounts.len()), (reason::WAITING_FOR_INSTANCE, 0));
    world.settle();
    assert!(world.is_ready());
    assert_eq!(world.status.creation.as_ref().unwrap().attempt, 1);
}

#[test]
fn a_redirected_create_says_which_field_to_correct() {
    let mut world = World::acme();
    world.fail("post", Class::Redirected, 301);
    world.pass();
    assert_eq!(world.reason(), reason::REDIRECTED);
    assert!(world.message().contains("externalURL"), "{}", world.message());
}

#[test]
fn a_process_that_stops_or_lost_the_lead_begins_nothing_new() {
    for prepare in [
        (|_| {}) as fn(&mut World),
        |world| world.change(json!({"name": "Other", "locale": "de"})),
        |world| {
            world.deleting = true;
            world.spec.deletion_policy = crate::api::account::AccountDeletionPolicy::Delete;
        },
    ] {
        let mut world = World::converged(json!({"name": "Acme"}));
        prepare(&mut world);
        world.due = true;
        world.stopping = true;
        let pass = world.pass();
        assert!(pass.effects.is_empty() && pass.writes == 0, "{:?}", pass.effects);
    }
}

/// The lead was lost while a call waited for the request budget.
#[test]
fn what_a_process_keeps_to_itself_says_nothing_about_chatwoot() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.change(json!({"name": "Other"}));
    let told = |world: &mut World, stopping| {
        let mut facts = world.facts();
        let id = facts.status.id.unwrap();
        facts.learn(Lesson::Got(id, Err(Failure::of(Class::Connect))));
        world.stopping = stopping;
        match facts.next(&world.moment()) {
            Step::Settle(end) => crate::plan::status::ready_reason(&end.status.conditions).map(str::to_owned),
            step => panic!("{step:?}"),
        }
    };
    assert_eq!(told(&mut world, true).as_deref(), Some(reason::SUCCEEDED), "the status stays as it is");
    assert_eq!(told(&mut world, false).as_deref(), Some(reason::CHATWOOT_UNAVAILABLE));
}

#[test]
fn a_lost_answer_never_makes_a_second_account() {
    for books in [Books::Open, Books::Broken] {
        for (class, made) in [(Class::Timeout, true), (Class::Proxy, false), (Class::Server, true)] {
            let mut world = World::acme();
            world.books = books;
            world.fail("post", class, 0);
            world.pass();
            if made {
                let mine = world.mine();
                world.someone(42, Some(&mine));
            }
            assert_eq!(world.reason(), reason::RESOLVING_CREATE);
            world.settle();
            match (books, made) {
                (Books::Open, _) => assert!(world.is_ready(), "{}", world.message()),
                _ => assert_eq!(world.reason(), reason::CREATE_OUTCOME_UNKNOWN),
            }
            assert_eq!(world.accounts.len(), usize::from(made || books == Books::Open));
        }
    }
}

#[test]
fn a_404_that_is_not_chatwoots_own_word_is_an_outage() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.fail("get", Class::NotRouted, 404);
    world.due = true;
    let pass = world.pass();
    assert_eq!((pass.writes, world.is_ready()), (0, true));
    // JSON, but the same address without a token does not ask for one.
    world.fail("get", Class::NotFound, 404);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "vanished"]);
    assert_eq!((pass.writes, world.is_ready()), (0, true));
}

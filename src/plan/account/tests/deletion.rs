//! Deleting a resource, for every policy and every state of the world.

use super::world::*;
use crate::{
    api::{account::AccountDeletionPolicy as Policy, common::Mode, conditions::reason},
    chatwoot::{outcome::Class, types::AccountState},
    plan::{
        Again, Machine, Moment, Step,
        account::*,
        create,
        grants::{Fit, Suspension},
    },
};
use serde_json::json;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Nothing,
    Bound,
    /// A create whose end nobody knows.
    Unresolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sky {
    Clear,
    Down,
    Missing,
}

fn prepared(held: Held) -> World {
    match held {
        Held::Nothing => World::acme(),
        Held::Bound => World::converged(json!({"name": "Acme"})),
        Held::Unresolved => {
            let mut world = World::acme();
            world.fail("post", Class::Timeout, 0);
            world.pass();
            world
        }
    }
}

fn under(world: &mut World, sky: Sky) {
    match sky {
        Sky::Clear => {}
        Sky::Down => {
            world.no_turn = Some(NoTurn::Down { retry_in: std::time::Duration::from_secs(5) });
            world.books = Books::Down;
        }
        Sky::Missing => {
            world.instance = InstanceChoice::Missing { name: "main".into(), namespace: "ops".into() };
            world.books = Books::Down;
        }
    }
}

fn go(world: &mut World, policy: Policy) {
    world.deleting = true;
    world.spec.deletion_policy = policy;
    world.generation += 1;
}

fn notice(effects: &[Effect]) -> Option<Notice> {
    effects.iter().find_map(|effect| match effect {
        Effect::DropFinalizer(notice) => *notice,
        _ => None,
    })
}

#[test]
fn deleting_with_every_policy_in_every_state_ends_or_says_how_to_get_out() {
    for policy in [Policy::Retain, Policy::Suspend, Policy::Delete] {
        for held in [Held::Nothing, Held::Bound, Held::Unresolved] {
            for sky in [Sky::Clear, Sky::Down, Sky::Missing] {
                for granted in [true, false] {
                    for paused in [true, false] {
                        one_deletion(policy, held, sky, granted, paused);
                    }
                }
            }
        }
    }
}

fn one_deletion(policy: Policy, held: Held, sky: Sky, granted: bool, paused: bool) {
    let case = format!("{policy:?}, {held:?}, {sky:?}, granted: {granted}, paused: {paused}");
    let mut world = prepared(held);
    let finalizer = world.finalizer;
    under(&mut world, sky);
    go(&mut world, policy);
    world.spec.paused = paused;
    if !granted {
        world.may_delete = Fit::Refused(refusal());
        world.verdict.fit = Fit::Refused(refusal());
    }
    let mut effects = Vec::new();
    for _ in 0..4 {
        if world.gone || !finalizer {
            break;
        }
        effects.extend(world.pass().effects);
        if effects.iter().any(|effect| matches!(effect, Effect::Delete(_))) {
            world.accounts.clear();
        }
        world.seconds += 200;
    }
    if !finalizer {
        assert_eq!(held, Held::Nothing, "{case}");
        return;
    }
    let deletes = effects.iter().any(|effect| matches!(effect, Effect::Delete(_)));
    assert!(!deletes || (policy == Policy::Delete && granted && !paused && sky == Sky::Clear), "{case}");
    let patched = calls(&effects).contains(&"patch");
    assert!(!patched || (policy != Policy::Retain && !paused && sky == Sky::Clear), "{case}");
    let free = match policy {
        Policy::Retain => true,
        _ if paused || sky != Sky::Clear => false,
        Policy::Suspend => true,
        // Nobody can tell what became of the create, and a destroying policy must not guess.
        Policy::Delete => granted && held == Held::Bound,
    };
    if free {
        assert!(world.gone, "{case}: {} {}", world.reason(), world.message());
        let expected = match (policy, held) {
            (_, Held::Unresolved) => Some(Notice::MayExist),
            (Policy::Retain, _) => Some(Notice::Retained),
            (Policy::Suspend, _) => Some(Notice::Suspended),
            (Policy::Delete, _) => Some(Notice::Deleted),
        };
        assert_eq!(notice(&effects), expected, "{case}");
        return;
    }
    // An unresolved create ends with a look where it destroys, and without one where it keeps: both say so.
    if world.gone {
        assert_eq!((held, notice(&effects)), (Held::Unresolved, Some(Notice::MayExist)), "{case}");
        assert!(!paused && (policy == Policy::Suspend || sky == Sky::Clear), "{case}");
        return;
    }
    assert!(
        [reason::DELETION_BLOCKED, reason::RESOLVING_CREATE].contains(&world.reason()),
        "{case}: {}",
        world.reason()
    );
    if world.reason() == reason::DELETION_BLOCKED {
        assert!(world.message().ends_with("set spec.deletionPolicy: Retain"), "{case}: {}", world.message());
    }
    // Switching the policy releases at once, in one pass.
    world.spec.deletion_policy = Policy::Retain;
    world.generation += 1;
    let mut passes = 0;
    while !world.gone {
        world.pass();
        passes += 1;
        assert!(passes < 3, "{case}: Retain does not let go: {} {}", world.reason(), world.message());
    }
}

#[test]
fn deleting_suspends_reads_destroys_and_waits_until_it_is_gone() {
    let mut world = World::converged(json!({"name": "Acme"}));
    go(&mut world, Policy::Delete);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "patch", "delete"]);
    assert_eq!((world.reason(), world.account().state), (reason::DELETING, AccountState::Suspended));
    assert!(world.status.deletion.is_some());
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get"], 0), "sent once, then only looked at");
    // Too late for second thoughts, and the event says so.
    let mut late = world.clone();
    late.spec.deletion_policy = Policy::Retain;
    assert_eq!(notice(&late.pass().effects), Some(Notice::TooLate));
    world.accounts.clear();
    world.seconds += 60;
    let pass = world.pass();
    assert_eq!(
        (calls(&pass.effects), notice(&pass.effects)),
        (vec!["get", "vanished"], Some(Notice::Deleted))
    );
    assert!(world.gone);
}

#[test]
fn suspending_keeps_the_account_and_its_data() {
    let mut world = World::converged(json!({"name": "Acme"}));
    go(&mut world, Policy::Suspend);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "patch"]);
    assert_eq!(world.accounts[&42].state, AccountState::Suspended);
    assert!(world.gone);
}

#[test]
fn an_account_without_our_marker_is_never_destroyed() {
    for marker in [None, Some(marker_of("n-2", "other", "u-2")), Some(marker_of("n-0", "main", "u-0"))] {
        let mut world = World::converged(json!({"name": "Acme"}));
        world.someone(42, marker.as_ref());
        let before = world.accounts.clone();
        go(&mut world, Policy::Delete);
        let pass = world.pass();
        assert_eq!(calls(&pass.effects), ["get"]);
        assert_eq!((world.reason(), &world.accounts), (reason::DELETION_BLOCKED, &before));
    }
}

#[test]
fn what_is_adoptable_and_unmarked_is_stamped_before_it_is_destroyed() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.someone(42, None);
    world.accounts.get_mut(&42).unwrap().state = AccountState::Suspended;
    world.adoptable.insert(42);
    go(&mut world, Policy::Delete);
    // The world's own checks see to the order.
    assert_eq!(calls(&world.pass().effects), ["get", "patch", "delete"]);
}

#[test]
fn observing_and_a_released_instance_let_go_without_a_call_and_not_in_silence() {
    for released in [true, false] {
        for (held, expected) in [(Held::Bound, Notice::Retained), (Held::Unresolved, Notice::MayExist)] {
            let mut world = prepared(held);
            if released {
                world.status.instance.as_mut().unwrap().released = Some(true);
            } else {
                world.spec.mode = Mode::Observe;
            }
            go(&mut world, Policy::Delete);
            let pass = world.pass();
            assert!(calls(&pass.effects).is_empty());
            assert_eq!(notice(&pass.effects), Some(expected));
            assert!(world.gone);
        }
    }
}

#[test]
fn retain_lets_go_although_somebody_answered_a_question_that_would_need_a_call() {
    let mut world = World::acme();
    world.books = Books::Broken;
    world.fail("post", Class::Timeout, 0);
    world.settle();
    world.answer = Some(format!("{}/account-id=42", world.status.decision.as_ref().unwrap().token));
    world.no_turn = Some(NoTurn::Down { retry_in: std::time::Duration::from_secs(5) });
    go(&mut world, Policy::Retain);
    world.pass();
    assert!(world.gone);
}

#[test]
fn a_lost_create_is_found_and_destroyed_with_its_resource() {
    let mut world = prepared(Held::Unresolved);
    let mine = world.mine();
    world.someone(42, Some(&mine));
    go(&mut world, Policy::Delete);
    let effects = world.settle();
    assert!(calls(&effects).contains(&"delete"), "{:?}", calls(&effects));
    assert_eq!(world.status.id, Some(42));
}

#[test]
fn a_blocked_deletion_asks_nobody_a_question_that_has_no_answer() {
    let mut world = World::converged(json!({"name": "Acme"}));
    world.may_delete = Fit::Refused(refusal());
    go(&mut world, Policy::Delete);
    world.pass();
    assert_eq!(world.reason(), reason::DELETION_BLOCKED);
    assert!(world.status.decision.is_none());
}

#[test]
fn a_policy_that_changed_while_the_account_was_made_decides_what_becomes_of_it() {
    let mut world = World::converged(json!({"name": "Acme", "deletionPolicy": "Delete"}));
    let mut machine = world.facts();
    // The id could not be stored at once, because somebody had set Retain and deleted the resource.
    let back = create::ReadBack::Found {
        bound: world.status.id,
        claim: world.status.creation.as_ref().map(create::Claim::from),
        finalizer: true,
        deleting: true,
        at: Duration::from_secs(world.seconds),
    };
    machine.learn(Lesson::ReadBack { back, status: Some(Box::new(world.status.clone())) });
    let at = Moment {
        now: jiff::Timestamp::UNIX_EPOCH,
        clock: Duration::from_secs(world.seconds),
        nonce: String::new(),
        stopping: false,
    };
    let next = machine.next(&at);
    assert!(matches!(&next, Step::Settle(end) if end.again == Again::Fresh), "{next:?}");
}

#[test]
fn a_deletion_that_its_author_holds_up_is_no_way_out_of_a_suspension() {
    for (policy, paused) in [(Policy::Suspend, true), (Policy::Delete, true), (Policy::Delete, false)] {
        let mut world = World::converged(json!({"name": "Acme"}));
        go(&mut world, policy);
        world.spec.paused = paused;
        world.may_delete = Fit::Refused(refusal());
        world.verdict.fit = Fit::Refused(refusal());
        world.settle();
        assert_eq!((world.reason(), world.account().state), (reason::DELETION_BLOCKED, AccountState::Active));
        world.verdict.suspension = Suspension::Yes;
        world.settle();
        assert_eq!(world.account().state, AccountState::Suspended, "{policy:?}, paused: {paused}");
        assert_eq!((world.reason(), world.gone), (reason::DELETION_BLOCKED, false));
        assert!(world.status.suspended_by.is_some());
        world.verdict.suspension = Suspension::No;
        world.settle();
        assert_eq!((world.reason(), world.account().state), (reason::DELETION_BLOCKED, AccountState::Active));
    }
}

//! The promises of the operator, for what is inside accounts.

use super::{super::*, world::*};
use crate::chatwoot::outcome::Class;
use serde_json::json;

#[test]
fn promise_not_ours_is_not_touched() {
    let mut world = World::label();
    let theirs = world.somebody_makes("vip");
    let before = world.items[&theirs].clone();
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"));
    assert!(pass.message().contains("spec.adopt: true"), "{}", pass.message());
    world.deleting = true;
    world.pass();
    assert_eq!(world.items[&theirs], before);
    assert!(!world.finalizer, "nothing holds up the deletion");
}

#[test]
fn promise_a_key_that_can_hold_a_secret_stands_in_no_message() {
    let mut there = World::of(&HOOK);
    there.somebody_makes("vip");
    let mut several = World::of(&HOOK);
    several.standing = crate::plan::claims::Standing::Taken;
    for mut world in [there, several] {
        let pass = world.pass();
        assert_eq!(pass.reason(), "NotOwned");
        assert!(pass.message().contains("this url") && !pass.message().contains("vip"), "{}", pass.message());
    }
}

#[test]
fn promise_what_is_taken_over_is_never_deleted() {
    let mut world = World::label();
    let theirs = world.somebody_makes("vip");
    world.manner.adopt = true;
    world.settle();
    assert_eq!(world.status.id, Some(theirs));
    assert_eq!(world.status.ownership, Some(Ownership::Adopted));
    assert_eq!(world.items[&theirs].fields["color"], json!("#112233"));
    world.deleting = true;
    world.pass();
    assert!(world.items.contains_key(&theirs) && world.gone);
    assert_eq!(world.notices, [Notice::Retained]);
}

#[test]
fn promise_one_that_another_resource_has_is_not_taken_over() {
    let mut world = World::label();
    let theirs = world.somebody_makes("vip");
    world.manner.adopt = true;
    world.others.push(Other { id: Some(theirs), ..Other::default() });
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"));
}

#[test]
fn promise_several_of_one_name_are_not_guessed_between() {
    let mut world = World::inbox();
    world.somebody_makes("vip");
    world.somebody_makes("vip");
    world.manner.adopt = true;
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "InvalidSpec"));
}

/// Every way in which a create can be interrupted ends with one, which is ours.
#[test]
fn promise_an_interrupted_create_ends_with_exactly_one() {
    for kind in [&LABEL, &INBOX, &HOOK] {
        for fault in [Fault::NotSent, Fault::Lost, Fault::Vain, Fault::Refused(Class::RateLimited)] {
            for restarts in [false, true] {
                let mut world = World::of(kind);
                world.fail("create", fault.clone());
                world.pass();
                if restarts {
                    world.restart();
                }
                world.wait(SETTLE * 2);
                let end = world.settle();
                assert_eq!(end.reason(), "Succeeded", "{kind:?} {fault:?}");
                assert_eq!(world.items.len(), 1, "{kind:?} {fault:?}: {:?}", world.items);
                assert_eq!(world.status.ownership, Some(Ownership::Created));
            }
        }
    }
}

/// A process that dies between any two effects.
#[test]
fn promise_a_crash_anywhere_loses_and_doubles_nothing() {
    for kind in [&LABEL, &INBOX] {
        for effects in 0..8 {
            for conflicts in 0..2 {
                let mut world = World::of(kind);
                world.pass_until(effects);
                world.restart();
                world.conflicts = conflicts;
                world.wait(1);
                world.pass();
                world.wait(SETTLE * 2);
                world.settle();
                assert_eq!(world.items.len(), 1, "{kind:?} after {effects}: {:?}", world.items);
                assert_eq!(world.status.id, world.items.keys().next().copied());
                assert_eq!(world.items.values().next().unwrap().key, "vip");
            }
        }
    }
}

/// A write that loses its race after the request went out: the id is not forgotten.
#[test]
fn promise_a_conflict_after_the_create_keeps_the_id() {
    for kind in [&LABEL, &INBOX] {
        let mut world = World::of(kind);
        let pass = world.pass_until(4);
        assert_eq!(pass.calls().last(), Some(&"create"));
        let mut world = World::of(kind);
        world.pass_until(3);
        world.conflicts = 1;
        world.wait(SETTLE * 2);
        world.settle();
        assert_eq!(world.items.len(), 1, "{kind:?}");
        assert_eq!(world.status.id, world.items.keys().next().copied());
    }
}

#[test]
fn promise_a_late_request_is_waited_for_before_it_is_repeated() {
    let mut world = World::inbox();
    world.fail("create", Fault::Vain);
    assert_eq!(world.pass().reason(), "ResolvingCreate");
    world.restart();
    world.wait(1);
    let pass = world.pass();
    assert!(!pass.calls().contains(&"create"), "{:?}", pass.effects);
    assert_eq!(pass.reason(), "ResolvingCreate");
    // It arrives after all.
    let name = world.status.creation.as_ref().unwrap().name.clone();
    let late = world.somebody_makes(&name);
    world.wait(SETTLE * 2);
    world.settle();
    assert_eq!(world.status.id, Some(late));
    assert_eq!(world.items.len(), 1);
}

#[test]
fn promise_two_that_our_own_requests_made_become_one() {
    let mut world = World::inbox();
    world.fail("create", Fault::Vain);
    world.pass();
    let name = world.status.creation.as_ref().unwrap().name.clone();
    let (first, second) = (world.somebody_makes(&name), world.somebody_makes(&name));
    world.wait(SETTLE * 2);
    world.settle();
    assert_eq!(world.status.id, Some(first));
    assert!(!world.items.contains_key(&second));
}

/// A proxy that sends a request twice: the second arrives when the first has long been bound.
#[test]
fn promise_a_twin_that_arrives_late_is_removed_with_the_next_look() {
    let mut world = World::inbox();
    world.settle();
    let twin = world.somebody_makes(TEMPORARY);
    world.due = true;
    world.wait(3600);
    assert_eq!(world.pass().calls(), ["list", "delete"]);
    assert!(!world.items.contains_key(&twin) && world.items.len() == 1);
    let twin = world.somebody_makes(TEMPORARY);
    world.deleting = true;
    world.wait(60);
    world.pass();
    assert!(world.gone && world.items.is_empty(), "{twin}");
}

/// The finalizer is there and the status is not: somebody or something has lost it.
#[test]
fn promise_a_lost_status_makes_no_second_one() {
    let mut world = World::inbox();
    world.settle();
    world.status = ContentStatus::default();
    world.wait(60);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"));
    assert!(pass.message().contains("spec.adopt: true"), "{}", pass.message());
    world.edit(|world| world.manner.adopt = true);
    world.settle();
    assert_eq!(world.items.len(), 1);
    assert_eq!(world.status.id, world.items.keys().next().copied());
}

/// After a restore the account is waited for, and that is said in the status that was lost.
#[test]
fn promise_a_lost_status_is_not_forgotten_over_what_is_said_meanwhile() {
    let mut world = World::inbox();
    world.settle();
    world.status = ContentStatus::default();
    let open = world.place.clone();
    world.place = Place::Waiting(Verdict::new(reason::WAITING_FOR_ACCOUNT, "not yet"));
    assert_eq!(world.pass().reason(), "WaitingForAccount");
    world.place = open;
    world.wait(60);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"));
    assert_eq!(world.items.len(), 1);
}

/// The finalizer stays then, and nothing was lost: somebody else's of that name is none of its business.
#[test]
fn a_refused_request_is_no_lost_status() {
    let mut world = World::inbox();
    world.fail("create", Fault::Refused(Class::RateLimited));
    world.pass();
    assert!(world.finalizer && world.status.id.is_none());
    let name = world.wished().key.clone();
    world.somebody_makes(&name);
    world.wait(60);
    assert_eq!(world.settle().reason(), "Succeeded");
    assert_eq!(world.items.len(), 2);
}

#[test]
fn promise_observing_changes_nothing() {
    let mut world = World::label();
    let theirs = world.somebody_makes("vip");
    let before = world.items[&theirs].clone();
    world.manner.adopt = true;
    world.manner.mode = Mode::Observe;
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "Observed"));
    assert_eq!(world.status.drifted, ["color"]);
    assert_eq!(world.status.id, None);
    assert_eq!(world.items[&theirs], before);
}

#[test]
fn promise_a_paused_resource_is_left_alone() {
    let mut world = World::label();
    world.manner.paused = true;
    assert_eq!(world.pass().calls(), Vec::<&str>::new());
    world.edit(|world| world.manner.paused = false);
    assert_eq!(world.settle().reason(), "Succeeded");
}

#[test]
fn promise_nothing_new_is_begun_by_a_process_that_goes() {
    let mut world = World::label();
    world.stopping = true;
    let pass = world.pass();
    assert_eq!((pass.effects.len(), pass.writes), (0, 0));
}

#[test]
fn promise_two_with_one_key_do_not_undo_each_other() {
    let mut world = World::label();
    world.standing = crate::plan::claims::Standing::Taken;
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec![], "NotOwned"));
}

/// A request that is noted and then has to queue would be waited for as if it were under way.
#[test]
fn promise_a_request_is_noted_only_by_who_may_send_it_at_once() {
    let mut world = World::label();
    let notes: Vec<Effect> = world
        .pass()
        .effects
        .into_iter()
        .filter(|effect| matches!(effect, Effect::Write(_, Tag::Note)))
        .collect();
    assert!(!notes.is_empty() && notes.iter().all(Effect::needs_turn), "{notes:?}");
}

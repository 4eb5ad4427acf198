use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn key(namespace: &str, name: impl ToString) -> Key {
    Key::new("ChatwootAccount", namespace, name.to_string())
}

fn anybody(_: &str) -> bool {
    true
}

fn drained(queue: &mut Queue) -> Vec<(Lane, String)> {
    std::iter::from_fn(|| queue.pop(anybody))
        .map(|(lane, key)| (lane, format!("{}/{}", key.namespace, key.name)))
        .collect()
}

fn names(queue: &mut Queue) -> Vec<String> {
    drained(queue).into_iter().map(|(_, name)| name).collect()
}

#[test]
fn one_tenants_thousand_changes_do_not_hold_up_anothers_one() {
    let mut queue = Queue::default();
    for name in 0..1000 {
        queue.push(Lane::Change, &key("big", name));
    }
    queue.push(Lane::Change, &key("small", "only"));
    let order = names(&mut queue);
    assert_eq!(order[..4], ["big/0", "small/only", "big/1", "big/2"]);
    assert_eq!(order.len(), 1001);
}

#[test]
fn namespaces_take_turns_and_keep_their_own_order() {
    let mut queue = Queue::default();
    for (namespace, name) in [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1), ("b", 2)] {
        queue.push(Lane::Change, &key(namespace, name));
    }
    assert_eq!(names(&mut queue), ["a/1", "b/1", "c/1", "a/2", "b/2", "a/3"]);
}

#[test]
fn a_namespace_with_its_share_stands_back_for_others_and_for_nobody_else() {
    let mut queue = Queue::default();
    for (namespace, name) in [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("c", 1)] {
        queue.push(Lane::Change, &key(namespace, name));
    }
    let all = std::iter::from_fn(|| queue.pop(|namespace| namespace != "a"));
    let order: Vec<_> = all.map(|(_, key)| format!("{}/{}", key.namespace, key.name)).collect();
    assert_eq!(order, ["b/1", "c/1", "a/1", "a/2", "a/3"]);
    assert!(queue.change.ring.is_empty() && queue.change.namespaces.is_empty());
}

#[test]
fn of_any_six_turns_one_is_for_waiting_background_work() {
    let mut queue = Queue::default();
    for name in 0..600 {
        queue.push(Lane::Change, &key("a", name));
        queue.push(Lane::Background, &key("b", name));
    }
    let lanes: Vec<_> = drained(&mut queue).into_iter().map(|(lane, _)| lane).collect();
    for six in lanes[..600].windows(6) {
        assert_eq!(six.iter().filter(|lane| **lane == Lane::Background).count(), 1);
    }
}

#[test]
fn background_work_that_comes_late_does_not_come_first() {
    let mut queue = Queue::default();
    for name in 0..20 {
        queue.push(Lane::Change, &key("a", name));
    }
    for _ in 0..10 {
        assert_eq!(queue.pop(anybody).unwrap().0, Lane::Change);
    }
    queue.push(Lane::Background, &key("b", 0));
    let lanes: Vec<_> = drained(&mut queue).into_iter().map(|(lane, _)| lane).collect();
    assert_eq!(lanes.iter().position(|lane| *lane == Lane::Background), Some(5));
}

#[test]
fn a_key_waits_once_and_only_moves_up() {
    let mut queue = Queue::default();
    for lane in [Lane::Background, Lane::Background, Lane::Change, Lane::Background, Lane::Change] {
        queue.push(lane, &key("a", 1));
    }
    assert_eq!((queue.len(Lane::Change), queue.len(Lane::Background)), (1, 0));
    assert_eq!(drained(&mut queue), [(Lane::Change, "a/1".to_owned())]);
}

#[test]
fn a_key_put_back_comes_next_within_its_lane() {
    let mut queue = Queue::default();
    for (namespace, name) in [("a", 1), ("b", 1), ("b", 2)] {
        queue.push(Lane::Change, &key(namespace, name));
    }
    queue.push_front(Lane::Change, &key("b", 0));
    assert_eq!(names(&mut queue), ["b/0", "a/1", "b/1", "b/2"]);
}

#[test]
fn nothing_is_left_of_a_key_that_went_away() {
    let mut queue = Queue::default();
    for round in 0..100 {
        queue.push(Lane::Background, &key("a", round));
        queue.remove(&key("a", round));
    }
    assert!(queue.background.ring.is_empty() && queue.background.namespaces.is_empty());
    assert_eq!(queue.pop(anybody), None);
}

#[derive(Clone, Debug)]
enum Op {
    Push(Lane, u8, u8),
    Front(Lane, u8, u8),
    Remove(u8, u8),
    Pop,
}

fn op() -> impl Strategy<Value = Op> {
    let lane = prop_oneof![Just(Lane::Change), Just(Lane::Background)];
    prop_oneof![
        4 => (lane.clone(), 0u8..4, 0u8..6).prop_map(|(lane, ns, name)| Op::Push(lane, ns, name)),
        1 => (lane, 0u8..4, 0u8..6).prop_map(|(lane, ns, name)| Op::Front(lane, ns, name)),
        1 => (0u8..4, 0u8..6).prop_map(|(ns, name)| Op::Remove(ns, name)),
        2 => Just(Op::Pop),
    ]
}

proptest! {
    #[test]
    fn every_waiting_key_comes_out_exactly_once(ops in prop::collection::vec(op(), 0..200)) {
        let mut queue = Queue::default();
        let mut waiting = BTreeSet::new();
        let key = |namespace: u8, name: u8| key(&namespace.to_string(), name);
        for op in ops {
            match op {
                Op::Push(lane, namespace, name) => {
                    queue.push(lane, &key(namespace, name));
                    waiting.insert(key(namespace, name));
                }
                Op::Front(lane, namespace, name) => {
                    queue.push_front(lane, &key(namespace, name));
                    waiting.insert(key(namespace, name));
                }
                Op::Remove(namespace, name) => {
                    queue.remove(&key(namespace, name));
                    waiting.remove(&key(namespace, name));
                }
                Op::Pop => match queue.pop(anybody) {
                    Some((_, key)) => prop_assert!(waiting.remove(&key)),
                    None => prop_assert!(waiting.is_empty()),
                },
            }
            prop_assert_eq!(queue.len(Lane::Change) + queue.len(Lane::Background), waiting.len());
        }
        while let Some((_, key)) = queue.pop(anybody) {
            prop_assert!(waiting.remove(&key));
        }
        prop_assert!(waiting.is_empty());
    }
}

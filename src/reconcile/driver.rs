//! The one loop that runs every kind's policy.

use super::{
    memory::{Memories, Remembered, Version},
    stored::{Stored, Wrote},
    world::World,
};
use crate::{
    api::common::RESTORE_STATUS_ANNOTATION,
    plan::{Again, End, Machine, Moment, Step, schedule},
};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::{Resource, ResourceExt, core::object::HasStatus};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

/// More steps than any plan needs (a person may have a hundred memberships); one that takes them all does not converge.
const FUEL: usize = 400;
/// The watch usually brings a newer version well before this.
const FRESH: Duration = Duration::from_millis(500);
/// The shortest wait there is.
const AT_ONCE: Duration = Duration::from_millis(1);
/// How long a cache may lag behind our own writes.
const LAG: Duration = Duration::from_millis(50);
/// How soon after an object a backup tool writes its status: at once, but it may have many others on its hands.
const STATUS_FOLLOWS_WITHIN: Duration = Duration::from_secs(10);

/// Carries out one effect: exactly one call to Chatwoot, or exactly one Kubernetes read or write.
pub trait Hands<M: Machine>: Send {
    // Not `async fn`: the pass is spawned by generic code, so the future has to promise `Send`.
    fn act(&mut self, effect: M::Effect) -> impl Future<Output = M::Lesson> + Send;
}

/// What a kind adds to the loop.
pub trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasStatus<Status: Clone + Debug + PartialEq + Default + Send + Sync>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    type Machine: Machine<End = End<Self::Status>>;
    type Hands: Hands<Self::Machine> + AsMut<Stored<Self>>;
    type Memory: Default + Clone + Send;

    fn memories(world: &World) -> &Memories<Self::Memory>;

    /// What status, spec and references say. `None`: nothing can be decided at all, such as before the installation is
    /// known; whoever makes it possible wakes everything.
    fn observe(
        object: &Self,
        world: &Arc<World>,
        remembered: &mut Remembered<Self::Memory>,
        at: &Moment,
    ) -> Option<Self::Machine>;

    fn hands(stored: Stored<Self>, machine: &Self::Machine, world: &Arc<World>) -> Self::Hands;

    /// A pass had no work: a turn that was kept for it goes to the next in line.
    fn give_up_turn(machine: &Self::Machine, world: &World);

    /// Keeps what the next pass should know.
    fn remember(machine: &Self::Machine, remembered: &mut Remembered<Self::Memory>);

    /// How often it is compared with Chatwoot.
    fn interval(machine: &Self::Machine) -> Duration;

    /// What its drift slot is computed from: those with the same are compared at the same times.
    fn slot(_: &Self, uid: &str) -> String {
        uid.to_owned()
    }

    /// When it must be looked at again whatever else it waits for, also sooner than after a failure.
    fn deadline(_machine: &Self::Machine, _at: &Moment) -> Option<Duration> {
        None
    }

    /// What a change of status tells people.
    fn announce(object: &Self, old: &Self::Status, new: &Self::Status, world: &World);
}

/// One pass over one object; returns when to come back if nobody wakes it before.
pub async fn pass<K: Kind>(object: Arc<K>, world: Arc<World>) -> Option<Duration> {
    if let Some(wait) = status_follows(&*object, &world) {
        return Some(wait);
    }
    pass_with(object, world, K::hands).await.map(|(wait, _)| wait)
}

/// Nothing has been said about it, or nothing of that is left.
pub fn is_bare<K: Kind>(object: &K) -> bool {
    object.status().is_none_or(|status| *status == K::Status::default())
}

/// How much longer an object is left alone that looks as if a backup tool had just put it back: annotated by us, and
/// without any status.
///
/// Velero creates the object and then writes its status at the version it has created. Whatever else is written in
/// between makes that a conflict, which Velero notes as a warning; the ids in the status would be lost, and a declared
/// password would be set anew.
fn status_follows<K: Kind>(object: &K, world: &World) -> Option<Duration> {
    if !is_bare(object) || object.meta().deletion_timestamp.is_some() {
        return None;
    }
    let annotated = object.annotations().contains_key(RESTORE_STATUS_ANNOTATION);
    let uid = object.uid().unwrap_or_default();
    let mut remembered = K::memories(world).take(&uid);
    let wait = left_alone(&mut remembered, annotated, world.clock());
    K::memories(world).put(&uid, remembered);
    wait
}

/// How much longer an object without status is left alone. One that was seen without the annotation has it from us, and
/// must not wait: its turn at the gate would be lost.
fn left_alone<M>(remembered: &mut Remembered<M>, annotated: bool, clock: Duration) -> Option<Duration> {
    remembered.is_new |= !annotated;
    let seen = *remembered.since.get_or_insert(clock);
    let left = (seen + STATUS_FOLLOWS_WITHIN).checked_sub(clock)?;
    (!remembered.is_new && !left.is_zero()).then_some(left)
}

/// As [`pass`], with other hands; they come back if the pass had work for them.
pub async fn pass_with<K, H>(
    object: Arc<K>,
    world: Arc<World>,
    hands: impl FnOnce(Stored<K>, &K::Machine, &Arc<World>) -> H,
) -> Option<(Duration, Option<H>)>
where
    K: Kind,
    H: Hands<K::Machine> + AsMut<Stored<K>>,
{
    let uid = object.uid().unwrap_or_default();
    let version = Version::of(&object.resource_version().unwrap_or_default());
    let mut remembered = K::memories(&world).take(&uid);
    if remembered.replaced.contains(&version) {
        K::memories(&world).put(&uid, remembered);
        return Some((LAG, None));
    }
    remembered.replaced = Box::default();
    let at = world.moment();
    remembered.since.get_or_insert(at.clock);
    let Some(machine) = K::observe(&object, &world, &mut remembered, &at) else {
        K::memories(&world).put(&uid, remembered);
        return None;
    };
    let step = machine.next(&at);
    if let Step::Settle(end) = &step
        && object.status().map_or_else(|| end.status == K::Status::default(), |stored| end.status == *stored)
    {
        // A pass without work ends here: no turn, no call, no copy of the object.
        K::give_up_turn(&machine, &world);
        let nothing = Outcome { again: end.again, checked: end.checked, gone: false, replaced: Vec::new() };
        return Some((finish::<K>(&object, &world, &machine, remembered, nothing), None));
    }
    // What a pass with work needs room for is many times what all the others do.
    let (outcome, machine, used) = Box::pin(work(&object, &world, machine, step, hands)).await;
    Some((finish::<K>(&object, &world, &machine, remembered, outcome), Some(used)))
}

/// Keeps what the next pass should know, and says when that is.
fn finish<K: Kind>(
    object: &K,
    world: &World,
    machine: &K::Machine,
    mut remembered: Remembered<K::Memory>,
    outcome: Outcome,
) -> Duration {
    let uid = object.uid().unwrap_or_default();
    K::remember(machine, &mut remembered);
    remembered.replaced = outcome.replaced.iter().map(|version| Version::of(version)).collect();
    let end = Ended { again: outcome.again, checked: outcome.checked };
    let at = world.moment();
    let slot = K::slot(object, &uid);
    let wait = come_back(&mut remembered, (&uid, &slot), end, K::interval(machine), (at.clock, at.now));
    let wait = K::deadline(machine, &at).map_or(wait, |deadline| wait.min(deadline.max(AT_ONCE)));
    if outcome.gone {
        K::memories(world).forget(&uid);
    } else {
        K::memories(world).put(&uid, remembered);
    }
    wait
}

struct Outcome {
    again: Again,
    checked: bool,
    gone: bool,
    replaced: Vec<String>,
}

/// Acts until there is nothing left to do; `step` is the first thing.
async fn work<K, H>(
    object: &Arc<K>,
    world: &Arc<World>,
    mut machine: K::Machine,
    mut step: Step<<K::Machine as Machine>::Effect, End<K::Status>>,
    hands: impl FnOnce(Stored<K>, &K::Machine, &Arc<World>) -> H,
) -> (Outcome, K::Machine, H)
where
    K: Kind,
    H: Hands<K::Machine> + AsMut<Stored<K>>,
{
    let old = object.status().cloned().unwrap_or_default();
    let stored = Stored::new(world.client.clone(), K::clone(object), world.observers.writes.clone());
    let mut hands = hands(stored, &machine, world);
    for _ in 0..FUEL {
        match step {
            Step::Act(effect) => {
                tracing::trace!(effect = ?std::any::type_name::<K>(), "acting");
                let lesson = hands.act(effect).await;
                machine.learn(lesson);
                step = machine.next(&world.moment());
            }
            Step::Settle(end) => {
                let outcome = settle(object, &old, end, hands.as_mut(), world).await;
                return (outcome, machine, hands);
            }
        }
    }
    (world.observers.fuel)(super::stored::kind_name::<K>());
    let failed = Again::Backoff { at_least: Duration::from_secs(60) };
    let replaced = hands.as_mut().replaced().to_vec();
    (Outcome { again: failed, checked: false, gone: false, replaced }, machine, hands)
}

async fn settle<K: Kind>(
    object: &Arc<K>,
    old: &K::Status,
    end: End<K::Status>,
    stored: &mut Stored<K>,
    world: &Arc<World>,
) -> Outcome {
    let mut again = end.again;
    let mut gone = false;
    let written = stored.object().status().cloned().unwrap_or_default();
    if written != end.status && !matches!(again, Again::Fresh) {
        match stored.write_status(end.status.clone()).await {
            Wrote::Yes => {}
            Wrote::Conflict => again = Again::Fresh,
            Wrote::Unknown => again = Again::Backoff { at_least: Duration::ZERO },
            Wrote::Gone => gone = true,
        }
    }
    let new = stored.object().status().cloned().unwrap_or_default();
    if new != *old {
        K::announce(object, old, &new, world);
    }
    // The last finalizer is gone, and the object with it: nothing is remembered of it.
    let left = stored.object();
    gone |= left.meta().deletion_timestamp.is_some() && left.finalizers().is_empty();
    Outcome { again, checked: end.checked, gone, replaced: stored.replaced().to_vec() }
}

/// How a pass ended, as far as it decides when to come back.
struct Ended {
    again: Again,
    checked: bool,
}

/// When to come back if nobody wakes the object before. Every settle carries the object's next drift time, because a
/// wake consumes whatever was pending. `now`: on the monotonic clock and on the wall's.
fn come_back<M>(
    remembered: &mut Remembered<M>,
    (uid, slot): (&str, &str),
    end: Ended,
    interval: Duration,
    (clock, wall): (Duration, Timestamp),
) -> Duration {
    if end.checked {
        remembered.last_check = clock;
    }
    let mut until_slot = schedule::until_next_slot(slot, interval, wall);
    // What was looked at just before its slot need not be looked at again at once.
    if end.checked && until_slot < interval / 50 {
        until_slot += interval;
    }
    let next = clock + until_slot;
    // A shorter interval moves the slot; one that has passed unused stays due for whoever wakes the object next.
    let due = remembered.next_check.filter(|_| !end.checked).map_or(next, |due| due.min(next));
    remembered.next_check = Some(due);
    if let Again::Backoff { at_least } = end.again {
        remembered.failures = remembered.failures.saturating_add(1);
        return schedule::backoff(remembered.failures, uid).max(at_least);
    }
    if end.again == Again::Fresh {
        return FRESH;
    }
    remembered.failures = 0;
    // It is no reason to come back at once either: it could not be used now, and would not be in a millisecond.
    let until_due = if due > clock { due - clock } else { until_slot };
    let wait = match end.again {
        Again::After(wait) => wait.min(until_due),
        Again::OnChange | Again::Fresh | Again::Backoff { .. } => until_due,
    };
    wait.max(AT_ONCE)
}

#[cfg(test)]
mod tests;

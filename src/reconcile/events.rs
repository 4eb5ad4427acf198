//! Events for people: from transitions of a status, and where an object goes and something has to be said.

use super::{stored::kind_name, world::World};
use crate::api::conditions::{self, Condition, ConditionStatus, find};
use kube::{
    Resource, ResourceExt,
    runtime::events::{Event, EventType},
};
use std::time::Duration;

/// Longest note an event may carry, in bytes.
const LONGEST_NOTE: usize = 1000;

/// Publishes an event in the background: whether it arrives changes nothing, and a failure is only counted.
pub fn publish<K: Resource<DynamicType = ()>>(
    object: &K,
    kind: EventType,
    reason: &str,
    note: String,
    world: &World,
) {
    let (recorder, failed) = (world.recorder.clone(), world.observers.event_error.clone());
    let about = object.object_ref(&());
    let note = match note.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST_NOTE).last() {
        Some(end) if note.len() > LONGEST_NOTE => note.get(..end).unwrap_or_default().to_owned(),
        _ => note,
    };
    tracing::debug!(object = %object.name_any(), reason, note, "event");
    let event = Event {
        type_: kind,
        reason: reason.to_owned(),
        note: Some(note),
        action: "Reconcile".to_owned(),
        secondary: None,
    };
    tokio::spawn(async move {
        if recorder.publish(&event, &about).await.is_err() {
            failed();
        }
    });
}

/// Says that Ready has changed: that it is True, or that somebody has to act. `first`: it has never been applied before, so
/// the time from its creation is measured.
pub fn ready_changed<K: Resource<DynamicType = ()>>(
    object: &K,
    old: &[Condition],
    new: &[Condition],
    first: bool,
    world: &World,
) {
    let (before, Some(after)) = (find(old, conditions::READY), find(new, conditions::READY)) else {
        return;
    };
    let changed = before.is_none_or(|before| before.reason != after.reason || before.status != after.status);
    if changed && after.status == ConditionStatus::True {
        if before.is_none_or(|before| before.status != ConditionStatus::True) && first {
            let age = object.creation_timestamp().map(|t| jiff::Timestamp::now().duration_since(t.0));
            let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
            (world.observers.first_ready)(kind_name::<K>(), age);
        }
        publish(object, EventType::Normal, &after.reason, after.message.clone(), world);
    } else if changed && conditions::class(&after.reason).stalls() {
        publish(object, EventType::Warning, &after.reason, after.message.clone(), world);
    }
}

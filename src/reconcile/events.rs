//! Events for people: from transitions of a status, and where an object goes and something has to be said.

use super::world::World;
use kube::{
    Resource, ResourceExt,
    runtime::events::{Event, EventType},
};

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

//! Events for people: from transitions of a status, and where an object goes and something has to be said.

use super::{stored::kind_name, world::World};
use crate::api::conditions::{self, Condition, ConditionStatus, find};
use kube::{
    Client, Resource, ResourceExt,
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use std::time::Duration;

/// Longest note an event may carry, in bytes.
const LONGEST_NOTE: usize = 1000;

/// Where events go.
pub struct Recorders {
    client: Client,
    reporter: Reporter,
    /// Counts what is said again within minutes, and keeps everything it said for that long.
    series: Recorder,
}

impl Recorders {
    pub fn new(client: Client, reporter: Reporter) -> Self {
        let series = Recorder::new(client.clone(), reporter.clone());
        Self { client, reporter, series }
    }

    /// For what is said of an object once in its life: nothing is kept, so a thousand new objects cost no memory.
    fn lone(&self) -> Recorder {
        Recorder::new(self.client.clone(), self.reporter.clone())
    }
}

/// Publishes an event in the background: whether it arrives changes nothing, and a failure is only counted.
pub fn publish<K: Resource<DynamicType = ()>>(
    object: &K,
    kind: EventType,
    reason: &str,
    note: String,
    world: &World,
) {
    publish_by(world.recorders.series.clone(), object, (kind, reason, note), world);
}

/// As [`publish`], for what happens to an object once.
pub fn publish_once<K: Resource<DynamicType = ()>>(object: &K, reason: &str, note: String, world: &World) {
    publish_by(world.recorders.lone(), object, (EventType::Normal, reason, note), world);
}

fn publish_by<K: Resource<DynamicType = ()>>(
    recorder: Recorder,
    object: &K,
    (kind, reason, note): (EventType, &str, String),
    world: &World,
) {
    let failed = world.observers.event_error.clone();
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
            return publish_once(object, &after.reason, after.message.clone(), world);
        }
        publish(object, EventType::Normal, &after.reason, after.message.clone(), world);
    } else if changed && conditions::class(&after.reason).stalls() {
        publish(object, EventType::Warning, &after.reason, after.message.clone(), world);
    }
}

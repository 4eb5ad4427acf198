//! What the operator writes about objects, as it writes it.

use crate::Kind;
use futures::stream::{BoxStream, StreamExt, TryStreamExt, select_all};
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::Value;

/// An object as it was at one moment.
#[derive(Clone, Debug)]
pub struct Seen {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub generation: i64,
    /// `status.id`: its id in Chatwoot.
    pub id: Option<i64>,
    pub ready: Option<Condition>,
}

/// A condition, such as Ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
    pub observed_generation: i64,
}

impl Seen {
    /// What an object of that kind says.
    #[must_use]
    pub fn of(kind: Kind, object: &DynamicObject) -> Self {
        let status = object.data.get("status").unwrap_or(&Value::Null);
        let conditions = status.get("conditions").and_then(Value::as_array);
        let ready = conditions.into_iter().flatten().find(|condition| text(condition, "type") == "Ready");
        Self {
            kind,
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            generation: object.metadata.generation.unwrap_or_default(),
            id: status.get("id").and_then(Value::as_i64),
            ready: ready.map(|condition| Condition {
                status: text(condition, "status"),
                reason: text(condition, "reason"),
                message: text(condition, "message"),
                observed_generation: condition
                    .get("observedGeneration")
                    .and_then(Value::as_i64)
                    .unwrap_or_default(),
            }),
        }
    }

    /// Whether it is as its present spec wants it.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let ready = self.ready.as_ref();
        ready.is_some_and(|ready| ready.status == "True" && ready.observed_generation == self.generation)
    }

    /// Such as `acme/alice`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

fn text(condition: &Value, field: &str) -> String {
    condition.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A watch over kinds in all namespaces: every object there is, then every one that changes. Interruptions are bridged.
pub struct News(BoxStream<'static, Seen>);

impl News {
    #[must_use]
    pub fn of(client: &Client, kinds: &[Kind]) -> Self {
        let watches = kinds.iter().map(|kind| {
            let kind = *kind;
            let objects: Api<DynamicObject> = Api::all_with(client.clone(), &kind.resource());
            watcher(objects, watcher::Config::default())
                .default_backoff()
                .applied_objects()
                .map_ok(move |object| Seen::of(kind, &object))
                // The watch is opened again after a pause.
                .filter_map(|seen| std::future::ready(seen.ok()))
                .boxed()
        });
        Self(select_all(watches).boxed())
    }

    /// The next one; never ends.
    pub async fn next(&mut self) -> Seen {
        match self.0.next().await {
            Some(seen) => seen,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(generation: i64, observed: i64, status: &str) -> Seen {
        let object = json!({
            "apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootAccount",
            "metadata": {"name": "a", "namespace": "n", "generation": generation},
            "status": {"id": 7, "conditions": [
                {"type": "Stalled", "status": "True"},
                {"type": "Ready", "status": status, "observedGeneration": observed}
            ]}
        });
        Seen::of(Kind::Account, &serde_json::from_value(object).unwrap())
    }

    #[test]
    fn ready_counts_for_the_present_spec_only() {
        assert!(seen(2, 2, "True").is_ready());
        assert!(!seen(2, 1, "True").is_ready());
        assert!(!seen(2, 2, "False").is_ready());
        assert_eq!((seen(1, 1, "True").id, seen(1, 1, "True").place()), (Some(7), "n/a".to_owned()));
    }
}

//! How an object stands, whatever its kind: read from the conditions every kind has.

use crate::api::conditions::{self, Condition, ConditionStatus, find};
use kube::{ResourceExt, api::DynamicObject};
use serde::Serialize;
use serde_json::Value;

/// How one object stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub namespace: String,
    pub name: String,
    /// `True`, `False` or `Unknown`.
    pub ready: &'static str,
    pub reason: String,
    pub message: String,
    #[serde(skip)]
    pub is_at_work: bool,
    /// The request for a look that was last answered.
    #[serde(skip)]
    pub handled: Option<String>,
    /// Token of the question that stands open.
    #[serde(skip)]
    pub question: Option<String>,
}

impl Standing {
    pub fn of(object: &DynamicObject) -> Self {
        let status = object.data.get("status").cloned().unwrap_or_default();
        let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let list = status.get("conditions").cloned().unwrap_or_default();
        let list: Vec<Condition> = serde_json::from_value(list).unwrap_or_default();
        let ready = find(&list, conditions::READY);
        Self {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            ready: match ready.map(|ready| ready.status) {
                Some(ConditionStatus::True) => "True",
                Some(ConditionStatus::False) => "False",
                Some(ConditionStatus::Unknown) | None => "Unknown",
            },
            reason: ready.map_or_else(|| "Unseen".to_owned(), |ready| ready.reason.clone()),
            message: ready.map_or_else(
                || {
                    "the operator has not looked at it yet; is it running, and does it watch this namespace?"
                        .to_owned()
                },
                |ready| ready.message.clone(),
            ),
            is_at_work: ready.is_none() || find(&list, conditions::RECONCILING).is_some(),
            handled: text("/lastHandledReconcileAt"),
            question: text("/decision/token"),
        }
    }

    pub fn is_ready(&self) -> bool {
        self.ready == "True"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn standing(status: Value) -> Standing {
        Standing::of(
            &serde_json::from_value(json!({
                "apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootAccount",
                "metadata": {"namespace": "acme", "name": "main"}, "status": status
            }))
            .unwrap(),
        )
    }

    #[test]
    fn an_object_nobody_has_looked_at_is_neither_ready_nor_settled() {
        let unseen = standing(json!({"observedGeneration": -1}));
        assert_eq!((unseen.ready, unseen.reason.as_str(), unseen.is_at_work), ("Unknown", "Unseen", true));
    }

    #[test]
    fn conditions_question_and_answer_are_read() {
        let condition = |kind: &str, status: &str| {
            json!({"type": kind, "status": status, "reason": "CreateOutcomeUnknown", "message": "decide",
                "lastTransitionTime": "2026-01-01T00:00:00Z"})
        };
        let asked = standing(json!({
            "conditions": [condition("Ready", "False"), condition("Stalled", "True")],
            "decision": {"token": "abc"}, "lastHandledReconcileAt": "now"
        }));
        assert_eq!((asked.ready, asked.is_at_work), ("False", false));
        assert_eq!((asked.question.as_deref(), asked.handled.as_deref()), (Some("abc"), Some("now")));
    }
}

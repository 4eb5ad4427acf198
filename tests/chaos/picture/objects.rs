//! Kubernetes' side of the picture.

use super::Names;
use chatwoot_simulator::State;
use serde_json::{Map, Value, json};

pub fn key(names: &Names, object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    format!("{kind} {}/{}", names.neutral(text("namespace")), text("name"))
}

pub fn content(names: &Names, object: &Value, state: &State) -> Value {
    let mut content = json!({"metadata": metadata(object)});
    if object["kind"] == "Secret" {
        content["data"] = super::secrets::data(names, object, state);
    } else {
        content["spec"] = object["spec"].clone();
        content["status"] = status(names, object);
    }
    neutral(names, content)
}

fn metadata(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut annotations = metadata["annotations"].as_object().cloned().unwrap_or_default();
    // What people ask for in the course of a storm.
    annotations.remove("chatwoot.dev/reconcile-requested-at");
    json!({
        "labels": metadata["labels"], "annotations": annotations, "finalizers": metadata["finalizers"],
        "deleted": metadata["deletionTimestamp"].is_string()
    })
}

/// A status without times, claims and fingerprints; of these it only counts that they are there.
fn status(names: &Names, object: &Value) -> Value {
    let mut status = object["status"].as_object().cloned().unwrap_or_default();
    // How it was made may differ; that it was made, and by one decision, may not.
    let repeated = status.get("creation").is_some_and(|creation| !creation["repeats"].is_null());
    // Which witnesses an instance records depends on when it was looked at.
    for field in ["creation", "applied", "connection"] {
        if let Some(value) = status.get_mut(field) {
            *value = json!(!value.is_null());
        }
    }
    status.remove("lastHandledReconcileAt");
    if let Some(observed) = status.get_mut("observedGeneration") {
        *observed = json!(*observed == object["metadata"]["generation"]);
    }
    if let Some(instance) = status.get_mut("instance").and_then(Value::as_object_mut) {
        let uid = instance.get("uid").and_then(Value::as_str).unwrap_or_default();
        let whose = names.of_uid(uid);
        instance.insert("uid".to_owned(), json!(whose));
    }
    if let Some(password) = status.get_mut("password").and_then(Value::as_object_mut) {
        password.insert("fingerprint".to_owned(), json!("present"));
        password.insert("keyId".to_owned(), json!("present"));
    }
    numbers(names, object, &mut status);
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        for condition in conditions.iter_mut() {
            let Some(fields) = condition.as_object_mut() else { continue };
            fields.remove("lastTransitionTime");
            let current = fields.get("observedGeneration") == Some(&object["metadata"]["generation"]);
            fields.insert("observedGeneration".to_owned(), json!(current));
            if repeated && let Some(message) = fields.get_mut("message") {
                *message = json!(without_note(message.as_str().unwrap_or_default()));
            }
        }
        conditions.sort_by_key(|condition| condition["type"].to_string());
    }
    Value::Object(status)
}

/// A repeated create is said in the message for ever, and rightly so; the rest of it is as always.
fn without_note(message: &str) -> String {
    let parts = message.split("; ").filter(|part| !part.starts_with("the create was repeated"));
    parts.collect::<Vec<_>>().join("; ")
}

fn numbers(names: &Names, object: &Value, status: &mut Map<String, Value>) {
    let id = status.get("id").and_then(Value::as_i64);
    if let Some(id) = id {
        let whose = match object["kind"].as_str().unwrap_or_default() {
            "ChatwootUser" => names.person(id),
            "ChatwootAccount" => names.account(id),
            kind => names.inside(kind, id),
        };
        status.insert("id".to_owned(), json!(whose));
        if let Some(url) = status.get_mut("url") {
            let ends = url.as_str().unwrap_or_default().ends_with(&format!("/{id}"));
            *url = json!(if ends { "of this account" } else { "of another account" });
        }
    }
    if let Some(account) = status.get_mut("account") {
        account["id"] = json!(account["id"].as_i64().map(|id| names.account(id)));
        account["instance"]["uid"] =
            json!(names.of_uid(account["instance"]["uid"].as_str().unwrap_or_default()));
    }
    if let Some(user) = status.get_mut("automation") {
        // A request without an answer is remembered for as long as it could matter, and rightly so.
        user.as_object_mut().map(|user| user.remove("unansweredSince"));
        user["email"] = json!(names.address(user["email"].as_str().unwrap_or_default()));
        user["userId"] = json!(user["userId"].as_i64().map(|id| names.person(id)));
    }
    let memberships = status.get_mut("memberships").and_then(Value::as_array_mut);
    for membership in memberships.into_iter().flatten() {
        if let Some(id) = membership["accountId"].as_i64() {
            membership["accountId"] = json!(names.account(id));
        }
    }
}

/// This run's namespaces and its Chatwoot, called as every run's.
fn neutral(names: &Names, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(names.neutral(&without_port(&text))),
        Value::Array(all) => Value::Array(all.into_iter().map(|value| neutral(names, value)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, neutral(names, value))).collect())
        }
        other => other,
    }
}

/// Simulators listen where nobody else does.
fn without_port(text: &str) -> String {
    if text.starts_with("http://127.") { "http://chatwoot".to_owned() } else { text.to_owned() }
}

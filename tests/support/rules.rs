//! What holds for every status at every moment, whatever a test is about: what kstatus, Argo CD and people rely on.

use serde_json::Value;

/// What is wrong with this version of an object; empty when nothing is.
pub fn broken(object: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let status = &object["status"];
    let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
    let observed = status["observedGeneration"].as_i64();
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let is_true = |kind: &str| conditions.iter().any(|c| c["type"] == kind && c["status"] == "True");
    match observed {
        None => wrong.push("status.observedGeneration is missing".to_owned()),
        Some(-1) if conditions.is_empty() => {}
        Some(seen) if seen > generation => wrong.push("status speaks for a generation to come".to_owned()),
        Some(_) if !conditions.iter().any(|c| c["type"] == "Ready") => {
            wrong.push("a status without the condition Ready".to_owned());
        }
        Some(_) => {}
    }
    if is_true("Reconciling") && is_true("Stalled") {
        wrong.push("both Reconciling and Stalled".to_owned());
    }
    if is_true("Ready") && (is_true("Reconciling") || is_true("Stalled")) {
        wrong.push("Ready, and Reconciling or Stalled".to_owned());
    }
    for condition in &conditions {
        let kind = condition["type"].as_str().unwrap_or_default();
        if condition["observedGeneration"].as_i64() != observed {
            wrong.push(format!("{kind} speaks for another generation than the status"));
        }
        if ["Reconciling", "Stalled", "Paused", "Drifted"].contains(&kind) && condition["status"] != "True" {
            wrong.push(format!("{kind} is there although it is not true"));
        }
        if condition["message"].as_str().unwrap_or_default().len() > 1024 {
            wrong.push(format!("the message of {kind} is longer than 1 KiB"));
        }
    }
    wrong
}

/// What changed between two versions that never may.
pub fn broken_step(before: &Value, after: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if before["metadata"]["uid"] != after["metadata"]["uid"] {
        return wrong;
    }
    let number = |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let (was, is) = (number(before, "/status/creation/attempt"), number(after, "/status/creation/attempt"));
    if was > is {
        wrong.push(format!("status.creation.attempt went from {was:?} to {is:?}"));
    }
    let (was, is) = (number(before, "/status/id"), number(after, "/status/id"));
    let decided = before["status"]["decision"] != Value::Null;
    // A person who is gone from Chatwoot is forgotten, and made again under another id; so is what configures an account,
    // with the note of the request that makes it.
    let is_inside = after["spec"]["account"].is_string() && after["status"]["creation"] != Value::Null;
    let forgotten = (after["kind"] == "ChatwootUser" || is_inside) && is.is_none();
    if was.is_some() && was != is && !decided && !forgotten {
        wrong.push(format!("status.id went from {was:?} to {is:?} although nobody was asked"));
    }
    wrong
}

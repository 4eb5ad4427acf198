//! What `plan` prints.

use super::sheet::Change;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// What becomes of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Outcome {
    Nothing,
    Create,
    Update,
    Delete,
    /// Something that is not there yet is waited for, or Chatwoot does not answer.
    Wait,
    /// The operator would refuse it.
    Refused,
    /// The API server would refuse the manifest.
    Invalid,
}

/// One object and what would become of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    pub kind: &'static str,
    pub namespace: String,
    pub name: String,
    /// It stands in the manifests; otherwise it is concerned by something that does.
    pub applied: bool,
    pub outcome: Outcome,
    /// Its id in Chatwoot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Reason of Ready afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Fields of the Kubernetes object that applying changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spec: Vec<Change>,
    /// Fields in Chatwoot that the operator changes then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The requests it makes for that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// It does not end well: what is asked for would not be so.
    #[serde(skip)]
    pub falls_short: bool,
}

/// The whole plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub objects: Vec<Planned>,
    /// Objects of other kinds in the manifests, for which nothing is planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_planned: Vec<String>,
}

impl Report {
    pub fn falls_short(&self) -> bool {
        self.objects.iter().any(|object| object.falls_short)
    }

    pub fn has_changes(&self) -> bool {
        self.objects.iter().any(|object| object.outcome != Outcome::Nothing)
    }

    fn count(&self, outcomes: &[Outcome]) -> usize {
        self.objects.iter().filter(|object| outcomes.contains(&object.outcome)).count()
    }
}

/// The plan for people.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for object in &report.objects {
        describe(object, &mut text);
    }
    for other in &report.not_planned {
        let _ = writeln!(text, "{other}: not planned, it is no kind of this operator");
    }
    let _ = writeln!(
        text,
        "{} to create, {} to update, {} to delete, {} with nothing to do, {} refused or waiting",
        report.count(&[Outcome::Create]),
        report.count(&[Outcome::Update]),
        report.count(&[Outcome::Delete]),
        report.count(&[Outcome::Nothing]),
        report.count(&[Outcome::Wait, Outcome::Refused, Outcome::Invalid]),
    );
    text
}

fn describe(object: &Planned, text: &mut String) {
    let Planned { kind, namespace, name, .. } = object;
    let what = match object.outcome {
        Outcome::Nothing => "nothing",
        Outcome::Create if *kind == crate::runtime::wiring::USER => "create (fails if the e-mail exists)",
        Outcome::Create => "create",
        Outcome::Update => "update",
        Outcome::Delete => "delete",
        Outcome::Wait => "wait",
        Outcome::Refused => "refused",
        Outcome::Invalid => "invalid",
    };
    let id = object.id.map(|id| format!(" (id {id})")).unwrap_or_default();
    let why = if object.applied { "" } else { ", not in the manifests but concerned" };
    let _ = writeln!(text, "{kind} {namespace}/{name}{id}: {what}{why}");
    let new = object.outcome == Outcome::Create;
    let shown = |field: &str| object.changes.iter().any(|change| field == format!("spec.{}", change.field));
    for change in object.spec.iter().filter(|change| !shown(&change.field)).chain(&object.changes) {
        let _ = writeln!(text, "  {}", line(change, new));
    }
    for note in &object.notes {
        let _ = writeln!(text, "  {note}");
    }
    if object.falls_short {
        let reason = object.reason.as_deref().unwrap_or("Unknown");
        let _ = writeln!(text, "  {reason}: {}", object.message.as_deref().unwrap_or_default());
    }
}

fn line(change: &Change, new: bool) -> String {
    if new && change.old.is_null() {
        format!("{}: {}", change.field, spoken(&change.new))
    } else {
        format!("{}: {} → {}", change.field, spoken(&change.old), spoken(&change.new))
    }
}

fn spoken(value: &Value) -> String {
    match value {
        Value::Null => "(nothing)".to_owned(),
        value => value.to_string(),
    }
}

/// How two specs differ, leaf by leaf; lists are compared whole.
pub fn spec_changes(old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("spec", old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null), &mut changes);
    changes
}

fn compare(path: &str, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    let empty = serde_json::Map::new();
    let (before, after) = match (old, new) {
        (Value::Object(before), Value::Object(after)) => (before, after),
        (Value::Null, Value::Object(after)) => (&empty, after),
        (Value::Object(before), Value::Null) => (before, &empty),
        (old, new) => {
            if old != new {
                changes.push(Change { field: path.to_owned(), old: old.clone(), new: new.clone() });
            }
            return;
        }
    };
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
        compare(&format!("{path}.{key}"), &of(before), &of(after), changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn planned(outcome: Outcome) -> Planned {
        Planned {
            kind: "ChatwootAccount",
            namespace: "acme".into(),
            name: "main".into(),
            applied: true,
            outcome,
            id: None,
            reason: None,
            message: None,
            spec: Vec::new(),
            changes: Vec::new(),
            requests: Vec::new(),
            notes: Vec::new(),
            falls_short: false,
        }
    }

    #[test]
    fn a_plan_reads_field_by_field() {
        let change = |field: &str, old: Value, new: Value| Change { field: field.into(), old, new };
        let report = Report {
            objects: vec![
                Planned {
                    changes: vec![change("name", Value::Null, json!("Acme"))],
                    ..planned(Outcome::Create)
                },
                Planned {
                    id: Some(42),
                    spec: vec![
                        change("spec.name", json!("A"), json!("B")),
                        change("spec.deletionPolicy", json!("Retain"), json!("Suspend")),
                    ],
                    changes: vec![
                        change("name", json!("A"), json!("B")),
                        change("limits.agents", json!(3), Value::Null),
                    ],
                    ..planned(Outcome::Update)
                },
                Planned {
                    reason: Some("NotGranted".into()),
                    message: Some("no grant".into()),
                    falls_short: true,
                    applied: false,
                    ..planned(Outcome::Refused)
                },
                Planned { kind: "ChatwootUser", ..planned(Outcome::Create) },
            ],
            not_planned: vec!["Secret s".into()],
        };
        assert_eq!(
            text(&report),
            "ChatwootAccount acme/main: create\n  name: \"Acme\"\n\
             ChatwootAccount acme/main (id 42): update\n  spec.deletionPolicy: \"Retain\" → \"Suspend\"\n  name: \"A\" → \"B\"\n  \
             limits.agents: 3 → (nothing)\n\
             ChatwootAccount acme/main: refused, not in the manifests but concerned\n  NotGranted: no grant\n\
             ChatwootUser acme/main: create (fails if the e-mail exists)\n\
             Secret s: not planned, it is no kind of this operator\n\
             2 to create, 1 to update, 0 to delete, 0 with nothing to do, 1 refused or waiting\n"
        );
        assert!(report.falls_short() && report.has_changes());
    }

    #[test]
    fn specs_are_compared_leaf_by_leaf() {
        let told = spec_changes(
            Some(&json!({"features": {"sla": true}, "names": ["a"]})),
            Some(&json!({"features": {"sla": false, "crm": true}, "names": ["a", "b"], "paused": true})),
        );
        let fields: Vec<_> = told.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["spec.features.crm", "spec.features.sla", "spec.names", "spec.paused"]);
        assert!(spec_changes(None, None).is_empty());
    }
}

//! The shipped definitions, as a real API server understands them.

mod cases;
#[cfg(feature = "cel")]
mod offline;

use chatwoot_operator::api::schema;
use std::collections::BTreeSet;

/// The messages of all rules of a kind.
fn messages(kind: &str) -> BTreeSet<String> {
    fn walk(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        if let Some(rules) = value.get("x-kubernetes-validations").and_then(|rules| rules.as_array()) {
            found.extend(rules.iter().filter_map(|rule| Some(rule.get("message")?.as_str()?.to_owned())));
        }
        match value {
            serde_json::Value::Object(values) => values.values().for_each(|value| walk(value, found)),
            serde_json::Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for crd in schema::all().into_iter().filter(|crd| crd.spec.names.kind == kind) {
        walk(&serde_json::to_value(crd).unwrap(), &mut found);
    }
    found
}

#[test]
fn every_rule_is_tried_from_both_sides() {
    for kind in cases::KINDS {
        let tried: Vec<_> =
            cases::all().into_iter().filter(|case| case.kind == kind).map(|case| case.says).collect();
        for message in messages(kind) {
            assert!(tried.iter().any(|says| message.contains(says)), "{kind}: no case for: {message}");
        }
    }
}

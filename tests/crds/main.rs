//! The shipped definitions, as a real API server understands them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../src/api/schema/anything.rs"]
mod anything;
mod cases;
#[cfg(feature = "cel")]
mod offline;
mod refused;
mod sampled;
mod server;
mod shown;
mod stored;

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
fn every_kind_that_is_shipped_is_tried() {
    let shipped: Vec<_> = schema::all().into_iter().map(|crd| crd.spec.names.kind).collect();
    assert_eq!(shipped, cases::KINDS);
}

#[test]
fn every_rule_is_tried_from_both_sides() {
    for &kind in cases::KINDS {
        let tried: Vec<_> =
            cases::all().into_iter().filter(|case| case.kind == kind).map(|case| case.says).collect();
        for message in messages(kind) {
            assert!(tried.iter().any(|says| message.contains(says)), "{kind}: no case for: {message}");
        }
    }
}

#[test]
fn the_marker_is_reserved_under_the_key_it_is_written_to() {
    // The two layers do not know each other, so each has its own constant.
    assert_eq!(chatwoot_operator::api::common::MARKER_ATTRIBUTE, chatwoot_operator::chatwoot::marker::KEY);
}

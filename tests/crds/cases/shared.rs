//! What several kinds have in common.

use super::{Case, bound, change, create, unbound};
use serde_json::{Value, json};

/// What a plan and an account have in common.
pub fn sold(kind: &'static str) -> Vec<Case> {
    let of = |refused, says, accepted| create(kind, refused, says, accepted);
    let reserved = "customAttributes: chatwoot_operator and the keys in which Chatwoot keeps its own state";
    let mut cases: Vec<_> = chatwoot_operator::api::common::RESERVED_ATTRIBUTES
        .into_iter()
        .map(|key| {
            of(
                json!({"customAttributes": {key: "1"}}),
                reserved,
                json!({"customAttributes": {format!("my_{key}"): "1"}}),
            )
        })
        .collect();
    cases.extend(attribute_forms(kind));
    cases.extend([
        of(
            json!({"features": {"flags": false}}),
            "features: flags is not a feature",
            json!({"features": {"help_center": false}}),
        ),
        of(
            json!({"features": {"Help Center": true}}),
            "features: names are Chatwoot's feature flags",
            json!({"features": {"chatwoot_v4": true}}),
        ),
        of(
            json!({"features": {"sla": "yes"}}),
            "must be of type boolean",
            json!({"features": {"sla": true}}),
        ),
        of(
            json!({"limits": {"Agents": 1}}),
            "limits: names are Chatwoot's limits",
            json!({"limits": {"agents": 0, "inboxes": 1_000_000_000}}),
        ),
        of(
            json!({"limits": {"agents": -1}}),
            "should be greater than or equal to 0",
            json!({"limits": {"agents": 10}}),
        ),
        of(
            json!({"limits": {"agents": 1_000_000_001}}),
            "should be less than or equal to 1000000000",
            json!({"limits": {"agents": 1}}),
        ),
        of(json!({"features": flags(65)}), "must have at most 64 items", json!({"features": flags(64)})),
        of(json!({"limits": {"agents": 1.5}}), "must be of type integer", json!({"limits": {"agents": 2}})),
    ]);
    cases
}

/// What holds for everybody's custom attributes.
pub fn attribute_forms(kind: &'static str) -> Vec<Case> {
    let of = |refused: Value, says, accepted: Value| {
        create(kind, json!({"customAttributes": refused}), says, json!({"customAttributes": accepted}))
    };
    let says_key = "customAttributes: keys must have 1 to 63 characters";
    vec![
        of(json!({"": "x"}), says_key, json!({"a": "x"})),
        of(json!({long(64): "x"}), says_key, json!({long(63): "x"})),
        of(json!({"a\nb": "x"}), says_key, json!({"a b": "x"})),
        of(
            json!({"a": "x\ty"}),
            "customAttributes: values must not contain control characters",
            json!({"a": "x y", "b": 7, "c": -9_007_199_254_740_993_i64}),
        ),
        of(json!({"a": long(256)}), "may not be more than 255", json!({"a": long(255)})),
        of(json!({"a": true}), "must be of type integer,string", json!({"a": "true"})),
        of(json!({"a": 1.5}), "must be of type integer,string", json!({"a": "1.5"})),
        of(json!({"a": {"b": "c"}}), "must be of type integer,string", json!({"a": 1})),
        of(attributes(33), "must have at most 32 items", attributes(32)),
    ]
}

/// What an account and a user have in common.
pub fn person_or_tenant(kind: &'static str) -> Vec<Case> {
    let main = || json!({"instanceRef": {"name": "main"}});
    let fixed = "instanceRef is immutable and can neither be added nor removed";
    let set = "spec.adopt cannot be set to another id once this resource is bound";
    vec![
        create(kind, json!({"name": null}), "spec.name: Required value", json!({})),
        create(kind, json!({"name": ""}), "should be at least 1 chars long", json!({"name": "A"})),
        create(kind, json!({"name": long(256)}), "may not be more than 255", json!({"name": long(255)})),
        create(kind, json!({"name": " \u{a0}"}), "name must not be blank", json!({"name": " é "})),
        create(
            kind,
            json!({"name": "A\u{0}"}),
            "name must not contain control characters",
            json!({"name": "A – B"}),
        ),
        create(
            kind,
            json!({"mode": "Report"}),
            "supported values: \"Enforce\", \"Observe\"",
            json!({"mode": "Observe"}),
        ),
        create(
            kind,
            json!({"adopt": {"id": 0}}),
            "should be greater than or equal to 1",
            json!({"adopt": {"id": 1}}),
        ),
        create(kind, json!({"adopt": {}}), "spec.adopt.id: Required value", json!({"adopt": {"id": 1}})),
        create(kind, json!({"instanceRef": {}}), "spec.instanceRef.name: Required value", main()),
        change(kind, unbound(json!({})), main(), fixed, json!({"paused": true})),
        change(kind, unbound(main()), json!({}), fixed, main()),
        change(kind, unbound(main()), json!({"instanceRef": {"name": "other"}}), fixed, main()),
        change(
            kind,
            unbound(main()),
            json!({"instanceRef": {"name": "main", "namespace": "x"}}),
            fixed,
            main(),
        ),
        change(kind, bound(json!({})), json!({"adopt": {"id": 7}}), set, json!({"adopt": {"id": 42}})),
        change(kind, bound(json!({"adopt": {"id": 42}})), json!({"adopt": {"id": 7}}), set, json!({})),
        // What stands there already may stay while other fields change, even when something else was bound.
        change(
            kind,
            bound(json!({"adopt": {"id": 7}})),
            json!({"adopt": {"id": 8}}),
            set,
            json!({"adopt": {"id": 7}, "name": "B"}),
        ),
        change(
            kind,
            unbound(json!({"adopt": {"id": 7}})),
            json!({"adopt": {"id": -1}}),
            "should be greater than or equal to 1",
            json!({"adopt": {"id": 8}}),
        ),
    ]
}

pub fn long(length: usize) -> String {
    "a".repeat(length)
}

fn flags(count: usize) -> Value {
    (0..count).map(|at| (format!("flag_{at}"), json!(true))).collect::<serde_json::Map<_, _>>().into()
}

fn attributes(count: usize) -> Value {
    (0..count).map(|at| (format!("k{at}"), json!(at))).collect::<serde_json::Map<_, _>>().into()
}

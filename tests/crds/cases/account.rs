//! What a ChatwootPlan and a ChatwootAccount may say.

use super::{
    Case, create,
    shared::{long, person_or_tenant, sold},
};
use serde_json::{Value, json};

pub fn plan() -> Vec<Case> {
    let mut cases = sold("ChatwootPlan");
    cases.push(create(
        "ChatwootPlan",
        json!({"instanceRef": null}),
        "spec.instanceRef: Required value",
        json!({}),
    ));
    cases
}

pub fn account() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootAccount", refused, says, accepted);
    let from = |value: Value| json!({"membersFrom": [value]});
    let names = json!({"names": ["bpo"]});
    let expression = |operator: &str, values: Value| json!({"selector": {"matchExpressions": [{"key": "team", "operator": operator, "values": values}]}});
    let mut cases = sold("ChatwootAccount");
    cases.extend(person_or_tenant("ChatwootAccount"));
    let set = |field: &str, value: Value| json!({"settings": {field: value}});
    let after = |text: &str| set("autoResolveAfter", json!(text));
    let (bounds, whole) =
        ("settings.autoResolveAfter must be from 10m to", "settings.autoResolveAfter must be whole minutes");
    let every = |text: &str| json!({"verify": {"interval": text}});
    cases.extend([
        of(every("4m59s"), "verify.interval must be from 5m to 168h", every("5m")),
        of(every("168h1s"), "verify.interval must be from 5m to 168h", every("168h")),
        of(json!({"verify": {}}), "spec.verify.interval: Required value", every("1h")),
        of(after("9m"), bounds, after("10m")),
        of(after("23997h37m"), bounds, after("23997h36m")),
        of(after("90s"), whole, after("1h30m")),
        of(after("10m30s"), whole, after("0s")),
        of(
            set("autoResolveMessage", json!("Bye\tbye")),
            "settings.autoResolveMessage must not contain control characters but line breaks",
            set("autoResolveMessage", json!("Bye\nbye, Zoë")),
        ),
        of(
            set("autoResolveLabel", json!("a\nb")),
            "settings.autoResolveLabel must not contain control characters",
            set("autoResolveLabel", json!("")),
        ),
        of(
            set("audioTranscriptions", json!("yes")),
            "must be of type boolean",
            set("audioTranscriptions", json!(false)),
        ),
        of(
            json!({"locale": "hi"}),
            "Unsupported value: \"hi\": supported values: \"en\"",
            json!({"locale": "pt_BR"}),
        ),
        of(json!({"locale": "pt-BR"}), "Unsupported value", json!({"locale": "no"})),
        of(json!({"locale": 12}), "must be of type string", json!({"locale": "et"})),
        of(
            json!({"domain": "a b"}),
            "domain must not contain spaces or control characters",
            json!({"domain": "support.acme.example"}),
        ),
        of(json!({"domain": long(101)}), "may not be more than 100", json!({"domain": ""})),
        of(
            json!({"supportEmail": ""}),
            "supportEmail cannot be cleared",
            json!({"supportEmail": "Acme <help@acme.example>"}),
        ),
        of(
            json!({"supportEmail": "a@b.cc\r\nBcc: x@y.zz"}),
            "supportEmail must not contain control characters",
            json!({"supportEmail": "help@acme.example"}),
        ),
        of(
            json!({"supportEmail": long(101)}),
            "may not be more than 100",
            json!({"supportEmail": long(100)}),
        ),
        of(
            json!({"state": "active"}),
            "supported values: \"Active\", \"Suspended\"",
            json!({"state": "Suspended"}),
        ),
        of(json!({"plan": ""}), "should be at least 1 chars long", json!({"plan": "pro"})),
        of(
            json!({"deletionPolicy": "Revoke"}),
            "supported values: \"Retain\", \"Suspend\", \"Delete\"",
            json!({"deletionPolicy": "Suspend"}),
        ),
        of(
            from(json!({"namespaces": names})),
            "membersFrom[0].roles: Required value",
            from(json!({"namespaces": names, "roles": ["Agent"]})),
        ),
        of(
            from(json!({"roles": ["Agent"]})),
            "membersFrom[0].namespaces: Required value",
            from(json!({"namespaces": {"selector": {}}, "roles": ["Agent"]})),
        ),
        of(
            from(json!({"namespaces": names, "roles": []})),
            "should have at least 1 items",
            from(json!({"namespaces": names, "roles": ["Agent", "Administrator"]})),
        ),
        of(
            from(json!({"namespaces": {}, "roles": ["Agent"]})),
            "set exactly one of names and selector",
            from(json!({"namespaces": names, "roles": ["Agent"]})),
        ),
        of(
            from(json!({"namespaces": expression("DoesNotExist", json!(["a"])), "roles": ["Agent"]})),
            "values must be given with the operators In and NotIn",
            from(json!({"namespaces": expression("In", json!(["a"])), "roles": ["Agent"]})),
        ),
        of(
            json!({"membersFrom": vec![json!({"namespaces": names, "roles": ["Agent"]}); 21]}),
            "must have at most 20 items",
            json!({"membersFrom": vec![json!({"namespaces": names, "roles": ["Agent"]}); 20]}),
        ),
    ]);
    cases
}

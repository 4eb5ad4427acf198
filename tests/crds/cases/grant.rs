//! What a ChatwootGrant may say.

use super::{Case, create};
use serde_json::{Value, json};

fn numbered(count: usize, end: &str) -> Value {
    (0..count).map(|at| Value::from(format!("n{at}{end}"))).collect()
}

pub fn grant() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootGrant", refused, says, accepted);
    let domains = |list: Value| json!({"emailDomains": list});
    let namespaces = |value: Value| json!({"namespaces": {"names": null, "selector": value}});
    let requirement = |operator: &str, values: Value| json!({"namespaces": {"names": null, "selector": {"matchExpressions": [{"key": "team", "operator": operator, "values": values}]}}});
    let without_values = json!({"namespaces": {"names": null, "selector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}});
    let says_domain = "emailDomains: write a domain in lower case";
    let says_values = "values must be given with the operators In and NotIn";
    let says_one = "set exactly one of names and selector";
    vec![
        of(json!({"instanceRef": null}), "spec.instanceRef: Required value", json!({})),
        of(json!({"namespaces": null}), "spec.namespaces: Required value", json!({})),
        of(json!({"emailDomains": null}), "spec.emailDomains: Required value", domains(json!(["*"]))),
        of(domains(json!([])), "should have at least 1 items", domains(json!(["*"]))),
        of(domains(json!(["Acme.example"])), says_domain, domains(json!(["acme.example"]))),
        of(domains(json!(["acme"])), says_domain, domains(json!(["*.acme.example"]))),
        of(domains(json!(["*.*"])), says_domain, domains(json!(["mail-2.acme.example"]))),
        of(domains(json!(["@acme.example"])), says_domain, domains(json!(["acme.example", "*"]))),
        of(
            domains(json!(["acme.example", "acme.example"])),
            "Duplicate value",
            domains(json!(["acme.example", "bpo.example"])),
        ),
        of(
            domains(numbered(101, ".example")),
            "must have at most 100 items",
            domains(numbered(100, ".example")),
        ),
        of(
            json!({"plans": numbered(101, "")}),
            "must have at most 100 items",
            json!({"plans": numbered(100, "")}),
        ),
        of(
            json!({"namespaces": {"names": numbered(101, "")}}),
            "must have at most 100 items",
            json!({"namespaces": {"names": numbered(100, "")}}),
        ),
        of(json!({"namespaces": {"names": null}}), says_one, json!({})),
        of(json!({"namespaces": {"selector": {}}}), says_one, namespaces(json!({}))),
        of(json!({"namespaces": {"names": []}}), "should have at least 1 items", json!({})),
        of(
            json!({"namespaces": {"names": ["Acme"]}}),
            "should match",
            json!({"namespaces": {"names": ["acme-2"]}}),
        ),
        of(
            namespaces(json!({"matchLabels": {"team": null}})),
            "should have at least 1 properties",
            namespaces(json!({"matchLabels": {"team": "acme"}})),
        ),
        of(
            namespaces(json!({"matchExpressions": []})),
            "should have at least 1 items",
            without_values.clone(),
        ),
        of(requirement("In", json!([])), says_values, requirement("In", json!(["a"]))),
        of(requirement("Exists", json!(["a"])), says_values, without_values),
        of(
            requirement("Near", json!(["a"])),
            "supported values: \"In\", \"NotIn\"",
            requirement("NotIn", json!(["a"])),
        ),
        of(
            json!({"allow": ["Everything"]}),
            "supported values: \"Features\"",
            json!({"allow": ["Features", "Limits", "State", "CustomAttributes", "Delete", "Credentials", "InstallationBots"]}),
        ),
        of(json!({"allow": ["Delete", "Delete"]}), "Duplicate value", json!({"allow": ["Delete"]})),
        of(
            json!({"adoptable": {"accounts": [0]}}),
            "should be greater than or equal to 1",
            json!({"adoptable": {"accounts": [42]}}),
        ),
        of(
            json!({"adoptable": {"users": (1..=5001).collect::<Vec<_>>()}}),
            "must have at most 5000 items",
            json!({"adoptable": {"users": (1..=5000).collect::<Vec<_>>()}}),
        ),
    ]
}

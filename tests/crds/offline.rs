//! The rules alone, judged in this process: fast, but it knows neither CEL's types nor the structure around the rules.

use crate::cases::{self, Case, Stored};
use chatwoot_operator::api::schema;
use kube::core::cel::Validator;
use serde_json::{Value, json};

fn schema_of(kind: &str) -> Value {
    let crd = schema::all().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    serde_json::to_value(crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap())
        .unwrap()
}

fn object(kind: &str, changes: &Value, bound_to: Option<i64>) -> Value {
    let mut object = json!({
        "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind, "metadata": {"name": "x", "namespace": "n"},
        "spec": cases::spec(kind, changes), "status": {"observedGeneration": -1}
    });
    if let Some(id) = bound_to {
        object["status"]["id"] = id.into();
    }
    object
}

fn judge(case: &Case, changes: &Value) -> Result<(), String> {
    let bound_to = case.from.as_ref().and_then(|from| from.bound_to);
    let new = object(case.kind, changes, bound_to);
    let old = case.from.as_ref().map(|Stored { spec, bound_to }| object(case.kind, spec, *bound_to));
    Validator::new().validate(&schema_of(case.kind), &new, old.as_ref()).map_err(|errors| errors.to_string())
}

#[test]
fn every_rule_refuses_with_its_message_and_lets_the_alternative_pass() {
    let mut judged = 0;
    for case in cases::all() {
        let rules = crate::messages(case.kind);
        if !rules.iter().any(|message| message.contains(case.says)) {
            continue; // structure, which only the API server judges
        }
        judged += 1;
        let refusal = judge(&case, &case.refused).expect_err(&format!("{} {}", case.kind, case.refused));
        assert!(refusal.contains(case.says), "{} {}: {refusal}", case.kind, case.refused);
        judge(&case, &case.accepted)
            .unwrap_or_else(|error| panic!("{} {}: {error}", case.kind, case.accepted));
    }
    assert!(judged > 100, "only {judged} cases are about rules");
}

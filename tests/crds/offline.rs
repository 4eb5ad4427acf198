//! The rules alone, judged in this process: fast, but it knows neither CEL's types nor the structure around the rules.

use crate::cases::{self, Case, Stored};
use chatwoot_operator::api::schema;
use kube::core::cel::{CompiledSchema, Validator, compile_schema};
use serde_json::{Value, json};

fn compiled(kind: &str) -> CompiledSchema {
    let crd = schema::all().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    compile_schema(&serde_json::to_value(&crd.spec.versions[0]).unwrap()["schema"]["openAPIV3Schema"])
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

fn judge(schema: &CompiledSchema, case: &Case, changes: &Value) -> Result<(), String> {
    let bound_to = case.from.as_ref().and_then(|from| from.bound_to);
    let new = object(case.kind, changes, bound_to);
    let old = case.from.as_ref().map(|Stored { spec, bound_to }| object(case.kind, spec, *bound_to));
    Validator::new().validate_compiled(schema, &new, old.as_ref()).map_err(|errors| errors.to_string())
}

#[test]
fn every_rule_refuses_with_its_message_and_lets_the_alternative_pass() {
    let mut judged = 0;
    let schemas = cases::KINDS.map(|kind| (kind, compiled(kind), crate::messages(kind)));
    for case in cases::all() {
        let (_, schema, rules) = schemas.iter().find(|(kind, ..)| *kind == case.kind).unwrap();
        if !rules.iter().any(|message| message.contains(case.says)) {
            continue; // structure, which only the API server judges
        }
        judged += 1;
        let refusal =
            judge(schema, &case, &case.refused).expect_err(&format!("{} {}", case.kind, case.refused));
        assert!(refusal.contains(case.says), "{} {}: {refusal}", case.kind, case.refused);
        judge(schema, &case, &case.accepted)
            .unwrap_or_else(|error| panic!("{} {}: {error}", case.kind, case.accepted));
    }
    assert!(judged > 100, "only {judged} cases are about rules");
}

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
    let schemas: Vec<_> =
        cases::KINDS.iter().map(|&kind| (kind, compiled(kind), crate::messages(kind))).collect();
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

/// What Chatwoot would write in lower case is refused, so that it stores exactly what is written here.
#[test]
fn no_letter_that_has_a_small_one_gets_into_the_name_of_a_team_or_label() {
    let (team, label) = (compiled("ChatwootTeam"), compiled("ChatwootLabel"));
    let (mut capitals, mut small) = (0, 0);
    // Letters that come with each new version of Unicode are beyond these.
    for letter in ('\u{a0}'..'\u{3000}').filter(|letter| !letter.is_control()) {
        let text = letter.to_string();
        let is_small = text.to_lowercase() == text;
        // Of the small ones some are enough.
        if is_small && !letter.is_lowercase() {
            continue;
        }
        let judged = |schema, kind, change| {
            let changed = object(kind, &change, None);
            Validator::new().validate_compiled(schema, &changed, None).is_ok()
        };
        let passes = judged(&team, "ChatwootTeam", json!({"name": format!("a{letter}")}));
        assert_eq!(passes, is_small, "U+{:04X} {letter}", u32::from(letter));
        let passes = judged(&label, "ChatwootLabel", json!({"title": format!("a{letter}")}));
        assert!(is_small || !passes, "U+{:04X} {letter}", u32::from(letter));
        (capitals, small) = (capitals + usize::from(!is_small), small + usize::from(is_small));
    }
    assert!(capitals > 900 && small > 1000, "{capitals} {small}");
}

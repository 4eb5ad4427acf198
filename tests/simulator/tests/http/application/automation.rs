//! Automation rules: §3.6.

use super::tenant::*;
use serde_json::{Value, json};

fn rule() -> Value {
    let condition = json!({"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": null});
    json!({"name": "R", "event_name": "conversation_created", "conditions": [condition],
        "actions": [{"action_name": "add_label", "action_params": ["vip"]}]})
}

#[tokio::test]
async fn a_rule_is_flat_when_made_and_in_a_payload_after() {
    let tenant = Tenant::start().await;
    let made = tenant.post("automation_rules", rule()).await.ok();
    assert_eq!(
        (&made["name"], &made["active"], &made["account_id"]),
        (&json!("R"), &json!(true), &json!(tenant.id))
    );
    assert!(made["created_on"].is_i64());
    assert_ne!(id(&tenant.post("automation_rules", rule()).await.ok()), id(&made), "names are not unique");
    let path = format!("automation_rules/{}", id(&made));
    assert_eq!(tenant.get(&path).await.ok()["payload"], made);
    let off = tenant.patch(&path, json!({"active": false})).await.ok()["payload"].clone();
    assert_eq!((&off["active"], &off["conditions"]), (&json!(false), &made["conditions"]));
    let copy = tenant.post(&format!("{path}/clone"), json!({})).await.ok()["payload"].clone();
    assert_ne!(copy["id"], off["id"]);
    assert_eq!(tenant.get("automation_rules").await.ok()["payload"].as_array().unwrap().len(), 3);
    tenant.delete(&path).await.is_empty_200();
    tenant.get(&path).await.is_500();
    tenant.delete(&path).await.is_500();
}

#[tokio::test]
async fn what_is_invalid_is_said_by_field() {
    let tenant = Tenant::start().await;
    let with = |key: &str, value: Value| {
        let mut rule = rule();
        rule[key] = value;
        rule
    };
    let unknown = json!([{"attribute_key": "mood", "filter_operator": "equal_to", "values": ["good"]}]);
    let refused = tenant.post("automation_rules", with("conditions", unknown)).await;
    let error = json!({"error": {"conditions": ["Automation conditions mood not supported."]}});
    assert_eq!((refused.status, refused.json()), (422, error));
    let dance = with("actions", json!([{"action_name": "dance", "action_params": []}]));
    let error = json!({"error": {"actions": ["Automation actions dance not supported."]}});
    assert_eq!(tenant.post("automation_rules", dance).await.json(), error);
    let one = json!({"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"]});
    let error = json!({"error": {"conditions": ["Automation conditions should have query operator."]}});
    assert_eq!(tenant.post("automation_rules", with("conditions", json!([one, one]))).await.json(), error);
    let mut bare = rule();
    bare.as_object_mut().unwrap().remove("conditions");
    tenant.post("automation_rules", bare).await.is_500();
    assert_eq!(
        tenant.post("automation_rules", with("event_name", json!("full_moon"))).await.status,
        200,
        "not validated"
    );
}

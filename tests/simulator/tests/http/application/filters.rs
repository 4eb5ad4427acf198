//! Filter rules: §3.2, §3.4.

use super::tenant::*;
use serde_json::{Value, json};

fn rule(key: &str, operator: &str, values: Value, joint: Value) -> Value {
    json!({"attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joint})
}

async fn people() -> Tenant {
    let tenant = Tenant::start().await;
    for body in [
        json!({"name": "Ada", "email": "ada@b.example", "phone_number": "+491", "blocked": true,
            "additional_attributes": {"city": "Kiel", "country_code": "DE", "company_name": "Toys"}}),
        json!({"name": "Bo", "email": "bo@b.example", "custom_attributes": {"plan": "Gold", "seats": 5}}),
        json!({"name": "Cy", "identifier": "C-1", "custom_attributes": {"seats": 50}}),
        json!({"name": "Ghost"}),
    ] {
        tenant.post("contacts", body).await.ok();
    }
    let ada = tenant.get("contacts/search?q=ada").await.ok()["payload"][0]["id"].clone();
    tenant.post(&format!("contacts/{ada}/labels"), json!({"labels": ["vip"]})).await.ok();
    tenant
}

async fn found(tenant: &Tenant, rules: Value) -> Vec<String> {
    let list = tenant.post("contacts/filter?sort=name", json!({"payload": rules})).await.ok();
    column(&list["payload"], "name").iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

async fn one(tenant: &Tenant, key: &str, operator: &str, values: Value) -> Vec<String> {
    found(tenant, json!([rule(key, operator, values, Value::Null)])).await
}

#[tokio::test]
async fn every_key_has_its_operators() {
    let tenant = people().await;
    assert_eq!(one(&tenant, "name", "equal_to", json!(["ADA"])).await, ["Ada"]);
    assert_eq!(one(&tenant, "name", "contains", json!(["b"])).await, ["Bo"]);
    assert_eq!(one(&tenant, "name", "does_not_contain", json!(["b"])).await, ["Ada", "Cy"]);
    assert_eq!(
        one(&tenant, "email", "not_equal_to", json!(["ada@b.example"])).await,
        ["Bo"],
        "NULL is not unequal"
    );
    assert_eq!(one(&tenant, "phone_number", "equal_to", json!(["491"])).await, ["Ada"], "a plus is added");
    assert_eq!(one(&tenant, "identifier", "equal_to", json!(["c-1"])).await, ["Cy"]);
    assert_eq!(one(&tenant, "country_code", "equal_to", json!(["de"])).await, ["Ada"]);
    assert_eq!(one(&tenant, "city", "contains", json!(["IEL"])).await, ["Ada"]);
    assert_eq!(one(&tenant, "company_name", "equal_to", json!(["toys"])).await, ["Ada"]);
    assert_eq!(one(&tenant, "blocked", "equal_to", json!([true])).await, ["Ada"]);
    assert_eq!(one(&tenant, "blocked", "not_equal_to", json!(["true"])).await, ["Bo", "Cy"]);
    assert_eq!(one(&tenant, "labels", "equal_to", json!(["vip"])).await, ["Ada"]);
    assert_eq!(one(&tenant, "labels", "is_not_present", Value::Null).await, ["Bo", "Cy"]);
    assert_eq!(one(&tenant, "created_at", "is_greater_than", json!(["2000-01-01"])).await.len(), 3);
    assert_eq!(one(&tenant, "created_at", "is_less_than", json!(["2000-01-01"])).await.len(), 0);
    assert_eq!(one(&tenant, "created_at", "days_before", json!([1])).await.len(), 0);
    assert_eq!(one(&tenant, "last_activity_at", "is_greater_than", json!(["2000-01-01"])).await.len(), 0);
}

#[tokio::test]
async fn and_binds_tighter_than_or() {
    let tenant = people().await;
    let rules = json!([
        rule("name", "equal_to", json!(["ada"]), json!("OR")),
        rule("name", "equal_to", json!(["bo"]), json!("and")),
        rule("email", "equal_to", json!(["nobody@b.example"]), Value::Null),
    ]);
    assert_eq!(found(&tenant, rules).await, ["Ada"]);
}

#[tokio::test]
async fn custom_attributes_have_to_be_defined() {
    let tenant = people().await;
    let plan = rule("plan", "equal_to", json!(["gold"]), Value::Null);
    let unknown = tenant.post("contacts/filter", json!({"payload": [plan]})).await;
    assert_eq!(unknown.status, 422);
    assert!(unknown.json()["error"].as_str().unwrap().starts_with("Invalid attribute key - [plan]."));
    for (key, kind) in [("plan", "text"), ("seats", "number")] {
        let body = json!({"attribute_display_name": key, "attribute_key": key, "attribute_display_type": kind,
            "attribute_model": "contact_attribute"});
        tenant.post("custom_attribute_definitions", body).await.ok();
    }
    assert_eq!(one(&tenant, "plan", "equal_to", json!(["gold"])).await, ["Bo"]);
    assert_eq!(
        one(&tenant, "plan", "not_equal_to", json!(["gold"])).await,
        ["Ada", "Cy"],
        "absent is unequal"
    );
    assert_eq!(one(&tenant, "seats", "is_greater_than", json!([10])).await, ["Cy"]);
    assert_eq!(one(&tenant, "seats", "is_present", Value::Null).await, ["Bo", "Cy"]);
    let text = rule("seats", "is_greater_than", json!(["many"]), Value::Null);
    tenant.post("contacts/filter", json!({"payload": [text]})).await.is_500();
}

#[tokio::test]
async fn what_does_not_fit_is_a_422_and_what_makes_no_sql_a_500() {
    let tenant = people().await;
    let ask = async |rules: Value| tenant.post("contacts/filter", json!({"payload": rules})).await;
    let fine = |joint: Value| rule("name", "equal_to", json!(["ada"]), joint);
    ask(json!([rule("identifier", "contains", json!(["x"]), Value::Null)]))
        .await
        .is_refused("Invalid operator. The allowed operators for identifier are [equal_to,not_equal_to].");
    for blank in [json!([]), Value::Null, json!("")] {
        ask(json!([rule("name", "equal_to", blank, Value::Null)]))
            .await
            .is_refused("Invalid value. The values provided for name are invalid");
    }
    let xor = ask(json!([fine(json!("XOR")), fine(Value::Null)])).await;
    xor.is_refused("Query operator must be either \"AND\" or \"OR\".");
    tenant.post("contacts/filter", json!({})).await.is_500();
    ask(json!([fine(json!("AND"))])).await.is_500();
    ask(json!([fine(Value::Null), fine(Value::Null)])).await.is_500();
    ask(json!([rule("created_at", "is_less_than", json!(["soon"]), Value::Null)])).await.is_500();
}

#[tokio::test]
async fn conversations_are_filtered_without_data_around_them() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let (first, second) = (tenant.conversation(&inbox, "ada").await, tenant.conversation(&inbox, "bo").await);
    tenant.post(&format!("conversations/{first}/toggle_status"), json!({"status": "pending"})).await.ok();
    tenant.patch(&format!("conversations/{second}"), json!({"priority": "high"})).await.ok();
    let ask = async |key: &str, operator: &str, values: Value| {
        let body = json!({"payload": [rule(key, operator, values, Value::Null)]});
        let list = tenant.post("conversations/filter", body).await.ok();
        assert_eq!(list["meta"].as_object().unwrap().len(), 3, "no assigned_count");
        column(&list["payload"], "id").iter().map(|id| id.as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ask("status", "equal_to", json!(["pending", "resolved"])).await, [first]);
    assert_eq!(ask("status", "equal_to", json!(["all"])).await, [second, first]);
    assert_eq!(ask("priority", "equal_to", json!(["high"])).await, [second]);
    assert_eq!(ask("inbox_id", "equal_to", json!([inbox["id"]])).await.len(), 2);
    assert_eq!(ask("display_id", "equal_to", json!([first])).await, [first]);
    assert_eq!(ask("assignee_id", "is_not_present", Value::Null).await.len(), 2);
}

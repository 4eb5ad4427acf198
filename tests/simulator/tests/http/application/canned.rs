//! Canned responses: §3.6.

use super::tenant::*;
use serde_json::{Value, json};

#[tokio::test]
async fn any_agent_writes_raw_rows_with_a_unique_code() {
    let tenant = Tenant::start().await;
    let body = json!({"short_code": "hi", "content": "Hello there"});
    let made = tenant.agent("POST", "canned_responses", body.clone()).await.ok();
    assert_eq!(made["short_code"], "hi");
    assert!(made["created_at"].as_str().unwrap().ends_with('Z') && made["account_id"] == tenant.id);
    tenant.post("canned_responses", body).await.is_422("Short code has already been taken", &["short_code"]);
    assert_eq!(
        tenant.post("canned_responses", json!({"short_code": "Hi", "content": "x"})).await.status,
        200,
        "case counts"
    );
    let blank = tenant.post("canned_responses", json!({"short_code": "bye"})).await;
    blank.is_422("Content can't be blank", &["content"]);
    let path = format!("canned_responses/{}", id(&made));
    assert_eq!(tenant.get(&path).await.status, 404, "there is no such route");
    assert_eq!(tenant.patch(&path, json!({"content": "Hey"})).await.ok()["content"], "Hey");
    let found = tenant.get("canned_responses?search=HEY").await.ok();
    assert_eq!(column(&found, "short_code"), ["hi"]);
    tenant.agent("DELETE", &path, Value::Null).await.is_empty_200();
    tenant.delete(&path).await.is_missing();
}

//! Searching contacts: §3.2.

use super::tenant::*;
use chatwoot_simulator::Act;
use serde_json::{Value, json};

async fn people(tenant: &Tenant) {
    for body in [
        json!({"name": "Ada Lovelace", "email": "ada@b.example"}),
        json!({"name": "Bo", "phone_number": "+4930123", "additional_attributes": {"company_name": "Lovely Ltd"}}),
        json!({"name": "Ghost"}),
        json!({"name": "Cy", "identifier": "Cust-7"}),
    ] {
        tenant.post("contacts", body).await.ok();
    }
}

async fn found(tenant: &Tenant, q: &str) -> Vec<String> {
    let list = tenant.get(&format!("contacts/search?q={q}&sort=name")).await.ok();
    column(&list["payload"], "name").iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn all_contacts_are_searched_and_the_count_is_that_of_the_page() {
    let tenant = Tenant::start().await;
    people(&tenant).await;
    assert_eq!(found(&tenant, "LOVE").await, ["Ada Lovelace"], "no company name since 4.11");
    assert_eq!(found(&tenant, "ghost").await, ["Ghost"], "also of whom nothing is known");
    assert_eq!(found(&tenant, "30123").await, ["Bo"]);
    assert_eq!(found(&tenant, "Cust").await, ["Cy"]);
    assert_eq!(found(&tenant, "cust").await, [""; 0], "identifiers mind their case");
    tenant.chatwoot.act(Act::GrowContacts { account: tenant.id, count: 16, inbox: None }).await;
    let first = tenant.get("contacts/search?q=grown").await.ok();
    assert_eq!(first["meta"], json!({"count": 15, "current_page": 1, "has_more": true}));
    let second = tenant.get("contacts/search?q=grown&page=2").await.ok();
    assert_eq!(second["meta"], json!({"count": 1, "current_page": "2", "has_more": false}));
}

#[tokio::test]
async fn a_blank_search_is_an_empty_200() {
    let tenant = Tenant::start().await;
    people(&tenant).await;
    for path in ["contacts/search", "contacts/search?q=", "contacts/search?q=%20"] {
        let list = tenant.get(path).await.ok();
        assert_eq!((&list["payload"], &list["meta"]["count"]), (&json!([]), &Value::Null));
    }
}

#[tokio::test]
async fn before_4_11_the_count_was_the_total_and_companies_were_searched() {
    let tenant = Tenant::version("4.10").await;
    people(&tenant).await;
    assert_eq!(found(&tenant, "love").await, ["Ada Lovelace", "Bo"]);
    assert_eq!(found(&tenant, "ghost").await, [""; 0]);
    tenant.chatwoot.act(Act::GrowContacts { account: tenant.id, count: 16, inbox: None }).await;
    let first = tenant.get("contacts/search?q=grown").await.ok();
    assert_eq!(first["meta"], json!({"count": 16, "current_page": 1}));
}

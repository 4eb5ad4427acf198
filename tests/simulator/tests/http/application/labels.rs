//! Labels: §3.6.

use super::tenant::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_title_is_normalized_checked_and_unique() {
    let tenant = Tenant::start().await;
    let made = tenant.post("labels", json!({"title": "VIP-Kunde_1", "show_on_sidebar": true})).await.ok();
    let expected = json!({"id": made["id"], "title": "vip-kunde_1", "description": null, "color": "#1f93ff",
        "show_on_sidebar": true});
    assert_eq!(made, expected);
    tenant
        .post("labels", json!({"title": "vip-KUNDE_1"}))
        .await
        .is_422("Title has already been taken", &["title"]);
    for odd in ["a", "two words", "_x1", "-x", "a.b"] {
        tenant.post("labels", json!({"title": odd})).await.is_422("Title is invalid", &["title"]);
    }
    let blank = tenant.post("labels", json!({"title": "", "color": "#000000"})).await;
    blank.is_422("Title must not be blank, Title is invalid", &["title"]);
    assert_eq!(tenant.post("labels", json!({"title": "über1"})).await.status, 200, "any letter");
    assert_eq!(
        column(&tenant.get("labels").await.ok()["payload"], "title"),
        ["vip-kunde_1", "über1"],
        "by title"
    );
}

#[tokio::test]
async fn agents_get_the_list_but_no_single_label() {
    let tenant = Tenant::start().await;
    let path = format!("labels/{}", id(&tenant.post("labels", json!({"title": "vip"})).await.ok()));
    assert_eq!(tenant.agent("GET", "labels", Value::Null).await.status, 200);
    tenant.agent("GET", &path, Value::Null).await.is_not_allowed();
    assert_eq!(tenant.get(&path).await.ok()["title"], "vip");
    tenant.delete(&path).await.is_empty_200();
    tenant.get(&path).await.is_missing();
}

#[tokio::test]
async fn a_new_title_reaches_what_is_tagged_by_a_job() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let path = format!("labels/{}", id(&tenant.post("labels", json!({"title": "vip"})).await.ok()));
    let contact = format!("contacts/{}/labels", tenant.contact("Ada", "a@b.example").await);
    tenant.post(&contact, json!({"labels": ["vip"]})).await.ok();
    assert_eq!(tenant.patch(&path, json!({"title": "gold"})).await.ok()["title"], "gold");
    assert_eq!(tenant.get(&contact).await.ok()["payload"], json!(["vip"]));
    tenant.chatwoot.run_jobs().await;
    assert_eq!(tenant.get(&contact).await.ok()["payload"], json!(["gold"]));
}

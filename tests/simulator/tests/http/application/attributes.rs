//! Custom attribute definitions: §3.6.

use super::tenant::*;
use serde_json::{Value, json};

const PATH: &str = "custom_attribute_definitions";

fn definition(key: &str, model: Value) -> Value {
    json!({"attribute_display_name": key, "attribute_key": key, "attribute_model": model})
}

#[tokio::test]
async fn key_and_model_together_are_unique() {
    let tenant = Tenant::start().await;
    let made = tenant.post(PATH, definition("plan", json!("contact_attribute"))).await.ok();
    assert_eq!((&made["attribute_display_type"], &made["attribute_values"]), (&json!("text"), &json!([])));
    let again = tenant.post(PATH, definition("plan", json!(1))).await;
    again.is_422("Attribute key has already been taken", &["attribute_key"]);
    tenant.post(PATH, definition("plan", json!("conversation_attribute"))).await.ok();
    let list = async |query: &str| {
        let list = tenant.get(&format!("{PATH}{query}")).await.ok();
        column(&list, "attribute_model")
            .iter()
            .map(|model| model.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await.len(), 2);
    assert_eq!(list("?attribute_model=contact_attribute").await, ["contact_attribute"]);
    assert_eq!(list("?attribute_model=1").await, ["contact_attribute"]);
    let path = format!("{PATH}/{}", id(&made));
    let body = json!({"attribute_display_type": "list", "attribute_values": ["a", "b"]});
    assert_eq!(tenant.patch(&path, body).await.ok()["attribute_values"], json!(["a", "b"]));
    assert_eq!(tenant.get(&path).await.ok()["attribute_display_type"], "list");
    let gone = tenant.delete(&path).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0), "unlike its neighbours");
    tenant.get(&path).await.is_missing();
}

#[tokio::test]
async fn unknown_labels_are_500s_and_bad_keys_422s() {
    let tenant = Tenant::start().await;
    tenant.post(PATH, definition("x", json!("planet_attribute"))).await.is_500();
    let mut typed = definition("x", json!("contact_attribute"));
    typed["attribute_display_type"] = json!("colour");
    tenant.post(PATH, typed).await.is_500();
    let format = tenant.post(PATH, definition("two words", json!(0))).await;
    format.is_422(
        "Attribute key must only contain letters, numbers, underscores, hyphens, and dots",
        &["attribute_key"],
    );
    let standard = tenant.post(PATH, definition("email", json!("contact_attribute"))).await;
    assert!(standard.json()["message"].as_str().unwrap().contains("might conflict with default attributes"));
    assert_eq!(
        tenant.post(PATH, definition("email", json!(0))).await.status,
        200,
        "of conversations it is not"
    );
    let nameless = tenant.post(PATH, json!({"attribute_key": "x"})).await;
    nameless.is_422("Attribute display name can't be blank", &["attribute_display_name"]);
}

#[tokio::test]
async fn companies_came_with_4_14_and_the_format_with_4_12() {
    let old = Tenant::version("4.11").await;
    old.post(PATH, definition("x", json!("company_attribute"))).await.is_500();
    assert_eq!(old.post(PATH, definition("two words", json!(0))).await.status, 200);
    let new = Tenant::start().await;
    assert_eq!(new.post(PATH, definition("x", json!("company_attribute"))).await.status, 200);
}

//! Webhooks: §3.6.

use super::tenant::*;
use serde_json::{Value, json};

fn webhook(answer: &Value) -> Value {
    answer["payload"]["webhook"].clone()
}

#[tokio::test]
async fn a_webhook_gets_a_secret_and_eight_events_unless_it_says_otherwise() {
    let tenant = Tenant::start().await;
    let made = webhook(
        &tenant.post("webhooks", json!({"url": "https://x.example/hook", "name": "Mine"})).await.ok(),
    );
    assert_eq!((made["subscriptions"].as_array().unwrap().len(), &made["name"]), (8, &json!("Mine")));
    assert_eq!(made["secret"].as_str().unwrap().len(), 24);
    let listed = tenant.get("webhooks").await.ok()["payload"]["webhooks"].clone();
    assert_eq!(listed, json!([made]), "the secret is in the list");
    let path = format!("webhooks/{}", id(&made));
    let events = json!({"subscriptions": ["conversation_typing_on"], "secret": "mine"});
    let changed = webhook(&tenant.patch(&path, events).await.ok());
    assert_eq!(
        (&changed["subscriptions"], &changed["secret"]),
        (&json!(["conversation_typing_on"]), &made["secret"])
    );
    assert_eq!(tenant.get(&path).await.status, 404, "there is no such route");
    tenant.delete(&path).await.is_empty_200();
    tenant.delete(&path).await.is_missing();
}

#[tokio::test]
async fn the_url_is_unique_in_the_account_and_events_are_known_ones() {
    let tenant = Tenant::start().await;
    let url = "https://x.example/hook";
    tenant.post("webhooks", json!({"url": url})).await.ok();
    tenant.post("webhooks", json!({"url": url})).await.is_422("Url has already been taken", &["url"]);
    assert_eq!(
        tenant.post("webhooks", json!({"url": "https://x.example/hook/"})).await.status,
        200,
        "another text"
    );
    for odd in ["ftp://x.example", "x.example", "", "https://"] {
        tenant.post("webhooks", json!({"url": odd})).await.is_422("Url is invalid", &["url"]);
    }
    for events in [json!([]), json!(["planet_moved"]), json!(["message_created", "planet_moved"])] {
        let refused =
            tenant.post("webhooks", json!({"url": "https://y.example", "subscriptions": events})).await;
        refused.is_422("Subscriptions Invalid events", &["subscriptions"]);
    }
}

#[tokio::test]
async fn names_came_with_4_8_and_secrets_with_4_12() {
    for (version, name, secret) in [("4.7", false, false), ("4.8", true, false), ("4.12", true, true)] {
        let tenant = Tenant::version(version).await;
        let made =
            webhook(&tenant.post("webhooks", json!({"url": "https://x.example", "name": "N"})).await.ok());
        assert_eq!((made.get("name").is_some(), made.get("secret").is_some()), (name, secret), "{version}");
    }
}

//! Agent bots from inside an account: §3.6.

use super::tenant::*;
use crate::support::BOTS;
use chatwoot_simulator::Act;
use serde_json::{Value, json};

#[tokio::test]
async fn an_accounts_bot_shows_its_secrets_to_administrators() {
    let tenant = Tenant::start().await;
    let body = json!({"name": "B", "outgoing_url": "https://bot.example", "bot_config": {"a": 1}});
    let made = tenant.post("agent_bots", body).await.ok();
    assert_eq!(
        (&made["bot_type"], &made["system_bot"], &made["bot_config"]),
        (&json!("webhook"), &json!(false), &json!({"a": 1}))
    );
    assert!(made["access_token"].is_string() && made["secret"].is_string());
    let path = format!("agent_bots/{}", id(&made));
    let seen = tenant.agent("GET", &path, Value::Null).await.ok();
    assert!(seen.get("access_token").is_none() && seen.get("secret").is_none());
    assert_eq!(tenant.patch(&path, json!({"name": "C"})).await.ok()["name"], "C");
    let reset = tenant.post(&format!("{path}/reset_access_token"), json!({})).await.ok();
    assert_ne!(reset["access_token"], made["access_token"]);
    let reset = tenant.post(&format!("{path}/reset_secret"), json!({})).await.ok();
    assert_ne!(reset["secret"], made["secret"]);
    tenant.patch(&path, json!({"bot_type": "csml"})).await.is_500();
    tenant.delete(&path).await.is_empty_200();
    tenant.get(&path).await.is_missing();
}

#[tokio::test]
async fn system_bots_are_listed_and_read_only() {
    let tenant = Tenant::start().await;
    let system =
        tenant.chatwoot.act(Act::CreateBot { account: None, name: "S".into(), outgoing_url: None }).await;
    let path = format!("agent_bots/{}", system.id.unwrap());
    let listed = tenant.get("agent_bots").await.ok();
    assert_eq!((&listed[0]["system_bot"], listed[0].get("access_token")), (&json!(true), None));
    assert_eq!(tenant.get(&path).await.ok()["name"], "S");
    tenant.patch(&path, json!({"name": "x"})).await.is_missing();
    tenant.delete(&path).await.is_missing();
    tenant.post(&format!("{path}/reset_access_token"), json!({})).await.is_missing();
}

#[tokio::test]
async fn a_bot_of_the_platform_is_the_accounts_where_it_names_it() {
    let tenant = Tenant::start().await;
    let body = json!({"name": "P", "account_id": tenant.id});
    let made = tenant.chatwoot.post(BOTS, body).await.ok();
    let seen = tenant.get(&format!("agent_bots/{}", id(&made))).await.ok();
    assert_eq!(seen["access_token"], made["access_token"]);
    assert_eq!(made.get("secret"), None, "the Platform API does not show it");
}

//! The account from inside, and the profile: §3.1, §3.3.

use super::tenant::*;
use crate::support::*;
use chatwoot_simulator::{Act, How};
use serde_json::{Value, json};

async fn own(tenant: &Tenant, method: &'static str, body: Option<Value>) -> Answer {
    let path = format!("/api/v1/accounts/{}", tenant.id);
    tenant.chatwoot.by(&tenant.admin.token, method, &path, body).await
}

#[tokio::test]
async fn settings_are_merged_and_their_types_enforced() {
    let tenant = Tenant::start().await;
    let set =
        own(&tenant, "PATCH", Some(json!({"auto_resolve_after": 60, "auto_resolve_message": "Bye"}))).await;
    assert_eq!(set.ok()["settings"], json!({"auto_resolve_after": 60, "auto_resolve_message": "Bye"}));
    let more =
        own(&tenant, "PUT", Some(json!({"auto_resolve_after": null, "audio_transcriptions": true}))).await;
    let expected =
        json!({"auto_resolve_after": null, "auto_resolve_message": "Bye", "audio_transcriptions": true});
    assert_eq!(more.ok()["settings"], expected);
    let text = own(&tenant, "PATCH", Some(json!({"auto_resolve_after": "60"}))).await;
    text.is_422("Auto resolve after must be of type integer", &["auto_resolve_after"]);
    let low = own(&tenant, "PATCH", Some(json!({"auto_resolve_after": 9}))).await;
    low.is_422("Auto resolve after must be greater than or equal to 10", &["auto_resolve_after"]);
    let high = own(&tenant, "PATCH", Some(json!({"auto_resolve_after": 1_439_857}))).await;
    high.is_422("Auto resolve after must be less than or equal to 1439856", &["auto_resolve_after"]);
    assert_eq!(own(&tenant, "GET", None).await.ok()["settings"], expected, "refusals change nothing");
}

#[tokio::test]
async fn columns_are_set_attributes_merged_and_the_rest_is_read_only() {
    let tenant = Tenant::start().await;
    let act = Act::EditAccountAttributes {
        account: tenant.id,
        how: How::Merge,
        attributes: json!({"mine": "kept", "industry": "old"}).as_object().unwrap().clone(),
    };
    tenant.chatwoot.act(act).await;
    let body = json!({"name": "New", "locale": "de", "industry": "Toys", "status": "suspended",
        "limits": {"agents": 1}, "features": {"sla": true}, "custom_attributes": {"x": 1}});
    let changed = own(&tenant, "PATCH", Some(body)).await.ok();
    assert_eq!(
        (&changed["name"], &changed["locale"], &changed["status"]),
        (&json!("New"), &json!("de"), &json!("active"))
    );
    assert_eq!(changed["custom_attributes"], json!({"industry": "Toys"}), "only Chatwoot's own are shown");
    assert_eq!(changed.get("limits"), None);
    let stored = tenant.chatwoot.state().await;
    let stored = stored.account(tenant.id).unwrap();
    assert_eq!(Value::Object(stored.custom_attributes.clone()), json!({"mine": "kept", "industry": "Toys"}));
    assert!(stored.limits.as_object().unwrap().is_empty() && !stored.features.contains(&"sla".into()));
    own(&tenant, "PATCH", Some(json!({"locale": "xx"}))).await.is_500();
    let shown = own(&tenant, "GET", None).await.ok();
    assert_eq!(shown["latest_chatwoot_version"], "4.15.1");
}

#[tokio::test]
async fn only_members_find_it_and_only_administrators_change_it() {
    let tenant = Tenant::start().await;
    let path = format!("/api/v1/accounts/{}", tenant.id);
    let agent = |method: &'static str, body| tenant.chatwoot.by(&tenant.agent.token, method, &path, body);
    assert_eq!(agent("GET", None).await.status, 200);
    agent("PATCH", Some(json!({"name": "x"}))).await.is_not_allowed();
    let other = tenant.chatwoot.account("Other").await;
    let stranger = tenant.chatwoot.person(other, "x@other.example", "administrator").await;
    tenant.chatwoot.by(&stranger.token, "GET", &path, None).await.is_missing();
}

#[tokio::test]
async fn settings_appear_with_their_release_and_edition() {
    let old = Tenant::version("4.2").await;
    let body = json!({"auto_resolve_label": "stale", "auto_resolve_after": 30, "conversation_required_attributes": ["a"]});
    assert_eq!(
        own(&old, "PATCH", Some(body.clone())).await.ok()["settings"],
        json!({"auto_resolve_after": 30})
    );
    let enterprise = Tenant::enterprise().await;
    let set = own(&enterprise, "PATCH", Some(body.clone())).await.ok();
    assert_eq!(set["settings"], body);
    assert!(own(&enterprise, "GET", None).await.ok()["subscribed_features"].is_array());
}

#[tokio::test]
async fn a_reset_access_token_replaces_the_one_that_was_used() {
    let tenant = Tenant::start().await;
    let before = tenant.chatwoot.by(&tenant.admin.token, "GET", "/api/v1/profile", None).await.ok();
    assert_eq!(before["access_token"], tenant.admin.token.as_str());
    assert_eq!(before["accounts"][0]["permissions"], json!(["administrator"]));
    assert_eq!(before["type"], Value::Null);
    let reset = tenant.chatwoot.by(&tenant.admin.token, "POST", "/api/v1/profile/reset_access_token", None);
    let new = reset.await.ok()["access_token"].as_str().unwrap().to_owned();
    assert_ne!(new, tenant.admin.token);
    tenant.get("inboxes").await.is_error(401, "Invalid Access Token");
    assert_eq!(tenant.chatwoot.by(&new, "GET", &tenant.path("inboxes"), None).await.status, 200);
    assert_eq!(tenant.chatwoot.get(user(tenant.admin.id)).await.ok()["access_token"], new, "P23");
}

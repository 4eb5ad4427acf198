//! Agents: §3.6, P30.

use super::tenant::*;
use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn people_are_found_by_address_or_invited() {
    let tenant = Tenant::start().await;
    let known = tenant.chatwoot.user("zoe@b.example").await;
    let added = tenant.post("agents", json!({"email": "Zoe@b.example", "role": "administrator"})).await.ok();
    assert_eq!((id(&added), &added["role"]), (known, &json!("administrator")));
    let invited = tenant.post("agents", json!({"email": "new@b.example", "name": "New"})).await.ok();
    assert_eq!(
        (&invited["name"], &invited["confirmed"], &invited["role"]),
        (&json!("New"), &json!(false), &json!("agent"))
    );
    let again = tenant.post("agents", json!({"email": "new@b.example"})).await;
    again.is_422("User has already been taken", &["user_id"]);
    tenant.post("agents", json!({"name": "nobody"})).await.is_500();
    tenant.post("agents", json!({"email": "x@b.example", "role": "owner"})).await.is_500();
    assert_eq!(tenant.post("agents", json!({"email": "not an address"})).await.status, 422);
    let names = tenant.get("agents").await.ok();
    assert_eq!(names.as_array().unwrap().len(), 4, "administrators too");
    let path = format!("agents/{known}");
    let changed = tenant
        .patch(&path, json!({"role": "agent", "availability": "busy", "auto_offline": false}))
        .await
        .ok();
    assert_eq!((&changed["role"], &changed["availability_status"]), (&json!("agent"), &json!("busy")));
}

#[tokio::test]
async fn many_are_invited_at_once_and_members_passed_over() {
    let tenant = Tenant::start().await;
    let emails = json!(["agent@acme.example", "new@b.example", "no address"]);
    tenant.post("agents/bulk_create", json!({"emails": emails})).await.is_empty_200();
    assert_eq!(tenant.get("agents").await.ok().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn p30_who_is_left_without_an_account_is_deleted() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let path = format!("agents/{}", tenant.agent.id);
    tenant.delete(&path).await.is_empty_200();
    tenant.delete(&path).await.is_missing();
    tenant.chatwoot.run_jobs().await;
    tenant.chatwoot.get(user(tenant.agent.id)).await.is_404();
}

#[tokio::test]
async fn p38_an_enterprise_image_counts_seats_here() {
    let tenant = Tenant::enterprise().await;
    tenant.chatwoot.patch(account(tenant.id), json!({"limits": {"agents": 2}})).await.ok();
    let third = tenant.post("agents", json!({"email": "x@b.example"})).await;
    assert_eq!(third.status, 402);
    assert_eq!(tenant.post("agents/bulk_create", json!({"emails": ["x@b.example"]})).await.status, 402);
    assert_eq!(tenant.get("agents").await.ok()[0].get("custom_role_id"), Some(&Value::Null));
}

//! Members of inboxes: §3.5.

use super::tenant::*;
use serde_json::{Value, json};

async fn inbox() -> (Tenant, i64) {
    let tenant = Tenant::start().await;
    let inbox = id(&tenant.inbox("Orders").await);
    (tenant, inbox)
}

async fn members(tenant: &Tenant, inbox: i64) -> Vec<i64> {
    let list = tenant.get(&format!("inbox_members/{inbox}")).await.ok();
    column(&list["payload"], "id").iter().map(|id| id.as_i64().unwrap()).collect()
}

#[tokio::test]
async fn post_adds_patch_replaces_and_delete_removes() {
    let (tenant, inbox) = inbox().await;
    let (admin, agent) = (tenant.admin.id, tenant.agent.id);
    let body = |ids: Value| json!({"inbox_id": inbox, "user_ids": ids});
    let added = tenant.post("inbox_members", body(json!([agent]))).await.ok();
    assert_eq!(
        (column(&added["payload"], "id"), &added["payload"][0]["role"]),
        (vec![&json!(agent)], &json!("agent"))
    );
    tenant.post("inbox_members", body(json!([agent, admin]))).await.ok();
    assert_eq!(members(&tenant, inbox).await, [admin, agent]);
    tenant.patch("inbox_members", body(json!([agent]))).await.ok();
    assert_eq!(members(&tenant, inbox).await, [agent]);
    let path = tenant.path("inbox_members");
    tenant.chatwoot.by(&tenant.admin.token, "DELETE", &path, Some(body(json!([agent])))).await.is_empty_200();
    assert_eq!(members(&tenant, inbox).await, [0i64; 0]);
}

#[tokio::test]
async fn a_member_need_not_belong_to_the_account_but_must_exist() {
    let (tenant, inbox) = inbox().await;
    let stranger = tenant.chatwoot.user("x@other.example").await;
    tenant.post("inbox_members", json!({"inbox_id": inbox, "user_ids": [stranger]})).await.ok();
    assert_eq!(members(&tenant, inbox).await, [stranger]);
    let nobody = tenant.post("inbox_members", json!({"inbox_id": inbox, "user_ids": [999]})).await;
    nobody.is_422("User must exist", &["user"]);
    tenant.post("inbox_members", json!({"inbox_id": 99, "user_ids": []})).await.is_missing();
    tenant.post("inbox_members", json!({"inbox_id": inbox})).await.is_500();
}

#[tokio::test]
async fn ids_sent_as_texts_are_refused_or_remove_everybody() {
    let (tenant, inbox) = inbox().await;
    let (admin, agent) = (tenant.admin.id, tenant.agent.id);
    tenant.post("inbox_members", json!({"inbox_id": inbox, "user_ids": [agent]})).await.ok();
    let texts = |id: i64| json!({"inbox_id": inbox, "user_ids": [id.to_string()]});
    let refused = tenant.patch("inbox_members", texts(agent)).await;
    refused.is_422("User has already been taken", &["user_id"]);
    assert_eq!(members(&tenant, inbox).await, [agent]);
    tenant.patch("inbox_members", texts(admin)).await.ok();
    assert_eq!(members(&tenant, inbox).await, [admin], "the member 5 is not the text that was sent");
}

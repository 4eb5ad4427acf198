//! Teams and their members: §3.6.

use super::tenant::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_name_is_written_in_lower_case_and_unique_in_the_account() {
    let tenant = Tenant::start().await;
    let made = tenant.post("teams", json!({"name": "Sales EU", "description": "D"})).await.ok();
    let expected = json!({"id": made["id"], "name": "sales eu", "description": "D", "allow_auto_assign": true,
        "account_id": tenant.id, "is_member": false});
    assert_eq!(made, expected);
    tenant.post("teams", json!({"name": "SALES eu"})).await.is_422("Name has already been taken", &["name"]);
    tenant.post("teams", json!({"name": ""})).await.is_422("Name must not be blank", &["name"]);
    let path = format!("teams/{}", id(&made));
    let renamed = tenant.patch(&path, json!({"name": "Sales US", "allow_auto_assign": false})).await.ok();
    assert_eq!((&renamed["name"], &renamed["allow_auto_assign"]), (&json!("sales us"), &json!(false)));
    assert_eq!(tenant.get(&path).await.ok(), renamed);
    assert_eq!(tenant.agent("GET", "teams", Value::Null).await.ok(), json!([renamed]), "agents may look");
    tenant.delete(&path).await.is_empty_200();
    tenant.delete(&path).await.is_missing();
}

#[tokio::test]
async fn members_come_from_the_account_and_a_post_answers_only_the_new() {
    let tenant = Tenant::start().await;
    let (admin, agent) = (tenant.admin.id, tenant.agent.id);
    let path =
        format!("teams/{}/team_members", id(&tenant.post("teams", json!({"name": "sales"})).await.ok()));
    let ids = |list: &Value| column(list, "id").iter().map(|id| id.as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(&tenant.post(&path, json!({"user_ids": [agent]})).await.ok()), [agent]);
    assert_eq!(ids(&tenant.post(&path, json!({"user_ids": [agent, admin]})).await.ok()), [admin]);
    assert_eq!(tenant.get("teams").await.ok()[0]["is_member"], true);
    assert_eq!(ids(&tenant.patch(&path, json!({"user_ids": [agent]})).await.ok()), [agent]);
    let stranger = tenant.chatwoot.user("x@other.example").await;
    tenant.post(&path, json!({"user_ids": [stranger]})).await.is_error(401, "Invalid User IDs");
    tenant.post(&path, json!({})).await.is_500();
    assert_eq!(ids(&tenant.get(&path).await.ok()), [agent]);
    let url = tenant.path(&path);
    let gone =
        tenant.chatwoot.by(&tenant.admin.token, "DELETE", &url, Some(json!({"user_ids": [agent]}))).await;
    gone.is_empty_200();
    assert_eq!(tenant.get(&path).await.ok(), json!([]));
    tenant.get("teams/99/team_members").await.is_missing();
}

#[tokio::test]
async fn ids_sent_as_texts_remove_everybody() {
    let tenant = Tenant::start().await;
    let agent = tenant.agent.id;
    let path =
        format!("teams/{}/team_members", id(&tenant.post("teams", json!({"name": "sales"})).await.ok()));
    tenant.post(&path, json!({"user_ids": [agent]})).await.ok();
    assert_eq!(tenant.patch(&path, json!({"user_ids": [agent.to_string()]})).await.ok(), json!([]));
}

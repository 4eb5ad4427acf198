//! What goes with an account or a member: P5, P28.

use super::tenant::*;
use crate::support::*;
use chatwoot_simulator::Act;
use serde_json::json;

#[tokio::test]
async fn p28_everything_goes_with_the_account() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let inbox = tenant.inbox("Orders").await;
    tenant.join(&inbox, tenant.agent.id).await;
    tenant.conversation(&inbox, "ada").await;
    tenant.post("labels", json!({"title": "vip"})).await.ok();
    tenant.post("teams", json!({"name": "sales"})).await.ok();
    tenant.chatwoot.delete(account(tenant.id)).await.is_empty_200();
    assert_eq!(tenant.get("labels").await.status, 200, "phase A");
    tenant.chatwoot.run_jobs().await;
    tenant.get("labels").await.is_missing();
    let content = tenant.chatwoot.state().await.content;
    assert!(content.inboxes.is_empty() && content.conversations.is_empty() && !content.labels.is_empty());
    tenant.chatwoot.run_jobs().await;
    assert_eq!(tenant.chatwoot.state().await.content, Default::default(), "phase C");
}

#[tokio::test]
async fn p5_a_removed_member_leaves_teams_inboxes_and_conversations_by_a_job() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let inbox = tenant.inbox("Orders").await;
    tenant.join(&inbox, tenant.agent.id).await;
    let team = id(&tenant.post("teams", json!({"name": "sales"})).await.ok());
    tenant.post(&format!("teams/{team}/team_members"), json!({"user_ids": [tenant.agent.id]})).await.ok();
    let talk = tenant.conversation(&inbox, "ada").await;
    tenant
        .post(&format!("conversations/{talk}/assignments"), json!({"assignee_id": tenant.agent.id}))
        .await
        .ok();
    let gone = Act::RemoveMember { account: tenant.id, user: tenant.agent.id, way: Default::default() };
    tenant.chatwoot.act(gone).await;
    let refused = tenant.agent("GET", "inboxes", serde_json::Value::Null).await;
    refused.is_error(401, "You are not authorized to access this account");
    assert_eq!(tenant.chatwoot.state().await.content.inbox_members.len(), 1);
    tenant.chatwoot.run_jobs().await;
    let state = tenant.chatwoot.state().await;
    assert!(state.content.inbox_members.is_empty() && state.teams.is_empty());
    assert_eq!(state.content.conversations[0].assignee, None);
}

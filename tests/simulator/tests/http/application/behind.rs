//! What people do behind the operator's back, and what tests read of it.

use super::tenant::*;
use chatwoot_simulator::{
    Act, ChannelKind, ConversationStatus, EditContact, EditConversation, Effect, Filter, How, RecordKind,
    When,
};
use serde_json::{Map, Value, json};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn an_inbox_is_made_renamed_and_deleted() {
    let tenant = Tenant::start().await;
    let act = Act::CreateInbox {
        account: tenant.id,
        name: "Site".into(),
        channel: ChannelKind::WebWidget,
        fields: map(json!({"website_url": "https://acme.example", "greeting_enabled": true})),
    };
    let inbox = tenant.chatwoot.act(act).await.id.unwrap();
    let path = format!("inboxes/{inbox}");
    let seen = tenant.get(&path).await.ok();
    assert_eq!(
        (&seen["website_url"], &seen["greeting_enabled"]),
        (&json!("https://acme.example"), &json!(true))
    );
    let edit = Act::EditInbox {
        inbox,
        name: Some("Renamed".into()),
        fields: map(json!({"widget_color": "#000000"})),
    };
    tenant.chatwoot.act(edit).await;
    let seen = tenant.get(&path).await.ok();
    assert_eq!((&seen["name"], &seen["widget_color"]), (&json!("Renamed"), &json!("#000000")));
    let odd = Act::EditInbox { inbox, name: None, fields: map(json!({"imap_port": 1})) };
    assert!(tenant.chatwoot.control().act(odd).await.unwrap_err().to_string().contains("imap_port"));
    tenant.chatwoot.act(Act::JoinInbox { inbox, user: tenant.agent.id }).await;
    tenant.chatwoot.act(Act::LeaveInbox { inbox, user: tenant.agent.id }).await;
    tenant.chatwoot.act(Act::DeleteInbox { inbox, when: When::Now }).await;
    tenant.get(&path).await.is_missing();
}

#[tokio::test]
async fn records_are_made_changed_and_deleted() {
    let tenant = Tenant::start().await;
    let kinds = [
        (RecordKind::Label, "labels", "title"),
        (RecordKind::Team, "teams", "name"),
        (RecordKind::Webhook, "webhooks", "url"),
        (RecordKind::CannedResponse, "canned_responses", "content"),
        (RecordKind::AttributeDefinition, "custom_attribute_definitions", "attribute_key"),
        (RecordKind::AutomationRule, "automation_rules", "name"),
    ];
    for (kind, path, column) in kinds {
        let fields = map(json!({column: "made"}));
        let id =
            tenant.chatwoot.act(Act::CreateRecord { account: tenant.id, kind, fields }).await.id.unwrap();
        let listed = tenant.get(path).await;
        assert!(listed.ok().to_string().contains("\"made\""), "{}", listed.text());
        tenant.chatwoot.act(Act::EditRecord { kind, id, fields: map(json!({column: "changed"})) }).await;
        assert!(tenant.get(path).await.ok().to_string().contains("\"changed\""));
        tenant.chatwoot.act(Act::DeleteRecord { kind, id }).await;
        assert!(!tenant.get(path).await.ok().to_string().contains("\"changed\""));
        let refused = tenant.chatwoot.control().act(Act::DeleteRecord { kind, id }).await;
        assert!(refused.unwrap_err().to_string().contains("there is no"));
    }
}

#[tokio::test]
async fn customers_write_agents_answer_and_contacts_change() {
    let tenant = Tenant::start().await;
    let inbox = id(&tenant.inbox("Orders").await);
    let writes =
        |content: &str| Act::CustomerWrites { inbox, source_id: Some("s1".into()), content: content.into() };
    let first = tenant.chatwoot.act(writes("Hello")).await;
    assert_eq!((first.id, first.token.as_deref()), (Some(1), Some("s1")));
    assert_eq!(tenant.chatwoot.act(writes("Still there?")).await.id, Some(1), "it goes on");
    let answer = Act::AgentWrites {
        account: tenant.id,
        conversation: 1,
        user: tenant.agent.id,
        content: "Yes".into(),
        private: false,
    };
    tenant.chatwoot.act(answer).await;
    let said = tenant.get("conversations/1/messages").await.ok();
    assert_eq!(column(&said["payload"], "content"), ["Hello", "Still there?", "Yes"]);
    let resolve = EditConversation {
        account: tenant.id,
        conversation: 1,
        status: Some(ConversationStatus::Resolved),
        ..EditConversation::default()
    };
    tenant.chatwoot.act(Act::EditConversation(resolve)).await;
    assert_eq!(tenant.chatwoot.act(writes("New matter")).await.id, Some(2));
    let contact = tenant.chatwoot.state().await.content.contacts[0].id;
    let edit = EditContact { contact, email: Some("a@b.example".into()), ..EditContact::default() };
    tenant.chatwoot.act(Act::EditContact(edit)).await;
    assert_eq!(tenant.get(&format!("contacts/{contact}")).await.ok()["payload"]["email"], "a@b.example");
    tenant.chatwoot.act(Act::DeleteContact { contact, when: When::Now }).await;
    let content = tenant.chatwoot.state().await.content;
    assert!(content.contacts.is_empty() && content.conversations.is_empty() && content.messages.is_empty());
}

#[tokio::test]
async fn settings_and_bots_change() {
    let tenant = Tenant::start().await;
    let settings = map(json!({"auto_resolve_after": 99}));
    tenant.chatwoot.act(Act::EditAccountSettings { account: tenant.id, how: How::Replace, settings }).await;
    let state = tenant.chatwoot.state().await;
    assert_eq!(state.account(tenant.id).unwrap().settings["auto_resolve_after"], 99);
    let bot = Act::CreateBot { account: Some(tenant.id), name: "B".into(), outgoing_url: None };
    let bot = tenant.chatwoot.act(bot).await.id.unwrap();
    let url = Some("https://evil.example".into());
    tenant.chatwoot.act(Act::EditBot { bot, name: None, outgoing_url: url }).await;
    let token = tenant.chatwoot.act(Act::ResetBotToken { bot }).await.token.unwrap();
    let seen = tenant.get(&format!("agent_bots/{bot}")).await.ok();
    assert_eq!(
        (&seen["outgoing_url"], &seen["access_token"]),
        (&json!("https://evil.example"), &json!(token))
    );
}

#[tokio::test]
async fn every_secret_an_administrator_sees_is_listed_for_the_search() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let bot = tenant.post("agent_bots", json!({"name": "B"})).await.ok();
    let hook = tenant.post("webhooks", json!({"url": "https://x.example"})).await.ok();
    let state = tenant.chatwoot.state().await;
    let secrets = state.secrets();
    let shown = [
        &inbox["inbox_identifier"],
        &inbox["hmac_token"],
        &inbox["secret"],
        &bot["access_token"],
        &bot["secret"],
        &hook["payload"]["webhook"]["secret"],
    ];
    for secret in shown {
        assert!(secrets.contains(&secret.as_str().unwrap()), "{secret}");
    }
    assert!(secrets.contains(&tenant.admin.token.as_str()));
}

#[tokio::test]
async fn faults_and_the_journal_know_the_new_routes() {
    let tenant = Tenant::start().await;
    let route = "POST /api/v1/accounts/:account_id/inboxes";
    let control = tenant.chatwoot.control();
    control.fault_once(route, Effect::Status { status: 500, after_commit: true }).await.unwrap();
    tenant.post("inboxes", json!({"name": "Lost", "channel": {"type": "api"}})).await.is_500();
    let seen = control.journal(&Filter::route(route)).await.unwrap();
    assert_eq!((seen[0].chatwoot_status, seen[0].commit.is_some()), (Some(200), true));
    assert_eq!(column(&tenant.get("inboxes").await.ok()["payload"], "name"), ["Lost"]);
    control.fault_once(route, Effect::ResetBeforeCommit).await.unwrap();
    let ask = crate::support::Ask::new("POST", tenant.path("inboxes"))
        .header("api-access-token", &tenant.admin.token);
    assert!(
        tenant.chatwoot.try_send(ask.json(&json!({"name": "x", "channel": {"type": "api"}}))).await.is_err()
    );
    assert_eq!(tenant.get("inboxes").await.ok()["payload"].as_array().unwrap().len(), 1);
}

//! Messages: §3.4.

use super::tenant::*;
use chatwoot_simulator::Act;
use serde_json::{Value, json};

async fn talk() -> (Tenant, Value, String) {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let path = format!("conversations/{}/messages", tenant.conversation(&inbox, "ada").await);
    (tenant, inbox, path)
}

#[tokio::test]
async fn a_conversation_shows_its_last_message_and_the_messages_all() {
    let (tenant, _, path) = talk().await;
    for content in ["one", "two"] {
        tenant.post(&path, json!({"content": content})).await.ok();
    }
    let shown = tenant.get(path.trim_end_matches("/messages")).await.ok();
    assert_eq!(column(&shown["messages"], "content"), ["two"]);
    assert_eq!(column(&tenant.get(&path).await.ok()["payload"], "content"), ["one", "two"]);
}

#[tokio::test]
async fn the_last_20_come_or_those_before_or_after_one() {
    let (tenant, _, path) = talk().await;
    let mut ids = Vec::new();
    for number in 0..23 {
        ids.push(id(&tenant.post(&path, json!({"content": number.to_string()})).await.ok()));
    }
    let page = async |query: &str| {
        let list = tenant.get(&format!("{path}?{query}")).await.ok();
        column(&list["payload"], "id").iter().map(|id| id.as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(page("").await, ids[3..]);
    assert_eq!(page(&format!("before={}", ids[3])).await, ids[..3]);
    assert_eq!(page(&format!("after={}", ids[20])).await, ids[21..]);
    assert_eq!(page(&format!("after={}&before={}", ids[4], ids[8])).await, ids[5..8]);
}

#[tokio::test]
async fn agents_speak_outwards_and_api_inboxes_take_both_directions() {
    let (tenant, _, path) = talk().await;
    let out = tenant.post(&path, json!({"content": "Hi", "echo_id": "e1"})).await.ok();
    assert_eq!(
        (&out["message_type"], &out["echo_id"], &out["sender"]["type"]),
        (&json!(1), &json!("e1"), &json!("user"))
    );
    assert_eq!(out["conversation_id"], 1, "a display id");
    let note = tenant.post(&path, json!({"content": "psst", "private": true})).await.ok();
    assert_eq!(note["private"], true);
    let incoming = tenant.post(&path, json!({"content": "Ho", "message_type": "incoming"})).await.ok();
    assert_eq!((&incoming["message_type"], &incoming["sender"]["type"]), (&json!(0), &json!("contact")));
    let channel = json!({"type": "web_widget", "website_url": "https://acme.example"});
    let widget = tenant.post("inboxes", json!({"name": "W", "channel": channel})).await.ok();
    let path = format!("conversations/{}/messages", tenant.conversation(&widget, "bo").await);
    let refused = tenant.post(&path, json!({"content": "x", "message_type": "incoming"})).await;
    refused.is_refused("Incoming messages are only allowed in Api inboxes");
}

#[tokio::test]
async fn a_message_has_a_longest_length() {
    let (tenant, _, path) = talk().await;
    assert_eq!(tenant.post(&path, json!({"content": "x".repeat(150_000)})).await.status, 200);
    let long = tenant.post(&path, json!({"content": "x".repeat(150_001)})).await;
    long.is_refused("Validation failed: Content is too long (maximum is 150000 characters)");
}

#[tokio::test]
async fn a_customers_word_wakes_a_conversation_and_an_answer_ends_the_waiting() {
    let (tenant, inbox, path) = talk().await;
    let talk = path.trim_end_matches("/messages").to_owned();
    let writes = async |content: &str| {
        let source_id = tenant.chatwoot.state().await.content.contact_inboxes[0].source_id.clone();
        let act =
            Act::CustomerWrites { inbox: id(&inbox), source_id: Some(source_id), content: content.into() };
        tenant.chatwoot.act(act).await.id.unwrap()
    };
    writes("Hello?").await;
    assert_ne!(tenant.get(&talk).await.ok()["waiting_since"], 0);
    tenant.post(&path, json!({"content": "psst", "private": true})).await.ok();
    assert_ne!(tenant.get(&talk).await.ok()["waiting_since"], 0, "a note answers nobody");
    tenant.post(&path, json!({"content": "Hi"})).await.ok();
    let answered = tenant.get(&talk).await.ok();
    assert_eq!(answered["waiting_since"], 0);
    assert_ne!(answered["first_reply_created_at"], 0);
    for (status, then) in [("snoozed", "open"), ("pending", "pending")] {
        tenant.post(&format!("{talk}/toggle_status"), json!({"status": status})).await.ok();
        writes("again").await;
        assert_eq!(tenant.get(&talk).await.ok()["status"], then);
    }
    let contact = tenant.get("contacts/1").await.ok();
    assert!(contact["payload"]["last_activity_at"].is_i64());
}

//! Neither secrets nor anything about a customer leave by `Debug`, by errors or by the log, whatever its level.

use super::*;
use crate::chatwoot::{
    scripted::logged,
    tenant::{
        contact::{ContactFields, NewContact},
        conversation::{Between, NewConversation},
        message::NewMessage,
    },
};

const HIDDEN: [&str; 14] = [
    TOKEN,
    "hmac-token-1",
    "inbox-identifier-1",
    "inbox-secret-1",
    "website-token-1",
    "bot-token-1",
    "bot-secret-1",
    "webhook-secret-1",
    "source-1",
    "imap-pw-1",
    "Bob Smith",
    "bob@example.com",
    "+49301234",
    "my parcel is late",
];

fn everything_in_one() -> String {
    let person = json!({"id": 7, "name": "Bob Smith", "email": "bob@example.com", "phone_number": "+49301234",
        "contact_inboxes": [{"source_id": "source-1", "inbox": {"id": 2}}]});
    json!({"id": 7, "name": "Bob Smith", "email": "bob@example.com", "phone_number": "+49301234",
        "hmac_token": "hmac-token-1", "inbox_identifier": "inbox-identifier-1", "secret": "inbox-secret-1",
        "website_token": "website-token-1", "imap_password": "imap-pw-1", "access_token": "bot-token-1",
        "content": "my parcel is late", "contact_inboxes": [{"source_id": "source-1"}],
        "meta": {"sender": person, "count": 1}, "messages": [{"id": 1, "content": "my parcel is late",
        "sender": {"name": "Bob Smith"}}], "custom_attributes": {"k": "Bob Smith"},
        "payload": {"contact": person, "contact_inbox": {"source_id": "source-1"},
            "webhook": {"id": 1, "url": "https://x", "secret": "webhook-secret-1"}}})
    .to_string()
}

async fn everything() -> String {
    let echo = HIDDEN.join(" ");
    let acts = [
        Act::json(200, &everything_in_one()),
        Act::json(422, &json!({"message": echo, "attributes": ["email"]}).to_string()),
        Act::json(422, &json!({"message": echo}).to_string()),
        Act::json(422, &json!({"error": echo}).to_string()),
        Act::json(401, &json!({"error": echo}).to_string()),
        Act::json(200, &json!([echo]).to_string()),
        Act::Close,
        Act::Reset,
    ];
    let mut told = String::new();
    for act in acts {
        let server = Server::start([act]);
        let account = inside(&server);
        let fields = ContactFields {
            name: Some("Bob Smith".into()),
            email: Some("bob@example.com".into()),
            phone_number: Some("+49301234".into()),
            ..Default::default()
        };
        let new = NewContact { fields: fields.clone(), source_id: Some("source-1".into()), inbox_id: None };
        let talk = NewConversation {
            message: Some(NewMessage::text("my parcel is late")),
            ..NewConversation::new(Between::Source { source_id: "source-1".into() })
        };
        told += &format!("{account:?} {new:?} {talk:?}");
        let id = crate::chatwoot::tenant::ids::ContactId(7);
        told += &format!("{:?}", account.contacts().create(&new).await);
        told += &format!("{:?}", account.contacts().update(id, &fields).await);
        told += &format!("{:?}", account.contacts().search("bob@example.com", None, 1).await);
        told += &format!("{:?}", account.conversations().create(&talk).await);
        told += &format!("{:?}", account.conversations().show(ConversationId(7)).await);
        if let Err(failure) = account.contacts().delete(id).await {
            told += &format!("{failure} {failure:?}");
        }
    }
    let server = answering(&serde_json::from_str(&everything_in_one()).unwrap());
    let account = inside(&server);
    told += &format!("{:?}", account.inboxes().show(InboxId(7)).await.unwrap().channel_type);
    told += &format!("{:?}", account.agent_bots().show(7.into()).await.unwrap().account_id);
    told += &format!("{:?}", account.webhooks().create(&Default::default()).await.unwrap());
    told + &format!("{:?}", Application::new(server.config()).unwrap().profile().await.unwrap())
}

#[test]
fn nothing_secret_and_nobodys_data_is_shown_or_logged_at_any_level() {
    let (told, log) = logged(everything);
    assert!(log.contains("called Chatwoot") && log.contains("/contacts"), "the log was captured: {log}");
    assert!(log.contains("hyper"), "also what the layers below log: {log}");
    for hidden in HIDDEN.iter().map(|text| (*text).to_owned()).chain(["bob%40example.com".to_owned()]) {
        assert!(!told.contains(&hidden), "{hidden} in {told}");
        assert!(!log.contains(&hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn what_is_written_for_a_person_has_no_secrets() {
    let server = answering(&serde_json::from_str(&everything_in_one()).unwrap());
    let account = inside(&server);
    let mut written = serde_json::to_string(&account.inboxes().show(InboxId(7)).await.unwrap()).unwrap();
    written += &serde_json::to_string(&account.agent_bots().show(7.into()).await.unwrap()).unwrap();
    written +=
        &serde_json::to_string(&account.webhooks().create(&Default::default()).await.unwrap()).unwrap();
    written +=
        &serde_json::to_string(&account.conversations().show(ConversationId(7)).await.unwrap()).unwrap();
    assert!(written.contains("my parcel is late"), "{written}");
    for secret in &HIDDEN[1..10] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
}

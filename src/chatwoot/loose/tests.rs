use crate::chatwoot::{
    anything::any_json,
    tenant::{
        agent::Agent, automation::AutomationRule, contact::Contact, conversation::Conversation, inbox::Inbox,
        message::Message, webhook::Webhook,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every key with `odd` for a value, and an id.
fn object(odd: &Value) -> Value {
    let keys = [
        "name",
        "email",
        "identifier",
        "phone_number",
        "blocked",
        "custom_attributes",
        "additional_attributes",
        "contact_inboxes",
        "created_at",
        "meta",
        "status",
        "labels",
        "messages",
        "priority",
        "content",
        "message_type",
        "sender",
        "channel_type",
        "hmac_token",
        "working_hours",
        "subscriptions",
        "conditions",
        "actions",
        "event_name",
        "role",
        "inbox_id",
        "uuid",
        "unread_count",
        "snoozed_until",
        "attachments",
    ];
    let mut map: serde_json::Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), odd.clone())).collect();
    map.insert("id".to_owned(), json!(7));
    Value::Object(map)
}

proptest! {
    #![proptest_config(crate::tried(256))]

    #[test]
    fn an_object_with_an_id_is_read_whatever_else_is_in_it(odd in any_json()) {
        let text = object(&odd).to_string();
        prop_assert!(serde_json::from_str::<Contact>(&text).is_ok());
        prop_assert!(serde_json::from_str::<Conversation>(&text).is_ok());
        prop_assert!(serde_json::from_str::<Message>(&text).is_ok());
        prop_assert!(serde_json::from_str::<Inbox>(&text).is_ok());
        prop_assert!(serde_json::from_str::<Webhook>(&text).is_ok());
        prop_assert!(serde_json::from_str::<AutomationRule>(&text).is_ok());
        prop_assert!(serde_json::from_str::<Agent>(&text).is_ok());
    }
}

#[test]
fn without_an_id_there_is_no_object() {
    for id in [json!(null), json!(0), json!(-1), json!("x"), json!([1]), json!(1.5), json!(true)] {
        assert!(serde_json::from_value::<Contact>(json!({"id": id, "name": "Bob"})).is_err(), "{id}");
    }
    assert!(serde_json::from_value::<Contact>(json!({"name": "Bob"})).is_err());
    assert_eq!(serde_json::from_value::<Contact>(json!({"id": "7"})).unwrap().id.0, 7);
}

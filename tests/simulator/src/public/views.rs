//! What the Client API shows.

use crate::{
    application::views::{contact, conversation, unix_or_zero, with},
    model::{
        World,
        content::rows::{Contact, ContactInbox, Conversation, Inbox, Message, MessageType},
    },
};
use serde_json::{Value, json};

pub fn inbox(inbox: &Inbox) -> Value {
    json!({
        "identifier": inbox.identifier,
        "identity_validation_enabled": inbox.hmac_mandatory(),
        "name": inbox.name,
        "timezone": inbox.fields.get("timezone"),
        "working_hours": inbox.working_hours,
        "working_hours_enabled": inbox.on("working_hours_enabled"),
        "csat_survey_enabled": inbox.on("csat_survey_enabled"),
        "greeting_enabled": inbox.on("greeting_enabled"),
    })
}

pub fn contact_session(contact: &Contact, session: &ContactInbox) -> Value {
    json!({
        "source_id": session.source_id,
        "pubsub_token": session.pubsub_token,
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "phone_number": contact.phone_number,
    })
}

/// Whether the customer may see a message.
pub fn is_for_customers(message: &Message) -> bool {
    !message.private && message.message_type != MessageType::Activity
}

pub fn conversation(world: &World, row: &Conversation) -> Value {
    let messages = world.messages_of(row.id).filter(|message| is_for_customers(message));
    let messages: Vec<Value> = messages.map(|message| self::message(world, row, message)).collect();
    json!({
        "id": row.display_id,
        "uuid": row.uuid,
        "inbox_id": row.inbox,
        "contact_last_seen_at": unix_or_zero(row.contact_last_seen_at),
        "status": row.status,
        "agent_last_seen_at": unix_or_zero(row.agent_last_seen_at),
        "messages": messages,
        "contact": world.content.contacts.get(row.contact).map(contact::raw),
    })
}

pub fn message(world: &World, conversation_row: &Conversation, message: &Message) -> Value {
    let view = json!({
        "id": message.id,
        "content": message.content,
        "message_type": message.message_type.number(),
        "content_type": message.content_type,
        "content_attributes": message.content_attributes,
        "created_at": message.created_at.as_second(),
        "conversation_id": conversation_row.display_id,
    });
    with(view, conversation::sender(world, message).map(|sender| ("sender", sender)))
}

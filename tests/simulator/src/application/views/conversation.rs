//! Conversations and messages (chatwoot-api §3.4).

use super::{contact, people, precise, unix, unix_or_zero, with};
use crate::model::{
    World,
    content::rows::{Conversation, Message, MessageType, Sender},
};
use serde_json::{Value, json};

/// A conversation; of its messages only the last.
pub fn full(world: &World, row: &Conversation) -> Value {
    let session = world.content.contact_inboxes.get(row.contact_inbox);
    let contact = world.content.contacts.get(row.contact);
    let inbox = world.content.inboxes.get(row.inbox);
    let last = world.messages_of(row.id).next_back();
    let spoken = world.messages_of(row.id).rfind(|message| message.message_type != MessageType::Activity);
    let unread = world.messages_of(row.id).filter(|message| {
        message.message_type == MessageType::Incoming
            && row.agent_last_seen_at.is_none_or(|seen| message.created_at > seen)
    });
    let assignee = row.assignee.and_then(|user| world.users.get(&user));
    let mut meta = json!({
        "sender": contact.map(contact::brief),
        "channel": inbox.map(|inbox| inbox.kind.class()),
        "hmac_verified": session.is_some_and(|session| session.hmac_verified),
    });
    if let Some(user) = assignee {
        let more = [("assignee", people::agent(world, row.account, user)), ("assignee_type", "User".into())];
        meta = with(meta, more);
    }
    if let Some(team) = row.team.and_then(|team| world.content.teams.get(team)) {
        let view = json!({"id": team.id, "name": team.value("name")});
        meta = with(meta, [("team", view)]);
    }
    let shown: Vec<Value> = last.map(|last| pushed(world, row, last)).into_iter().collect();
    json!({
        "meta": meta,
        "id": row.display_id,
        "messages": shown,
        "account_id": row.account,
        "uuid": row.uuid,
        "additional_attributes": row.additional_attributes,
        "agent_last_seen_at": unix_or_zero(row.agent_last_seen_at),
        "assignee_last_seen_at": unix_or_zero(row.assignee_last_seen_at),
        "can_reply": true,
        "contact_last_seen_at": unix_or_zero(row.contact_last_seen_at),
        "custom_attributes": row.custom_attributes,
        "inbox_id": row.inbox,
        "labels": row.labels,
        "muted": contact.is_some_and(|contact| contact.blocked),
        "snoozed_until": row.snoozed_until.map(super::iso),
        "status": row.status,
        "created_at": row.created_at.as_second(),
        "updated_at": precise(row.updated_at),
        "timestamp": row.last_activity_at.as_second(),
        "first_reply_created_at": unix_or_zero(row.first_reply_created_at),
        "unread_count": unread.count(),
        "last_non_activity_message": spoken.map(|spoken| pushed(world, row, spoken)),
        "last_activity_at": row.last_activity_at.as_second(),
        "priority": row.priority,
        "waiting_since": unix_or_zero(row.waiting_since),
        "sla_policy_id": null,
    })
}

pub fn list<'a>(world: &World, rows: impl IntoIterator<Item = &'a Conversation>) -> Value {
    Value::Array(rows.into_iter().map(|row| full(world, row)).collect())
}

pub fn message(world: &World, conversation: &Conversation, message: &Message) -> Value {
    let view = json!({
        "id": message.id,
        "content": message.content,
        "inbox_id": message.inbox,
        "conversation_id": conversation.display_id,
        "message_type": message.message_type.number(),
        "content_type": message.content_type,
        "status": "sent",
        "content_attributes": message.content_attributes,
        "created_at": unix(Some(message.created_at)),
        "private": message.private,
        "source_id": message.source_id,
    });
    let sender = sender(world, message).map(|view| ("sender", view));
    with(view, sender)
}

/// A message as websockets get it, and conversations show it: most of its row.
fn pushed(world: &World, row: &Conversation, last: &Message) -> Value {
    let (kind, id) = match last.sender {
        Some(Sender::Contact(id)) => (Some("Contact"), Some(id)),
        Some(Sender::User(id)) => (Some("User"), Some(id)),
        Some(Sender::Bot(id)) => (Some("AgentBot"), Some(id)),
        None => (None, None),
    };
    let more = [
        ("account_id", last.account.into()),
        ("updated_at", super::iso(last.updated_at).into()),
        ("sender_type", kind.into()),
        ("sender_id", id.into()),
        ("external_source_ids", json!({})),
        ("additional_attributes", json!({})),
        ("processed_message_content", last.content.clone().into()),
        ("sentiment", json!({})),
    ];
    with(message(world, row, last), more)
}

/// Nobody where the author is gone.
pub fn sender(world: &World, message: &Message) -> Option<Value> {
    match message.sender? {
        Sender::Contact(id) => {
            world.content.contacts.get(id).map(|row| with(contact::brief(row), [("type", "contact".into())]))
        }
        Sender::User(id) => world.users.get(&id).map(|user| {
            json!({
                "id": user.id,
                "name": user.name,
                "available_name": crate::platform::views::available_name(user),
                "avatar_url": user.avatar_url,
                "type": "user",
                "thumbnail": user.avatar_url,
            })
        }),
        Sender::Bot(id) => world
            .bots
            .get(&id)
            .map(|bot| json!({"id": bot.id, "name": bot.name, "avatar_url": "", "type": "agent_bot"})),
    }
}

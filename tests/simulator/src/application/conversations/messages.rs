//! `/api/v1/accounts/:account_id/conversations/:id/messages`.

use super::found;
use crate::{
    application::{Caller, Visit, views},
    model::{
        World,
        content::{
            columns::{flag, label},
            rows::{ChannelKind, Message, MessageType, Sender},
        },
    },
    params::{Params, integer_of, present},
    reply::{Refusal, Reply},
};
use serde_json::json;

/// Messages of a page, and of one that goes forward.
const PAGE: usize = 20;
const PAGE_AFTER: usize = 100;

/// The last ones, or those before or after a message; oldest first.
pub fn messages(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = found(world, visit)?;
    let bound = |key: &str| visit.params.raw(key).filter(|value| present(value)).and_then(integer_of);
    let (before, after) = (bound("before"), bound("after"));
    let mut rows: Vec<&Message> = world
        .messages_of(row.id)
        .filter(|message| before.is_none_or(|before| message.id < before))
        .filter(|message| after.is_none_or(|after| message.id > after))
        .collect();
    match (before, after) {
        (None, Some(_)) => rows.truncate(PAGE_AFTER),
        (Some(_), Some(_)) => {}
        (_, None) => {
            let surplus = rows.len().saturating_sub(PAGE);
            rows.drain(..surplus);
        }
    }
    let contact = world.content.contacts.get(row.contact).map(views::contact::brief);
    let assignee = row.assignee.and_then(|user| world.users.get(&user));
    let meta = json!({
        "labels": row.labels,
        "additional_attributes": row.additional_attributes,
        "contact": contact,
        "assignee": assignee.map(|user| views::people::agent(world, visit.account, user)),
        "agent_last_seen_at": views::unix_or_zero(row.agent_last_seen_at),
        "assignee_last_seen_at": views::unix_or_zero(row.assignee_last_seen_at),
    });
    let payload: Vec<_> =
        rows.into_iter().map(|message| views::conversation::message(world, row, message)).collect();
    Ok(Reply::view(&json!({"meta": meta, "payload": payload})))
}

pub fn create_message(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let conversation = found(world, visit)?.id;
    let id = add(world, visit, conversation, visit.params)?;
    let row = world.content.conversations.get(conversation).ok_or(Refusal::CRASH)?;
    let message = world.content.messages.get(id).ok_or(Refusal::CRASH)?;
    let echo = visit.params.raw("echo_id").map(|echo| ("echo_id", echo.clone()));
    let view = views::with(views::conversation::message(world, row, message), echo);
    Ok(Reply::view(&view).wrote())
}

const CONTENT_TYPES: [&str; 12] = [
    "text",
    "input_text",
    "input_textarea",
    "input_email",
    "input_select",
    "cards",
    "form",
    "article",
    "incoming_email",
    "input_csat",
    "integrations",
    "sticker",
];

/// Stores a message of the caller's. Whatever is wrong with it is a 422 with one sentence, unknown labels too.
pub fn add(world: &mut World, visit: &Visit, conversation: i64, params: &Params) -> Result<i64, Refusal> {
    let row = world.content.conversations.get(conversation).ok_or(Refusal::CRASH)?;
    let said = |message: String| Refusal::Said(422, message);
    let kind = match params.raw("message_type").filter(|value| present(value)) {
        None => MessageType::Outgoing,
        Some(value) => label(value, &MessageType::LABELS)
            .ok()
            .flatten()
            .and_then(MessageType::from_label)
            .ok_or_else(|| said(format!("{value} is not a valid message_type")))?,
    };
    let is_api = world.content.inboxes.get(row.inbox).is_some_and(|inbox| inbox.kind == ChannelKind::Api);
    if kind == MessageType::Incoming && !is_api {
        return Err(said("Incoming messages are only allowed in Api inboxes".into()));
    }
    let content_type = match params.raw("content_type").filter(|value| present(value)) {
        None => "text",
        Some(value) => label(value, &CONTENT_TYPES)
            .ok()
            .flatten()
            .ok_or_else(|| said(format!("{value} is not a valid content_type")))?,
    };
    let content = params.text("content").flatten();
    let complaints = world.message_complaints(conversation, content.as_deref(), visit.now);
    if !complaints.is_empty() {
        let messages: Vec<String> = complaints.into_iter().map(|(_, message)| message).collect();
        return Err(said(format!("Validation failed: {}", messages.join(", "))));
    }
    if content.as_ref().is_some_and(|content| content.contains('\0')) {
        return Err(said("string contains null byte".into()));
    }
    let sender = match (kind, visit.caller) {
        (MessageType::Incoming, _) => Sender::Contact(row.contact),
        (_, Caller::User(user)) => Sender::User(user),
        (_, Caller::Bot(bot)) => Sender::Bot(bot),
    };
    let message = Message {
        id: 0,
        account: row.account,
        inbox: row.inbox,
        conversation,
        content,
        message_type: kind,
        content_type: content_type.to_owned(),
        content_attributes: params.object("content_attributes").cloned().unwrap_or_default(),
        private: params.raw("private").and_then(flag).unwrap_or_default(),
        sender: Some(sender),
        source_id: params.text("source_id").flatten(),
        created_at: visit.now,
        updated_at: visit.now,
    };
    Ok(world.insert_message(message))
}

/// Files are not kept here.
pub fn attachments(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    Ok(Reply::view(&json!({"meta": {"total_count": 0}, "payload": []})))
}

//! `/public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/messages`.

use super::{Visit, views};
use crate::{
    application::views::with,
    model::{
        World,
        content::rows::{Message, MessageType, Sender},
    },
    params::{integer_of, integer_prefix, present},
    reply::{Errors, Refusal, Reply},
};
use jiff::SignedDuration;
use serde_json::{Map, Value};

const PAGE: usize = 20;
/// How long a survey can be answered, in hours.
const SURVEY_HOURS: i64 = 14 * 24;

/// The last ones, or those before a message; oldest first, nothing of what agents say among themselves.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = visit.conversation(world)?;
    let before = visit.params.raw("before").filter(|value| present(value)).and_then(integer_of);
    let mut rows: Vec<&Message> = world
        .messages_of(row.id)
        .filter(|message| views::is_for_customers(message) && before.is_none_or(|before| message.id < before))
        .collect();
    let surplus = rows.len().saturating_sub(PAGE);
    rows.drain(..surplus);
    let views: Vec<Value> = rows.into_iter().map(|message| views::message(world, row, message)).collect();
    Ok(Reply::view(&Value::Array(views)))
}

/// The customer speaks.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = visit.conversation(world)?.clone();
    let content = visit.params.text("content").flatten();
    Errors::from(world.message_complaints(row.id, content.as_deref(), visit.now)).check()?;
    if content.as_ref().is_some_and(|content| content.contains('\0')) {
        return Err(Refusal::CRASH);
    }
    let id = world.insert_message(Message {
        id: 0,
        account: row.account,
        inbox: row.inbox,
        conversation: row.id,
        content,
        message_type: MessageType::Incoming,
        content_type: "text".into(),
        content_attributes: Map::new(),
        private: false,
        sender: Some(Sender::Contact(row.contact)),
        source_id: None,
        created_at: visit.now,
        updated_at: visit.now,
    });
    let message = world.content.messages.get(id).ok_or(Refusal::CRASH)?;
    let echo = visit.params.raw("echo_id").map(|echo| ("echo_id", echo.clone()));
    Ok(Reply::view(&with(views::message(world, &row, message), echo)).wrote())
}

/// What a customer chose or filled in; a survey not after two weeks.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = visit.conversation(world)?.clone();
    let id = integer_prefix(visit.found.segment("id")).ok_or(Refusal::NotFound)?;
    let message = world.content.messages.get(id).filter(|message| message.conversation == row.id);
    let mut message = message.cloned().ok_or(Refusal::NotFound)?;
    let age = visit.now.duration_since(message.created_at);
    if message.content_type == "input_csat" && age > SignedDuration::from_hours(SURVEY_HOURS) {
        let text = "You cannot update the CSAT survey after 14 days";
        return Err(Refusal::Said(422, text.into()));
    }
    let given = visit.params.get("submitted_values").filter(|value| value.is_object() || value.is_array());
    let values = given.cloned().unwrap_or(Value::Null);
    message.content_attributes.insert("submitted_values".into(), values);
    message.updated_at = visit.now;
    let view = views::message(world, &row, &message);
    world.content.messages.put(message);
    Ok(Reply::view(&view).wrote())
}

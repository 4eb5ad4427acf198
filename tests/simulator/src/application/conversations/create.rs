//! `POST conversations`: with inbox and contact, or with a source id alone (chatwoot-api §3.4).

use super::messages;
use crate::{
    application::{Visit, missing, unauthorized, views},
    model::{
        World,
        content::{
            columns::label,
            contacts::{NoSession, oversized},
            rows::{ContactInbox, ConversationStatus},
        },
    },
    params::{Params, integer_of, present},
    reply::{Errors, Refusal, Reply},
};
use jiff::Timestamp;
use serde_json::Value;

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let params = visit.params;
    let status = status(params)?;
    let session = session(world, visit)?;
    if !visit.enters(world, session.inbox) {
        return Err(unauthorized());
    }
    let id = match world.locked_conversation(&session) {
        Some(existing) => existing,
        None => {
            let mut row = world.blank_conversation(&session, status, visit.now);
            row.assignee = id(params, "assignee_id").filter(|user| world.users.contains_key(user));
            row.team = id(params, "team_id").filter(|team| world.content.teams.get(*team).is_some());
            row.snoozed_until = params.raw("snoozed_until").and_then(moment);
            row.additional_attributes = params.object("additional_attributes").cloned().unwrap_or_default();
            row.custom_attributes = params.object("custom_attributes").cloned().unwrap_or_default();
            check_attributes(&row.additional_attributes, &row.custom_attributes)?;
            world.insert_conversation(row)
        }
    };
    if let Some(message) = params.nested("message").filter(|_| params.get("message").is_some_and(present)) {
        // The conversation is there, whatever becomes of its first message.
        messages::add(world, visit, id, &message).map_err(|_refused| Refusal::Crash { wrote: true })?;
    }
    let row = world.content.conversations.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::conversation::full(world, row)).wrote())
}

pub fn check_attributes(
    additional: &serde_json::Map<String, Value>,
    custom: &serde_json::Map<String, Value>,
) -> Result<(), Refusal> {
    let mut said = oversized("additional_attributes", "Additional attributes", additional);
    said.extend(oversized("custom_attributes", "Custom attributes", custom));
    Errors::from(said).check()
}

/// The status asked for; a label nobody knows is a 500.
pub fn status(params: &Params) -> Result<Option<ConversationStatus>, Refusal> {
    let Some(value) = params.raw("status").filter(|value| present(value)) else { return Ok(None) };
    Ok(label(value, &ConversationStatus::LABELS)?.and_then(ConversationStatus::from_label))
}

/// Seconds since the epoch, or a time that can be read.
pub fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => match text.parse::<i64>() {
            Ok(seconds) => Timestamp::from_second(seconds).ok(),
            Err(_) => text.parse().ok(),
        },
        other => integer_of(other).and_then(|seconds| Timestamp::from_second(seconds).ok()),
    }
}

pub fn id(params: &Params, key: &str) -> Option<i64> {
    params.raw(key).filter(|value| present(value)).and_then(integer_of)
}

/// Found or made from inbox and contact; a source id alone is looked for in the whole installation.
fn session(world: &mut World, visit: &Visit) -> Result<ContactInbox, Refusal> {
    let params = visit.params;
    let given = |key| params.raw(key).is_some_and(present);
    let inbox = if given("inbox_id") {
        let id = id(params, "inbox_id").ok_or_else(missing)?;
        Some(visit.inbox(world, id)?.clone())
    } else {
        None
    };
    let contact = if given("contact_id") {
        let found = id(params, "contact_id").and_then(|id| world.content.contacts.find(visit.account, id));
        Some(found.cloned().ok_or_else(missing)?)
    } else {
        None
    };
    let source = params.text("source_id").flatten();
    let (Some(inbox), Some(contact)) = (inbox, contact) else {
        let source = source.ok_or_else(missing)?;
        let found = world.content.contact_inboxes.all().find(|session| session.source_id == source);
        return found.cloned().ok_or_else(missing);
    };
    let id = world.open_session(&contact, &inbox, source, visit.now).map_err(|reason| match reason {
        NoSession::SourceTaken => Refusal::Said(422, "source_id should be unique".into()),
        NoSession::NoEmail => crate::application::contacts::no_email(),
    })?;
    world.content.contact_inboxes.get(id).cloned().ok_or(Refusal::CRASH)
}

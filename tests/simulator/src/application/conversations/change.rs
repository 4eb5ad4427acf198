//! What can be done to a conversation.

use super::{
    changed,
    create::{check_attributes, id, moment, status},
    found,
};
use crate::{
    application::{Visit, contacts::given_labels, views},
    model::{
        World,
        content::{
            columns::label,
            rows::{ConversationStatus, MessageType, PRIORITIES},
        },
        jobs::{JobKind, Work},
        rows::Role,
    },
    reply::{Refusal, Reply},
};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

/// Only the priority is writable here.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    let priority = match visit.params.raw("priority") {
        None => None,
        Some(value) => Some(label(value, &PRIORITIES)?),
    };
    let row = changed(world, visit, |row| {
        if let Some(priority) = priority {
            row.priority = priority.map(str::to_owned);
        }
    })?;
    Ok(Reply::view(&views::conversation::full(world, &row)).wrote())
}

/// Without a status: from open to resolved, from anything else to open.
pub fn toggle_status(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    let wanted = status(visit.params)?;
    let until = visit.params.raw("snoozed_until").and_then(moment);
    let agent = visit.user().filter(|_| visit.role(world) == Some(Role::Agent));
    let row = changed(world, visit, |row| {
        row.status = wanted.unwrap_or(match row.status {
            ConversationStatus::Open => ConversationStatus::Resolved,
            _ => ConversationStatus::Open,
        });
        row.snoozed_until = if row.status == ConversationStatus::Snoozed { until } else { None };
        // An agent who opens one, and no administrator, gets it.
        if row.status == ConversationStatus::Open && agent.is_some() {
            row.assignee = agent;
        }
    })?;
    let payload = json!({
        "success": true,
        "conversation_id": row.display_id,
        "current_status": row.status,
        "snoozed_until": row.snoozed_until.map(views::iso),
    });
    Ok(Reply::view(&json!({"payload": payload})).wrote())
}

pub fn toggle_priority(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    update(world, visit)?;
    Ok(Reply::empty().wrote())
}

pub fn toggle_typing(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    Ok(Reply::empty())
}

pub fn labels(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    Ok(Reply::view(&json!({"payload": found(world, visit)?.labels})))
}

/// The list replaces what was there; without one all labels go.
pub fn set_labels(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let labels = given_labels(visit.params);
    let row = changed(world, visit, |row| row.labels = labels)?;
    Ok(Reply::view(&json!({"payload": row.labels})).wrote())
}

/// Replaces all; a missing map is a 500.
pub fn set_attributes(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    let given = visit.params.object("custom_attributes").cloned().ok_or(Refusal::CRASH)?;
    check_attributes(&Map::new(), &given)?;
    let row = changed(world, visit, |row| row.custom_attributes = given)?;
    Ok(Reply::view(&json!({"custom_attributes": row.custom_attributes})).wrote())
}

/// An agent wins over a team; what is not of the account takes the present one away.
pub fn assign(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    if visit.params.get("assignee_id").is_some() {
        let agent = id(visit.params, "assignee_id")
            .filter(|user| world.memberships.get(visit.account, *user).is_some())
            .filter(|user| world.users.contains_key(user));
        changed(world, visit, |row| row.assignee = agent)?;
        let user = agent.and_then(|user| world.users.get(&user));
        let view = user.map_or(Value::Null, |user| views::people::agent(world, visit.account, user));
        return Ok(Reply::view(&view).wrote());
    }
    if visit.params.get("team_id").is_some() {
        let team = id(visit.params, "team_id").and_then(|id| world.content.teams.find(visit.account, id));
        let view = team.map_or(Value::Null, |team| crate::application::teams::view(world, visit, team));
        let team = team.map(|team| team.id);
        changed(world, visit, |row| row.team = team)?;
        return Ok(Reply::view(&view).wrote());
    }
    Ok(Reply::view(&Value::Null))
}

/// Blocks the contact and resolves the conversation.
pub fn mute(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = changed(world, visit, |row| row.status = ConversationStatus::Resolved)?;
    if let Some(contact) = world.content.contacts.get_mut(row.contact) {
        contact.blocked = true;
    }
    Ok(Reply::empty().wrote())
}

pub fn unmute(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let contact = found(world, visit)?.contact;
    if let Some(contact) = world.content.contacts.get_mut(contact) {
        contact.blocked = false;
    }
    Ok(Reply::empty().wrote())
}

pub fn update_last_seen(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = changed(world, visit, |row| {
        row.agent_last_seen_at = Some(visit.now);
        if row.assignee.is_some() && row.assignee == visit.user() {
            row.assignee_last_seen_at = Some(visit.now);
        }
    })?;
    Ok(Reply::view(&views::conversation::full(world, &row)).wrote())
}

/// As if the last incoming message had not been seen.
pub fn unread(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let conversation = found(world, visit)?.id;
    let incoming =
        world.messages_of(conversation).rfind(|message| message.message_type == MessageType::Incoming);
    let seen = incoming.and_then(|last| last.created_at.checked_sub(SignedDuration::from_secs(1)).ok());
    let row = changed(world, visit, |row| {
        row.agent_last_seen_at = seen;
        row.assignee_last_seen_at = seen;
    })?;
    Ok(Reply::view(&views::conversation::full(world, &row)).wrote())
}

/// No mail leaves this house.
pub fn transcript(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    found(world, visit)?;
    match visit.params.text("email").flatten().filter(|email| !email.trim().is_empty()) {
        Some(_) => Ok(Reply::empty()),
        None => Err(Refusal::Said(422, "email param missing".into())),
    }
}

/// For administrators; the row goes by a job.
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = found(world, visit)?.id;
    visit.administrator(world)?;
    world.enqueue(Work::on_object(JobKind::DestroyConversation, visit.account, row), visit.now);
    Ok(Reply::empty().wrote())
}

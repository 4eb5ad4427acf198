//! `/public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations`.

use super::{Visit, sees, views};
use crate::{
    application::conversations::check_attributes,
    model::{World, content::rows::ConversationStatus},
    reply::{Refusal, Reply},
};
use serde_json::{Map, Value};

pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let session = visit.session(world)?;
    // A name that the query did not have, until 4.7.
    if session.hmac_verified && !world.installation.since(4, 7, 0) {
        return Err(Refusal::CRASH);
    }
    let rows = world.content.conversations.of(session.account).filter(|row| sees(session, row));
    let views: Vec<Value> = rows.map(|row| views::conversation(world, row)).collect();
    Ok(Reply::view(&Value::Array(views)))
}

/// May answer one that exists, where the inbox allows but one.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let session = visit.session(world)?.clone();
    let attributes = visit.params.object("custom_attributes").cloned().unwrap_or_default();
    if let Some(existing) = world.locked_conversation(&session) {
        return shown(world, existing);
    }
    check_attributes(&Map::new(), &attributes)?;
    let mut row = world.blank_conversation(&session, None, visit.now);
    row.custom_attributes = attributes;
    let id = world.insert_conversation(row);
    shown(world, id).map(Reply::wrote)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.conversation(world)?.id;
    shown(world, id)
}

fn shown(world: &World, id: i64) -> Result<Reply, Refusal> {
    let row = world.content.conversations.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::conversation(world, row)))
}

/// Only resolves.
pub fn toggle_status(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut row = visit.conversation(world)?.clone();
    let wrote = row.status != ConversationStatus::Resolved;
    if wrote {
        row.status = ConversationStatus::Resolved;
        row.updated_at = visit.now;
    }
    let id = row.id;
    world.content.conversations.put(row);
    shown(world, id).map(|reply| Reply { wrote, ..reply })
}

/// Any other `typing_status` than on and off does nothing, and is not refused.
pub fn toggle_typing(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.conversation(world)?;
    Ok(Reply::empty())
}

pub fn update_last_seen(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut row = visit.conversation(world)?.clone();
    row.contact_last_seen_at = Some(visit.now);
    row.updated_at = visit.now;
    world.content.conversations.put(row);
    Ok(Reply::empty().wrote())
}

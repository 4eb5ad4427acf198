//! `/api/v1/accounts/:account_id/contacts` (chatwoot-api §3.2).

mod list;
mod write;

pub use list::{active, filter, list, search};
pub use write::{
    create, delete, delete_avatar, destroy_custom_attributes, export, given_labels, no_email, set_labels,
    update,
};

use super::{Visit, missing, views};
use crate::{
    model::{World, content::rows::Contact},
    reply::{Refusal, Reply},
};
use serde_json::{Value, json};

/// Conversations that a contact's page shows.
const MOST_CONVERSATIONS: usize = 20;

fn found<'w>(world: &'w World, visit: &Visit) -> Result<&'w Contact, Refusal> {
    world.content.contacts.find(visit.account, visit.id("id")?).ok_or_else(missing)
}

/// Whether sessions are shown: unless something other than `true` was sent.
fn with_sessions(visit: &Visit) -> bool {
    visit
        .params
        .text("include_contact_inboxes")
        .flatten()
        .is_none_or(|text| text.is_empty() || text == "true")
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let contact = found(world, visit)?;
    Ok(Reply::view(&json!({"payload": views::contact::full(world, contact, with_sessions(visit))})))
}

/// The latest first; agents see those of their inboxes only.
pub fn conversations(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let contact = found(world, visit)?.id;
    let mut rows: Vec<_> = world
        .content
        .conversations
        .of(visit.account)
        .filter(|row| row.contact == contact && visit.enters(world, row.inbox))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id)));
    rows.truncate(MOST_CONVERSATIONS);
    Ok(Reply::view(&json!({"payload": views::conversation::list(world, rows)})))
}

pub fn labels(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    Ok(Reply::view(&json!({"payload": found(world, visit)?.labels})))
}

/// Inboxes through which a message can be started, each with the address it would use.
pub fn contactable_inboxes(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let contact = found(world, visit)?;
    let listed: Vec<Value> = world
        .content
        .inboxes
        .of(visit.account)
        .filter(|inbox| visit.enters(world, inbox.id))
        .filter_map(|inbox| {
            let session = world
                .content
                .contact_inboxes
                .of(visit.account)
                .rfind(|row| row.contact == contact.id && row.inbox == inbox.id);
            let source = match inbox.email() {
                Some(_) => contact.email.clone(),
                None => session.map(|session| session.source_id.clone()),
            };
            source.map(|source| json!({"source_id": source, "inbox": views::inbox::slim(inbox)}))
        })
        .collect();
    Ok(Reply::view(&json!({"payload": listed})))
}

//! `/api/v1/accounts/:account_id/conversations` (chatwoot-api §3.4). Every `id` is a display id.

mod change;
mod create;
mod list;
mod messages;

pub use change::{
    assign, delete, labels, mute, set_attributes, set_labels, toggle_priority, toggle_status, toggle_typing,
    transcript, unmute, unread, update, update_last_seen,
};
pub use create::{check_attributes, create};
pub use list::{filter, list, meta};
pub use messages::{attachments, create_message, messages};

use super::{Visit, missing, unauthorized, views};
use crate::{
    model::{World, content::rows::Conversation},
    reply::{Refusal, Reply},
};

/// A conversation of the account, in an inbox that the caller works in.
fn found<'w>(world: &'w World, visit: &Visit) -> Result<&'w Conversation, Refusal> {
    let row = world.conversation_by_display_id(visit.account, visit.id("id")?).ok_or_else(missing)?;
    // A conversation whose inbox is being taken apart is nobody's any more, but administrators may still look.
    if visit.enters(world, row.inbox) || visit.is_administrator(world) {
        Ok(row)
    } else {
        Err(unauthorized())
    }
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = found(world, visit)?;
    Ok(Reply::view(&views::conversation::full(world, row)))
}

/// Changes a conversation in place and says how it looks then.
fn changed(
    world: &mut World,
    visit: &Visit,
    change: impl FnOnce(&mut Conversation),
) -> Result<Conversation, Refusal> {
    let mut row = found(world, visit)?.clone();
    change(&mut row);
    row.updated_at = visit.now;
    world.content.conversations.put(row.clone());
    Ok(row)
}

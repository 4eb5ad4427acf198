//! Chatwoot's Client API: what a customer's side of an API inbox does (chatwoot-api §4). Nobody signs in: inbox and
//! contact are named by secrets in the path, and a suspended account answers as before.

mod contacts;
mod conversations;
mod messages;
pub mod routes;
mod views;

use crate::{
    model::{
        World,
        content::rows::{ContactInbox, Conversation, Inbox},
    },
    params::{Params, integer_prefix},
    reply::{Refusal, Reply},
    routes::Found,
};
use jiff::Timestamp;

pub type Handler = fn(&mut World, &Visit<'_>) -> Result<Reply, Refusal>;

pub struct Visit<'a> {
    pub found: &'a Found,
    pub params: &'a Params,
    pub now: Timestamp,
}

impl Visit<'_> {
    fn inbox<'w>(&self, world: &'w World) -> Result<&'w Inbox, Refusal> {
        world.inbox_by_identifier(self.found.segment("inbox_id")).ok_or(Refusal::NotFound)
    }

    /// The session the path names.
    fn session<'w>(&self, world: &'w World) -> Result<&'w ContactInbox, Refusal> {
        let inbox = self.inbox(world)?;
        world.session(inbox.id, self.found.segment("contact_id")).ok_or(Refusal::NotFound)
    }

    /// A conversation of the session; of the whole contact where somebody has proven who they are.
    fn conversation<'w>(&self, world: &'w World) -> Result<&'w Conversation, Refusal> {
        let session = self.session(world)?;
        let display_id = integer_prefix(self.found.segment("conversation_id")).ok_or(Refusal::NotFound)?;
        let row = world.conversation_by_display_id(session.account, display_id).ok_or(Refusal::NotFound)?;
        if sees(session, row) { Ok(row) } else { Err(Refusal::NotFound) }
    }
}

/// Whether a session reaches a conversation.
fn sees(session: &ContactInbox, row: &Conversation) -> bool {
    if session.hmac_verified { row.contact == session.contact } else { row.contact_inbox == session.id }
}

/// `GET /public/api/v1/inboxes/:inbox_id`.
fn inbox(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    Ok(Reply::view(&views::inbox(visit.inbox(world)?)))
}

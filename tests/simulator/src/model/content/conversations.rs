//! Conversations and messages: how they begin, and what a message does to its conversation.

use super::rows::{ContactInbox, Conversation, ConversationStatus, Message, MessageType, Sender};
use crate::model::{World, secrets};
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

/// Characters a message may have.
pub const LONGEST_MESSAGE: usize = 150_000;
/// Messages a conversation may get in a minute.
const MOST_PER_MINUTE: usize = 200;

impl World {
    /// What a conversation of this session begins as: blocked people are not listened to, bots come before agents.
    fn first_status(&self, session: &ContactInbox, wanted: Option<ConversationStatus>) -> ConversationStatus {
        let blocked = self.content.contacts.get(session.contact).is_some_and(|contact| contact.blocked);
        if blocked {
            ConversationStatus::Resolved
        } else if self.bot_of(session.inbox).is_some() {
            ConversationStatus::Pending
        } else {
            wanted.unwrap_or(ConversationStatus::Open)
        }
    }

    /// The bot attached to an inbox, if it still exists.
    pub fn bot_of(&self, inbox: i64) -> Option<i64> {
        self.content.inboxes.get(inbox)?.bot.filter(|bot| self.bots.contains_key(bot))
    }

    /// The last conversation of the session, where its inbox allows but one.
    pub fn locked_conversation(&self, session: &ContactInbox) -> Option<i64> {
        let inbox = self.content.inboxes.get(session.inbox)?;
        if !inbox.on("lock_to_single_conversation") {
            return None;
        }
        let of_session = |row: &&Conversation| row.contact_inbox == session.id;
        self.content.conversations.of(session.account).rfind(of_session).map(|row| row.id)
    }

    /// A conversation as Chatwoot begins it, not yet stored.
    pub fn blank_conversation(
        &self,
        session: &ContactInbox,
        wanted: Option<ConversationStatus>,
        now: Timestamp,
    ) -> Conversation {
        Conversation {
            id: 0,
            account: session.account,
            display_id: 0,
            uuid: secrets::uuid(),
            inbox: session.inbox,
            contact: session.contact,
            contact_inbox: session.id,
            status: self.first_status(session, wanted),
            assignee: None,
            team: None,
            priority: None,
            additional_attributes: Map::new(),
            custom_attributes: Map::new(),
            labels: Vec::new(),
            snoozed_until: None,
            agent_last_seen_at: None,
            assignee_last_seen_at: None,
            contact_last_seen_at: None,
            first_reply_created_at: None,
            waiting_since: Some(now),
            last_activity_at: now,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stores it under the account's next display id.
    pub fn insert_conversation(&mut self, mut conversation: Conversation) -> i64 {
        conversation.display_id = self.content.next_display_id(conversation.account);
        self.content.conversations.insert(conversation)
    }

    pub fn conversation_by_display_id(&self, account: i64, display_id: i64) -> Option<&Conversation> {
        self.content.conversations.of(account).find(|row| row.display_id == display_id)
    }

    pub fn messages_of(&self, conversation: i64) -> impl DoubleEndedIterator<Item = &Message> {
        self.content.messages.all().filter(move |message| message.conversation == conversation)
    }

    /// Complaints about a message that is to be added.
    pub fn message_complaints(
        &self,
        conversation: i64,
        content: Option<&str>,
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let mut said = Vec::new();
        let minute_ago = now.checked_sub(SignedDuration::from_mins(1)).unwrap_or(now);
        let recent = self.messages_of(conversation).filter(|message| message.created_at > minute_ago);
        if recent.count() >= MOST_PER_MINUTE {
            said.push(("base", "Too many messages".to_owned()));
        }
        if content.is_some_and(|content| content.chars().count() > LONGEST_MESSAGE) {
            said.push(("content", format!("Content is too long (maximum is {LONGEST_MESSAGE} characters)")));
        }
        said
    }

    /// Stores a message, and lets the conversation react.
    pub fn insert_message(&mut self, message: Message) -> i64 {
        let (conversation, kind, now) = (message.conversation, message.message_type, message.created_at);
        let (private, sender) = (message.private, message.sender);
        let id = self.content.messages.insert(message);
        let waits_for_bot =
            self.content.conversations.get(conversation).and_then(|row| self.bot_of(row.inbox)).is_some();
        let blocked = self
            .content
            .conversations
            .get(conversation)
            .and_then(|row| self.content.contacts.get(row.contact))
            .is_some_and(|contact| contact.blocked);
        if let Some(row) = self.content.conversations.get_mut(conversation) {
            row.last_activity_at = now;
            row.updated_at = now;
            match kind {
                MessageType::Incoming => {
                    row.waiting_since = row.waiting_since.or(Some(now));
                    reopen(row, blocked, waits_for_bot);
                }
                MessageType::Outgoing if !private => {
                    row.first_reply_created_at = row.first_reply_created_at.or(Some(now));
                    row.waiting_since = None;
                }
                _ => {}
            }
        }
        if let Some(Sender::Contact(contact)) = sender
            && let Some(contact) = self.content.contacts.get_mut(contact)
        {
            contact.last_activity_at = Some(now);
        }
        id
    }
}

/// A customer's word wakes a conversation up, unless nobody listens to them.
fn reopen(row: &mut Conversation, blocked: bool, waits_for_bot: bool) {
    if blocked {
        return;
    }
    match row.status {
        ConversationStatus::Snoozed => row.status = ConversationStatus::Open,
        ConversationStatus::Resolved if waits_for_bot => row.status = ConversationStatus::Pending,
        ConversationStatus::Resolved => row.status = ConversationStatus::Open,
        ConversationStatus::Open | ConversationStatus::Pending => {}
    }
}

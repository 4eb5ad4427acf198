//! One message of a conversation (§3.4, §4).

use super::{
    ids::{ConversationId, MessageId},
    words::words,
};
use crate::chatwoot::{
    loose::{self, Scalar},
    types::Map,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

words! {
    /// Which way a message goes. Chatwoot shows numbers and takes words.
    Direction, "message type":
    /// From the customer.
    Incoming = "incoming",
    /// From an agent or a bot.
    Outgoing = "outgoing",
    /// What happened to the conversation; shown to agents only.
    Activity = "activity",
    /// Sent by Chatwoot itself, such as a greeting.
    Template = "template",
}

/// A message. `Debug` shows its number and direction alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct Message {
    pub id: MessageId,
    #[serde(default, deserialize_with = "loose::text")]
    pub content: Option<String>,
    #[serde(default, rename = "message_type", deserialize_with = "direction")]
    pub direction: Option<Direction>,
    #[serde(default, deserialize_with = "loose::text")]
    pub content_type: Option<String>,
    #[serde(default, deserialize_with = "loose::map")]
    pub content_attributes: Map,
    /// Seconds since 1970.
    #[serde(default, deserialize_with = "loose::time")]
    pub created_at: Option<i64>,
    #[serde(default, deserialize_with = "loose::id")]
    pub conversation_id: Option<ConversationId>,
    /// A note among agents.
    #[serde(default, deserialize_with = "loose::flag")]
    pub private: bool,
    #[serde(default, deserialize_with = "loose::part")]
    pub sender: Option<Sender>,
    #[serde(default, deserialize_with = "loose::rows", skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Map>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Message");
        shown.field("id", &self.id).field("direction", &self.direction).finish_non_exhaustive()
    }
}

/// Who wrote a message.
#[derive(Clone, Deserialize, Serialize)]
pub struct Sender {
    #[serde(default, deserialize_with = "loose::int")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    /// `contact`, `user` or `agent_bot`.
    #[serde(default, rename = "type", deserialize_with = "loose::text")]
    pub kind: Option<String>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn direction<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Direction>, D::Error> {
    loose::scalar(from, |value| match value {
        Scalar::Int(0) => Some(Direction::Incoming),
        Scalar::Int(1) => Some(Direction::Outgoing),
        Scalar::Int(2) => Some(Direction::Activity),
        Scalar::Int(3) => Some(Direction::Template),
        Scalar::Text(word) => word.parse().ok(),
        _ => None,
    })
}

/// A message to be sent. At most 150,000 characters (else 422).
#[derive(Clone, Default, Serialize)]
pub struct NewMessage {
    pub content: String,
    /// Outgoing where none is given; incoming only in API inboxes.
    #[serde(rename = "message_type", skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

impl NewMessage {
    pub fn text(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMessage").field("direction", &self.direction).finish_non_exhaustive()
    }
}

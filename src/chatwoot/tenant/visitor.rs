//! What a customer's own application sees of itself (§4).

use super::{
    conversation::Status,
    ids::{ContactId, ConversationId, InboxId},
    message::Message,
};
use crate::chatwoot::{loose, types::Map};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An API inbox as anybody may see it who knows its identifier.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PublicInbox {
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::flag")]
    pub identity_validation_enabled: bool,
    #[serde(default, deserialize_with = "loose::text")]
    pub timezone: Option<String>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub working_hours_enabled: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub csat_survey_enabled: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub greeting_enabled: bool,
}

/// A customer. `Debug` shows the id alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct Visitor {
    pub id: ContactId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub phone_number: Option<String>,
    /// The `contact_identifier`; absent in the answer to an update, which is the contact's raw row.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub source_id: Option<SecretString>,
    /// For the websocket `/cable`; absent like [`Visitor::source_id`].
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub pubsub_token: Option<SecretString>,
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a customer is made of or changed to; `None` leaves a field alone, and so does a blank value in an update.
#[derive(Clone, Default, Serialize)]
pub struct VisitorFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Merged, at any depth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Map>,
}

impl fmt::Debug for VisitorFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitorFields").finish_non_exhaustive()
    }
}

/// A conversation as the customer sees it. `Debug` shows its number and status alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct VisitorConversation {
    pub id: ConversationId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub uuid: String,
    #[serde(default, deserialize_with = "loose::id")]
    pub inbox_id: Option<InboxId>,
    #[serde(default, deserialize_with = "loose::word")]
    pub status: Option<Status>,
    /// Seconds since 1970; Chatwoot writes never as 0.
    #[serde(default, deserialize_with = "loose::time")]
    pub contact_last_seen_at: Option<i64>,
    #[serde(default, deserialize_with = "loose::time")]
    pub agent_last_seen_at: Option<i64>,
    #[serde(default, deserialize_with = "loose::rows")]
    pub messages: Vec<Message>,
}

impl fmt::Debug for VisitorConversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("VisitorConversation");
        shown.field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

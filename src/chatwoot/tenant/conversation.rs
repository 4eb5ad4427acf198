//! A conversation, as agents see it (§3.4).

use super::{
    agent::Agent,
    contact::{Contact, exposed},
    ids::{ContactId, ConversationId, InboxId, TeamId},
    message::{Message, NewMessage},
    team::Team,
    words::words,
};
use crate::chatwoot::{
    loose,
    types::{Map, UserId},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// Where a conversation stands.
    Status, "conversation status":
    Open = "open",
    Resolved = "resolved",
    /// A bot has it.
    Pending = "pending",
    Snoozed = "snoozed",
}

words! {
    /// How urgent a conversation is.
    Priority, "priority":
    Low = "low",
    Medium = "medium",
    High = "high",
    Urgent = "urgent",
}

words! {
    /// Whose conversations are listed; everybody's where none is given.
    AssigneeType, "assignee type":
    /// The token's owner's.
    Me = "me",
    Unassigned = "unassigned",
    Assigned = "assigned",
}

words! {
    /// Which statuses are listed; `open` where none is given.
    StatusFilter, "conversation status":
    Open = "open",
    Resolved = "resolved",
    Pending = "pending",
    Snoozed = "snoozed",
    All = "all",
}

/// A conversation. `Debug` shows its number and status alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct Conversation {
    pub id: ConversationId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub uuid: String,
    #[serde(default, deserialize_with = "loose::id")]
    pub inbox_id: Option<InboxId>,
    /// `None` for a status this version does not know.
    #[serde(default, deserialize_with = "loose::word")]
    pub status: Option<Status>,
    #[serde(default, deserialize_with = "loose::word")]
    pub priority: Option<Priority>,
    #[serde(default, deserialize_with = "loose::texts")]
    pub labels: Vec<String>,
    #[serde(default, deserialize_with = "loose::map")]
    pub custom_attributes: Map,
    #[serde(default, deserialize_with = "loose::map")]
    pub additional_attributes: Map,
    #[serde(default, deserialize_with = "loose::flag")]
    pub can_reply: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub muted: bool,
    #[serde(default, deserialize_with = "loose::int")]
    pub unread_count: Option<i64>,
    /// Times are seconds since 1970.
    #[serde(default, deserialize_with = "loose::time")]
    pub snoozed_until: Option<i64>,
    #[serde(default, deserialize_with = "loose::time")]
    pub created_at: Option<i64>,
    #[serde(default, deserialize_with = "loose::time")]
    pub last_activity_at: Option<i64>,
    #[serde(default, deserialize_with = "loose::time")]
    pub contact_last_seen_at: Option<i64>,
    #[serde(default, deserialize_with = "loose::time")]
    pub agent_last_seen_at: Option<i64>,
    /// The last one at most; all of them are another call.
    #[serde(default, deserialize_with = "loose::rows")]
    pub messages: Vec<Message>,
    #[serde(default, deserialize_with = "loose::part")]
    pub meta: Option<Meta>,
}

/// Who takes part.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Meta {
    #[serde(default, deserialize_with = "loose::part")]
    pub sender: Option<Contact>,
    /// Such as `Channel::Api`.
    #[serde(default, deserialize_with = "loose::text")]
    pub channel: Option<String>,
    #[serde(default, deserialize_with = "loose::part")]
    pub assignee: Option<Agent>,
    #[serde(default, deserialize_with = "loose::part")]
    pub team: Option<Team>,
    /// The person has proved who they are (§4).
    #[serde(default, deserialize_with = "loose::flag")]
    pub hmac_verified: bool,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Conversation");
        shown.field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

/// Whose conversation a new one is.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Between {
    /// An inbox and a contact; Chatwoot finds or makes the contact's address there.
    Contact {
        inbox_id: InboxId,
        contact_id: ContactId,
        /// The address, where a certain one is meant.
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
        source_id: Option<SecretString>,
    },
    /// An address alone. It is looked for in the whole installation, so it must be unique there.
    Source {
        #[serde(serialize_with = "bare")]
        source_id: SecretString,
    },
}

fn bare<S: serde::Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secrecy::ExposeSecret::expose_secret(secret))
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Between").finish_non_exhaustive()
    }
}

/// A conversation to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewConversation {
    #[serde(flatten)]
    pub between: Between,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Values: texts of at most 1500 characters, or whole numbers up to 9999999999 (else 422).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_attributes: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<NewMessage>,
}

impl NewConversation {
    pub fn new(between: Between) -> Self {
        Self {
            between,
            status: None,
            assignee_id: None,
            team_id: None,
            custom_attributes: None,
            additional_attributes: None,
            message: None,
        }
    }
}

/// How many conversations there are of each kind, for the filter that was asked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Counts {
    #[serde(default, rename = "mine_count", deserialize_with = "loose::int")]
    pub mine: Option<i64>,
    #[serde(default, rename = "assigned_count", deserialize_with = "loose::int")]
    pub assigned: Option<i64>,
    #[serde(default, rename = "unassigned_count", deserialize_with = "loose::int")]
    pub unassigned: Option<i64>,
    #[serde(default, rename = "all_count", deserialize_with = "loose::int")]
    pub all: Option<i64>,
}

/// What changing a status did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Toggled {
    #[serde(default, deserialize_with = "loose::flag")]
    pub success: bool,
    #[serde(default, deserialize_with = "loose::word")]
    pub current_status: Option<Status>,
    #[serde(default, deserialize_with = "loose::time")]
    pub snoozed_until: Option<i64>,
}

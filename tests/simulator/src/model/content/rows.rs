//! What a tenant has: inboxes, contacts, conversations, messages, and records of settings.

use super::{columns::Fields, table::Row};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a customer reaches an inbox; never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    Api,
    WebWidget,
    Email,
}

impl ChannelKind {
    /// The class name that answers show.
    pub fn class(self) -> &'static str {
        match self {
            ChannelKind::Api => "Channel::Api",
            ChannelKind::WebWidget => "Channel::WebWidget",
            ChannelKind::Email => "Channel::Email",
        }
    }
}

/// One row of an inbox's timetable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkingDay {
    /// 0 is Sunday.
    pub day_of_week: i64,
    pub closed_all_day: bool,
    pub open_hour: Option<i64>,
    pub open_minutes: Option<i64>,
    pub close_hour: Option<i64>,
    pub close_minutes: Option<i64>,
    pub open_all_day: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inbox {
    pub id: i64,
    pub account: i64,
    pub name: String,
    pub kind: ChannelKind,
    pub channel_id: i64,
    /// The columns all inboxes have.
    pub fields: Fields,
    /// The columns of its channel.
    pub channel: Fields,
    /// Of an API channel: what the Client API calls it.
    pub identifier: Option<String>,
    /// Of a web widget.
    pub website_token: Option<String>,
    pub hmac_token: Option<String>,
    /// Of an API channel, since 4.13.
    pub secret: Option<String>,
    pub working_hours: Vec<WorkingDay>,
    pub has_avatar: bool,
    /// The bot that is attached to it.
    pub bot: Option<i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Inbox {
    pub fn on(&self, field: &str) -> bool {
        self.fields.get(field) == Some(&Value::Bool(true))
    }

    pub fn hmac_mandatory(&self) -> bool {
        self.channel.get("hmac_mandatory") == Some(&Value::Bool(true))
    }

    pub fn email(&self) -> Option<&str> {
        self.channel.get("email").and_then(Value::as_str)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub id: i64,
    pub account: i64,
    pub name: String,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub identifier: Option<String>,
    pub blocked: bool,
    pub additional_attributes: Map<String, Value>,
    pub custom_attributes: Map<String, Value>,
    pub labels: Vec<String>,
    /// Sits in front of the widget right now.
    pub online: bool,
    pub has_avatar: bool,
    pub last_activity_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Contact {
    /// Whether anything says who this is; only such contacts are listed (chatwoot-api §3.2).
    pub fn is_resolved(&self) -> bool {
        [&self.email, &self.phone_number, &self.identifier]
            .into_iter()
            .any(|text| text.as_ref().is_some_and(|text| !text.is_empty()))
    }
}

/// A contact's session in an inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactInbox {
    pub id: i64,
    pub account: i64,
    pub contact: i64,
    pub inbox: i64,
    /// What the Client API calls the contact; unique in the inbox.
    pub source_id: String,
    pub pubsub_token: String,
    pub hmac_verified: bool,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    Open,
    Resolved,
    Pending,
    Snoozed,
}

impl ConversationStatus {
    pub const LABELS: [&'static str; 4] = ["open", "resolved", "pending", "snoozed"];

    pub fn from_label(label: &str) -> Option<Self> {
        Some(match label {
            "open" => ConversationStatus::Open,
            "resolved" => ConversationStatus::Resolved,
            "pending" => ConversationStatus::Pending,
            "snoozed" => ConversationStatus::Snoozed,
            _ => return None,
        })
    }

    pub fn label(self) -> &'static str {
        match self {
            ConversationStatus::Open => "open",
            ConversationStatus::Resolved => "resolved",
            ConversationStatus::Pending => "pending",
            ConversationStatus::Snoozed => "snoozed",
        }
    }
}

/// In the order of their numbers, which is also their order of weight.
pub const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: i64,
    pub account: i64,
    /// What all paths and bodies call `id`: 1, 2, 3 … in each account.
    pub display_id: i64,
    pub uuid: String,
    pub inbox: i64,
    pub contact: i64,
    pub contact_inbox: i64,
    pub status: ConversationStatus,
    pub assignee: Option<i64>,
    pub team: Option<i64>,
    /// One of [`PRIORITIES`].
    pub priority: Option<String>,
    pub additional_attributes: Map<String, Value>,
    pub custom_attributes: Map<String, Value>,
    pub labels: Vec<String>,
    pub snoozed_until: Option<Timestamp>,
    pub agent_last_seen_at: Option<Timestamp>,
    pub assignee_last_seen_at: Option<Timestamp>,
    pub contact_last_seen_at: Option<Timestamp>,
    pub first_reply_created_at: Option<Timestamp>,
    pub waiting_since: Option<Timestamp>,
    pub last_activity_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    Incoming,
    Outgoing,
    Activity,
    Template,
}

impl MessageType {
    pub const LABELS: [&'static str; 4] = ["incoming", "outgoing", "activity", "template"];

    pub fn from_label(label: &str) -> Option<Self> {
        Some(match label {
            "incoming" => MessageType::Incoming,
            "outgoing" => MessageType::Outgoing,
            "activity" => MessageType::Activity,
            "template" => MessageType::Template,
            _ => return None,
        })
    }

    /// What answers show.
    pub fn number(self) -> i64 {
        match self {
            MessageType::Incoming => 0,
            MessageType::Outgoing => 1,
            MessageType::Activity => 2,
            MessageType::Template => 3,
        }
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    User(i64),
    Contact(i64),
    Bot(i64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: i64,
    pub account: i64,
    pub inbox: i64,
    pub conversation: i64,
    pub content: Option<String>,
    pub message_type: MessageType,
    pub content_type: String,
    pub content_attributes: Map<String, Value>,
    pub private: bool,
    pub sender: Option<Sender>,
    pub source_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A row of settings: a team, label, webhook, canned response, attribute definition or automation rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: i64,
    pub account: i64,
    pub fields: Fields,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Record {
    pub fn new(account: i64, fields: Fields, now: Timestamp) -> Self {
        Record { id: 0, account, fields, created_at: now, updated_at: now }
    }

    pub fn value(&self, column: &str) -> &Value {
        self.fields.get(column).unwrap_or(&Value::Null)
    }

    pub fn text(&self, column: &str) -> Option<&str> {
        self.value(column).as_str()
    }
}

macro_rules! rows {
    ($($row:ty),+) => { $(
        impl Row for $row {
            fn id(&self) -> i64 { self.id }
            fn set_id(&mut self, id: i64) { self.id = id; }
            fn account(&self) -> i64 { self.account }
        }
    )+ };
}
rows!(Inbox, Contact, ContactInbox, Conversation, Message, Record);

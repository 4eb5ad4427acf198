//! The rows of Chatwoot's database that the Platform API reads and writes.

use super::{
    features::Bits,
    locales::{self, LocaleIndex},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whether people may work in an account; a NULL column is neither (P16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Suspended,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Agent,
    Administrator,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub id: i64,
    pub name: String,
    pub locale: Option<LocaleIndex>,
    pub domain: Option<String>,
    pub support_email: Option<String>,
    pub features: Bits,
    /// An object, or null where somebody emptied the column (P15).
    pub limits: Value,
    pub custom_attributes: Map<String, Value>,
    /// What `PATCH /api/v1/accounts/:id` keeps under `settings` (chatwoot-api §3.3).
    pub settings: Map<String, Value>,
    pub status: Option<Status>,
    pub created_at: Timestamp,
}

impl Account {
    pub fn locale_code(&self) -> Option<&'static str> {
        self.locale.and_then(locales::code)
    }
}

#[derive(Clone, Debug)]
pub struct SsoToken {
    pub token: String,
    pub until: Timestamp,
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub display_name: Option<String>,
    pub email: String,
    pub password: Option<String>,
    /// How often a password was written: 1 after the create.
    pub password_writes: u32,
    pub custom_attributes: Map<String, Value>,
    pub confirmed: bool,
    /// None: somebody deleted the row, and every view of this person is a 500.
    pub access_token: Option<String>,
    pub pubsub_token: String,
    pub avatar_url: String,
    pub sso_tokens: Vec<SsoToken>,
}

#[derive(Clone, Debug)]
pub struct Membership {
    pub id: i64,
    pub account: i64,
    pub user: i64,
    pub role: Option<Role>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When the person last opened this account.
    pub active_at: Option<Timestamp>,
    /// One of `online`, `offline`, `busy`.
    pub availability: &'static str,
    pub auto_offline: bool,
}

#[derive(Clone, Debug)]
pub struct Bot {
    pub id: i64,
    pub name: Option<String>,
    pub description: Option<String>,
    pub outgoing_url: Option<String>,
    /// May name an account that does not exist (P36).
    pub account: Option<i64>,
    pub access_token: Option<String>,
    pub has_avatar: bool,
    /// What it signs its calls with (4.13).
    pub secret: String,
    pub bot_config: Map<String, Value>,
}

/// A caller of the Platform API.
#[derive(Clone, Debug)]
pub struct PlatformApp {
    pub id: i64,
    pub token: String,
}

/// What a permission row may point to. Ordered, so that rows of one kind stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Account,
    User,
    AgentBot,
}

//! A bot: a URL that Chatwoot tells of messages, with a token to answer (§3.6).

use super::ids::AgentBotId;
use crate::chatwoot::{
    loose,
    types::{AccountId, Map},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A bot. `Debug` shows id, name and whose it is.
#[derive(Clone, Deserialize, Serialize)]
pub struct AgentBot {
    pub id: AgentBotId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub description: Option<String>,
    /// Before 4.12.0 Chatwoot shows the bot's name here (P36).
    #[serde(default, deserialize_with = "loose::text")]
    pub outgoing_url: Option<String>,
    #[serde(default, deserialize_with = "loose::map")]
    pub bot_config: Map,
    /// `None`: the whole installation's, read-only here, and its secrets are not shown.
    #[serde(default, deserialize_with = "loose::id")]
    pub account_id: Option<AccountId>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub system_bot: bool,
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub access_token: Option<SecretString>,
    /// Signs what Chatwoot sends to the bot; since 4.13.0.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub secret: Option<SecretString>,
}

impl From<i64> for AccountId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl fmt::Debug for AgentBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AgentBot");
        shown.field("id", &self.id).field("name", &self.name).field("account_id", &self.account_id);
        shown.finish_non_exhaustive()
    }
}

/// What a bot is made of or changed to; `None` leaves a field alone. Names are not unique.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AgentBotFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At most 2048 characters (else 422).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outgoing_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_config: Option<Map>,
}

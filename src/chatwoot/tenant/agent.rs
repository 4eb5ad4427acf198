//! A member of an account as the account sees them (§3.6).

use super::words::words;
use crate::chatwoot::{loose, types::UserId};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

words! {
    /// What a member may do.
    Role, "role":
    Agent = "agent",
    Administrator = "administrator",
}

/// A person who works in the account; administrators are listed too. `Debug` shows id and role alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct Agent {
    #[serde(deserialize_with = "user")]
    pub id: UserId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "loose::word")]
    pub role: Option<Role>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub confirmed: bool,
    /// `online`, `offline` or `busy`.
    #[serde(default, deserialize_with = "loose::text")]
    pub availability_status: Option<String>,
}

fn user<'de, D: Deserializer<'de>>(from: D) -> Result<UserId, D::Error> {
    loose::own_id(from).map(UserId)
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

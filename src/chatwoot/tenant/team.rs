//! Teams (§3.6).

use super::ids::TeamId;
use crate::chatwoot::loose;
use serde::{Deserialize, Serialize};

/// A team. Names are lower-cased and unique in an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Team {
    pub id: TeamId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub allow_auto_assign: bool,
}

/// What a team is made of or changed to; `None` leaves a field alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TeamFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_auto_assign: Option<bool>,
}

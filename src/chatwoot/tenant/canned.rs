//! Answers that agents insert by a short code (§3.6).

use super::ids::CannedResponseId;
use crate::chatwoot::loose;
use serde::{Deserialize, Serialize};

/// A canned response. The short code is unique in an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CannedResponse {
    pub id: CannedResponseId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub short_code: String,
    #[serde(default, deserialize_with = "loose::plain")]
    pub content: String,
}

/// What a canned response is made of or changed to; `None` leaves a field alone. A new one needs both.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CannedFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

//! Labels (§3.6).

use super::ids::LabelId;
use crate::chatwoot::loose;
use serde::{Deserialize, Serialize};

/// A label. Titles are lower-cased and unique in an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Label {
    pub id: LabelId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub title: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub description: Option<String>,
    /// `#rrggbb`.
    #[serde(default, deserialize_with = "loose::text")]
    pub color: Option<String>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub show_on_sidebar: bool,
}

/// What a label is made of or changed to; `None` leaves a field alone. A title has at least two characters: letters,
/// digits, `_` and `-`, beginning with a letter or digit (else 422). Renaming rewrites what carries it, later.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LabelFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_on_sidebar: Option<bool>,
}

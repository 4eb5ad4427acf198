//! What an account's administrators set themselves (§3.3), and whom a token belongs to (§3.1).

use super::agent::Role;
use crate::chatwoot::{
    loose,
    types::{AccountId, Map, UserId},
};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// An account as its members see it. `features`, `limits` and `status` cannot be changed here.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AccountSettings {
    #[serde(deserialize_with = "account")]
    pub id: AccountId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub locale: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub domain: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub support_email: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub status: Option<String>,
    /// `auto_resolve_after` (minutes) and the others of [`SettingsPatch`]; since 4.2.0.
    #[serde(default, deserialize_with = "loose::map")]
    pub settings: Map,
    #[serde(default, deserialize_with = "loose::map")]
    pub custom_attributes: Map,
}

fn account<'de, D: Deserializer<'de>>(from: D) -> Result<AccountId, D::Error> {
    loose::own_id(from).map(AccountId)
}

/// A number of minutes that Chatwoot takes for auto-resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AutoResolveAfter(u32);

impl AutoResolveAfter {
    /// 10 minutes to 999 days and 21.6 hours, as Chatwoot has it (§3.3); `None` for anything else.
    pub fn minutes(minutes: u32) -> Option<Self> {
        (10..=1_439_856).contains(&minutes).then_some(Self(minutes))
    }
}

/// What changes of an account's settings; `None` leaves a field alone. Merged; JSON types are enforced (else 422).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SettingsPatch {
    /// `Some(None)` switches it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resolve_after: Option<Option<AutoResolveAfter>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resolve_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resolve_ignore_waiting: Option<bool>,
    /// Since 4.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_transcriptions: Option<bool>,
    /// Since 4.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resolve_label: Option<String>,
}

/// Whose the token is. `Debug` shows the id alone.
#[derive(Clone, Deserialize)]
pub struct Profile {
    #[serde(deserialize_with = "user")]
    pub id: UserId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub email: Option<String>,
    /// The token itself, or the new one after a reset.
    #[serde(default, deserialize_with = "loose::secret")]
    pub access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::rows")]
    pub accounts: Vec<ProfileAccount>,
}

/// An account the person belongs to.
#[derive(Clone, Debug, Deserialize)]
pub struct ProfileAccount {
    #[serde(deserialize_with = "account")]
    pub id: AccountId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "loose::word")]
    pub role: Option<Role>,
}

fn user<'de, D: Deserializer<'de>>(from: D) -> Result<UserId, D::Error> {
    loose::own_id(from).map(UserId)
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("id", &self.id).finish_non_exhaustive()
    }
}

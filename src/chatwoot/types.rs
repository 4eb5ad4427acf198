//! Chatwoot's nouns as this operator uses them, parsed once at the edge.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A JSON object.
pub type Map = serde_json::Map<String, serde_json::Value>;

/// Primary key of an account: increasing, gaps possible, never reused (chatwoot-api §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub i64);

/// Primary key of a user, installation-wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether people can work in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountState {
    Active,
    Suspended,
    /// `null` or a label this version does not know: neither active nor suspended (P16).
    Unknown,
}

/// What a member may do in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberRole {
    Agent,
    Administrator,
}

/// An account as `GET` and `POST /accounts` show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub locale: Option<String>,
    pub domain: Option<String>,
    /// Never empty: Chatwoot shows its own sender address where none is stored (P11).
    pub support_email: Option<String>,
    pub state: AccountState,
    /// The enabled flags; a flag that is off is absent.
    pub features: BTreeSet<String>,
    pub limits: Map,
    pub custom_attributes: Map,
}

/// What a `PATCH /accounts/:id` changes; `None` leaves a field alone.
/// `features` is a delta of strict booleans (P9); `limits` and `custom_attributes` replace the whole map (P12, P15).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountPatch {
    pub name: Option<String>,
    pub locale: Option<String>,
    pub domain: Option<String>,
    pub support_email: Option<String>,
    pub state: Option<AccountState>,
    pub features: BTreeMap<String, bool>,
    pub limits: Option<Map>,
    pub custom_attributes: Option<Map>,
}

/// One account a person belongs to, as the user object lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    pub account: AccountId,
    /// `None`: the membership's role is NULL (P18).
    pub role: Option<MemberRole>,
}

/// A person as the Platform API shows them. Tokens are not decoded here: they are only read from an answer whose
/// marker has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub display_name: Option<String>,
    pub custom_attributes: Map,
    pub belongings: Vec<Belonging>,
}

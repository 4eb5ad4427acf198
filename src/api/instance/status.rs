//! What the operator records about an instance.

use crate::api::{
    common::{UNSEEN, unseen},
    conditions::{self, Condition},
};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an instance stands.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStatus {
    /// Generation this status speaks for; -1 until the operator has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// Value of the annotation chatwoot.dev/reconcile-requested-at that was last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
    /// Chatwoot's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,
    /// The connection that was last proven to lead to the Chatwoot the bound objects live in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// Ready, AccountIndexAvailable, and what stands in their way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions::schema")]
    pub conditions: Vec<Condition>,
}

impl Default for InstanceStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            last_handled_reconcile_at: None,
            version: None,
            connection: None,
            conditions: Vec::new(),
        }
    }
}

/// What tells whether a changed url or token still leads to the same Chatwoot.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Keyed hash of url and token.
    #[schemars(length(max = 64))]
    pub fingerprint: String,
    /// Up to three bound objects that are read before anything is written over a changed connection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub witnesses: Vec<Witness>,
}

/// A bound object that can vouch for a connection.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Witness {
    /// Account or User.
    pub kind: WitnessKind,
    /// Its id in Chatwoot.
    #[schemars(range(min = 1))]
    pub id: i64,
}

/// What a witness is in Chatwoot.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum WitnessKind {
    Account,
    User,
}

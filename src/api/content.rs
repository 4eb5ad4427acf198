//! What the kinds inside an account share: where they belong, what happens when they go, and how they stand.

use super::{
    common::{DeletionStatus, InstanceBinding, Mode, Ownership, UNSEEN, time, unseen},
    conditions::{self, Condition},
    rules,
};
use jiff::Timestamp;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where something belongs, and how the operator treats it. Every kind inside an account begins with these fields.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Within {
    /// Name of the ChatwootAccount of this namespace that it belongs to. Cannot be changed.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::account_is_fixed())]
    pub account: String,
    /// Takes over what is in the account already under the same key. Left out, such a thing is not touched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopt: bool,
    /// Enforce makes Chatwoot agree; Observe only reads and lists differences in status.drifted.
    #[serde(default)]
    pub mode: Mode,
    /// Stops the operator from touching it until it is false again.
    #[serde(default)]
    pub paused: bool,
}

/// What happens in Chatwoot when the resource is deleted.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, JsonSchema)]
pub enum ContentDeletionPolicy {
    /// What the operator made is deleted; what it took over is kept.
    Delete,
    /// Nothing.
    #[default]
    Retain,
}

pub(super) fn delete() -> ContentDeletionPolicy {
    ContentDeletionPolicy::Delete
}

pub(super) fn retain() -> ContentDeletionPolicy {
    ContentDeletionPolicy::Retain
}

/// Secret of this namespace into which the operator writes what others need to connect.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSecret {
    /// Name of the Secret. One that exists and is not the operator's is not overwritten.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::secret_name("connectionSecret.name"))]
    pub name: String,
}

/// How something inside an account stands.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct ContentStatus {
    /// Generation this status speaks for; -1 until the operator has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// Value of the annotation chatwoot.dev/reconcile-requested-at that was last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
    /// Its id in Chatwoot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<i64>,
    /// Whether it was made or taken over; fixed together with the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// The account in Chatwoot that the id belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountBinding>,
    /// The key it had when Chatwoot last agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub key: Option<String>,
    /// A request to make it that has been sent, or is about to be; gone once its outcome is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation: Option<ContentCreation>,
    /// Keyed hash of everything that was wanted when Chatwoot last agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub applied: Option<String>,
    /// Fields in which Chatwoot differs and that are not being repaired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 512)))]
    pub drifted: Vec<String>,
    /// Name of the Secret that was written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub connection_secret: Option<String>,
    /// The deletion in Chatwoot that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionStatus>,
    /// Ready, and what stands in its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions::schema")]
    pub conditions: Vec<Condition>,
}

impl Default for ContentStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            last_handled_reconcile_at: None,
            id: None,
            ownership: None,
            account: None,
            key: None,
            creation: None,
            applied: None,
            drifted: Vec::new(),
            connection_secret: None,
            deletion: None,
            conditions: Vec::new(),
        }
    }
}

/// The account in Chatwoot that a recorded id belongs to.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct AccountBinding {
    /// The account's id in Chatwoot.
    #[schemars(range(min = 1))]
    pub id: i64,
    /// The instance that has it.
    pub instance: InstanceBinding,
}

/// A request to make something, written down before it is sent, so that what it makes is found again.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct ContentCreation {
    /// When this was written.
    #[schemars(schema_with = "time")]
    pub started_at: Timestamp,
    /// The name it is made under: the wanted one, or where names are not unique one that nobody else would give.
    #[schemars(length(max = 2048))]
    pub name: String,
}

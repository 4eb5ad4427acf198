//! What several kinds share: references, modes, ownership, and the names of annotations and labels.

pub use super::{
    duration::{GoDuration, NotADuration},
    rules::{MARKER_ATTRIBUTE, RESERVED_ATTRIBUTES},
    selector::{LabelSelector, NamespaceSelector, Operator, Requirement},
};
use jiff::Timestamp;
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// The only finalizer, on every kind that has something to undo.
pub const FINALIZER: &str = "chatwoot.dev/finalizer";
/// Asks for a look now; `status.lastHandledReconcileAt` repeats its value when that has happened.
pub const RECONCILE_ANNOTATION: &str = "chatwoot.dev/reconcile-requested-at";
/// Answers the question in `status.decision`: `<token>/account-id=42` or `<token>/create`.
pub const RESOLVE_ANNOTATION: &str = "chatwoot.dev/resolve";
/// Asks for a link that logs a person in; `status.loginLink.requestedAt` repeats its value when that has been answered.
pub const LOGIN_LINK_ANNOTATION: &str = "chatwoot.dev/login-link-requested-at";
/// On Secrets with a login link: when they are removed.
pub const EXPIRES_ANNOTATION: &str = "chatwoot.dev/expires-at";
/// On Secrets we write: `<kind>/<name>` of the resource they belong to.
pub const OWNER_ANNOTATION: &str = "chatwoot.dev/owner";
/// On Secrets people write: `"true"` makes a change to them noticed at once.
pub const WATCH_LABEL: &str = "chatwoot.dev/watch";
/// Kubernetes' label for who writes an object, and our value of it.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
pub const MANAGED_BY: &str = "chatwoot-operator";
/// Written with the finalizer, so that a Velero restore (1.16 and newer) brings the status back, ids and all.
pub const RESTORE_STATUS_ANNOTATION: &str = "velero.io/restore-status";

/// What `status.observedGeneration` is before anybody has looked.
pub const UNSEEN: i64 = -1;

pub(super) fn unseen() -> i64 {
    UNSEEN
}

/// Points at a ChatwootInstance.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRef {
    /// Name of the ChatwootInstance.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; the resource's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// Points at a ChatwootInstance of the same namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct LocalInstanceRef {
    /// Name of the ChatwootInstance in this namespace.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Points at one key of a Secret of the same namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// Name of the Secret in this namespace. The label `chatwoot.dev/watch: "true"` on it makes changes noticed at once.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')").message("secretKeyRef.name must be a Secret's name: lower-case letters, digits, - and ., such as alice-password"))]
    pub name: String,
    /// Key in the Secret's data.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// Takes over an object that is already in Chatwoot.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Adopt {
    /// Its id in Chatwoot; a grant must list it under `adoptable`.
    #[schemars(range(min = 1))]
    pub id: i64,
}

/// How a bound object came to be ours. Fixed together with the id.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum Ownership {
    Created,
    Adopted,
}

/// What the operator does with the tenant's fields.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, JsonSchema)]
pub enum Mode {
    #[default]
    Enforce,
    Observe,
}

/// What a member may do in an account.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum Role {
    Agent,
    Administrator,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Agent => "Agent",
            Role::Administrator => "Administrator",
        })
    }
}

/// The instance a recorded id belongs to. Wins over a changed default instance.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct InstanceBinding {
    /// Namespace of the ChatwootInstance.
    #[schemars(length(max = 63))]
    pub namespace: String,
    /// Name of the ChatwootInstance.
    #[schemars(length(max = 253))]
    pub name: String,
    /// UID of the ChatwootInstance when the id was recorded.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// True once an instance that is being deleted with policy Release has let this resource go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<bool>,
}

/// A deletion in Chatwoot that is under way.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct DeletionStatus {
    /// When Chatwoot accepted the deletion; from then on it cannot be taken back.
    #[schemars(schema_with = "time")]
    pub sent_at: Timestamp,
}

/// Value of a custom attribute: a string or an integer, because CEL cannot look into anything freer.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(untagged)]
pub enum Scalar {
    Int(i64),
    Text(String),
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"x-kubernetes-int-or-string": true, "maxLength": 255})
    }
}

/// A text that can hold a secret, such as a key in a URL. `Debug` does not show it.
#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(transparent)]
pub struct Discreet(pub String);

impl fmt::Debug for Discreet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[not shown]")
    }
}

impl JsonSchema for Discreet {
    fn schema_name() -> Cow<'static, str> {
        "Discreet".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

/// Schema of a point in time.
pub(super) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

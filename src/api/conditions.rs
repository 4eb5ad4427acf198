//! Every condition type and reason, and the shape of a condition. The explanations say who must act on each reason.

mod explanations;

pub use explanations::{Explanation, REASONS, ReasonClass, class, explanation};

use super::common::time;
use jiff::Timestamp;
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// Always there: whether everything asked for is so in Chatwoot.
pub const READY: &str = "Ready";
/// There while the operator is at work or waits for something that passes.
pub const RECONCILING: &str = "Reconciling";
/// There while a person must act.
pub const STALLED: &str = "Stalled";
/// There while spec.paused holds the operator back.
pub const PAUSED: &str = "Paused";
/// There while Chatwoot differs and that is not being repaired.
pub const DRIFTED: &str = "Drifted";
/// On users with a credentialsSecret: whether every asked key is stored for this generation.
pub const CREDENTIALS_PUBLISHED: &str = "CredentialsPublished";
/// On instances: whether Chatwoot can list accounts, on which finding lost ones depends.
pub const ACCOUNT_INDEX_AVAILABLE: &str = "AccountIndexAvailable";
/// On accounts with spec.verify: whether a customer's first message arrived when it was last tried.
pub const VERIFIED: &str = "Verified";

/// Reasons of Ready, Reconciling and Stalled, and of memberships.
pub mod reason {
    pub const SUCCEEDED: &str = "Succeeded";
    pub const OBSERVED: &str = "Observed";
    pub const PAUSED: &str = "Paused";
    pub const PROGRESSING: &str = "Progressing";
    pub const CREATING: &str = "Creating";
    pub const RESOLVING_CREATE: &str = "ResolvingCreate";
    pub const DELETING: &str = "Deleting";
    pub const WAITING_FOR_INSTANCE: &str = "WaitingForInstance";
    pub const WAITING_FOR_ACCOUNT: &str = "WaitingForAccount";
    pub const ACCOUNT_GONE: &str = "AccountGone";
    pub const WAITING_FOR_REFERENCE: &str = "WaitingForReference";
    pub const CHATWOOT_UNAVAILABLE: &str = "ChatwootUnavailable";
    pub const RATE_LIMITED: &str = "RateLimited";
    pub const KUBERNETES_ERROR: &str = "KubernetesError";
    pub const INVALID_SPEC: &str = "InvalidSpec";
    pub const NOT_OWNED: &str = "NotOwned";
    pub const ACCOUNT_ALREADY_BOUND: &str = "AccountAlreadyBound";
    pub const SECRET_INVALID: &str = "SecretInvalid";
    pub const REJECTED_BY_CHATWOOT: &str = "RejectedByChatwoot";
    pub const NOT_GRANTED: &str = "NotGranted";
    pub const UNAUTHORIZED: &str = "Unauthorized";
    pub const CREDENTIALS_MISSING: &str = "CredentialsMissing";
    pub const NOT_PERMITTED: &str = "NotPermitted";
    pub const REDIRECTED: &str = "Redirected";
    pub const DIFFERENT_CHATWOOT: &str = "DifferentChatwoot";
    pub const UNSUPPORTED_CHATWOOT: &str = "UnsupportedChatwoot";
    pub const AUTOMATION_DISABLED: &str = "AutomationDisabled";
    pub const CREATE_OUTCOME_UNKNOWN: &str = "CreateOutcomeUnknown";
    pub const DUPLICATE_CREATED: &str = "DuplicateCreated";
    pub const PREVIOUS_ACCOUNT_FOUND: &str = "PreviousAccountFound";
    pub const EXTERNAL_RESOURCE_MISSING: &str = "ExternalResourceMissing";
    pub const DELETION_BLOCKED: &str = "DeletionBlocked";
}

/// Reason of Drifted.
pub const DIFFERENCES_FOUND: &str = "DifferencesFound";
/// Reason of CredentialsPublished when it is True; otherwise it has a reason of Ready.
pub const PUBLISHED: &str = "Published";

/// Reasons of Verified. Unknown has others of Ready, too: Progressing, Paused, Observed, AutomationDisabled,
/// CredentialsMissing.
pub mod verified {
    pub const SUCCEEDED: &str = super::reason::SUCCEEDED;
    pub const STEP_FAILED: &str = "StepFailed";
    pub const ACCOUNT_SUSPENDED: &str = "AccountSuspended";
}

/// Reasons of AccountIndexAvailable.
pub mod index {
    pub const AVAILABLE: &str = "Available";
    pub const UNSUPPORTED: &str = "Unsupported";
    pub const BROKEN: &str = "Broken";
    pub const TOO_LARGE: &str = "TooLarge";
    pub const UNREAD: &str = "Unread";
}

/// Whether a condition holds.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

/// Kubernetes' condition, as a type of our own so that a status can be compared and hashed.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What the condition is about.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 316))]
    pub type_: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Generation it speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// When the status last changed.
    #[schemars(schema_with = "time")]
    pub last_transition_time: Timestamp,
    /// Why, in one word.
    #[schemars(length(min = 1, max = 1024))]
    pub reason: String,
    /// Why, for people.
    #[schemars(length(max = 32768))]
    pub message: String,
}

/// The condition of a type.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Schema of a status' conditions: a list map by type, so that every type is there once.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Vec::<Condition>::json_schema(generator);
    schema.insert("x-kubernetes-list-type".into(), "map".into());
    schema.insert("x-kubernetes-list-map-keys".into(), serde_json::json!(["type"]));
    schema.insert("maxItems".into(), 16.into());
    schema
}

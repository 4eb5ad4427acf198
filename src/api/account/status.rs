//! What the operator records about an account.

use super::State;
use crate::api::{
    common::{DeletionStatus, GoDuration, InstanceBinding, Ownership, UNSEEN, time, unseen},
    conditions::{self, Condition},
};
use jiff::Timestamp;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an account stands.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct AccountStatus {
    /// Generation this status speaks for; -1 until the operator has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// Value of the annotation chatwoot.dev/reconcile-requested-at that was last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
    /// The account's id in Chatwoot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<i64>,
    /// Whether the account was made or taken over, as its marker says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// The instance the id belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceBinding>,
    /// Where browsers find the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub url: Option<String>,
    /// The latest claim to create the account. It is never removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation: Option<Creation>,
    /// Other accounts that carry this resource's marker. They are never written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub duplicates: Vec<i64>,
    /// There while a person is asked to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The keys the operator has set, so that those no longer named can be cleared.
    #[serde(default, skip_serializing_if = "Managed::is_empty")]
    pub managed: Managed,
    /// Keyed hash of everything that was wanted when Chatwoot last agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub applied: Option<String>,
    /// Fields in which Chatwoot differs and that are not being repaired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 512)))]
    pub drifted: Vec<String>,
    /// Who suspended the account, while somebody other than its spec does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_by: Option<Suspender>,
    /// The state the account had before that, restored when the suspension is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_before: Option<State>,
    /// The operator's own user in the account, once there was something for it to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automation: Option<AutomationStatus>,
    /// The deletion in Chatwoot that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionStatus>,
    /// Ready, and what stands in its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions::schema")]
    pub conditions: Vec<Condition>,
}

impl Default for AccountStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            last_handled_reconcile_at: None,
            id: None,
            ownership: None,
            instance: None,
            url: None,
            creation: None,
            duplicates: Vec::new(),
            decision: None,
            managed: Managed::default(),
            applied: None,
            drifted: Vec::new(),
            suspended_by: None,
            state_before: None,
            automation: None,
            deletion: None,
            conditions: Vec::new(),
        }
    }
}

impl AccountStatus {
    /// Whom the operator acts as inside the account; `None` while there is nobody it may act as.
    pub fn automation_user(&self) -> Option<i64> {
        let known = self.automation.as_ref()?;
        let usable = known.problem.as_ref().is_none_or(|problem| problem.reason.is_about_address());
        known.user_id.filter(|_| usable)
    }
}

/// The operator's own user in an account. It stands here before it is asked for, so that it is found again and goes with
/// the account, whatever becomes of the answer.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct AutomationStatus {
    /// Its e-mail address.
    #[schemars(length(max = 320))]
    pub email: String,
    /// Its id in Chatwoot; absent until that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub user_id: Option<i64>,
    /// When a request to make it was sent of which nobody knows whether it has arrived yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "time")]
    pub unanswered_since: Option<Timestamp>,
    /// What keeps the operator from having it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<AutomationProblem>,
}

/// What keeps the operator from having its user.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct AutomationProblem {
    /// What it is.
    pub reason: ProblemReason,
    /// Generation of this resource that met it. It is tried again for another generation, or when a look is requested.
    pub generation: i64,
    /// Chatwoot's words, where it gave any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub detail: Option<String>,
}

/// What keeps the operator from having its user.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum ProblemReason {
    /// Somebody else in Chatwoot has the address.
    AddressTaken,
    /// Chatwoot refused to make it.
    Refused,
    /// The user no longer carries this account's marker.
    NotOwned,
    /// The Platform App has no permission on it.
    NotPermitted,
}

impl ProblemReason {
    /// Whom there is already only keeps the old address.
    pub fn is_about_address(self) -> bool {
        matches!(self, Self::AddressTaken | Self::Refused)
    }
}

/// A claim to create the account: written before anything is sent, because the request cannot be repeated safely
/// (chatwoot-api P1).
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Creation {
    /// Counts claims; it only grows.
    #[schemars(range(min = 1))]
    pub attempt: i64,
    /// Tells whose claim this is: random, new with every claim.
    #[schemars(length(max = 64))]
    pub nonce: String,
    /// When the claim was written.
    #[schemars(schema_with = "time")]
    pub started_at: Timestamp,
    /// How long the instance let a request wait when the claim was written.
    pub timeout: GoDuration,
    /// How the request ended, once that is certain: NotSent and Rejected say that nothing was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CreationOutcome>,
    /// True when the outcome comes from an answer that somebody gave over HTTP: then the index is asked before the next
    /// claim.
    #[serde(default, skip_serializing_if = "is_false")]
    pub answered: bool,
    /// Claims that were repeated, or bound again, although an account nobody can see may exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub repeats: Vec<Repeat>,
}

/// How a create request ended.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum CreationOutcome {
    /// Nothing reached Chatwoot: nothing was made.
    NotSent,
    /// Chatwoot refused in a form of its own: nothing was made.
    Rejected,
    /// The account is known: its id was recorded.
    Created,
    /// A person decided what became of it.
    Decided,
}

/// Why a create was claimed again, or an account bound that was not made by this very object.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Repeat {
    /// The attempt that is doubted.
    #[schemars(range(min = 1))]
    pub attempt: i64,
    /// What happened.
    pub cause: RepeatCause,
    /// When.
    #[schemars(schema_with = "time")]
    pub at: Timestamp,
}

/// What led to a repeat.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum RepeatCause {
    /// The index showed no account of ours after the settle time, so another request was sent.
    NotFound,
    /// An account of an earlier object of the same name and namespace was bound.
    Recreated,
    /// An account from before a restore was bound.
    Restored,
    /// A person asked for another request.
    Decided,
}

/// A question that waits for a person.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Random; an answer must begin with it, so that it cannot answer another question.
    #[schemars(length(max = 64))]
    pub token: String,
}

/// Keys that the operator has set in Chatwoot.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Managed {
    /// Feature flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 63)))]
    pub features: Vec<String>,
    /// Limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 63)))]
    pub limits: Vec<String>,
    /// Custom attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 63)))]
    pub custom_attributes: Vec<String>,
}

impl Managed {
    pub fn is_empty(&self) -> bool {
        self.features.is_empty() && self.limits.is_empty() && self.custom_attributes.is_empty()
    }
}

/// Who suspended an account over its spec.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum Suspender {
    Grant,
}

fn is_false(value: &bool) -> bool {
    !value
}

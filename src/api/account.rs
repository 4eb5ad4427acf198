//! ChatwootAccount: one tenant.

pub use super::common::{DeletionStatus, InstanceBinding, Ownership};
use super::{
    common::{Adopt, GoDuration, InstanceRef, Mode, NamespaceSelector, Role, Scalar, UNSEEN, time, unseen},
    conditions::{self, Condition},
    locale::LOCALES,
    rules,
};
use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One tenant: an account in Chatwoot. What is not set here is left as it is there.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev", version = "v1alpha1", kind = "ChatwootAccount", namespaced,
    status = "AccountStatus", derive = "PartialEq", shortname = "cwa", category = "chatwoot",
    doc = "One tenant: an account in Chatwoot. What is not set here is left as it is there.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id"),
    printcolumn(name = "Plan", type_ = "string", json_path = ".spec.plan"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Instance", type_ = "string", json_path = ".status.instance.name", priority = 1),
    printcolumn(name = "State", type_ = "string", json_path = ".spec.state", priority = 1),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.url", priority = 1),
    validation = rules::adopt_while_unbound(),
)]
#[x_kube(validation = rules::instance_is_fixed())]
#[serde(rename_all = "camelCase")]
pub struct AccountSpec {
    /// The instance the account is made on; the operator's default instance when left out. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_ref: Option<InstanceRef>,
    /// Name of a ChatwootPlan beside the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub plan: Option<String>,
    /// Name of the account, 1 to 255 characters.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("name"), validation = rules::printable("name"))]
    pub name: String,
    /// Language of the account. The operator also checks that the instance's version has it (bg since 4.5, et since 4.13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "locale")]
    pub locale: Option<String>,
    /// Domain of the reply addresses of incoming e-mail, not a website. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(validation = Rule::new(r"!self.matches('[\\s\\p{Cc}]')").message("domain must not contain spaces or control characters; write it as support.acme.example, or \"\" to clear it"))]
    pub domain: Option<String>,
    /// Address that customers see as sender. It cannot be cleared: Chatwoot shows its own where none is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(
        validation = Rule::new("size(self) > 0").message("supportEmail cannot be cleared, Chatwoot shows its own address where none is stored; write an address, or leave the field out to leave it as it is"),
        validation = rules::printable("supportEmail"),
    )]
    pub support_email: Option<String>,
    /// Whether people can work in the account. Tenants need a grant with State.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Feature flags switched on or off, over the plan. Tenants need a grant with Features.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::features")]
    #[x_kube(validation = rules::no_flags(), validation = rules::feature_keys())]
    pub features: BTreeMap<String, bool>,
    /// Limits such as agents and inboxes, each from 0 to 1000000000, over the plan key by key. Tenants need a grant
    /// with Limits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::limits")]
    #[x_kube(validation = rules::limit_keys())]
    pub limits: BTreeMap<String, i64>,
    /// Custom attributes of the account: strings or integers, over the plan. Tenants need a grant with
    /// CustomAttributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::attributes")]
    #[x_kube(validation = rules::account_attribute_keys(), validation = rules::attribute_key_form(), validation = rules::attribute_value_form())]
    pub custom_attributes: BTreeMap<String, Scalar>,
    /// Other namespaces whose users may join this account. Its own namespace always may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub members_from: Vec<MembersFrom>,
    /// Takes over an account that exists already. Needs a grant that lists its id; can be set until the account is
    /// bound, and removed afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
    /// What happens to the account in Chatwoot when this resource is deleted: Retain leaves it, Suspend suspends it and
    /// keeps its data, Delete destroys it with all conversations. Delete needs a grant with Delete.
    #[serde(default)]
    pub deletion_policy: AccountDeletionPolicy,
    /// Enforce makes Chatwoot agree; Observe only reads and lists differences in status.drifted.
    #[serde(default)]
    pub mode: Mode,
    /// Stops the operator from touching the fields above until it is false again.
    #[serde(default)]
    pub paused: bool,
}

/// Whether people can work in an account.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum State {
    Active,
    Suspended,
}

/// Consent of an account to members from other namespaces.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct MembersFrom {
    /// The namespaces whose users may join.
    pub namespaces: NamespaceSelector,
    /// The roles they may have.
    #[schemars(length(min = 1, max = 2))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub roles: Vec<Role>,
}

/// What happens to the account in Chatwoot when its resource is deleted.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, JsonSchema)]
pub enum AccountDeletionPolicy {
    /// Nothing.
    #[default]
    Retain,
    /// It is suspended and kept.
    Suspend,
    /// It is destroyed, with all conversations.
    Delete,
}

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
    /// Whether the account was made or taken over; fixed together with the id.
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
            deletion: None,
            conditions: Vec::new(),
        }
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

/// Schema of `locale`: every code that some supported version accepts. The operator checks the instance's version.
fn locale(_: &mut SchemaGenerator) -> Schema {
    let codes: Vec<_> = LOCALES.iter().map(|locale| locale.code).collect();
    json_schema!({"type": "string", "enum": codes})
}

//! ChatwootAccount: one tenant.

mod settings;
mod status;

pub use settings::Settings;

pub use super::common::{DeletionStatus, InstanceBinding, Ownership};
pub use status::{
    AccountStatus, AutomationProblem, AutomationStatus, Creation, CreationOutcome, Decision, Managed,
    ProblemReason, Repeat, RepeatCause, Suspender,
};

use super::{
    common::{Adopt, GoDuration, InstanceRef, Mode, NamespaceSelector, Role, Scalar},
    locale::LOCALES,
    rules,
};
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
    #[x_kube(validation = Rule::new(r"!self.matches('[\\s\\p{Z}\\p{Cc}]')").message("domain must not contain spaces or control characters; write it as support.acme.example, or \"\" to clear it"))]
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
    /// Settings that the account's own administrators can change, too. They need spec.automation on the instance, and wait
    /// while the account is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// Has the operator walk a customer's first message through the account from time to time, and say in the condition
    /// Verified whether it arrived. It needs spec.automation on the instance. Left out, nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
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

/// How often a customer's first message is walked through an account.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Verify {
    /// Time from one walk to the next; from 5m to 168h.
    #[x_kube(validation = rules::between("verify.interval", "5m", "168h", "1h"))]
    pub interval: GoDuration,
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

/// Schema of `locale`: every code that some supported version accepts. The operator checks the instance's version.
fn locale(_: &mut SchemaGenerator) -> Schema {
    let codes: Vec<_> = LOCALES.iter().map(|locale| locale.code).collect();
    json_schema!({"type": "string", "enum": codes})
}

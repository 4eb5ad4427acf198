//! ChatwootGrant: what tenants' namespaces may do; lives beside the instance.

use super::{
    common::{LocalInstanceRef, NamespaceSelector, UNSEEN, unseen},
    conditions::{self, Condition},
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the selected namespaces may do on an instance.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootGrant",
    namespaced,
    status = "GrantStatus",
    derive = "PartialEq",
    shortname = "cwg",
    category = "chatwoot",
    doc = "What tenants' namespaces may do on an instance. Lives beside the instance; one object per tenant.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Instance", type_ = "string", json_path = ".spec.instanceRef.name"),
    printcolumn(name = "Suspended", type_ = "boolean", json_path = ".spec.suspended"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct GrantSpec {
    /// The instance this grant is for.
    pub instance_ref: LocalInstanceRef,
    /// The namespaces that may use the instance.
    pub namespaces: NamespaceSelector,
    /// Domains of the e-mail addresses the namespaces' users and inboxes may have: acme.example (that domain), *.acme.example
    /// (its subdomains) or * (any).
    #[schemars(length(min = 1, max = 100), inner(length(min = 1, max = 253)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new(r"self.all(d, d == '*' || d.matches('^(\\*\\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)+[a-z][a-z]+$'))")
            .message("emailDomains: write a domain in lower case such as acme.example, \"*.acme.example\" for its subdomains, or \"*\" for any"),
    )]
    pub email_domains: Vec<String>,
    /// Plans the namespaces' accounts may name. When any is listed, an account must name one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub plans: Vec<String>,
    /// What the namespaces may set themselves; nothing when left out. Features, Limits, State and CustomAttributes are
    /// those fields of accounts; Delete is deletionPolicy Delete; Credentials is the password or token of an adopted
    /// person; InstallationBots are bots that every account can see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub allow: Vec<Privilege>,
    /// Objects already in Chatwoot that the namespaces may take over.
    #[serde(default, skip_serializing_if = "Adoptable::is_empty")]
    pub adoptable: Adoptable,
    /// Suspends every account of these namespaces, whatever any account says. Lifting it restores the state from before.
    #[serde(default)]
    pub suspended: bool,
}

/// Something a tenant may do only with a grant.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum Privilege {
    /// Set an account's `features`.
    Features,
    /// Set an account's `limits`.
    Limits,
    /// Set an account's `state`.
    State,
    /// Set an account's `customAttributes`.
    CustomAttributes,
    /// Use deletionPolicy Delete.
    Delete,
    /// Set the password, or publish the token, of an adopted person.
    Credentials,
    /// Make bots that every account of the installation can see.
    InstallationBots,
}

/// Ids that may be taken over.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Adoptable {
    /// Ids of accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5000), inner(range(min = 1)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub accounts: Vec<i64>,
    /// Ids of users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5000), inner(range(min = 1)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub users: Vec<i64>,
}

impl Adoptable {
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.users.is_empty()
    }
}

/// How a grant stands.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct GrantStatus {
    /// Generation this status speaks for; -1 until the operator has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// Value of the annotation chatwoot.dev/reconcile-requested-at that was last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
    /// Ready, and what stands in its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions::schema")]
    pub conditions: Vec<Condition>,
}

impl Default for GrantStatus {
    fn default() -> Self {
        Self { observed_generation: UNSEEN, last_handled_reconcile_at: None, conditions: Vec::new() }
    }
}

//! ChatwootPlan: what the company sells; lives beside the instance.

use super::{
    common::{LocalInstanceRef, Scalar, UNSEEN, unseen},
    conditions::{self, Condition},
    rules,
};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Features, limits and attributes that accounts naming this plan get.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootPlan",
    namespaced,
    status = "PlanStatus",
    derive = "PartialEq",
    shortname = "cwp",
    category = "chatwoot",
    doc = "What the company sells: features, limits and attributes for every account that names this plan. Lives beside the instance.",
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
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct PlanSpec {
    /// The instance this plan is sold on.
    pub instance_ref: LocalInstanceRef,
    /// Feature flags switched on or off. A flag that any plan of the instance names is off unless the account's own
    /// plan switches it on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::features")]
    #[x_kube(validation = rules::no_flags(), validation = rules::feature_keys())]
    pub features: BTreeMap<String, bool>,
    /// Limits such as agents and inboxes, each from 0 to 1,000,000,000. A limit that any plan of the instance names is
    /// removed unless the account's own plan sets it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::limits")]
    #[x_kube(validation = rules::limit_keys())]
    pub limits: BTreeMap<String, i64>,
    /// Custom attributes of the account: strings or integers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::attributes")]
    #[x_kube(validation = rules::account_attribute_keys(), validation = rules::attribute_key_form(), validation = rules::attribute_value_form())]
    pub custom_attributes: BTreeMap<String, Scalar>,
}

/// How a plan stands.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct PlanStatus {
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

impl Default for PlanStatus {
    fn default() -> Self {
        Self { observed_generation: UNSEEN, last_handled_reconcile_at: None, conditions: Vec::new() }
    }
}

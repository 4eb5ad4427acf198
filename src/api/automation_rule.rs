//! ChatwootAutomationRule: what an account does on its own.

mod action;
mod condition;

pub use action::{EmailToTeam, NewPriority, Plainly, RuleAction, Status};
pub use condition::{Attribute, AttributeOwner, CustomAttribute, Join, Operator, RuleCondition};

use super::{
    content::{ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule by which an account acts on its own. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootAutomationRule",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwar",
    category = "chatwoot",
    doc = "A rule by which an account acts on its own: when something happens and all is as the conditions say, the actions are carried out in order.",
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
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.account"),
    printcolumn(name = "Event", type_ = "string", json_path = ".spec.event"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct AutomationRuleSpec {
    #[serde(flatten)]
    pub within: Within,
    /// The rule's name as administrators see it. Chatwoot lets several rules have the same.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("name"), validation = rules::printable("name"))]
    pub name: String,
    /// What it is for. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(validation = rules::printable("description"))]
    pub description: Option<String>,
    /// When it is looked at.
    pub event: Event,
    /// Whether it is carried out. Chatwoot itself switches off a rule that it finds invalid when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// What must be so.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("!has(self[size(self) - 1].join)").message(
        "conditions: the last condition has nothing after it to be joined with; leave its join out"
    ))]
    pub conditions: Vec<RuleCondition>,
    /// What is done then, in this order.
    #[schemars(length(min = 1, max = 20))]
    pub actions: Vec<RuleAction>,
    /// What happens to the rule in Chatwoot when this resource is deleted.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

/// Something that happens in an account.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum Event {
    ConversationCreated,
    ConversationUpdated,
    ConversationOpened,
    ConversationResolved,
    MessageCreated,
}

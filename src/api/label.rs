//! ChatwootLabel: a label of an account.

use super::{
    content::{ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// A label for conversations and contacts. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootLabel",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwl",
    category = "chatwoot",
    doc = "A label for conversations and contacts of an account. What is not set here is left as it is in Chatwoot.",
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
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct LabelSpec {
    #[serde(flatten)]
    pub within: Within,
    /// The label as people see it, unique in the account: 2 to 255 lower-case letters, digits, `_` and `-`, beginning with
    /// a letter or digit. A change renames it, and Chatwoot then rewrites what carries it.
    #[schemars(length(min = 2, max = 255))]
    #[x_kube(validation = Rule::new(r"self.matches('^[\\p{Ll}\\p{Lo}\\p{Nd}\\p{No}][\\p{Ll}\\p{Lo}\\p{Nd}\\p{No}_-]+$')").message("title takes lower-case letters, digits, _ and -, at least two of them, beginning with a letter or digit, such as vip-customer"))]
    pub title: String,
    /// What it is for. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(validation = rules::printable("description"))]
    pub description: Option<String>,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 7))]
    #[x_kube(validation = rules::colour("color"))]
    pub color: Option<String>,
    /// Whether it is listed beside the conversations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_on_sidebar: Option<bool>,
    /// What happens to the label in Chatwoot when this resource is deleted.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

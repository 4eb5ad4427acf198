//! ChatwootCannedResponse: an answer that agents insert by a short code.

use super::{
    content::{ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// An answer that agents of an account insert by typing / and a short code.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootCannedResponse",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwc",
    category = "chatwoot",
    doc = "An answer that agents of an account insert by typing / and a short code.",
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
    printcolumn(name = "Code", type_ = "string", json_path = ".spec.shortCode"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct CannedResponseSpec {
    #[serde(flatten)]
    pub within: Within,
    /// What agents type after the /, unique in the account; capital and small letters are different. A change renames it.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(
        validation = rules::not_blank("shortCode"),
        validation = rules::printable("shortCode"),
        validation = Rule::new("!self.startsWith('/')").message("shortCode is what agents type after the /; remove the / at its beginning"),
    )]
    pub short_code: String,
    /// The answer, as it is inserted. It can have several lines and Chatwoot's variables, such as {{contact.name}}.
    #[schemars(length(min = 1, max = 20000))]
    #[x_kube(validation = rules::not_blank("content"), validation = rules::lines("content"))]
    pub content: String,
    /// What happens to the canned response in Chatwoot when this resource is deleted.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

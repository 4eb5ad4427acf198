//! ChatwootTeam: a team of an account, and who is in it.

use super::{
    content::{ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// A team of an account, and who is in it. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootTeam",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwt",
    category = "chatwoot",
    doc = "A team of an account, and who is in it. What is not set here is left as it is in Chatwoot.",
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
    printcolumn(name = "Team", type_ = "string", json_path = ".spec.name"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct TeamSpec {
    #[serde(flatten)]
    pub within: Within,
    /// The team's name, unique in the account, without capital letters. A change renames it.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(
        validation = rules::not_blank("name"),
        validation = rules::printable("name"),
        validation = rules::lower_case("name", "support"),
    )]
    pub name: String,
    /// What it is for. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(validation = rules::printable("description"))]
    pub description: Option<String>,
    /// Whether a conversation that is given to the team is given to one of its members at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_auto_assign: Option<bool>,
    /// Names of ChatwootUsers of this namespace who are members of the account: exactly these are in the team. Whoever is
    /// added in Chatwoot by hand goes again, and whoever is removed comes back. Whoever is no member of the account yet is
    /// waited for, and holds up the others only until they are in Chatwoot. Left out, the team's members are not touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 253)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new("self.all(m, m.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$'))").message("members must be names of ChatwootUsers of this namespace, such as alice"),
    )]
    pub members: Option<Vec<String>>,
    /// What happens to the team in Chatwoot when this resource is deleted.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

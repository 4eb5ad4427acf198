//! ChatwootAgentBot: an application that answers in inboxes, of one account or of all.

use super::{
    content::{ConnectionSecret, ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema, core::Rule};
use serde::{Deserialize, Serialize};

/// An application that answers in inboxes. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootAgentBot",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwb",
    category = "chatwoot",
    doc = "An application that answers in an account's inboxes: Chatwoot tells it of messages, and it answers with a token of its own. What is not set here is left as it is in Chatwoot.",
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
    printcolumn(name = "Bot", type_ = "string", json_path = ".spec.name"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1),
    printcolumn(name = "Everywhere", type_ = "boolean", json_path = ".spec.installationWide", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = made_and_never_taken_over())]
pub struct AgentBotSpec {
    #[serde(flatten)]
    pub within: Within,
    /// Every account of the installation sees it and can have it answer. Needs a ChatwootGrant with allow:
    /// [InstallationBots]. The account is then the one through which the operator sees the bot; it stays when the account
    /// goes. Cannot be changed.
    #[serde(default)]
    #[x_kube(validation = rules::is_fixed("installationWide", "a bot cannot be moved between an account and the installation"))]
    pub installation_wide: bool,
    /// Its name, as people see it. Several bots of an account can have the same.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("name"), validation = rules::printable("name"))]
    pub name: String,
    /// What it is for. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("description"))]
    pub description: Option<String>,
    /// What Chatwoot tells of messages. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = outgoing_url())]
    pub outgoing_url: Option<String>,
    /// Names of ChatwootInboxes of this namespace and account in which it answers: these, and those whose own spec.bot
    /// names it. An inbox has one bot; one whose spec.bot names another cannot be named here, nor one that an older bot
    /// names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub inboxes: Option<Vec<String>>,
    /// Secret of this namespace into which the operator writes what the application needs: url, agent_bot_id, account_id,
    /// access_token and, since Chatwoot 4.13, secret, which signs what it is told. Of one for the whole installation
    /// Chatwoot shows no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
    /// What happens to the bot in Chatwoot when this resource is deleted.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

/// Whoever is granted to make such bots could otherwise name somebody else's.
fn made_and_never_taken_over() -> Rule {
    Rule::new("!(self.installationWide && has(self.adopt) && self.adopt)")
        .message(
            "a bot for the whole installation is not taken over; leave adopt out, and the operator makes one",
        )
        .field_path(".adopt")
}

/// Chatwoot does not check it (chatwoot-api P36).
fn outgoing_url() -> Rule {
    Rule::new(r"self == '' || self.matches('^https?://[^/?#\\s\\p{Z}\\p{Cc}]+([/?#][^\\s\\p{Z}\\p{Cc}]*)?$')")
        .message(
            "outgoingUrl must be http:// or https:// and a host, such as https://bot.acme.example/chatwoot",
        )
}

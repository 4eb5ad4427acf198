//! ChatwootWebhook: a URL that Chatwoot tells of what happens in an account.

use super::{
    common::Discreet,
    content::{ConnectionSecret, ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A URL that Chatwoot tells of what happens in an account. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootWebhook",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cww",
    category = "chatwoot",
    doc = "A URL that Chatwoot tells of what happens in an account. What is not set here is left as it is in Chatwoot.",
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
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSpec {
    #[serde(flatten)]
    pub within: Within,
    /// Where Chatwoot sends to, unique in the account. It can hold a key: the operator shows it nowhere. A change makes the
    /// same webhook send there.
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^/?#@:][!-~]*$') && self.matches('^[!-~]+$')").message("url must be http:// or https:// and a host, in ASCII and without spaces, such as https://hooks.acme.example/chatwoot"))]
    pub url: Discreet,
    /// What people call it. "" clears it. Needs Chatwoot 4.8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("name"))]
    pub name: Option<String>,
    /// What it is told of. Left out, Chatwoot's default: everything but inboxes and typing. Events of a newer Chatwoot than
    /// this operator knows are not seen, and go when another list is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub subscriptions: Option<Vec<WebhookEvent>>,
    /// Name of the ChatwootInbox of this account that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::resource_name("inbox", "website"))]
    pub inbox: Option<String>,
    /// Secret of this namespace into which the operator writes what the receiver checks signatures with: secret, and beside
    /// it url (of the Chatwoot), account_id and webhook_id. Needs Chatwoot 4.12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
    /// What happens to the webhook in Chatwoot when this resource is deleted.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

/// What a webhook can be told of.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum WebhookEvent {
    ConversationCreated,
    ConversationStatusChanged,
    ConversationUpdated,
    MessageCreated,
    MessageUpdated,
    WebwidgetTriggered,
    ContactCreated,
    ContactUpdated,
    InboxCreated,
    InboxUpdated,
    ConversationTypingOn,
    ConversationTypingOff,
}

//! ChatwootInbox: where an account's customers write to.

mod channel;
mod form;
mod hours;

pub use channel::{
    ApiChannel, EmailChannel, Imap, ReplyTime, Smtp, SmtpAuthentication, TlsVerify, WebWidget, WidgetFeature,
};
pub use form::{PreChatField, PreChatForm, STANDARD_QUESTIONS};
pub use hours::{OpeningHours, Weekday, WorkingHours};

use super::{
    content::{ConnectionSecret, ContentDeletionPolicy, ContentStatus, Within, retain},
    rules,
};
use kube::{CustomResource, KubeSchema, core::Rule};
use serde::{Deserialize, Serialize};

/// Where customers write to. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootInbox",
    plural = "chatwootinboxes",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwx",
    category = "chatwoot",
    doc = "Where an account's customers write to: an API for applications of your own, a widget on web sites, or an e-mail address. What is not set here is left as it is in Chatwoot.",
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
    printcolumn(name = "Inbox", type_ = "string", json_path = ".spec.name"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = one_channel(), validation = channel_is_fixed())]
pub struct InboxSpec {
    #[serde(flatten)]
    pub within: Within,
    /// Its name, as people see it. Several inboxes of an account can have the same.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("name"), validation = rules::printable("name"), validation = not_null("name"))]
    pub name: String,
    /// For applications of your own, which speak the Client API. Exactly one of api, webWidget and email; which one cannot
    /// be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiChannel>,
    /// For web sites: a widget in their pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_widget: Option<WebWidget>,
    /// For mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailChannel>,
    /// What customers are told when they begin a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greeting>,
    /// Whether customers are asked how satisfied they are when a conversation is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csat: Option<bool>,
    /// Whether new conversations are given to members who are online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_assignment: Option<bool>,
    /// Whether customers can go on writing in a conversation that is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_messages_after_resolved: Option<bool>,
    /// Whether a customer has one conversation for ever, instead of a new one each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_to_single_conversation: Option<bool>,
    /// Time zone of the working hours, by its IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = time_zone())]
    pub timezone: Option<String>,
    /// When somebody is there, and what customers are told when nobody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_hours: Option<WorkingHours>,
    /// Names of ChatwootUsers of this namespace who work in the inbox: these and nobody else. Whoever is no member of the
    /// account yet is waited for, and holds up the others only until they are in Chatwoot. Administrators see every inbox anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub members: Option<Vec<String>>,
    /// Name of a ChatwootAgentBot of this namespace and account that answers first. "" for none. An inbox that says which
    /// is not for a bot's spec.inboxes to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub bot: Option<String>,
    /// Secret of this namespace into which the operator writes what is needed to connect: url, inbox_id, account_id, and
    /// where they apply inbox_identifier, website_token, web_widget_script, hmac_token and secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
    /// What happens to the inbox in Chatwoot when this resource is deleted. Delete destroys its conversations, too.
    #[serde(default = "retain")]
    pub deletion_policy: ContentDeletionPolicy,
}

/// What customers are told when they begin a conversation.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Greeting {
    /// Whether they are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What they are told. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10_000))]
    #[x_kube(validation = several_lines("greeting.message"), validation = not_null("greeting.message"))]
    pub message: Option<String>,
}

fn one_channel() -> Rule {
    Rule::new("(has(self.api) ? 1 : 0) + (has(self.webWidget) ? 1 : 0) + (has(self.email) ? 1 : 0) == 1").message(
        "set exactly one of api, webWidget and email, such as webWidget: {websiteUrl: \"https://www.acme.example\"}",
    )
}

fn channel_is_fixed() -> Rule {
    Rule::new(
        "has(self.api) == has(oldSelf.api) && has(self.webWidget) == has(oldSelf.webWidget) && has(self.email) == has(oldSelf.email)",
    )
    .message("whether an inbox is api, webWidget or email is immutable; delete this resource and create another")
}

/// Chatwoot reads the text `null` in a field of an inbox as nothing (chatwoot-api §3.5).
fn not_null(field: &str) -> Rule {
    Rule::new("self != 'null'").message(
        format!("{field} must not be the text null, which Chatwoot reads as nothing; write another").as_str(),
    )
}

/// NUL makes Chatwoot answer 500 (chatwoot-api §1.4), and the others nobody sees.
fn several_lines(field: &str) -> Rule {
    Rule::new(r"!self.matches('[\\x00-\\x08\\x0B-\\x1F\\x7F]')").message(
        format!("{field} must not contain control characters other than line feeds and tabs; remove them")
            .as_str(),
    )
}

/// An address that Chatwoot calls or shows.
fn link(field: &str) -> Rule {
    Rule::new(r"self == '' || self.matches('^https?://[^/?#\\s\\p{Z}\\p{Cc}]+([/?#][^\\s\\p{Z}\\p{Cc}]*)?$')")
        .message(
            format!(
                "{field} must be http:// or https:// and a host, such as https://www.acme.example/support"
            )
            .as_str(),
        )
}

fn time_zone() -> Rule {
    Rule::new("self.matches('^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$')")
        .message("timezone must be an IANA name, such as Europe/Berlin")
}

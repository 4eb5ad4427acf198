//! What an inbox of each kind has of its own.

use super::{form::PreChatForm, link};
use crate::api::{common::SecretKeyRef, rules};
use kube::{KubeSchema, core::Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// For applications of your own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct ApiChannel {
    /// What Chatwoot tells of messages in the inbox. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = link("api.webhookUrl"))]
    pub webhook_url: Option<String>,
    /// Whether customers must prove who they are, with hmac_token of the connection Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_mandatory: Option<bool>,
    /// How many hours after a customer's last message agents can answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8760))]
    pub agent_reply_time_window: Option<i64>,
}

/// For web sites.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct WebWidget {
    /// The web site.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("webWidget.websiteUrl"), validation = rules::printable("webWidget.websiteUrl"))]
    pub website_url: String,
    /// Colour of the widget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 7))]
    #[x_kube(validation = rules::colour("webWidget.color"))]
    pub color: Option<String>,
    /// What stands on top of the widget. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("webWidget.welcomeTitle"))]
    pub welcome_title: Option<String>,
    /// What stands below that. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("webWidget.welcomeTagline"))]
    pub welcome_tagline: Option<String>,
    /// How fast the widget promises an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_time: Option<ReplyTime>,
    /// What customers are asked before the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_chat_form: Option<PreChatForm>,
    /// Whether customers who have left get answers by e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuity_via_email: Option<bool>,
    /// Whether customers must prove who they are, with hmac_token of the connection Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_mandatory: Option<bool>,
    /// The only domains in whose pages the widget opens, such as "www.acme.example" or "*.acme.example". An empty list: all.
    /// Any needs Chatwoot 4.6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set, validation = domains())]
    pub allowed_domains: Option<Vec<String>>,
    /// What the widget offers: these and nothing else. AllowMobileWebview needs Chatwoot 4.12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub features: Option<Vec<WidgetFeature>>,
}

/// How fast the widget promises an answer.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum ReplyTime {
    InAFewMinutes,
    InAFewHours,
    InADay,
}

/// What the widget offers.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum WidgetFeature {
    Attachments,
    EmojiPicker,
    EndConversation,
    UseInboxAvatarForBot,
    AllowMobileWebview,
}

/// For mail.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct EmailChannel {
    /// The address customers write to. No other inbox of the whole installation may have it.
    #[schemars(length(min = 1, max = 254))]
    #[x_kube(validation = rules::email())]
    pub address: String,
    /// Where mail is fetched from. Left out, it comes in as the installation is set up for: by forwarding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imap: Option<Imap>,
    /// Where answers are sent with. Left out, with the installation's own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
}

/// A server from which mail is fetched.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Imap {
    /// Whether mail is fetched. Chatwoot tries the connection before.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The server.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = host("email.imap.host"))]
    pub host: String,
    /// Its port; mostly 993.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: i64,
    /// Who logs in.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::printable("email.imap.login"))]
    pub login: String,
    /// Their password.
    pub password_secret_key_ref: SecretKeyRef,
    /// Whether the connection is encrypted from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl: Option<bool>,
}

/// A server with which mail is sent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Smtp {
    /// Whether mail is sent with it. Chatwoot tries the connection before.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The server.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = host("email.smtp.host"))]
    pub host: String,
    /// Its port; mostly 587, or 465 with tls.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: i64,
    /// Who logs in.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::printable("email.smtp.login"))]
    pub login: String,
    /// Their password.
    pub password_secret_key_ref: SecretKeyRef,
    /// The domain that Chatwoot says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = host("email.smtp.domain"))]
    pub domain: Option<String>,
    /// Whether the connection becomes an encrypted one where the server offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_tls: Option<bool>,
    /// Whether the connection is encrypted from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// Whether the server's certificate must be good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_verify: Option<TlsVerify>,
    /// How the login is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<SmtpAuthentication>,
}

/// Whether a server's certificate must be good.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum TlsVerify {
    /// Any certificate will do.
    None,
    /// It must be good.
    Peer,
}

/// How a login is proven to a server.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum SmtpAuthentication {
    Plain,
    Login,
    CramMd5,
}

fn yes() -> bool {
    true
}

fn host(field: &str) -> Rule {
    Rule::new("self.matches('^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$')")
        .message(format!("{field} must be the name of a host, such as mail.acme.example").as_str())
}

/// Chatwoot keeps them in one text, with commas between.
fn domains() -> Rule {
    Rule::new(r"self.all(one, one.matches('^[A-Za-z0-9*._:/-]+$'))").message(
        "webWidget.allowedDomains: write hosts such as www.acme.example or *.acme.example, one in each entry",
    )
}

//! What an inbox of each kind has of its own (§3.5). `None` leaves a field alone.

use super::{super::contact::exposed, ReplyTime, WidgetFeature};
use crate::chatwoot::types::Map;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The channel of an inbox.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Channel {
    Api(ApiChannel),
    WebWidget(WebWidget),
    Email(EmailChannel),
}

/// For updates, which take no type.
pub(super) fn without_type<S: Serializer>(
    channel: &Option<Channel>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match channel {
        None => serializer.serialize_none(),
        Some(Channel::Api(channel)) => channel.serialize(serializer),
        Some(Channel::WebWidget(channel)) => channel.serialize(serializer),
        Some(Channel::Email(channel)) => channel.serialize(serializer),
    }
}

/// For applications of one's own, which speak the Client API.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct ApiChannel {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Customers must prove who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac_mandatory: Option<bool>,
    /// `agent_reply_time_window`: more than 0 (else 422).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_attributes: Option<Map>,
}

impl fmt::Debug for ApiChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiChannel").field("hmac_mandatory", &self.hmac_mandatory).finish_non_exhaustive()
    }
}

/// For web sites. A new one must have a `website_url`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WebWidget {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widget_color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome_tagline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_time: Option<ReplyTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_chat_form_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_chat_form_options: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuity_via_email: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac_mandatory: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_domains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected_feature_flags: Option<Vec<WidgetFeature>>,
}

/// For mail. The address is unique in the whole installation. With IMAP or SMTP enabled an update tries the connection,
/// and a failing one is refused **although the changes are saved**.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EmailChannel {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(flatten)]
    pub imap: Imap,
    #[serde(flatten)]
    pub smtp: Smtp,
}

/// How mail comes in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Imap {
    #[serde(rename = "imap_enabled", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "imap_login", skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    #[serde(
        rename = "imap_password",
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed",
        skip_deserializing
    )]
    pub password: Option<SecretString>,
    #[serde(rename = "imap_address", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "imap_port", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(rename = "imap_enable_ssl", skip_serializing_if = "Option::is_none")]
    pub enable_ssl: Option<bool>,
}

/// How mail goes out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Smtp {
    #[serde(rename = "smtp_enabled", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "smtp_login", skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    #[serde(
        rename = "smtp_password",
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed",
        skip_deserializing
    )]
    pub password: Option<SecretString>,
    #[serde(rename = "smtp_address", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "smtp_port", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(rename = "smtp_domain", skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(rename = "smtp_enable_starttls_auto", skip_serializing_if = "Option::is_none")]
    pub enable_starttls_auto: Option<bool>,
    #[serde(rename = "smtp_enable_ssl_tls", skip_serializing_if = "Option::is_none")]
    pub enable_ssl_tls: Option<bool>,
    #[serde(rename = "smtp_openssl_verify_mode", skip_serializing_if = "Option::is_none")]
    pub openssl_verify_mode: Option<String>,
    #[serde(rename = "smtp_authentication", skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
}

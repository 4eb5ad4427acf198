//! What an inbox of each kind has of its own.

use super::form;
use crate::{
    api::{
        conditions::reason,
        inbox::{
            ApiChannel, EmailChannel, Imap, InboxSpec, ReplyTime, Smtp, SmtpAuthentication, TlsVerify,
            WebWidget, WidgetFeature,
        },
    },
    chatwoot::{
        tenant::inbox::{self as wire, ChannelType, Inbox},
        types::Map,
        version::Version,
    },
    plan::{
        content::{Wish, declared, fields},
        status::Verdict,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Stands in Chatwoot's `additional_attributes`.
pub const REPLY_WINDOW: &str = "agent_reply_time_window";

const IMAP: [&str; 6] =
    ["imap_enabled", "imap_address", "imap_port", "imap_login", "imap_password", "imap_enable_ssl"];
const SMTP: [&str; 10] = [
    "smtp_enabled",
    "smtp_address",
    "smtp_port",
    "smtp_login",
    "smtp_password",
    "smtp_domain",
    "smtp_enable_starttls_auto",
    "smtp_enable_ssl_tls",
    "smtp_openssl_verify_mode",
    "smtp_authentication",
];

/// What this version would drop in silence, or answer with 500: a widget would then open in anybody's pages.
///
/// # Errors
/// The first of what it does not have.
pub fn supported(spec: &InboxSpec, version: Version) -> Result<(), Verdict> {
    let Some(widget) = &spec.web_widget else { return Ok(()) };
    let since = |since: Version, what: &str, field: &str| {
        let text =
            format!("Chatwoot {version} has no {what}; leave {field} out, or upgrade Chatwoot to {since}");
        if version < since { Err(Verdict::new(reason::INVALID_SPEC, text)) } else { Ok(()) }
    };
    // An empty list is what a widget is like where there are none.
    if widget.allowed_domains.as_ref().is_some_and(|domains| !domains.is_empty()) {
        since(Inbox::RESTRICTED_SINCE, "domains that a widget is restricted to", "webWidget.allowedDomains")?;
    }
    for told in widget.features.iter().flatten() {
        let flag = feature(*told);
        since(flag.since(), &format!("{flag} of widgets"), &format!("{told:?} of webWidget.features"))?;
    }
    Ok(())
}

/// Adds what the spec's channel asks for.
pub fn wish(spec: &InboxSpec, wish: &mut Wish) {
    let (kind, fields) = match (&spec.api, &spec.web_widget, &spec.email) {
        (Some(api), ..) => (ChannelType::Api, api_fields(api)),
        (_, Some(widget), _) => (ChannelType::WebWidget, widget_fields(widget)),
        (_, _, Some(email)) => {
            servers(email, wish);
            (ChannelType::Email, email_fields(email))
        }
        // The API server accepts none without one.
        (None, None, None) => return,
    };
    wish.fixed.insert("channel_type".to_owned(), json!(kind));
    wish.fields.extend(fields);
}

fn api_fields(api: &ApiChannel) -> Map {
    declared([
        ("webhook_url", api.webhook_url.as_ref().map(|url| json!(url))),
        ("hmac_mandatory", api.hmac_mandatory.map(Value::Bool)),
        (REPLY_WINDOW, api.agent_reply_time_window.map(|hours| json!(hours))),
    ])
}

fn widget_fields(widget: &WebWidget) -> Map {
    let mut all = declared([
        ("website_url", Some(json!(widget.website_url))),
        ("widget_color", widget.color.as_ref().map(|color| json!(color))),
        ("welcome_title", widget.welcome_title.as_ref().map(|text| json!(text))),
        ("welcome_tagline", widget.welcome_tagline.as_ref().map(|text| json!(text))),
        ("reply_time", widget.reply_time.map(|time| json!(reply_time(time)))),
        ("continuity_via_email", widget.continuity_via_email.map(Value::Bool)),
        ("hmac_mandatory", widget.hmac_mandatory.map(Value::Bool)),
        ("allowed_domains", widget.allowed_domains.as_ref().map(|domains| json!(domains.join(",")))),
        (
            "selected_feature_flags",
            widget.features.as_ref().map(|all| flags(all.iter().map(|flag| feature(*flag)))),
        ),
    ]);
    all.extend(widget.pre_chat_form.iter().flat_map(form::wanted));
    all
}

fn email_fields(email: &EmailChannel) -> Map {
    let mut all = declared([("email", Some(json!(email.address)))]);
    all.extend(email.imap.iter().flat_map(imap_fields));
    all.extend(email.smtp.iter().flat_map(smtp_fields));
    all
}

fn imap_fields(imap: &Imap) -> Map {
    declared([
        ("imap_enabled", Some(json!(imap.enabled))),
        ("imap_address", Some(json!(imap.host))),
        ("imap_port", Some(json!(imap.port))),
        ("imap_login", Some(json!(imap.login))),
        ("imap_enable_ssl", imap.ssl.map(Value::Bool)),
    ])
}

fn smtp_fields(smtp: &Smtp) -> Map {
    let verify = |verify| match verify {
        TlsVerify::None => "none",
        TlsVerify::Peer => "peer",
    };
    let authentication = |how| match how {
        SmtpAuthentication::Plain => "plain",
        SmtpAuthentication::Login => "login",
        SmtpAuthentication::CramMd5 => "cram_md5",
    };
    declared([
        ("smtp_enabled", Some(json!(smtp.enabled))),
        ("smtp_address", Some(json!(smtp.host))),
        ("smtp_port", Some(json!(smtp.port))),
        ("smtp_login", Some(json!(smtp.login))),
        ("smtp_domain", smtp.domain.as_ref().map(|domain| json!(domain))),
        ("smtp_enable_starttls_auto", smtp.start_tls.map(Value::Bool)),
        ("smtp_enable_ssl_tls", smtp.tls.map(Value::Bool)),
        ("smtp_openssl_verify_mode", smtp.tls_verify.map(|mode| json!(verify(mode)))),
        ("smtp_authentication", smtp.authentication.map(|how| json!(authentication(how)))),
    ])
}

/// Passwords, and what Chatwoot tries a connection with: everything together, or it tries with half of it.
fn servers(email: &EmailChannel, wish: &mut Wish) {
    if let Some(imap) = &email.imap {
        wish.secrets.insert("imap_password", imap.password_secret_key_ref.clone());
        wish.tried.insert("imap", BTreeSet::from(IMAP));
    }
    if let Some(smtp) = &email.smtp {
        wish.secrets.insert("smtp_password", smtp.password_secret_key_ref.clone());
        wish.tried.insert("smtp", BTreeSet::from(SMTP));
    }
}

pub(super) fn reply_time(time: ReplyTime) -> wire::ReplyTime {
    match time {
        ReplyTime::InAFewMinutes => wire::ReplyTime::InAFewMinutes,
        ReplyTime::InAFewHours => wire::ReplyTime::InAFewHours,
        ReplyTime::InADay => wire::ReplyTime::InADay,
    }
}

pub(super) fn feature(feature: WidgetFeature) -> wire::WidgetFeature {
    match feature {
        WidgetFeature::Attachments => wire::WidgetFeature::Attachments,
        WidgetFeature::EmojiPicker => wire::WidgetFeature::EmojiPicker,
        WidgetFeature::EndConversation => wire::WidgetFeature::EndConversation,
        WidgetFeature::UseInboxAvatarForBot => wire::WidgetFeature::UseInboxAvatarForBot,
        WidgetFeature::AllowMobileWebview => wire::WidgetFeature::AllowMobileWebview,
    }
}

/// Their order says nothing.
fn flags(all: impl Iterator<Item = wire::WidgetFeature>) -> Value {
    json!(all.collect::<BTreeSet<_>>())
}

/// What Chatwoot shows of the channel. Fields of other channels are empty, and nobody asks for them.
pub fn seen(inbox: &Inbox) -> Map {
    let text = |text: &Option<String>| json!(text.as_deref().unwrap_or_default());
    let mut all = fields([
        ("webhook_url", text(&inbox.webhook_url)),
        ("hmac_mandatory", json!(inbox.hmac_mandatory)),
        (REPLY_WINDOW, whole(inbox.additional_attributes.get(REPLY_WINDOW))),
        ("website_url", text(&inbox.website_url)),
        ("widget_color", text(&inbox.widget_color)),
        ("welcome_title", text(&inbox.welcome_title)),
        ("welcome_tagline", text(&inbox.welcome_tagline)),
        ("reply_time", json!(inbox.reply_time)),
        ("continuity_via_email", json!(inbox.continuity_via_email)),
        ("allowed_domains", json!(domains(inbox.allowed_domains.as_deref().unwrap_or_default()))),
        ("selected_feature_flags", flags(inbox.selected_feature_flags.iter().copied())),
    ]);
    all.extend(form::seen(inbox));
    all.extend(fields([
        ("email", text(&inbox.email)),
        ("imap_enabled", json!(inbox.imap_enabled)),
        ("imap_address", text(&inbox.imap_address)),
        ("imap_port", json!(inbox.imap_port)),
        ("imap_login", text(&inbox.imap_login)),
        ("imap_enable_ssl", json!(inbox.imap_enable_ssl)),
        ("smtp_enabled", json!(inbox.smtp_enabled)),
        ("smtp_address", text(&inbox.smtp_address)),
        ("smtp_port", json!(inbox.smtp_port)),
        ("smtp_login", text(&inbox.smtp_login)),
        ("smtp_domain", text(&inbox.smtp_domain)),
        ("smtp_enable_starttls_auto", json!(inbox.smtp_enable_starttls_auto)),
        ("smtp_enable_ssl_tls", json!(inbox.smtp_enable_ssl_tls)),
        ("smtp_openssl_verify_mode", text(&inbox.smtp_openssl_verify_mode)),
        ("smtp_authentication", text(&inbox.smtp_authentication)),
    ]));
    all
}

/// People write a number there with or without quotes.
fn whole(value: Option<&Value>) -> Value {
    let number = value.and_then(|value| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()));
    json!(number)
}

/// Chatwoot keeps them in one text, in which people leave spaces and line breaks.
fn domains(text: &str) -> String {
    let entries = text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    entries.collect::<Vec<_>>().join(",")
}

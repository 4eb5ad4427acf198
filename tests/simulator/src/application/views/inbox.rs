//! Inboxes (chatwoot-api §3.5).

use super::{iso, with};
use crate::model::{
    World,
    content::rows::{ChannelKind, Inbox},
};
use serde_json::{Value, json};

/// As it stands beside a contact's session.
pub fn slim(inbox: &Inbox) -> Value {
    json!({
        "id": inbox.id,
        "avatar_url": "",
        "channel_id": inbox.channel_id,
        "name": inbox.name,
        "channel_type": inbox.kind.class(),
        "provider": inbox.channel.get("provider"),
    })
}

/// The row as it stands in the database.
pub fn raw(inbox: &Inbox) -> Value {
    let mut view = Value::Object(inbox.fields.clone());
    let own = [
        ("id", inbox.id.into()),
        ("account_id", inbox.account.into()),
        ("channel_id", inbox.channel_id.into()),
        ("channel_type", inbox.kind.class().into()),
        ("name", inbox.name.clone().into()),
        ("email_address", Value::Null),
        ("created_at", iso(inbox.created_at).into()),
        ("updated_at", iso(inbox.updated_at).into()),
    ];
    view = with(view, own);
    view
}

/// What channels of any kind may have; where this one has none, the key is there and null.
const SHARED: &[&str] = &[
    "widget_color",
    "website_url",
    "hmac_mandatory",
    "welcome_title",
    "welcome_tagline",
    "selected_feature_flags",
    "reply_time",
    "provider",
];
const WIDGET: &[&str] =
    &["pre_chat_form_enabled", "pre_chat_form_options", "continuity_via_email", "allowed_domains"];
const MAIL_SECRETS: &[&str] = &[
    "imap_enabled",
    "imap_login",
    "imap_password",
    "imap_address",
    "imap_port",
    "imap_enable_ssl",
    "imap_authentication",
    "smtp_enabled",
    "smtp_login",
    "smtp_password",
    "smtp_address",
    "smtp_port",
    "smtp_domain",
    "smtp_enable_starttls_auto",
    "smtp_enable_ssl_tls",
    "smtp_openssl_verify_mode",
    "smtp_authentication",
];

/// The flat view. Tokens, secrets and mail passwords (in clear) are for administrators.
pub fn full(world: &World, inbox: &Inbox, administrator: bool) -> Value {
    let mut view = Value::Object(inbox.fields.clone());
    if let Value::Object(keys) = &mut view {
        keys.remove("portal_id");
    }
    let channel = |name: &'static str| (name, inbox.channel.get(name).cloned().unwrap_or(Value::Null));
    let script = inbox.website_token.as_deref().map(|token| script(&world.installation.frontend_url, token));
    let own = [
        ("id", inbox.id.into()),
        ("avatar_url", if inbox.has_avatar { "/rails/active_storage/avatar.png" } else { "" }.into()),
        ("channel_id", inbox.channel_id.into()),
        ("name", inbox.name.clone().into()),
        ("channel_type", inbox.kind.class().into()),
        ("working_hours", json!(inbox.working_hours)),
        ("callback_webhook_url", Value::Null),
        ("website_token", inbox.website_token.clone().into()),
        ("web_widget_script", script.into()),
        ("messaging_service_sid", Value::Null),
        ("phone_number", Value::Null),
    ];
    let view = with(view, own.into_iter().chain(SHARED.iter().map(|name| channel(name))));
    let secret = |key, value: &Option<String>| value.clone().map(|value| (key, Value::from(value)));
    match inbox.kind {
        ChannelKind::Api => {
            let shown = [
                ("inbox_identifier", inbox.identifier.clone().into()),
                channel("webhook_url"),
                channel("additional_attributes"),
            ];
            let secrets = [secret("hmac_token", &inbox.hmac_token), secret("secret", &inbox.secret)];
            with(view, shown.into_iter().chain(secrets.into_iter().flatten().filter(|_| administrator)))
        }
        ChannelKind::WebWidget => {
            let secrets = secret("hmac_token", &inbox.hmac_token).filter(|_| administrator);
            let restricts = world.installation.restricts_widgets();
            let shown = WIDGET.iter().filter(|name| **name != "allowed_domains" || restricts);
            with(view, shown.map(|name| channel(name)).chain(secrets))
        }
        // No forward_to_email: this installation has no MAILER_INBOUND_EMAIL_DOMAIN.
        ChannelKind::Email => {
            let shown =
                [channel("email"), ("forward_to_email", Value::Null), channel("verified_for_sending")];
            let secrets = MAIL_SECRETS.iter().filter(|_| administrator).map(|name| channel(name));
            with(view, shown.into_iter().chain(secrets))
        }
    }
}

/// What goes into a website's pages.
fn script(base: &str, token: &str) -> String {
    format!(
        "\n    <script>\n      (function(d,t) {{\n        var BASE_URL=\"{base}\";\n        \
         // loads BASE_URL/packs/js/sdk.js\n        window.chatwootSettings = {{websiteToken: '{token}', baseUrl: BASE_URL}};\n      \
         }})(document,\"script\");\n    </script>\n    "
    )
}

//! Inboxes and their channels: columns, defaults, and who may work in them.

use super::{
    columns::{Column, Kind, Start, blank, column},
    rows::{ChannelKind, Inbox, WorkingDay},
};
use crate::model::{Installation, World, rows::Role, secrets};
use jiff::Timestamp;

/// The columns all inboxes have, but for the name (chatwoot-api §3.5).
pub const COMMON: &[Column] = &[
    column("greeting_enabled", Kind::Flag, Start::Off),
    column("greeting_message", Kind::Text, Start::Null),
    column("enable_email_collect", Kind::Flag, Start::On),
    column("csat_survey_enabled", Kind::Flag, Start::Off),
    column("csat_config", Kind::Object, Start::Object),
    column("enable_auto_assignment", Kind::Flag, Start::On),
    column("working_hours_enabled", Kind::Flag, Start::Off),
    column("out_of_office_message", Kind::Text, Start::Null),
    column("timezone", Kind::Text, Start::Text("UTC")),
    column("allow_messages_after_resolved", Kind::Flag, Start::On),
    column("lock_to_single_conversation", Kind::Flag, Start::Off),
    column("portal_id", Kind::Number, Start::Null),
    column("sender_name_type", Kind::Label(&["friendly", "professional"]), Start::Text("friendly")),
    column("business_name", Kind::Text, Start::Null),
    column("auto_assignment_config", Kind::Object, Start::Object),
];

const API: &[Column] = &[
    column("webhook_url", Kind::Text, Start::Null),
    column("hmac_mandatory", Kind::Flag, Start::Off),
    column("additional_attributes", Kind::Object, Start::Object),
];

/// Which features a widget can have, the youngest last.
const WIDGET_FLAGS: [&str; 5] =
    ["attachments", "emoji_picker", "end_conversation", "use_inbox_avatar_for_bot", "allow_mobile_webview"];
const REPLY_TIMES: &[&str] = &["in_a_few_minutes", "in_a_few_hours", "in_a_day"];

const WEB_WIDGET: &[Column] = &[
    column("website_url", Kind::Text, Start::Null),
    column("widget_color", Kind::Text, Start::Text("#1f93ff")),
    column("welcome_title", Kind::Text, Start::Null),
    column("welcome_tagline", Kind::Text, Start::Null),
    column("reply_time", Kind::Label(REPLY_TIMES), Start::Text("in_a_few_minutes")),
    column("pre_chat_form_enabled", Kind::Flag, Start::Off),
    column("pre_chat_form_options", Kind::Object, Start::Object),
    column("continuity_via_email", Kind::Flag, Start::On),
    column("hmac_mandatory", Kind::Flag, Start::Off),
    column("allowed_domains", Kind::Text, Start::Text("")),
    column(
        "selected_feature_flags",
        Kind::Texts,
        Start::Texts(&["attachments", "emoji_picker", "end_conversation"]),
    ),
];

const EMAIL: &[Column] = &[
    column("email", Kind::Text, Start::Null),
    column("imap_enabled", Kind::Flag, Start::Off),
    column("imap_login", Kind::Text, Start::Text("")),
    column("imap_password", Kind::Text, Start::Text("")),
    column("imap_address", Kind::Text, Start::Text("")),
    column("imap_port", Kind::Number, Start::Null),
    column("imap_enable_ssl", Kind::Flag, Start::On),
    column("imap_authentication", Kind::Text, Start::Text("plain")),
    column("smtp_enabled", Kind::Flag, Start::Off),
    column("smtp_login", Kind::Text, Start::Text("")),
    column("smtp_password", Kind::Text, Start::Text("")),
    column("smtp_address", Kind::Text, Start::Text("")),
    column("smtp_port", Kind::Number, Start::Null),
    column("smtp_domain", Kind::Text, Start::Text("")),
    column("smtp_enable_starttls_auto", Kind::Flag, Start::On),
    column("smtp_enable_ssl_tls", Kind::Flag, Start::Off),
    column("smtp_openssl_verify_mode", Kind::Text, Start::Text("none")),
    column("smtp_authentication", Kind::Text, Start::Text("login")),
    column("provider", Kind::Text, Start::Null),
    column("verified_for_sending", Kind::Flag, Start::Off),
];

impl Installation {
    /// What can be edited of a channel in this release.
    pub fn columns(&self, kind: ChannelKind) -> Vec<Column> {
        let all = match kind {
            ChannelKind::Api => API,
            ChannelKind::WebWidget => WEB_WIDGET,
            ChannelKind::Email => EMAIL,
        };
        let has = |column: &&Column| column.name != "allowed_domains" || self.restricts_widgets();
        all.iter().filter(has).copied().collect()
    }

    /// Migration 20250916024703.
    pub fn restricts_widgets(&self) -> bool {
        self.since(4, 6, 0)
    }

    /// Which features a widget can have in this release.
    pub fn widget_flags(&self) -> impl Iterator<Item = &'static str> {
        let newest = if self.since(4, 12, 0) { "" } else { "allow_mobile_webview" };
        WIDGET_FLAGS.into_iter().filter(move |flag| *flag != newest)
    }
}

/// Mondays to Fridays from nine to five.
fn office_hours() -> Vec<WorkingDay> {
    (0..7)
        .map(|day| {
            let open = (1..=5).contains(&day);
            let at = |hour| open.then_some(hour);
            WorkingDay {
                day_of_week: day,
                closed_all_day: !open,
                open_hour: at(9),
                open_minutes: at(0),
                close_hour: at(17),
                close_minutes: at(0),
                open_all_day: false,
            }
        })
        .collect()
}

impl World {
    /// An inbox as Chatwoot makes it, not yet stored.
    pub fn blank_inbox(&mut self, account: i64, kind: ChannelKind, now: Timestamp) -> Inbox {
        let api = kind == ChannelKind::Api;
        let signed = api || kind == ChannelKind::WebWidget;
        Inbox {
            id: 0,
            account,
            name: String::new(),
            kind,
            channel_id: self.content.channel_ids.next(),
            fields: blank(COMMON),
            channel: blank(&self.installation.columns(kind)),
            identifier: api.then(secrets::token),
            website_token: (kind == ChannelKind::WebWidget).then(secrets::token),
            hmac_token: signed.then(secrets::token),
            secret: (api && self.installation.since(4, 13, 0)).then(secrets::token),
            working_hours: office_hours(),
            has_avatar: false,
            bot: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// An e-mail inbox, wherever in the installation, that has this address.
    pub fn inbox_with_email(&self, email: &str) -> Option<&Inbox> {
        self.content.inboxes.all().find(|inbox| inbox.email() == Some(email))
    }

    pub fn inbox_by_identifier(&self, identifier: &str) -> Option<&Inbox> {
        self.content.inboxes.all().find(|inbox| inbox.identifier.as_deref() == Some(identifier))
    }

    /// Administrators work in every inbox of the account, agents in those they are members of.
    pub fn may_enter(&self, account: i64, user: i64, inbox: i64) -> bool {
        let Some(inbox) = self.content.inboxes.find(account, inbox) else { return false };
        match self.memberships.get(account, user) {
            None => false,
            Some(row) if row.role == Some(Role::Administrator) => true,
            Some(_) => self.content.inbox_members.contains(&(inbox.id, user)),
        }
    }
}

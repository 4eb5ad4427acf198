//! An inbox: where an account's customers write to (§3.5).

mod channel;

pub use channel::{ApiChannel, Channel, EmailChannel, Imap, Smtp, WebWidget};

use super::{ids::InboxId, words::words};
use crate::chatwoot::{loose, types::Map, version::Version};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// What kind of inbox it is, of those this operator makes. It never changes.
    ChannelType, "channel type":
    Api = "Channel::Api",
    WebWidget = "Channel::WebWidget",
    Email = "Channel::Email",
}

words! {
    /// How senders are named in e-mails.
    SenderNameType, "sender name type":
    Friendly = "friendly",
    Professional = "professional",
}

words! {
    /// How fast the web widget promises an answer.
    ReplyTime, "reply time":
    InAFewMinutes = "in_a_few_minutes",
    InAFewHours = "in_a_few_hours",
    InADay = "in_a_day",
}

words! {
    /// What the web widget offers.
    WidgetFeature, "web widget feature":
    Attachments = "attachments",
    EmojiPicker = "emoji_picker",
    EndConversation = "end_conversation",
    UseInboxAvatarForBot = "use_inbox_avatar_for_bot",
    /// Since 4.12.
    AllowMobileWebview = "allow_mobile_webview",
}

impl WidgetFeature {
    /// The first release that takes it, as far back as this operator goes; others answer 500 (chatwoot/chatwoot#13763).
    pub fn since(self) -> Version {
        match self {
            Self::AllowMobileWebview => Version::new(4, 12, 0),
            _ => Version::new(2, 0, 0),
        }
    }
}

/// An inbox. Keys of other channels are null, and read as absent. Names are not unique. `Debug` shows id, name and channel.
#[derive(Clone, Deserialize, Serialize)]
pub struct Inbox {
    pub id: InboxId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    /// `None` for the channels this operator does not make.
    #[serde(default, deserialize_with = "loose::word")]
    pub channel_type: Option<ChannelType>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub greeting_enabled: bool,
    #[serde(default, deserialize_with = "loose::text")]
    pub greeting_message: Option<String>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub enable_email_collect: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub csat_survey_enabled: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub enable_auto_assignment: bool,
    #[serde(default, deserialize_with = "loose::map")]
    pub auto_assignment_config: Map,
    #[serde(default, deserialize_with = "loose::flag")]
    pub working_hours_enabled: bool,
    /// Seven rows.
    #[serde(default, deserialize_with = "loose::rows")]
    pub working_hours: Vec<WorkingDay>,
    #[serde(default, deserialize_with = "loose::text")]
    pub out_of_office_message: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub timezone: Option<String>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub allow_messages_after_resolved: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub lock_to_single_conversation: bool,
    #[serde(default, deserialize_with = "loose::word")]
    pub sender_name_type: Option<SenderNameType>,
    #[serde(default, deserialize_with = "loose::text")]
    pub business_name: Option<String>,

    /// API: what the Client API calls the inbox by. Whoever knows it can write to the inbox (§4).
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub inbox_identifier: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::text")]
    pub webhook_url: Option<String>,
    #[serde(default, deserialize_with = "loose::map")]
    pub additional_attributes: Map,
    /// API: signs what Chatwoot sends to `webhook_url`; since 4.13, to administrators only.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub secret: Option<SecretString>,

    /// API and web widget: the key of identity hashes; to administrators only.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub hmac_token: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub hmac_mandatory: bool,

    /// Web widget.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub website_token: Option<SecretString>,
    /// What goes into the site's pages; holds the website token.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub web_widget_script: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::text")]
    pub website_url: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub widget_color: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub welcome_title: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub welcome_tagline: Option<String>,
    #[serde(default, deserialize_with = "loose::word")]
    pub reply_time: Option<ReplyTime>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub pre_chat_form_enabled: bool,
    #[serde(default, deserialize_with = "loose::map")]
    pub pre_chat_form_options: Map,
    #[serde(default, deserialize_with = "loose::flag")]
    pub continuity_via_email: bool,
    /// Since 4.6.
    #[serde(default, deserialize_with = "loose::text")]
    pub allowed_domains: Option<String>,
    #[serde(default, deserialize_with = "loose::words")]
    pub selected_feature_flags: Vec<WidgetFeature>,

    /// E-mail: unique in the whole installation.
    #[serde(default, deserialize_with = "loose::text")]
    pub email: Option<String>,
    /// Where mail is to be forwarded to; only where the installation takes mail in.
    #[serde(default, deserialize_with = "loose::text")]
    pub forward_to_email: Option<String>,
    #[serde(default, deserialize_with = "loose::maybe_flag")]
    pub imap_enabled: Option<bool>,
    #[serde(default, deserialize_with = "loose::text")]
    pub imap_login: Option<String>,
    /// To administrators only, as the other one.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub imap_password: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::text")]
    pub imap_address: Option<String>,
    #[serde(default, deserialize_with = "loose::int")]
    pub imap_port: Option<i64>,
    #[serde(default, deserialize_with = "loose::maybe_flag")]
    pub imap_enable_ssl: Option<bool>,
    #[serde(default, deserialize_with = "loose::maybe_flag")]
    pub smtp_enabled: Option<bool>,
    #[serde(default, deserialize_with = "loose::text")]
    pub smtp_login: Option<String>,
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub smtp_password: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::text")]
    pub smtp_address: Option<String>,
    #[serde(default, deserialize_with = "loose::int")]
    pub smtp_port: Option<i64>,
    #[serde(default, deserialize_with = "loose::text")]
    pub smtp_domain: Option<String>,
    #[serde(default, deserialize_with = "loose::maybe_flag")]
    pub smtp_enable_starttls_auto: Option<bool>,
    #[serde(default, deserialize_with = "loose::maybe_flag")]
    pub smtp_enable_ssl_tls: Option<bool>,
    #[serde(default, deserialize_with = "loose::text")]
    pub smtp_openssl_verify_mode: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub smtp_authentication: Option<String>,
}

impl Inbox {
    /// The first release in which a widget can be restricted to domains; others drop them in silence
    /// (chatwoot/chatwoot#12450, migration 20250916024703).
    pub const RESTRICTED_SINCE: Version = Version::new(4, 6, 0);
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Inbox");
        shown.field("id", &self.id).field("name", &self.name).field("channel_type", &self.channel_type);
        shown.finish_non_exhaustive()
    }
}

/// Opening hours of one day, in the inbox's time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct WorkingDay {
    /// 0 is Sunday.
    pub day_of_week: u8,
    #[serde(default, deserialize_with = "loose::flag")]
    pub closed_all_day: bool,
    #[serde(default, deserialize_with = "loose::flag")]
    pub open_all_day: bool,
    #[serde(default)]
    pub open_hour: Option<u8>,
    #[serde(default)]
    pub open_minutes: Option<u8>,
    #[serde(default)]
    pub close_hour: Option<u8>,
    #[serde(default)]
    pub close_minutes: Option<u8>,
}

/// What every inbox has and can be given; `None` leaves a field alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct InboxFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting_enabled: Option<bool>,
    /// At most 10,000 characters (else 422), as the out-of-office message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_email_collect: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_survey_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_config: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_assignment: Option<bool>,
    /// Enterprise images only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_assignment_config: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_hours_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_office_message: Option<String>,
    /// An IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_messages_after_resolved: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_to_single_conversation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name_type: Option<SenderNameType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_name: Option<String>,
}

impl InboxFields {
    /// Why these cannot be sent: Chatwoot turns the text `null` in a field of an inbox into nothing (§3.5).
    pub(in crate::chatwoot) fn unsendable(&self) -> Option<&'static str> {
        let texts = [
            &self.name,
            &self.greeting_message,
            &self.out_of_office_message,
            &self.timezone,
            &self.business_name,
        ];
        let null = texts.into_iter().flatten().any(|text| text == "null");
        null.then_some(
            "the text \"null\" in a field of an inbox is read by Chatwoot as nothing: write another",
        )
    }
}

/// An inbox to be made. Where the account has all the inboxes it may have, it is refused
/// ([`LimitReached`](crate::chatwoot::outcome::Class::LimitReached)).
#[derive(Clone, Debug, Serialize)]
pub struct NewInbox {
    #[serde(flatten)]
    pub fields: InboxFields,
    pub channel: Channel,
}

/// What changes of an inbox. The channel's fields must be those of its kind, which never changes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InboxPatch {
    #[serde(flatten)]
    pub fields: InboxFields,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "channel::without_type")]
    pub channel: Option<Channel>,
    /// The days that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub working_hours: Vec<WorkingDay>,
}

impl InboxPatch {
    /// Why it cannot be sent.
    pub(in crate::chatwoot) fn unsendable(&self) -> Option<&'static str> {
        let wrong = |day: &WorkingDay| {
            let hour = |hour: Option<u8>| hour.is_some_and(|hour| hour > 23);
            let minutes = |minutes: Option<u8>| minutes.is_some_and(|minutes| minutes > 59);
            day.day_of_week > 6
                || hour(day.open_hour)
                || hour(day.close_hour)
                || minutes(day.open_minutes)
                || minutes(day.close_minutes)
        };
        let day = "working hours: a day is 0 (Sunday) to 6, an hour 0 to 23, minutes are 0 to 59";
        self.fields.unsendable().or_else(|| self.working_hours.iter().any(wrong).then_some(day))
    }
}

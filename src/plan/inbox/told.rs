//! An inbox that is there, as a manifest declares it.

use super::{
    BOT, MEMBERS, REPLY_WINDOW,
    channel::{feature, reply_time},
    form, hours,
};
use crate::{
    api::{
        content::{ContentDeletionPolicy, Within},
        inbox::{
            ApiChannel, EmailChannel, Greeting, InboxSpec, ReplyTime, WebWidget, WidgetFeature, WorkingHours,
        },
    },
    chatwoot::tenant::inbox::{self as wire, ChannelType},
    plan::{
        agent_bot::AGENT_BOT,
        content::{Telling, Untold},
    },
};
use serde_json::Value;

/// # Errors
/// It is of a channel that no ChatwootInbox has.
pub fn told(within: Within, inbox: &mut Telling<'_>) -> Result<InboxSpec, Untold> {
    let mut spec = InboxSpec { within, name: inbox.key(), ..InboxSpec::default() };
    match inbox.read("channel_type") {
        Some(ChannelType::Api) => spec.api = Some(api(inbox)),
        Some(ChannelType::WebWidget) => spec.web_widget = Some(widget(inbox)),
        Some(ChannelType::Email) => spec.email = Some(email(inbox)),
        None => return Err("is of a channel that no ChatwootInbox has".to_owned()),
    }
    spec.greeting =
        Some(Greeting { enabled: inbox.flag("greeting_enabled"), message: inbox.text("greeting_message") });
    spec.csat = inbox.flag("csat_survey_enabled");
    spec.auto_assignment = inbox.flag("enable_auto_assignment");
    spec.allow_messages_after_resolved = inbox.flag("allow_messages_after_resolved");
    spec.lock_to_single_conversation = inbox.flag("lock_to_single_conversation");
    spec.timezone = inbox.text("timezone");
    let enabled = inbox.flag("working_hours_enabled");
    spec.working_hours = Some(WorkingHours {
        enabled,
        out_of_office_message: inbox.text("out_of_office_message"),
        // Where they do not count they are nobody's choice.
        days: if enabled == Some(true) { hours::told(inbox) } else { Vec::new() },
    });
    spec.members = inbox.people(MEMBERS);
    spec.bot = bot(inbox);
    spec.deletion_policy = ContentDeletionPolicy::Retain;
    Ok(spec)
}

fn bot(inbox: &mut Telling<'_>) -> Option<String> {
    let id = inbox.part(BOT).and_then(Value::as_i64)?;
    let name = inbox.sibling(AGENT_BOT.kind, id);
    if name.is_none() {
        inbox.leave(format!("bot (no manifest is of agent bot {id})"));
    }
    name
}

fn api(inbox: &Telling<'_>) -> ApiChannel {
    ApiChannel {
        webhook_url: inbox.text("webhook_url"),
        hmac_mandatory: inbox.flag("hmac_mandatory"),
        agent_reply_time_window: inbox.read(REPLY_WINDOW),
    }
}

fn widget(inbox: &mut Telling<'_>) -> WebWidget {
    const TIMES: [ReplyTime; 3] = [ReplyTime::InAFewMinutes, ReplyTime::InAFewHours, ReplyTime::InADay];
    const FEATURES: [WidgetFeature; 5] = [
        WidgetFeature::Attachments,
        WidgetFeature::EmojiPicker,
        WidgetFeature::EndConversation,
        WidgetFeature::UseInboxAvatarForBot,
        WidgetFeature::AllowMobileWebview,
    ];
    let domains = inbox.text("allowed_domains");
    let offered: Vec<wire::WidgetFeature> = inbox.read("selected_feature_flags").unwrap_or_default();
    WebWidget {
        website_url: inbox.text("website_url").unwrap_or_default(),
        color: inbox.text("widget_color"),
        welcome_title: inbox.text("welcome_title"),
        welcome_tagline: inbox.text("welcome_tagline"),
        reply_time: inbox.word("reply_time", &TIMES, reply_time),
        pre_chat_form: Some(form::told(inbox)),
        continuity_via_email: inbox.flag("continuity_via_email"),
        hmac_mandatory: inbox.flag("hmac_mandatory"),
        allowed_domains: domains.map(|text| text.split(',').map(str::to_owned).collect()),
        features: Some(FEATURES.into_iter().filter(|flag| offered.contains(&feature(*flag))).collect()),
    }
}

/// Servers are not declared: a manifest has to name a Secret with their password, and nobody is told what that is.
fn email(inbox: &mut Telling<'_>) -> EmailChannel {
    for (server, enabled) in [("imap", "imap_enabled"), ("smtp", "smtp_enabled")] {
        if inbox.flag(enabled) == Some(true) {
            inbox.leave(format!(
                "email.{server} (it takes a Secret with its password; what is set in Chatwoot stays)"
            ));
        }
    }
    EmailChannel { address: inbox.text("email").unwrap_or_default(), ..EmailChannel::default() }
}

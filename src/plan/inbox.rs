//! What a ChatwootInbox asks for, in Chatwoot's words.
//!
//! Lists show an inbox flat, with what is its channel's beside what is its own, and so are the fields here. Three of them
//! are parts of something that Chatwoot replaces whole, and stand here by themselves: the reply window of an API inbox,
//! message and questions of the form before a chat, and each day of the week.

mod channel;
mod form;
mod hours;
#[cfg(test)]
mod tests;
mod told;

pub use channel::REPLY_WINDOW;
pub use form::{PRE_CHAT_FIELDS, PRE_CHAT_MESSAGE};
pub use hours::{days, is_day};
pub use told::told;

use super::{
    agent_bot::AGENT_BOT,
    content::{Names, Naming, Seen, Trait, Wish, declared, fields},
    staff,
    status::Verdict,
};
use crate::{api::inbox::InboxSpec, chatwoot::tenant::inbox::Inbox};
use serde_json::{Value, json};

pub const INBOX: Trait = Trait {
    kind: "ChatwootInbox",
    noun: "inbox",
    key: "name",
    naming: Naming::Temporary("name"),
    precious: true,
};

/// Who works in it: ids in ascending order.
pub const MEMBERS: &str = "members";
/// Which bot answers first: its id, or null.
pub const BOT: &str = "bot";

/// What the spec asks for.
///
/// # Errors
/// What this version does not have, and a question whose answer would be dropped. What members and bot are waiting for
/// stands in the wish.
pub fn wish(spec: &InboxSpec, names: &dyn Names) -> Result<Wish, Verdict> {
    channel::supported(spec, names.version())?;
    spec.web_widget.iter().filter_map(|widget| widget.pre_chat_form.as_ref()).try_for_each(form::owned)?;
    let greeting = spec.greeting.as_ref();
    let hours = spec.working_hours.as_ref();
    let flag = |flag: Option<bool>| flag.map(Value::Bool);
    let mut wish = Wish {
        key: spec.name.clone(),
        fields: declared([
            ("name", Some(json!(spec.name))),
            ("greeting_enabled", flag(greeting.and_then(|greeting| greeting.enabled))),
            (
                "greeting_message",
                greeting.and_then(|greeting| greeting.message.as_ref()).map(|text| json!(text)),
            ),
            ("csat_survey_enabled", flag(spec.csat)),
            ("enable_auto_assignment", flag(spec.auto_assignment)),
            ("allow_messages_after_resolved", flag(spec.allow_messages_after_resolved)),
            ("lock_to_single_conversation", flag(spec.lock_to_single_conversation)),
            ("timezone", spec.timezone.as_ref().map(|zone| json!(zone))),
            ("working_hours_enabled", flag(hours.and_then(|hours| hours.enabled))),
            (
                "out_of_office_message",
                hours.and_then(|hours| hours.out_of_office_message.as_ref()).map(|text| json!(text)),
            ),
        ]),
        connection: spec.connection_secret.as_ref().map(|secret| secret.name.clone()),
        ..Wish::default()
    };
    wish.fields.extend(hours::wanted(hours));
    channel::wish(spec, &mut wish);
    people(spec, names, &mut wish);
    Ok(wish)
}

/// Whoever works in it. One who is waited for holds up neither the inbox, nor the others, nor its bot.
fn people(spec: &InboxSpec, names: &dyn Names, wish: &mut Wish) {
    if let Some(members) = &spec.members {
        staff::declare(members, names, MEMBERS, wish);
    }
    match spec.bot.as_deref() {
        None => {}
        Some("") => drop(wish.parts.insert(BOT, Value::Null)),
        Some(name) => match names.sibling(AGENT_BOT.kind, name) {
            Ok(id) => drop(wish.parts.insert(BOT, json!(id))),
            Err(why) => wish.pending = wish.pending.take().or(Some(why)),
        },
    }
}

/// What Chatwoot shows of an inbox, without its secrets.
pub fn seen(inbox: &Inbox) -> Seen {
    let text = |text: &Option<String>| json!(text.as_deref().unwrap_or_default());
    let mut all = fields([
        ("name", json!(inbox.name)),
        ("channel_type", json!(inbox.channel_type)),
        ("greeting_enabled", json!(inbox.greeting_enabled)),
        ("greeting_message", text(&inbox.greeting_message)),
        ("csat_survey_enabled", json!(inbox.csat_survey_enabled)),
        ("enable_auto_assignment", json!(inbox.enable_auto_assignment)),
        ("allow_messages_after_resolved", json!(inbox.allow_messages_after_resolved)),
        ("lock_to_single_conversation", json!(inbox.lock_to_single_conversation)),
        ("timezone", text(&inbox.timezone)),
        ("working_hours_enabled", json!(inbox.working_hours_enabled)),
        ("out_of_office_message", text(&inbox.out_of_office_message)),
    ]);
    all.extend(hours::seen(&inbox.working_hours));
    all.extend(channel::seen(inbox));
    Seen { id: inbox.id.0, key: inbox.name.clone(), fields: all }
}

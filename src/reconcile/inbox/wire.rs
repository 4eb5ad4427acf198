//! The flat fields of a wish, as the requests about inboxes take them.

use crate::{
    chatwoot::{
        outcome::Failure,
        tenant::inbox::{
            ApiChannel, Channel, ChannelType, EmailChannel, Inbox, InboxFields, InboxPatch, NewInbox,
            WebWidget,
        },
        types::Map,
    },
    plan::inbox::{PRE_CHAT_FIELDS, PRE_CHAT_MESSAGE, REPLY_WINDOW, days, is_day},
    reconcile::content::{Secrets, typed},
};
use serde_json::{Value, json};

const ATTRIBUTES: &str = "additional_attributes";
const FORM: &str = "pre_chat_form_options";

/// A request to make one. Opening hours cannot be given with it, and servers are not: only a change makes Chatwoot try
/// them. Both follow with the change that gives it its name.
pub fn new(mut fields: Map) -> Result<NewInbox, Failure> {
    let kind = fields.remove("channel_type");
    fields.retain(|field, _| !is_day(field) && !field.starts_with("imap_") && !field.starts_with("smtp_"));
    set_merged(&mut fields, Map::new(), Map::new());
    let kind: Option<ChannelType> = kind.and_then(|kind| serde_json::from_value(kind).ok());
    let channel = match kind {
        Some(ChannelType::WebWidget) => Channel::WebWidget(typed(fields.clone())?),
        Some(ChannelType::Email) => Channel::Email(typed(fields.clone())?),
        Some(ChannelType::Api) | None => Channel::Api(typed(fields.clone())?),
    };
    Ok(NewInbox { fields: typed(fields)?, channel })
}

/// A request to change one. What is merged has been.
pub fn patch(fields: Map, mut secrets: Secrets) -> Result<InboxPatch, Failure> {
    let api: ApiChannel = typed(fields.clone())?;
    let widget: WebWidget = typed(fields.clone())?;
    let mut email: EmailChannel = typed(fields.clone())?;
    email.imap.password = secrets.remove("imap_password");
    email.smtp.password = secrets.remove("smtp_password");
    // A request without fields of the channel must not have an empty one: Chatwoot would try the mail servers.
    let channels = [Channel::Email(email), Channel::WebWidget(widget), Channel::Api(api)];
    let channel = channels.into_iter().find(has_fields);
    Ok(InboxPatch { fields: typed::<InboxFields>(fields.clone())?, channel, working_hours: days(&fields) })
}

/// One that says more than its type. What API inboxes and web widgets share goes out the same for both.
fn has_fields(channel: &Channel) -> bool {
    serde_json::to_value(channel).is_ok_and(|value| value.as_object().is_some_and(|fields| fields.len() > 1))
}

/// Some fields are parts of something that Chatwoot replaces whole.
pub fn needs_merging(fields: &Map) -> bool {
    [REPLY_WINDOW, PRE_CHAT_MESSAGE, PRE_CHAT_FIELDS].iter().any(|field| fields.contains_key(*field))
}

/// Puts such fields into what the inbox has now.
pub fn merge(fields: &mut Map, inbox: &Inbox) {
    set_merged(fields, inbox.additional_attributes.clone(), inbox.pre_chat_form_options.clone());
}

fn set_merged(fields: &mut Map, mut attributes: Map, mut form: Map) {
    if let Some(window) = fields.remove(REPLY_WINDOW) {
        attributes.insert(REPLY_WINDOW.to_owned(), window);
        fields.insert(ATTRIBUTES.to_owned(), json!(attributes));
    }
    let asked: Vec<(&str, Value)> = [PRE_CHAT_MESSAGE, PRE_CHAT_FIELDS]
        .into_iter()
        .filter_map(|field| Some((field, fields.remove(field)?)))
        .collect();
    if !asked.is_empty() {
        form.extend(asked.into_iter().map(|(field, value)| (field.to_owned(), value)));
        fields.insert(FORM.to_owned(), json!(form));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn map(value: Value) -> Map {
        value.as_object().cloned().unwrap()
    }

    fn sent(fields: Value, secrets: Secrets) -> Value {
        serde_json::to_value(patch(map(fields), secrets).unwrap()).unwrap()
    }

    #[test]
    fn a_create_says_what_it_is_and_leaves_for_later_what_only_a_change_takes() {
        let fields = json!({"name": "chatwoot-operator-1", "channel_type": "Channel::Email", "email": "help@acme.example",
            "imap_enabled": true, "imap_address": "mail.acme.example", "working_hours.monday": {"day_of_week": 1}});
        let sent = serde_json::to_value(new(map(fields)).unwrap()).unwrap();
        let channel = json!({"type": "email", "email": "help@acme.example"});
        assert_eq!(sent, json!({"name": "chatwoot-operator-1", "channel": channel}));
    }

    #[test]
    fn a_create_takes_parts_of_what_is_replaced_whole() {
        let fields = json!({"name": "a", "channel_type": "Channel::Api", "agent_reply_time_window": 24});
        let sent = serde_json::to_value(new(map(fields)).unwrap()).unwrap();
        assert_eq!(
            sent["channel"],
            json!({"type": "api", "additional_attributes": {"agent_reply_time_window": 24}})
        );
    }

    #[test]
    fn a_change_of_the_inbox_alone_says_nothing_of_its_channel() {
        assert_eq!(sent(json!({"name": "Help"}), Secrets::new()), json!({"name": "Help"}));
    }

    #[test]
    fn a_change_of_the_channel_goes_out_without_its_type() {
        assert_eq!(
            sent(json!({"hmac_mandatory": true}), Secrets::new()),
            json!({"channel": {"hmac_mandatory": true}})
        );
        assert_eq!(
            sent(json!({"reply_time": "in_a_day", "hmac_mandatory": true}), Secrets::new()),
            json!({"channel": {"reply_time": "in_a_day", "hmac_mandatory": true}})
        );
        let password = Secrets::from([("imap_password", SecretString::from("hunter2"))]);
        assert_eq!(
            sent(json!({"imap_enabled": true}), password),
            json!({"channel": {"imap_enabled": true, "imap_password": "hunter2"}})
        );
    }

    #[test]
    fn days_go_out_as_rows() {
        let day = json!({"day_of_week": 6, "closed_all_day": true, "open_all_day": false, "open_hour": null,
            "open_minutes": null, "close_hour": null, "close_minutes": null});
        assert_eq!(
            sent(json!({"working_hours.saturday": day}), Secrets::new()),
            json!({"working_hours": [day]})
        );
    }

    #[test]
    fn what_others_keep_beside_a_field_stays() {
        let inbox: Inbox = serde_json::from_value(json!({"id": 1, "additional_attributes": {"theirs": 1},
            "pre_chat_form_options": {"pre_chat_message": "Hi", "pre_chat_fields": [{"name": "fullName"}]}}))
        .unwrap();
        let mut fields = map(json!({"agent_reply_time_window": 24, "pre_chat_message": "Welcome"}));
        assert!(needs_merging(&fields));
        merge(&mut fields, &inbox);
        assert!(!needs_merging(&fields));
        assert_eq!(
            json!(fields),
            json!({"additional_attributes": {"theirs": 1, "agent_reply_time_window": 24},
                "pre_chat_form_options": {"pre_chat_message": "Welcome", "pre_chat_fields": [{"name": "fullName"}]}})
        );
    }
}

//! What a ChatwootWebhook asks for, in Chatwoot's words.

use super::{
    content::{Names, Naming, Seen, Telling, Trait, Wish, declared, fields},
    status::Verdict,
};
use crate::{
    api::{
        common::Discreet,
        conditions::reason,
        content::{ContentDeletionPolicy, Within},
        webhook::{WebhookEvent as Told, WebhookSpec},
    },
    chatwoot::{
        tenant::webhook::{Webhook, WebhookEvent},
        version::Version,
    },
};
use serde_json::{Value, json};

pub const WEBHOOK: Trait = Trait {
    kind: "ChatwootWebhook",
    noun: "webhook",
    key: "url",
    naming: Naming::Fingerprint("url"),
    precious: false,
};

/// The kind of resource that `inbox` names.
pub const INBOX: &str = "ChatwootInbox";

/// # Errors
/// What this version does not have, or an inbox that is not there yet.
pub fn wish(spec: &WebhookSpec, names: &dyn Names) -> Result<Wish, Verdict> {
    let version = names.version();
    let subscriptions = spec.subscriptions.as_ref().map(|told| told.iter().map(|one| event(*one)).collect());
    supported(spec, subscriptions.as_deref(), version)?;
    let inbox = spec.inbox.as_ref().map(|name| names.sibling(INBOX, name)).transpose()?;
    let fields = declared([
        ("url", Some(json!(spec.url.0))),
        ("name", spec.name.as_ref().map(|name| json!(name))),
        ("subscriptions", subscriptions.map(in_order)),
        ("inbox_id", inbox.map(|id| json!(id))),
    ]);
    let connection = spec.connection_secret.as_ref().map(|secret| secret.name.clone());
    Ok(Wish { key: spec.url.0.clone(), fields, connection, ..Wish::default() })
}

/// What Chatwoot would drop in silence, or refuse.
fn supported(
    spec: &WebhookSpec,
    subscriptions: Option<&[WebhookEvent]>,
    version: Version,
) -> Result<(), Verdict> {
    let since = |asked: bool, since: Version, what: &str, field: &str| {
        let text =
            format!("Chatwoot {version} has no {what}; leave {field} out, or upgrade Chatwoot to {since}");
        let missing = asked && version < since;
        if missing { Err(Verdict::new(reason::INVALID_SPEC, text)) } else { Ok(()) }
    };
    since(spec.name.is_some(), Webhook::NAMED_SINCE, "names of webhooks", "name")?;
    let secret = spec.connection_secret.is_some();
    since(secret, Webhook::SIGNED_SINCE, "secrets of webhooks", "connectionSecret")?;
    for told in subscriptions.into_iter().flatten() {
        since(true, told.since(), told.as_str(), "it")?;
    }
    Ok(())
}

pub fn seen(webhook: &Webhook) -> Seen {
    Seen {
        id: webhook.id.0,
        key: webhook.url.clone(),
        fields: fields([
            ("url", json!(webhook.url)),
            ("name", json!(webhook.name.clone().unwrap_or_default())),
            ("subscriptions", in_order(webhook.subscriptions.clone())),
            ("inbox_id", json!(webhook.inbox_id())),
        ]),
    }
}

/// What a manifest of one that is there declares.
pub fn told(within: Within, webhook: &mut Telling<'_>) -> WebhookSpec {
    let inbox = webhook.read::<i64>("inbox_id");
    let named = inbox.and_then(|id| webhook.sibling(INBOX, id));
    if let Some(id) = inbox.filter(|_| named.is_none()) {
        webhook.leave(format!("inbox (no manifest is of inbox {id})"));
    }
    let events: Vec<WebhookEvent> = webhook.read("subscriptions").unwrap_or_default();
    let told: Vec<Told> = TOLD.into_iter().filter(|told| events.contains(&event(*told))).collect();
    WebhookSpec {
        within,
        url: Discreet(webhook.key()),
        name: webhook.text("name").filter(|_| webhook.version() >= Webhook::NAMED_SINCE),
        subscriptions: (!told.is_empty()).then_some(told),
        inbox: named,
        connection_secret: None,
        deletion_policy: ContentDeletionPolicy::Retain,
    }
}

const TOLD: [Told; 12] = [
    Told::ConversationCreated,
    Told::ConversationStatusChanged,
    Told::ConversationUpdated,
    Told::MessageCreated,
    Told::MessageUpdated,
    Told::WebwidgetTriggered,
    Told::ContactCreated,
    Told::ContactUpdated,
    Told::InboxCreated,
    Told::InboxUpdated,
    Told::ConversationTypingOn,
    Told::ConversationTypingOff,
];

/// Events as they are compared: in which order they stand makes no difference.
fn in_order(mut events: Vec<WebhookEvent>) -> Value {
    events.sort_unstable();
    events.dedup();
    json!(events)
}

fn event(told: Told) -> WebhookEvent {
    match told {
        Told::ConversationCreated => WebhookEvent::ConversationCreated,
        Told::ConversationStatusChanged => WebhookEvent::ConversationStatusChanged,
        Told::ConversationUpdated => WebhookEvent::ConversationUpdated,
        Told::MessageCreated => WebhookEvent::MessageCreated,
        Told::MessageUpdated => WebhookEvent::MessageUpdated,
        Told::WebwidgetTriggered => WebhookEvent::WebwidgetTriggered,
        Told::ContactCreated => WebhookEvent::ContactCreated,
        Told::ContactUpdated => WebhookEvent::ContactUpdated,
        Told::InboxCreated => WebhookEvent::InboxCreated,
        Told::InboxUpdated => WebhookEvent::InboxUpdated,
        Told::ConversationTypingOn => WebhookEvent::ConversationTypingOn,
        Told::ConversationTypingOff => WebhookEvent::ConversationTypingOff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::content::ConnectionSecret, plan::content::tests::Namesakes};

    const URL: &str = "https://hooks.acme.example/t/canary";

    fn spec() -> WebhookSpec {
        WebhookSpec {
            within: Within { account: "acme".into(), ..Within::default() },
            url: Discreet(URL.into()),
            name: None,
            subscriptions: Some(vec![Told::MessageUpdated, Told::ConversationCreated]),
            inbox: None,
            connection_secret: None,
            deletion_policy: ContentDeletionPolicy::Delete,
        }
    }

    fn row(json: Value) -> Seen {
        seen(&serde_json::from_value(json).unwrap())
    }

    fn at(spec: &WebhookSpec, version: Version) -> Result<Wish, Verdict> {
        wish(spec, &Namesakes { version, ..Namesakes::default() })
    }

    #[test]
    fn only_what_the_spec_declares_is_asked_for_and_events_have_no_order() {
        let wish = wish(&spec(), &Namesakes::default()).unwrap();
        assert_eq!(wish.fields.keys().collect::<Vec<_>>(), ["subscriptions", "url"]);
        let same = row(json!({"id": 8, "url": URL, "name": "By hand", "inbox": {"id": 4, "name": "Website"},
            "subscriptions": ["message_updated", "conversation_created", "from_the_future"]}));
        assert!(wish.differences(&same).is_empty());
        let other = row(json!({"id": 8, "url": URL, "subscriptions": ["message_updated"]}));
        assert_eq!(
            wish.differences(&other)["subscriptions"],
            json!(["conversation_created", "message_updated"])
        );
    }

    #[test]
    fn the_inbox_is_named_and_sent_as_its_id() {
        let named = WebhookSpec { inbox: Some("website".into()), name: Some(String::new()), ..spec() };
        assert_eq!(wish(&named, &Namesakes::default()).unwrap_err().reason, "WaitingForReference");
        let wish = wish(&named, &Namesakes::of(&[("website", 4)])).unwrap();
        assert_eq!(wish.fields["inbox_id"], 4);
        let events = ["conversation_created", "message_updated"];
        let same =
            row(json!({"id": 8, "url": URL, "inbox": {"id": 4}, "name": null, "subscriptions": events}));
        assert!(wish.differences(&same).is_empty(), "a name that was never set is an empty one");
        let none = row(json!({"id": 8, "url": URL, "subscriptions": events}));
        assert_eq!(wish.differences(&none).keys().collect::<Vec<_>>(), ["inbox_id"]);
    }

    #[test]
    fn what_a_version_does_not_have_is_said_before_anything_is_sent() {
        let named = WebhookSpec { name: Some("CRM".into()), ..spec() };
        let signed =
            WebhookSpec { connection_secret: Some(ConnectionSecret { name: "crm".into() }), ..spec() };
        let typing = WebhookSpec { subscriptions: Some(vec![Told::ConversationTypingOn]), ..spec() };
        for (spec, enough, field) in [
            (named, Version::new(4, 8, 0), "leave name out"),
            (signed, Version::new(4, 12, 0), "leave connectionSecret out"),
            (typing, Version::new(4, 2, 0), "has no conversation_typing_on"),
        ] {
            let before = Version::new(4, enough.minor - 1, 9);
            let refused = at(&spec, before).unwrap_err();
            assert_eq!(refused.reason, "InvalidSpec");
            assert!(refused.message.contains(field), "{}", refused.message);
            assert!(
                refused.message.ends_with(&format!("upgrade Chatwoot to {enough}")),
                "{}",
                refused.message
            );
            assert!(!refused.message.contains("canary"), "{}", refused.message);
            at(&spec, enough).unwrap();
        }
    }

    #[test]
    fn the_url_is_not_printed() {
        let wish = wish(&spec(), &Namesakes::default()).unwrap().sealed(&WEBHOOK);
        let seen = row(json!({"id": 8, "url": URL})).sealed(&WEBHOOK);
        let told = format!("{:?} {wish:?} {seen:?}", spec());
        assert!(!told.contains("canary") && told.contains("conversation_created"), "{told}");
        assert_eq!(wish.key, seen.key);
    }
}

use super::*;
use crate::{
    api::{
        conditions::reason,
        content::Within,
        inbox::{
            ApiChannel, EmailChannel, Greeting, OpeningHours, PreChatForm, WebWidget, Weekday, WidgetFeature,
            WorkingHours,
        },
    },
    chatwoot::version::Version,
    plan::content::Seen,
};
use std::collections::BTreeMap;

/// People and bots by name.
pub struct Town(BTreeMap<&'static str, i64>, Version);

impl Default for Town {
    fn default() -> Self {
        Self(BTreeMap::new(), Version::NEWEST_KNOWN)
    }
}

impl Names for Town {
    fn version(&self) -> Version {
        self.1
    }

    fn member(&self, name: &str) -> Result<i64, Verdict> {
        self.sibling("ChatwootUser", name)
    }

    fn sibling(&self, kind: &'static str, name: &str) -> Result<i64, Verdict> {
        let found = self.0.get(name).copied();
        found.ok_or_else(|| Verdict::new(reason::WAITING_FOR_REFERENCE, format!("no {kind} {name}")))
    }
}

fn spec() -> InboxSpec {
    InboxSpec {
        within: Within { account: "acme".into(), ..Within::default() },
        name: "Help".into(),
        ..InboxSpec::default()
    }
}

fn api() -> InboxSpec {
    InboxSpec { api: Some(ApiChannel::default()), ..spec() }
}

fn asked(spec: &InboxSpec) -> Wish {
    wish(spec, &Town::default()).unwrap()
}

fn shown(inbox: Value) -> Seen {
    let mut whole = json!({"id": 3, "name": "Help"});
    whole.as_object_mut().unwrap().extend(inbox.as_object().unwrap().clone());
    seen(&serde_json::from_value(whole).unwrap())
}

fn differs(spec: &InboxSpec, inbox: Value) -> Vec<String> {
    asked(spec).differences(&shown(inbox)).keys().cloned().collect()
}

#[test]
fn only_what_the_spec_declares_is_asked_for() {
    let wish = asked(&api());
    assert_eq!(wish.fields.keys().collect::<Vec<_>>(), ["name"]);
    assert_eq!(json!(wish.fixed), json!({"channel_type": "Channel::Api"}));
    assert!(wish.parts.is_empty() && wish.secrets.is_empty() && wish.pending.is_none());
}

#[test]
fn every_field_of_a_list_can_be_compared_with_what_is_asked_for() {
    let text = || Some("Hi".to_owned());
    let greeting = Greeting { enabled: Some(true), message: text() };
    let everything = InboxSpec {
        greeting: Some(greeting),
        csat: Some(true),
        auto_assignment: Some(true),
        allow_messages_after_resolved: Some(true),
        lock_to_single_conversation: Some(true),
        timezone: Some("Europe/Berlin".into()),
        working_hours: Some(WorkingHours {
            enabled: Some(true),
            out_of_office_message: text(),
            days: vec![],
        }),
        ..spec()
    };
    let widget = WebWidget {
        website_url: "https://acme.example".into(),
        color: Some("#1f93ff".into()),
        welcome_title: text(),
        welcome_tagline: text(),
        reply_time: Some(crate::api::inbox::ReplyTime::InADay),
        pre_chat_form: Some(PreChatForm { enabled: Some(true), message: text(), fields: Some(vec![]) }),
        continuity_via_email: Some(true),
        hmac_mandatory: Some(true),
        allowed_domains: Some(vec!["acme.example".into()]),
        features: Some(vec![WidgetFeature::Attachments]),
    };
    let email = serde_json::from_value(json!({"address": "help@acme.example",
        "imap": {"host": "mail", "port": 993, "login": "help", "passwordSecretKeyRef": {"name": "mail", "key": "p"},
            "ssl": true},
        "smtp": {"host": "mail", "port": 587, "login": "help", "passwordSecretKeyRef": {"name": "mail", "key": "p"},
            "domain": "acme.example", "startTls": true, "tls": false, "tlsVerify": "Peer", "authentication": "CramMd5"}}));
    let apis = ApiChannel {
        webhook_url: Some("https://acme.example".into()),
        hmac_mandatory: Some(true),
        agent_reply_time_window: Some(24),
    };
    let all = [
        InboxSpec { api: Some(apis), ..everything.clone() },
        InboxSpec { web_widget: Some(widget), ..everything.clone() },
        InboxSpec { email: Some(email.unwrap()), ..everything },
    ];
    let inbox = shown(json!({}));
    for spec in &all {
        let wish = asked(spec);
        for field in wish.fields.keys().chain(wish.fixed.keys()) {
            assert!(inbox.fields.contains_key(field), "{field} is asked for and never seen");
        }
    }
    let email = asked(&all[2]);
    assert_eq!(email.secrets.keys().collect::<Vec<_>>(), [&"imap_password", &"smtp_password"]);
    for (name, together) in &email.tried {
        let declared = |field: &&str| email.fields.contains_key(*field) || email.secrets.contains_key(field);
        assert!(together.iter().all(declared), "{name}: {together:?}");
    }
    assert!(!format!("{email:?}").contains("password\": String"), "passwords are no plain fields");
}

#[test]
fn what_differs_only_in_form_is_left_alone() {
    let widget = WebWidget {
        website_url: "https://acme.example".into(),
        allowed_domains: Some(vec!["a.example".into(), "b.example".into()]),
        features: Some(vec![WidgetFeature::EndConversation, WidgetFeature::Attachments]),
        ..WebWidget::default()
    };
    let spec = InboxSpec { web_widget: Some(widget), ..spec() };
    let inbox = json!({"website_url": "https://acme.example", "allowed_domains": "a.example,\n b.example ",
        "selected_feature_flags": ["attachments", "end_conversation"]});
    assert_eq!(differs(&spec, inbox), Vec::<String>::new());
    let others = json!({"website_url": "https://acme.example", "allowed_domains": "a.example",
        "selected_feature_flags": ["attachments"]});
    assert_eq!(differs(&spec, others), ["allowed_domains", "selected_feature_flags"]);
    let window = ApiChannel { agent_reply_time_window: Some(24), ..ApiChannel::default() };
    let spec = InboxSpec { api: Some(window), ..self::spec() };
    assert_eq!(
        differs(&spec, json!({"additional_attributes": {"agent_reply_time_window": "24", "theirs": 1}})),
        Vec::<String>::new()
    );
    assert_eq!(differs(&spec, json!({"additional_attributes": {}})), ["agent_reply_time_window"]);
}

#[test]
fn days_that_are_not_declared_are_left_alone() {
    let day = |day, open: Option<&str>, close: Option<&str>| OpeningHours {
        day,
        closed: open.is_none().then_some(true),
        open_all_day: None,
        open: open.map(str::to_owned),
        close: close.map(str::to_owned),
    };
    let days = vec![day(Weekday::Monday, Some("09:30"), Some("17:00")), day(Weekday::Sunday, None, None)];
    let spec = InboxSpec { working_hours: Some(WorkingHours { days, ..WorkingHours::default() }), ..api() };
    let row = |number: u8, closed: bool, open: u8| {
        json!({"day_of_week": number, "closed_all_day": closed, "open_all_day": false, "open_hour": open,
            "open_minutes": 30, "close_hour": 17, "close_minutes": 0})
    };
    // Of a closed day the hours do not count, whatever they are.
    let same = json!({"working_hours": [row(0, true, 4), row(1, false, 9), row(2, false, 4)]});
    assert_eq!(differs(&spec, same), Vec::<String>::new());
    let other = json!({"working_hours": [row(0, false, 9), row(1, false, 8), row(2, false, 4)]});
    assert_eq!(differs(&spec, other), ["working_hours.monday", "working_hours.sunday"]);
    let sent = days_of(&asked(&spec));
    assert_eq!(sent.iter().map(|day| day.day_of_week).collect::<Vec<_>>(), [1, 0]);
}

fn days_of(wish: &Wish) -> Vec<crate::chatwoot::tenant::inbox::WorkingDay> {
    days(&wish.fields)
}

#[test]
fn who_is_waited_for_holds_up_neither_the_inbox_nor_its_bot() {
    let town = Town(BTreeMap::from([("alice", 9), ("bob", 4), ("helper", 30)]), Version::NEWEST_KNOWN);
    let members = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let both = InboxSpec { members: members(&["alice", "bob"]), bot: Some("helper".into()), ..api() };
    let wish = super::wish(&both, &town).unwrap();
    assert_eq!(json!(wish.parts), json!({"members": [4, 9], "bot": 30}));
    let absent = InboxSpec { members: members(&["alice", "carol"]), ..both.clone() };
    let wish = super::wish(&absent, &town).unwrap();
    assert_eq!(json!(wish.parts), json!({"members": [9], "bot": 30}), "Bob, who is not named, goes at once");
    assert!(wish.pending.unwrap().message.contains("carol"));
    let none = InboxSpec { members: members(&[]), bot: Some(String::new()), ..both };
    assert_eq!(json!(super::wish(&none, &town).unwrap().parts), json!({"members": [], "bot": null}));
}

#[test]
fn what_a_version_does_not_have_is_said_before_anything_is_sent() {
    let widget = |widget: WebWidget| InboxSpec { web_widget: Some(widget), ..spec() };
    let domains = |all: &[&str]| WebWidget {
        allowed_domains: Some(all.iter().map(|one| (*one).to_owned()).collect()),
        ..WebWidget::default()
    };
    let features = |all: &[WidgetFeature]| WebWidget { features: Some(all.to_vec()), ..WebWidget::default() };
    let at = |widget_: &WebWidget, version| {
        super::wish(&widget(widget_.clone()), &Town(BTreeMap::new(), version)).map(|_| ())
    };
    for (asked, less, enough, says) in [
        (
            domains(&["acme.example"]),
            domains(&[]),
            Version::new(4, 6, 0),
            "leave webWidget.allowedDomains out",
        ),
        (
            features(&[WidgetFeature::Attachments, WidgetFeature::AllowMobileWebview]),
            features(&[WidgetFeature::Attachments, WidgetFeature::UseInboxAvatarForBot]),
            Version::new(4, 12, 0),
            "leave AllowMobileWebview of webWidget.features out",
        ),
    ] {
        let before = Version::new(4, enough.minor - 1, 9);
        let refused = at(&asked, before).unwrap_err();
        assert_eq!(refused.reason, "InvalidSpec");
        assert!(refused.message.contains(says), "{}", refused.message);
        assert!(refused.message.ends_with(&format!("upgrade Chatwoot to {enough}")), "{}", refused.message);
        at(&asked, enough).unwrap();
        at(&less, before).unwrap();
    }
}

#[test]
fn an_inbox_of_another_kind_is_not_taken_for_this_one() {
    let email = EmailChannel { address: "help@acme.example".into(), ..EmailChannel::default() };
    let spec = InboxSpec { email: Some(email), ..spec() };
    let wish = asked(&spec);
    let other = shown(json!({"channel_type": "Channel::Api"}));
    assert_ne!(wish.fixed["channel_type"], other.fields["channel_type"]);
    assert_eq!(
        wish.fixed["channel_type"],
        shown(json!({"channel_type": "Channel::Email"})).fields["channel_type"]
    );
}

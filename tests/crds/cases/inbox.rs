//! What a ChatwootInbox and a ChatwootAgentBot may say.

use super::{Case, change, create, shared::long, unbound};
use serde_json::{Value, json};

pub fn inbox() -> Vec<Case> {
    let kind = "ChatwootInbox";
    let of = |refused, says, accepted| create(kind, refused, says, accepted);
    let one = "set exactly one of api, webWidget and email";
    let fixed = "whether an inbox is api, webWidget or email is immutable";
    let site = || json!({"websiteUrl": "https://www.acme.example"});
    let greeting = |text: &str| json!({"greeting": {"enabled": true, "message": text}});
    let api = |field: &str, value: Value| json!({"api": {field: value}});
    let null = "must not be the text null, which Chatwoot reads as nothing";
    let says_url = "api.webhookUrl must be http:// or https:// and a host";
    let says_zone = "timezone must be an IANA name";
    let secret = "connectionSecret.name must be a Secret's name";
    let mut cases = vec![
        of(json!({"api": null}), one, json!({})),
        of(json!({"webWidget": site()}), one, json!({"api": null, "webWidget": site()})),
        change(
            kind,
            unbound(json!({})),
            json!({"api": null, "webWidget": site()}),
            fixed,
            api("hmacMandatory", json!(true)),
        ),
        change(
            kind,
            unbound(json!({})),
            json!({"account": "other"}),
            "account is immutable",
            json!({"paused": true}),
        ),
        of(json!({"name": null}), "spec.name: Required value", json!({})),
        of(json!({"name": " "}), "name must not be blank", json!({"name": "Help desk"})),
        of(json!({"name": "A\nB"}), "name must not contain control characters", json!({"name": "A – B"})),
        of(json!({"name": "null"}), "name must not be the text null", json!({"name": "Null"})),
        of(json!({"name": long(256)}), "may not be more than 255", json!({"name": long(255)})),
        of(
            greeting("a\u{0}"),
            "greeting.message must not contain control characters other than",
            greeting("a\n\tb"),
        ),
        of(greeting("null"), null, greeting("")),
        of(json!({"timezone": "null"}), says_zone, json!({"timezone": "Etc/GMT+1"})),
        of(json!({"timezone": "Europe/"}), says_zone, json!({"timezone": "UTC"})),
        of(
            api("webhookUrl", json!("acme.example/hook")),
            says_url,
            api("webhookUrl", json!("https://acme.example?key=1")),
        ),
        of(api("webhookUrl", json!("https://a b")), says_url, api("webhookUrl", json!(""))),
        of(
            api("agentReplyTimeWindow", json!(0)),
            "should be greater than or equal to 1",
            api("agentReplyTimeWindow", json!(24)),
        ),
        of(
            json!({"connectionSecret": {"name": "Acme"}}),
            secret,
            json!({"connectionSecret": {"name": "acme-inbox.1"}}),
        ),
        of(json!({"members": ["a", "a"]}), "Duplicate value", json!({"members": ["a", "b"]})),
        of(
            json!({"deletionPolicy": "Suspend"}),
            "supported values: \"Delete\", \"Retain\"",
            json!({"deletionPolicy": "Delete"}),
        ),
    ];
    cases.extend(hours());
    cases.extend(widget());
    cases.extend(answers());
    cases.extend(mail());
    cases
}

fn hours() -> Vec<Case> {
    let of = |refused: Value, says, accepted: Value| {
        let days = |days: Value| json!({"workingHours": {"days": days}});
        create("ChatwootInbox", days(refused), says, days(accepted))
    };
    let ways = "write for each day one of closed: true, openAllDay: true, or open and close";
    let order = "open and close belong together, and open comes first";
    let closed = || json!({"day": "Sunday", "closed": true});
    let open = |open: &str, close: &str| json!({"day": "Monday", "open": open, "close": close});
    let message = |text: &str| json!({"workingHours": {"outOfOfficeMessage": text}});
    vec![
        of(json!([{"day": "Monday"}]), ways, json!([closed(), open("09:00", "17:30")])),
        of(
            json!([{"day": "Monday", "closed": true, "openAllDay": true}]),
            ways,
            json!([{"day": "Monday", "openAllDay": true}]),
        ),
        of(
            json!([{"day": "Monday", "closed": false}]),
            ways,
            json!([{"day": "Monday", "closed": true, "openAllDay": false}]),
        ),
        of(json!([{"day": "Monday", "open": "09:00"}]), order, json!([open("00:00", "23:59")])),
        of(json!([open("17:00", "09:00")]), order, json!([open("09:00", "17:00")])),
        of(
            json!([open("9:00", "17:00")]),
            "open must be a time from 00:00 to 23:59",
            json!([open("09:00", "17:00")]),
        ),
        of(
            json!([open("09:00", "24:00")]),
            "close must be a time from 00:00 to 23:59",
            json!([open("09:00", "20:00")]),
        ),
        of(json!([{"day": "Mon", "closed": true}]), "supported values: \"Sunday\"", json!([closed()])),
        of(json!([closed(), closed()]), "Duplicate value", json!([closed()])),
        create(
            "ChatwootInbox",
            message("a\u{7}"),
            "workingHours.outOfOfficeMessage must not contain control characters other than",
            message("We are\nclosed"),
        ),
        create(
            "ChatwootInbox",
            message("null"),
            "workingHours.outOfOfficeMessage must not be the text null",
            message(""),
        ),
    ]
}

fn widget() -> Vec<Case> {
    let of = |refused: Value, says, accepted: Value| {
        let widget = |change: Value| {
            let mut widget = json!({"websiteUrl": "https://www.acme.example"});
            json_patch::merge(&mut widget, &change);
            json!({"api": null, "webWidget": widget})
        };
        create("ChatwootInbox", widget(refused), says, widget(accepted))
    };
    let form = |form: Value| json!({"preChatForm": form});
    let question = |change: Value| {
        let mut question = json!({"name": "fullName", "label": "Name"});
        json_patch::merge(&mut question, &change);
        json!({"preChatForm": {"fields": [question]}})
    };
    let text = |field: &str, value: &str| json!({field: value});
    vec![
        of(
            text("websiteUrl", " "),
            "webWidget.websiteUrl must not be blank",
            text("websiteUrl", "acme.example"),
        ),
        of(
            text("websiteUrl", "a\nb"),
            "webWidget.websiteUrl must not contain control",
            text("websiteUrl", "a"),
        ),
        of(
            text("color", "red"),
            "webWidget.color must be # and six hexadecimal digits",
            text("color", "#1F93ff"),
        ),
        of(
            text("welcomeTitle", "a\nb"),
            "webWidget.welcomeTitle must not contain control",
            text("welcomeTitle", ""),
        ),
        of(
            text("welcomeTagline", "a\tb"),
            "webWidget.welcomeTagline must not contain control",
            text("welcomeTagline", "Hi"),
        ),
        of(text("replyTime", "in_a_day"), "supported values: \"InAFewMinutes\"", text("replyTime", "InADay")),
        of(
            json!({"allowedDomains": ["a.example,b.example"]}),
            "webWidget.allowedDomains: write hosts such as",
            json!({"allowedDomains": ["*.a.example", "b.example:8080"]}),
        ),
        of(
            json!({"features": ["emoji_picker"]}),
            "supported values: \"Attachments\"",
            json!({"features": ["EmojiPicker"]}),
        ),
        of(
            form(json!({"message": "a\u{0}"})),
            "webWidget.preChatForm.message must not contain control",
            form(json!({"message": "a\nb"})),
        ),
        of(
            question(json!({"name": "", "of": "Contact"})),
            "should be at least 1 chars long",
            question(json!({})),
        ),
        of(
            question(json!({"name": " ", "of": "Contact"})),
            "webWidget.preChatForm.fields: name must not be blank",
            question(json!({"name": "order_id", "of": "Contact"})),
        ),
        of(
            question(json!({"name": "a\n", "of": "Contact"})),
            "webWidget.preChatForm.fields: name must not contain control",
            question(json!({"name": "a", "of": "Contact"})),
        ),
        of(
            question(json!({"label": "a\n"})),
            "webWidget.preChatForm.fields: label must not contain control",
            question(json!({"label": ""})),
        ),
        of(
            question(json!({"placeholder": "a\n"})),
            "webWidget.preChatForm.fields: placeholder must not contain control",
            question(json!({"placeholder": "Jane Doe"})),
        ),
        of(
            question(json!({"type": "E-mail"})),
            "webWidget.preChatForm.fields: type must be one of Chatwoot's",
            question(json!({"type": "email"})),
        ),
        of(
            form(json!({"fields": []})),
            "webWidget.preChatForm.fields: write a question, leave fields out",
            form(json!({"enabled": false})),
        ),
        of(
            question(json!({"name": "order_id"})),
            "write of: Contact or of: Conversation where name is a custom attribute",
            question(json!({"name": "order_id", "of": "Conversation"})),
        ),
        of(
            question(json!({"name": "phoneNumber", "of": "Contact"})),
            "and leave it out with emailAddress, fullName and phoneNumber",
            question(json!({"name": "phone_number", "of": "Contact"})),
        ),
        of(
            question(json!({"name": "order_id", "of": "Company"})),
            "supported values: \"Contact\"",
            question(json!({"name": "order_id", "of": "Contact"})),
        ),
    ]
}

/// What a custom attribute's question says of the answer.
fn answers() -> Vec<Case> {
    let of = |refused: Value, says, accepted: Value| {
        let question = |change: Value| {
            let mut question = json!({"name": "tier", "of": "Contact", "label": "Tier"});
            json_patch::merge(&mut question, &change);
            let form = json!({"fields": [question]});
            json!({"api": null, "webWidget": {"websiteUrl": "https://www.acme.example", "preChatForm": form}})
        };
        create("ChatwootInbox", question(refused), says, question(accepted))
    };
    let list = |values: Value| json!({"type": "list", "values": values});
    let pattern = |pattern: &str| json!({"regexPattern": pattern});
    let values = "values are what a list offers; write them";
    vec![
        of(json!({"type": "list"}), values, list(json!(["Gold", "Tin"]))),
        of(json!({"values": ["Gold"]}), values, list(json!(["Gold"]))),
        of(list(json!(["a", "a"])), "Duplicate value", list(json!(["a", "b"]))),
        of(list(json!(["a\n"])), "values must not contain control characters", list(json!(["a b"]))),
        of(list(json!([])), "should have at least 1 items", list(json!(["a"]))),
        of(
            json!({"type": "number", "regexPattern": "/^1/"}),
            "regexPattern is for type: text",
            json!({"type": "text", "regexPattern": "/^1/"}),
        ),
        of(
            json!({"name": "fullName", "of": null, "regexPattern": "/^1/"}),
            "regexPattern is for custom attributes",
            pattern("/^1/"),
        ),
        of(pattern("^1"), "regexPattern stands between two /", pattern("/^[0-9]+$/i")),
        of(
            pattern("/a\n/"),
            "webWidget.preChatForm.fields: regexPattern must not contain control",
            pattern("/a/"),
        ),
        of(
            json!({"regexCue": "Digits"}),
            "regexCue is shown where regexPattern does not fit",
            json!({"regexPattern": "/^1/", "regexCue": "Digits"}),
        ),
        of(
            json!({"regexPattern": "/^1/", "regexCue": "a\n"}),
            "webWidget.preChatForm.fields: regexCue must not contain control",
            json!({"regexPattern": "/^1/", "regexCue": "a"}),
        ),
    ]
}

fn mail() -> Vec<Case> {
    let email = |email: Value| json!({"api": null, "email": email});
    let of = |refused: Value, says, accepted: Value| {
        let server = |change: &Value, name: &str| {
            let mut server = json!({"host": "mail.acme.example", "port": 993, "login": "help", "passwordSecretKeyRef": {"name": "mail", "key": "p"}});
            json_patch::merge(&mut server, change);
            email(json!({"address": "help@acme.example", name: server}))
        };
        let (says, name): (&'static str, &str) = says;
        create("ChatwootInbox", server(&refused, name), says, server(&accepted, name))
    };
    vec![
        create(
            "ChatwootInbox",
            email(json!({"address": "help@localhost"})),
            "email must be an ASCII address with a dotted domain",
            email(json!({"address": "help@acme.example"})),
        ),
        of(
            json!({"host": "mail server"}),
            ("email.imap.host must be the name of a host", "imap"),
            json!({"host": "10.0.0.1"}),
        ),
        of(
            json!({"login": "a\n"}),
            ("email.imap.login must not contain control", "imap"),
            json!({"login": "help@acme.example"}),
        ),
        of(json!({"port": 0}), ("should be greater than or equal to 1", "imap"), json!({"port": 143})),
        of(
            json!({"passwordSecretKeyRef": {"name": "Mail"}}),
            ("secretKeyRef.name must be a Secret's name", "imap"),
            json!({"passwordSecretKeyRef": {"name": "mail-1"}}),
        ),
        of(
            json!({"passwordSecretKeyRef": null}),
            ("passwordSecretKeyRef: Required value", "imap"),
            json!({"enabled": false}),
        ),
        of(
            json!({"host": "-"}),
            ("email.smtp.host must be the name of a host", "smtp"),
            json!({"tlsVerify": "Peer"}),
        ),
        of(
            json!({"login": "a\t"}),
            ("email.smtp.login must not contain control", "smtp"),
            json!({"authentication": "CramMd5"}),
        ),
        of(
            json!({"domain": "a b"}),
            ("email.smtp.domain must be the name of a host", "smtp"),
            json!({"domain": "acme.example"}),
        ),
    ]
}

pub fn agent_bot() -> Vec<Case> {
    let kind = "ChatwootAgentBot";
    let of = |refused, says, accepted| create(kind, refused, says, accepted);
    let url = |url: &str| json!({"outgoingUrl": url});
    let says_url = "outgoingUrl must be http:// or https:// and a host";
    vec![
        change(
            kind,
            unbound(json!({})),
            json!({"account": "other"}),
            "account is immutable",
            json!({"paused": true}),
        ),
        of(json!({"account": null}), "spec.account: Required value", json!({})),
        of(json!({"name": " "}), "name must not be blank", json!({"name": "Helper"})),
        of(json!({"name": "A\nB"}), "name must not contain control characters", json!({"name": "A"})),
        of(
            json!({"description": "A\nB"}),
            "description must not contain control characters",
            json!({"description": ""}),
        ),
        of(url("bot.acme.example"), says_url, url("https://bot.acme.example/hook?key=1")),
        of(url("https://"), says_url, url("")),
        of(
            json!({"connectionSecret": {"name": "-"}}),
            "connectionSecret.name must be a Secret's name",
            json!({"connectionSecret": {"name": "helper"}}),
        ),
        of(json!({"inboxes": ["a", "a"]}), "Duplicate value", json!({"inboxes": ["a", "b"]})),
        of(
            json!({"installationWide": true, "adopt": true}),
            "a bot for the whole installation is not taken over; leave adopt out",
            json!({"installationWide": true, "adopt": false}),
        ),
        change(
            kind,
            unbound(json!({})),
            json!({"installationWide": true}),
            "installationWide is immutable: a bot cannot be moved",
            json!({"installationWide": false}),
        ),
    ]
}

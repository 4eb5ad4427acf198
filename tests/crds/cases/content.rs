//! What labels, teams, canned responses, definitions of attributes and webhooks may say.

use super::{Case, bound, change, create, shared::long, unbound};
use chatwoot_operator::api::attribute_definition::{CONTACTS_OWN, CONVERSATIONS_OWN};
use serde_json::{Value, json};

/// What everything inside an account has in common.
pub fn inside(kind: &'static str) -> Vec<Case> {
    let of = |refused, says, accepted| create(kind, refused, says, accepted);
    let fixed = "account is immutable; delete this resource and create another in the other account";
    vec![
        of(json!({"account": null}), "spec.account: Required value", json!({})),
        of(json!({"account": ""}), "should be at least 1 chars long", json!({"account": "other"})),
        of(json!({"adopt": "yes"}), "must be of type boolean", json!({"adopt": true})),
        of(
            json!({"mode": "Report"}),
            "supported values: \"Enforce\", \"Observe\"",
            json!({"mode": "Observe"}),
        ),
        of(
            json!({"deletionPolicy": "Suspend"}),
            "supported values: \"Delete\", \"Retain\"",
            json!({"deletionPolicy": "Retain"}),
        ),
        change(kind, bound(json!({})), json!({"account": "other"}), fixed, json!({"paused": true})),
    ]
}

pub fn label() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootLabel", refused, says, accepted);
    let title = |text: &str| json!({"title": text});
    let says_title = "title takes lower-case letters, digits, _ and -";
    let mut cases = inside("ChatwootLabel");
    cases.extend([
        of(json!({"title": null}), "spec.title: Required value", title("vip")),
        of(title("a"), "should be at least 2 chars long", title("ab")),
        of(title(&long(256)), "may not be more than 255", title(&long(255))),
        of(title("VIP"), says_title, title("vip")),
        of(title("vip customer"), says_title, title("vip-customer")),
        of(title("-vip"), says_title, title("größe_2")),
        // Chatwoot would write it as ⅻ.
        of(title("aⅫ"), says_title, title("a½")),
        of(
            json!({"description": "a\nb"}),
            "description must not contain control characters",
            json!({"description": ""}),
        ),
        of(
            json!({"color": "#1f93f"}),
            "color must be # and six hexadecimal digits",
            json!({"color": "#1F93ff"}),
        ),
        of(json!({"showOnSidebar": "on"}), "must be of type boolean", json!({"showOnSidebar": false})),
    ]);
    cases
}

pub fn team() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootTeam", refused, says, accepted);
    let name = |text: &str| json!({"name": text});
    let members = |list: Value| json!({"members": list});
    let numbered = |count: usize| -> Value { (0..count).map(|at| Value::from(format!("p{at}"))).collect() };
    let says_name = "name takes no capital letters, because Chatwoot writes it in lower case";
    let says_members = "members must be names of ChatwootUsers of this namespace";
    let mut cases = inside("ChatwootTeam");
    cases.extend([
        of(json!({"name": null}), "spec.name: Required value", name("support")),
        of(name(""), "should be at least 1 chars long", name("s")),
        of(name(&long(256)), "may not be more than 255", name(&long(255))),
        of(name("\u{a0} "), "name must not be blank", name("second level")),
        of(name("a\tb"), "name must not contain control characters", name("a b")),
        of(name("Support"), says_name, name("support")),
        of(name("ǅ"), says_name, name("ǆ")),
        of(name("level Ⅻ"), says_name, name("level ⅻ")),
        of(name("team Ⓐ"), says_name, name("team ⓐ 日本 ß")),
        of(
            json!({"description": "a\u{0}"}),
            "description must not contain control characters",
            json!({"description": "Hard questions"}),
        ),
        of(json!({"allowAutoAssign": 1}), "must be of type boolean", json!({"allowAutoAssign": true})),
        of(members(json!(["Alice"])), says_members, members(json!(["alice", "bob.smith-2"]))),
        of(members(json!(["alice@acme.example"])), says_members, members(json!([]))),
        of(members(json!(["alice", "alice"])), "Duplicate value", members(json!(["alice"]))),
        of(members(numbered(501)), "must have at most 500 items", members(numbered(500))),
    ]);
    cases
}

pub fn canned_response() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootCannedResponse", refused, says, accepted);
    let code = |text: &str| json!({"shortCode": text});
    let content = |text: &str| json!({"content": text});
    let mut cases = inside("ChatwootCannedResponse");
    cases.extend([
        of(json!({"shortCode": null}), "spec.shortCode: Required value", code("hours")),
        of(code(""), "should be at least 1 chars long", code("h")),
        of(code(&long(256)), "may not be more than 255", code(&long(255))),
        of(code(" "), "shortCode must not be blank", code("Opening hours")),
        of(code("a\nb"), "shortCode must not contain control characters", code("a/b")),
        of(code("/hours"), "shortCode is what agents type after the /; remove the /", code("hours")),
        of(json!({"content": null}), "spec.content: Required value", content("Hello")),
        of(content(""), "should be at least 1 chars long", content(".")),
        of(content("\n \n"), "content must not be blank", content("\n{{contact.name}}\n")),
        of(content("a\u{0}"), "content must not contain control characters but line breaks", content("a\nb")),
        of(content(&long(20_001)), "may not be more than 20000", content(&long(20_000))),
    ]);
    cases
}

pub fn attribute_definition() -> Vec<Case> {
    const KIND: &str = "ChatwootCustomAttributeDefinition";
    let of = |refused, says, accepted| create(KIND, refused, says, accepted);
    let key = |text: &str| json!({"attributeKey": text});
    let name = |text: &str| json!({"displayName": text});
    let list = |values: Value| json!({"displayType": "List", "values": values});
    let pattern = |text: &str| json!({"regexPattern": text});
    let fixed = |refused: Value, says, accepted| change(KIND, unbound(json!({})), refused, says, accepted);
    let says_key = "attributeKey takes letters, digits, _, . and -";
    let says_pattern = "regexPattern stands between two /";
    let mut cases = inside(KIND);
    let standard = |model: &'static str, keys: &[&str], says: &'static str| -> Vec<Case> {
        let both = |key: &&str| {
            let taken = json!({"attributeKey": key, "model": model});
            of(taken, says, json!({"attributeKey": format!("my_{key}"), "model": model}))
        };
        keys.iter().map(both).collect()
    };
    let says_of = "attributeKey is one of the attributes that every conversation has in Chatwoot";
    cases.extend(standard("Conversation", &CONVERSATIONS_OWN, says_of));
    let says_of = "attributeKey is one of the attributes that every contact has in Chatwoot";
    cases.extend(standard("Contact", &CONTACTS_OWN, says_of));
    cases.extend([
        of(json!({"attributeKey": null}), "spec.attributeKey: Required value", key("plan")),
        of(key("order number"), says_key, key("order_number")),
        of(key("a/b"), says_key, key("größe.2-b")),
        of(key(&long(256)), "may not be more than 255", key(&long(255))),
        of(json!({"model": null}), "spec.model: Required value", json!({"model": "Company"})),
        of(
            json!({"model": "contact_attribute"}),
            "supported values: \"Contact\", \"Conversation\", \"Company\"",
            json!({"model": "Conversation", "attributeKey": "email"}),
        ),
        of(json!({"displayType": null}), "spec.displayType: Required value", json!({"displayType": "Date"})),
        of(
            json!({"displayType": "text"}),
            "supported values: \"Text\", \"Number\"",
            json!({"displayType": "Checkbox"}),
        ),
        fixed(key("tier"), "attributeKey is immutable: values are kept under it", name("Contract")),
        fixed(
            json!({"model": "Conversation"}),
            "model is immutable: values are kept there; delete this resource",
            json!({"description": "d"}),
        ),
        fixed(
            json!({"displayType": "Number"}),
            "displayType is immutable: values of the other type would not fit",
            json!({"displayType": "Text"}),
        ),
        of(json!({"displayName": null}), "spec.displayName: Required value", name("Plan")),
        of(name("\u{2003}"), "displayName must not be blank", name("P")),
        of(name("a\u{7f}"), "displayName must not contain control characters", name("a")),
        of(name("Plan "), "displayName must not begin or end with white space", name("The plan")),
        of(name("\u{a0}Plan"), "displayName must not begin or end with white space", name("Plan")),
        of(
            json!({"description": "a\rb"}),
            "description must not contain control characters",
            json!({"description": ""}),
        ),
        of(json!({"values": ["a"]}), "values are for displayType: List", list(json!(["free", "pro"]))),
        of(list(json!([])), "should have at least 1 items", json!({"displayType": "List"})),
        of(list(json!(["a", "a"])), "Duplicate value", list(json!(["a", "A"]))),
        of(list(json!(["a\tb"])), "values must not contain control characters", list(json!(["a b"]))),
        of(
            json!({"displayType": "Number", "regexPattern": "/a/"}),
            "regexPattern is for displayType: Text",
            pattern("/a/"),
        ),
        of(pattern("^[0-9]+$"), says_pattern, pattern("/^[0-9]+$/")),
        of(pattern("/a/x"), says_pattern, pattern("/a\\/b/iu")),
        of(pattern("//"), says_pattern, pattern("")),
        of(pattern("/a\tb/"), "regexPattern must not contain control characters", pattern("/a\\tb/")),
        of(
            json!({"regexCue": "Digits"}),
            "regexCue is shown where regexPattern does not fit",
            json!({"regexCue": "Digits", "regexPattern": "/[0-9]/"}),
        ),
        of(
            json!({"regexCue": "a\nb", "regexPattern": "/a/"}),
            "regexCue must not contain control characters",
            json!({"regexCue": "", "regexPattern": "/a/"}),
        ),
    ]);
    cases
}

pub fn webhook() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootWebhook", refused, says, accepted);
    let url = |text: &str| json!({"url": text});
    let told = |list: Value| json!({"subscriptions": list});
    let secret = |value: Value| json!({"connectionSecret": value});
    let says_url = "url must be http:// or https:// and a host, in ASCII and without spaces";
    let mut cases = inside("ChatwootWebhook");
    cases.extend([
        of(json!({"url": null}), "spec.url: Required value", url("https://a")),
        of(url("hooks.acme.example"), says_url, url("https://hooks.acme.example")),
        of(url("ftp://hooks"), says_url, url("http://hooks:8080/a?key=b#c")),
        of(url("https:///a"), says_url, url("https://me:key@hooks/a")),
        of(url("https://hooks/a b"), says_url, url("https://hooks/a%20b")),
        of(url("https://hööks/a"), says_url, url("https://xn--hks-sna/a")),
        of(url(&format!("https://a/{}", long(2040))), "may not be more than 2048", url("https://a/b")),
        of(json!({"name": "a\nb"}), "name must not contain control characters", json!({"name": ""})),
        of(told(json!([])), "should have at least 1 items", told(json!(["MessageCreated"]))),
        of(
            told(json!(["message_created"])),
            "supported values: \"ConversationCreated\"",
            told(json!(["ConversationTypingOff", "InboxUpdated"])),
        ),
        of(
            told(json!(["MessageCreated", "MessageCreated"])),
            "Duplicate value",
            told(json!(["MessageCreated", "MessageUpdated"])),
        ),
        of(
            json!({"inbox": "Web site"}),
            "inbox must be a resource's name: lower-case letters, digits, - and .",
            json!({"inbox": "website"}),
        ),
        of(secret(json!({})), "spec.connectionSecret.name: Required value", secret(json!({"name": "hook"}))),
        of(
            secret(json!({"name": "The hook"})),
            "connectionSecret.name must be a Secret's name",
            secret(json!({"name": "the-hook"})),
        ),
    ]);
    cases
}

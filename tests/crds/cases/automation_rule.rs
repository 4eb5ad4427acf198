//! What a ChatwootAutomationRule may say.

use super::{Case, content::inside, create, shared::long};
use serde_json::{Value, json};

const RULE: &str = "ChatwootAutomationRule";

pub fn automation_rule() -> Vec<Case> {
    let of = |refused, says, accepted| create(RULE, refused, says, accepted);
    let mut cases = inside(RULE);
    cases.extend([
        of(json!({"name": null}), "spec.name: Required value", json!({})),
        of(json!({"name": " "}), "name must not be blank", json!({"name": "Sort"})),
        of(json!({"name": "A\nB"}), "name must not contain control characters", json!({"name": "A – B"})),
        of(json!({"name": long(256)}), "may not be more than 255", json!({"name": long(255)})),
        of(
            json!({"description": "A\tB"}),
            "description must not contain control characters",
            json!({"description": ""}),
        ),
        of(json!({"event": "conversation_created"}), "Unsupported value", json!({"event": "MessageCreated"})),
        of(json!({"conditions": null}), "spec.conditions: Required value", json!({})),
        of(json!({"conditions": []}), "should have at least 1 items", json!({})),
        of(json!({"actions": null}), "spec.actions: Required value", json!({})),
        of(json!({"actions": []}), "should have at least 1 items", json!({})),
    ]);
    cases.extend(conditions());
    cases.extend(actions());
    cases
}

fn conditions() -> Vec<Case> {
    let all = |refused: Value, says, accepted: Value| {
        create(RULE, json!({"conditions": refused}), says, json!({"conditions": accepted}))
    };
    let one = |refused: Value, says, accepted: Value| all(json!([refused]), says, json!([accepted]));
    let is = |attribute: &str, operator: &str, values: &[&str]| json!({"attribute": attribute, "operator": operator, "values": values});
    let tier = json!({"customAttribute": {"key": "tier", "of": "Contact"}, "operator": "EqualTo", "values": ["gold"]});
    let mut both = tier.clone();
    both["attribute"] = "Status".into();
    let open = is("Status", "EqualTo", &["Open"]);
    let mut joined = open.clone();
    joined["join"] = "Or".into();
    let present = |attribute: &str| json!({"attribute": attribute, "operator": "IsPresent"});
    let than = |values: &[&str]| json!({"customAttribute": {"key": "seats", "of": "Conversation"}, "operator": "IsLessThan", "values": values});
    let says_one = "set exactly one of attribute and customAttribute";
    let says_fits = "Contains and DoesNotContain go with Content";
    let says_words = "write Open, Resolved, Pending or Snoozed for Status";
    vec![
        one(both, says_one, tier.clone()),
        one(json!({"operator": "EqualTo", "values": ["x"]}), says_one, open.clone()),
        one(is("Status", "Contains", &["Open"]), says_fits, is("Content", "Contains", &["Open"])),
        one(is("Email", "StartsWith", &["a"]), says_fits, is("PhoneNumber", "StartsWith", &["+49"])),
        one(present("Status"), says_fits, present("Team")),
        one(is("Status", "IsLessThan", &["Open"]), says_fits, than(&["9"])),
        one(is("Team", "IsPresent", &["sales"]), "write values, such as", present("Team")),
        one(
            json!({"attribute": "Team", "operator": "EqualTo"}),
            "write values, such as",
            is("Team", "EqualTo", &["sales"]),
        ),
        one(than(&["9", "8"]), "IsLessThan and DaysBefore take one value", than(&["9"])),
        one(is("Status", "EqualTo", &["open"]), says_words, open.clone()),
        one(is("Priority", "EqualTo", &["None"]), says_words, is("Priority", "EqualTo", &["Low", "High"])),
        one(
            is("MessageType", "EqualTo", &["Activity"]),
            says_words,
            is("MessageType", "EqualTo", &["Incoming"]),
        ),
        one(is("PrivateNote", "EqualTo", &["yes"]), says_words, is("PrivateNote", "EqualTo", &["true"])),
        one(
            is("City", "EqualTo", &["A\nB"]),
            "values must not contain control characters",
            is("City", "EqualTo", &["Ulm"]),
        ),
        one(
            json!({"customAttribute": {"key": "a\nb", "of": "Contact"}, "operator": "EqualTo", "values": ["x"]}),
            "customAttribute.key must not contain control characters",
            tier,
        ),
        all(json!([joined]), "the last condition has nothing after it", json!([joined, open])),
    ]
}

fn actions() -> Vec<Case> {
    let one = |refused: Value, says, accepted: Value| {
        create(RULE, json!({"actions": [refused]}), says, json!({"actions": [accepted]}))
    };
    let says_one = "an entry does exactly one thing";
    let mail = |message: &str| json!({"sendEmailToTeam": {"teams": ["sales"], "message": message}});
    vec![
        one(json!({}), says_one, json!({"muteConversation": {}})),
        one(json!({"assignTeam": "a", "assignAgent": "b"}), says_one, json!({"assignTeam": "a"})),
        one(
            json!({"addLabels": ["VIP"]}),
            "addLabels: write titles of labels",
            json!({"addLabels": ["vip", "eu-1"]}),
        ),
        one(
            json!({"removeLabels": ["a b"]}),
            "removeLabels: write titles of labels",
            json!({"removeLabels": ["ab"]}),
        ),
        one(json!({"addLabels": []}), "should have at least 1 items", json!({"addLabels": ["vip"]})),
        one(
            json!({"sendMessage": "A\u{0}"}),
            "sendMessage must not contain control characters other than",
            json!({"sendMessage": "A\n\tB"}),
        ),
        one(
            json!({"addPrivateNote": "\u{7}"}),
            "addPrivateNote must not contain control characters other than",
            json!({"addPrivateNote": "A"}),
        ),
        one(
            mail("\u{1b}"),
            "sendEmailToTeam.message must not contain control characters other than",
            mail("Look,\nplease"),
        ),
        one(
            json!({"sendEmailTranscript": ["a@b.example, c@d.example"]}),
            "sendEmailTranscript: write each address",
            json!({"sendEmailTranscript": ["a@b.example", "{{contact.email}}"]}),
        ),
        one(
            json!({"sendWebhookEvent": "ftp://hooks.example"}),
            "sendWebhookEvent must be http:// or https://",
            json!({"sendWebhookEvent": "https://hooks.example/a?b=c"}),
        ),
        one(json!({"changeStatus": "Closed"}), "Unsupported value", json!({"changeStatus": "Snoozed"})),
        one(json!({"changePriority": "Highest"}), "Unsupported value", json!({"changePriority": "None"})),
    ]
}

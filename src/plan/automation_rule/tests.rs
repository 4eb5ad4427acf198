use super::*;
use crate::{
    api::conditions::reason,
    chatwoot::{
        tenant::automation::{AutomationRule, NewAutomationRule},
        version::Version,
    },
};
use serde_json::{Value, json};

/// People are 7, teams 70 and inboxes 700; nobody is called Nobody.
struct Town;

impl Names for Town {
    fn version(&self) -> Version {
        Version::NEWEST_KNOWN
    }

    fn member(&self, name: &str) -> Result<i64, Verdict> {
        if name == "nobody" {
            Err(Verdict::new(reason::WAITING_FOR_REFERENCE, "nobody is there"))
        } else {
            Ok(7)
        }
    }

    fn sibling(&self, kind: &'static str, _: &str) -> Result<i64, Verdict> {
        Ok(if kind == TEAM { 70 } else { 700 })
    }
}

fn spec(conditions: Value, actions: Value) -> AutomationRuleSpec {
    let spec = json!({
        "account": "acme", "name": "Sort", "event": "ConversationCreated", "conditions": conditions, "actions": actions,
    });
    serde_json::from_value(spec).unwrap()
}

fn open() -> Value {
    json!([{"attribute": "Status", "operator": "EqualTo", "values": ["Open"]}])
}

fn muted() -> Value {
    json!([{"muteConversation": {}}])
}

#[test]
fn names_become_ids_and_words_become_chatwoots() {
    let conditions = json!([
        {"attribute": "Inbox", "operator": "EqualTo", "values": ["web", "mail"], "join": "Or"},
        {"attribute": "Assignee", "operator": "IsNotPresent"},
        {"attribute": "Priority", "operator": "NotEqualTo", "values": ["Urgent"]},
        {"attribute": "PrivateNote", "operator": "EqualTo", "values": ["true"]},
        {"customAttribute": {"key": "tier", "of": "Contact"}, "operator": "EqualTo", "values": ["gold"], "join": "And"},
        {"attribute": "Team", "operator": "EqualTo", "values": ["sales"]},
    ]);
    let wish = wish(&spec(conditions, muted()), &Town).unwrap();
    assert_eq!(
        wish.fields["conditions"],
        json!([
            {"attribute_key": "inbox_id", "filter_operator": "equal_to", "values": [700, 700], "query_operator": "OR"},
            {"attribute_key": "assignee_id", "filter_operator": "is_not_present", "values": [], "query_operator": "AND"},
            {"attribute_key": "priority", "filter_operator": "not_equal_to", "values": ["urgent"], "query_operator": "AND"},
            {"attribute_key": "private_note", "filter_operator": "equal_to", "values": [true], "query_operator": "AND"},
            {"attribute_key": "tier", "filter_operator": "equal_to", "values": ["gold"], "query_operator": "AND",
             "custom_attribute_type": "contact_attribute"},
            {"attribute_key": "team_id", "filter_operator": "equal_to", "values": [70]},
        ])
    );
    assert_eq!(
        (&wish.fields["event_name"], &wish.fixed["active"]),
        (&json!("conversation_created"), &json!(true))
    );
}

#[test]
fn every_action_is_one_of_chatwoots() {
    let actions = [
        (json!({"assignAgent": "alice"}), json!({"action_name": "assign_agent", "action_params": [7]})),
        (json!({"unassignAgent": {}}), json!({"action_name": "assign_agent", "action_params": ["nil"]})),
        (json!({"assignTeam": "sales"}), json!({"action_name": "assign_team", "action_params": [70]})),
        (json!({"unassignTeam": {}}), json!({"action_name": "assign_team", "action_params": ["nil"]})),
        (
            json!({"addLabels": ["vip", "eu"]}),
            json!({"action_name": "add_label", "action_params": ["vip", "eu"]}),
        ),
        (json!({"removeLabels": ["vip"]}), json!({"action_name": "remove_label", "action_params": ["vip"]})),
        (json!({"sendMessage": "Hi\n"}), json!({"action_name": "send_message", "action_params": ["Hi\n"]})),
        (json!({"addPrivateNote": "!"}), json!({"action_name": "add_private_note", "action_params": ["!"]})),
        (
            json!({"sendEmailToTeam": {"teams": ["sales"], "message": "Look"}}),
            json!({"action_name": "send_email_to_team", "action_params": [{"team_ids": [70], "message": "Look"}]}),
        ),
        (
            json!({"sendEmailTranscript": ["a@b.example", "{{contact.email}}"]}),
            json!({"action_name": "send_email_transcript", "action_params": ["a@b.example,{{contact.email}}"]}),
        ),
        (
            json!({"sendWebhookEvent": "https://x.example"}),
            json!({"action_name": "send_webhook_event", "action_params": ["https://x.example"]}),
        ),
        (json!({"muteConversation": {}}), json!({"action_name": "mute_conversation", "action_params": []})),
        (
            json!({"changeStatus": "Snoozed"}),
            json!({"action_name": "change_status", "action_params": ["snoozed"]}),
        ),
        (
            json!({"changePriority": "None"}),
            json!({"action_name": "change_priority", "action_params": ["nil"]}),
        ),
    ];
    for (written, sent) in actions {
        let wish = wish(&spec(open(), json!([written])), &Town).unwrap();
        assert_eq!(wish.fields["actions"], json!([sent]));
    }
}

#[test]
fn what_is_asked_for_has_the_shape_that_a_request_takes() {
    let wish = wish(&spec(open(), muted()), &Town).unwrap();
    let mut sent = wish.fields;
    sent.extend(wish.fixed);
    let new: NewAutomationRule = serde_json::from_value(sent.clone().into()).unwrap();
    assert_eq!(serde_json::to_value(new).unwrap(), Value::Object(sent));
}

#[test]
fn what_was_sent_is_what_is_seen_whoever_wrote_it() {
    let conditions = json!([
        {"attribute": "Team", "operator": "EqualTo", "values": ["sales"]},
        {"attribute": "Content", "operator": "Contains", "values": ["refund"]},
    ]);
    let actions = json!([{"assignTeam": "sales"}, {"muteConversation": {}}, {"sendMessage": "Hello"}]);
    let wish = wish(&spec(conditions, actions), &Town).unwrap();
    // As the dashboard writes it.
    let rule: AutomationRule = serde_json::from_value(json!({
        "id": 3, "name": "Sort", "description": null, "event_name": "conversation_created", "active": false,
        "conditions": [
            {"values": ["70"], "query_operator": "and", "custom_attribute_type": "", "filter_operator": "equal_to",
             "attribute_key": "team_id"},
            {"attribute_key": "content", "filter_operator": "contains", "values": "refund", "query_operator": null},
        ],
        "actions": [
            {"action_params": ["70"], "action_name": "assign_team"},
            {"action_name": "mute_conversation"},
            {"action_name": "send_message", "action_params": ["Hello"]},
        ],
    }))
    .unwrap();
    assert!(wish.differences(&seen(&rule)).is_empty(), "{:?}", wish.differences(&seen(&rule)));
    let other = AutomationRule { actions: Vec::new(), ..rule };
    assert_eq!(wish.differences(&seen(&other)).keys().collect::<Vec<_>>(), ["actions"]);
}

#[test]
fn what_the_definition_refuses_today_is_refused_here_too() {
    let attribute = |operator: &str, values: Value| json!([{"attribute": "Status", "operator": operator, "values": values}]);
    for (conditions, actions, says) in [
        (json!([]), muted(), "at least one condition"),
        (attribute("Contains", json!(["Open"])), muted(), "spec.conditions[0]: Status is compared with"),
        (attribute("EqualTo", json!([])), muted(), "needs values"),
        (json!([{"operator": "EqualTo", "values": ["x"]}]), muted(), "exactly one of attribute"),
        (
            json!([{"attribute": "Team", "operator": "IsPresent", "values": ["x"]}]),
            muted(),
            "takes no values",
        ),
        (open(), json!([]), "a rule does something"),
        (open(), json!([{}]), "spec.actions[0]: an entry does exactly one thing"),
        (open(), json!([{"sendMessage": "a", "assignTeam": "b"}]), "exactly one thing"),
    ] {
        let refusal = wish(&spec(conditions, actions), &Town).unwrap_err();
        assert_eq!(refusal.reason, reason::INVALID_SPEC);
        assert!(refusal.message.contains(says), "{}", refusal.message);
    }
}

#[test]
fn who_is_named_is_waited_for_and_listened_to() {
    let conditions = json!([
        {"attribute": "Inbox", "operator": "EqualTo", "values": ["web"]},
        {"attribute": "Labels", "operator": "EqualTo", "values": ["vip"]},
    ]);
    let actions = json!([
        {"assignAgent": "nobody"}, {"assignTeam": "sales"},
        {"sendEmailToTeam": {"teams": ["sales", "desk"], "message": "Look"}},
    ]);
    let spec = spec(conditions, actions);
    let waiting = wish(&spec, &Town).unwrap_err();
    assert_eq!(waiting.reason, reason::WAITING_FOR_REFERENCE);
    assert_eq!(waiting.message, "spec.actions[0]: nobody is there");
    assert_eq!(
        named(&spec),
        [
            Named::Member("nobody".into()),
            Named::Sibling("ChatwootInbox", "web".into()),
            Named::Sibling("ChatwootTeam", "desk".into()),
            Named::Sibling("ChatwootTeam", "sales".into()),
        ]
    );
}

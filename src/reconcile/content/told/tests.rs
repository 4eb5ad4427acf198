use super::*;
use crate::{
    api::{
        agent_bot::ChatwootAgentBot, attribute_definition::ChatwootCustomAttributeDefinition,
        automation_rule::ChatwootAutomationRule, canned_response::ChatwootCannedResponse, common::Mode,
        inbox::ChatwootInbox, label::ChatwootLabel, team::ChatwootTeam, webhook::ChatwootWebhook,
    },
    plan::{
        agent_bot, attribute_definition, automation_rule, canned_response,
        content::Seen,
        inbox::{self, BOT, MEMBERS},
        label, team, webhook,
    },
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

fn book() -> Book {
    let things = [
        (("ChatwootInbox", 4), "website"),
        (("ChatwootTeam", 7), "sales"),
        (("ChatwootTeam", 8), "support"),
        (("ChatwootAgentBot", 30), "helper"),
    ];
    Book {
        version: Version::NEWEST_KNOWN,
        people: BTreeMap::from([(1, "alice".to_owned()), (2, "bob".to_owned())]),
        things: things.into_iter().map(|(key, name)| (key, name.to_owned())).collect(),
    }
}

fn within() -> Within {
    Within { account: "acme".into(), adopt: true, mode: Mode::Observe, paused: false }
}

fn row<T: DeserializeOwned>(seen: impl Fn(&T) -> Seen, row: Value) -> Shown {
    Shown { seen: seen(&serde_json::from_value(row).unwrap()), parts: BTreeMap::new() }
}

fn spec<C: Content>(shown: &Shown) -> Value {
    said::<C>(shown).spec
}

fn said<C: Content>(shown: &Shown) -> Told {
    told::<C>(shown, within(), &book()).unwrap_or_else(|why| panic!("it {why}: {shown:?}"))
}

fn refused<C: Content>(shown: &Shown) -> String {
    told::<C>(shown, within(), &book()).unwrap_err()
}

/// What every spec begins with.
fn begins(mut rest: Value) -> Value {
    let head = json!({"account": "acme", "adopt": true, "mode": "Observe", "paused": false, "deletionPolicy": "Retain"});
    rest.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
    rest
}

#[test]
fn what_has_a_key_is_told_with_everything_that_is_set() {
    let label = row(
        label::seen,
        json!({"id": 3, "title": "vip", "description": "ours", "color": "#1F93FF", "show_on_sidebar": true}),
    );
    let wanted = json!({"title": "vip", "description": "ours", "color": "#1F93FF", "showOnSidebar": true});
    assert_eq!(spec::<ChatwootLabel>(&label), begins(wanted));
    let bare = row(label::seen, json!({"id": 3, "title": "vip", "description": null, "color": null}));
    assert_eq!(spec::<ChatwootLabel>(&bare), begins(json!({"title": "vip", "showOnSidebar": false})));
    let answer = row(canned_response::seen, json!({"id": 3, "short_code": "Hours", "content": "9 to 5\n"}));
    assert_eq!(
        spec::<ChatwootCannedResponse>(&answer),
        begins(json!({"shortCode": "Hours", "content": "9 to 5\n"}))
    );
    let list = row(
        attribute_definition::seen,
        json!({"id": 2, "attribute_key": "plan", "attribute_model": "contact_attribute",
        "attribute_display_name": "Plan", "attribute_display_type": "list", "attribute_values": ["pro", "free"]}),
    );
    let wanted = json!({"attributeKey": "plan", "model": "Contact", "displayType": "List", "displayName": "Plan",
        "values": ["pro", "free"]});
    assert_eq!(spec::<ChatwootCustomAttributeDefinition>(&list), begins(wanted));
    let unknown = row(
        attribute_definition::seen,
        json!({"id": 2, "attribute_key": "plan", "attribute_model": "contact_attribute",
        "attribute_display_name": "Plan", "attribute_display_type": "hologram"}),
    );
    assert!(refused::<ChatwootCustomAttributeDefinition>(&unknown).contains("type that is not known"));
}

#[test]
fn people_are_named_all_or_none() {
    let mut team = row(team::seen, json!({"id": 7, "name": "sales", "allow_auto_assign": true}));
    team.parts.insert(team::MEMBERS, json!([1, 2]));
    let wanted = json!({"name": "sales", "allowAutoAssign": true, "members": ["alice", "bob"]});
    assert_eq!(spec::<ChatwootTeam>(&team), begins(wanted));
    team.parts.insert(team::MEMBERS, json!([1, 9]));
    let partly = said::<ChatwootTeam>(&team);
    assert_eq!(partly.spec["members"], Value::Null);
    assert_eq!(partly.left_out, ["members (user 9 is no ChatwootUser of its namespace and account)"]);
    team.parts.insert(team::MEMBERS, json!([]));
    assert_eq!(said::<ChatwootTeam>(&team).spec["members"], Value::Null);
}

#[test]
fn a_webhook_names_its_inbox_and_a_bot_shows_no_secret() {
    let hook = |inbox: i64| {
        row(
            webhook::seen,
            json!({"id": 8, "url": "https://h.example/?k=1", "name": "CRM", "inbox": {"id": inbox},
        "secret": "canary", "subscriptions": ["message_created", "from_the_future", "contact_created"]}),
        )
    };
    let wanted = json!({"url": "https://h.example/?k=1", "name": "CRM", "inbox": "website",
        "subscriptions": ["MessageCreated", "ContactCreated"]});
    assert_eq!(spec::<ChatwootWebhook>(&hook(4)), begins(wanted));
    let elsewhere = said::<ChatwootWebhook>(&hook(5));
    assert_eq!((&elsewhere.spec["inbox"], elsewhere.left_out.len()), (&Value::Null, 1));
    let bot = row(
        agent_bot::seen,
        json!({"id": 30, "name": "Helper", "outgoing_url": "https://b.example", "account_id": 1,
        "access_token": "canary", "secret": "canary"}),
    );
    let wanted = json!({"name": "Helper", "outgoingUrl": "https://b.example", "installationWide": false});
    assert_eq!(spec::<ChatwootAgentBot>(&bot), begins(wanted));
    let old = told::<ChatwootAgentBot>(&bot, within(), &Book { version: Version::new(4, 11, 0), ..book() })
        .unwrap();
    assert_eq!((&old.spec["outgoingUrl"], old.left_out.len()), (&Value::Null, 1));
}

fn flags() -> Value {
    json!({"id": 4, "name": "Help", "greeting_enabled": true, "greeting_message": "Hi", "csat_survey_enabled": true,
        "enable_auto_assignment": true, "timezone": "Europe/Berlin", "working_hours_enabled": true, "out_of_office_message": "Later",
        "working_hours": [
            {"day_of_week": 0, "closed_all_day": true, "open_hour": 9, "open_minutes": 0, "close_hour": 17, "close_minutes": 0},
            {"day_of_week": 1, "open_hour": 9, "open_minutes": 5, "close_hour": 17, "close_minutes": 30},
            {"day_of_week": 2, "open_all_day": true}]})
}

fn inbox(channel: Value) -> Shown {
    let mut whole = flags();
    whole.as_object_mut().unwrap().extend(channel.as_object().unwrap().clone());
    let mut shown = row(inbox::seen, whole);
    shown.parts = BTreeMap::from([(MEMBERS, json!([2])), (BOT, json!(30))]);
    shown
}

#[test]
fn every_channel_is_told_and_nothing_of_its_secrets() {
    let api = spec::<ChatwootInbox>(&inbox(
        json!({"channel_type": "Channel::Api", "webhook_url": "https://a.example",
        "hmac_mandatory": true, "hmac_token": "canary", "additional_attributes": {"agent_reply_time_window": "24", "theirs": 1}}),
    ));
    assert_eq!(
        api["api"],
        json!({"webhookUrl": "https://a.example", "hmacMandatory": true, "agentReplyTimeWindow": 24})
    );
    assert_eq!((&api["bot"], &api["members"]), (&json!("helper"), &json!(["bob"])));
    let days = json!([{"day": "Sunday", "closed": true}, {"day": "Monday", "open": "09:05", "close": "17:30"},
        {"day": "Tuesday", "openAllDay": true}]);
    assert_eq!(api["workingHours"], json!({"enabled": true, "outOfOfficeMessage": "Later", "days": days}));
    let questions = json!([{"field_type": "standard", "name": "emailAddress", "label": "Mail", "type": "email", "required": true,
        "enabled": true, "placeholder": null, "locale": "en"}]);
    let widget = spec::<ChatwootInbox>(&inbox(
        json!({"channel_type": "Channel::WebWidget", "website_url": "https://w.example",
        "website_token": "canary", "widget_color": "#1f93ff", "reply_time": "in_a_day", "pre_chat_form_enabled": true,
        "pre_chat_form_options": {"pre_chat_message": "Who?", "pre_chat_fields": questions}, "allowed_domains": "a.example,\n b.example",
        "selected_feature_flags": ["end_conversation", "attachments"]}),
    ));
    let of = &widget["webWidget"];
    assert_eq!(of["allowedDomains"], json!(["a.example", "b.example"]));
    assert_eq!(of["features"], json!(["Attachments", "EndConversation"]));
    assert_eq!(
        (&of["replyTime"], &of["preChatForm"]["fields"][0]["name"]),
        (&json!("InADay"), &json!("emailAddress"))
    );
    let email = said::<ChatwootInbox>(&inbox(
        json!({"channel_type": "Channel::Email", "email": "help@acme.example",
        "imap_enabled": true, "imap_address": "mail", "imap_port": 993, "imap_login": "help", "imap_password": "canary"}),
    ));
    assert_eq!(email.spec["email"], json!({"address": "help@acme.example"}));
    assert!(email.left_out[0].starts_with("email.imap (it takes a Secret"), "{:?}", email.left_out);
    for spec in [&api, &widget, &email.spec] {
        assert!(!spec.to_string().contains("canary"), "{spec}");
    }
    assert!(
        refused::<ChatwootInbox>(&inbox(json!({"channel_type": "Channel::Whatsapp"}))).contains("channel")
    );
}

fn asking(questions: Value) -> Shown {
    inbox(json!({"channel_type": "Channel::WebWidget", "website_url": "w", "pre_chat_form_enabled": true,
        "pre_chat_form_options": {"pre_chat_message": "Who?", "pre_chat_fields": questions}}))
}

#[test]
fn a_form_is_told_with_whose_the_answers_are_and_what_a_list_offers() {
    // As the dashboard stores what its definitions of attributes say.
    let list = json!({"field_type": "contact_attribute", "name": "tier", "label": "Tier", "placeholder": "Tier", "type": "list",
        "values": ["gold", "tin"], "regex_pattern": null, "regex_cue": null, "required": false, "enabled": true});
    let text = json!({"field_type": "conversation_attribute", "name": "order", "label": "Order", "placeholder": "Order",
        "type": "text", "values": [], "regex_pattern": "/^[0-9]+$/", "regex_cue": "Digits", "required": true, "enabled": true});
    let told = said::<ChatwootInbox>(&asking(json!([list, text])));
    let wanted = json!([
        {"name": "tier", "of": "Contact", "label": "Tier", "placeholder": "Tier", "type": "list", "values": ["gold", "tin"],
            "required": false, "enabled": true},
        {"name": "order", "of": "Conversation", "label": "Order", "placeholder": "Order", "type": "text",
            "regexPattern": "/^[0-9]+$/", "regexCue": "Digits", "required": true, "enabled": true}]);
    assert_eq!(told.spec["webWidget"]["preChatForm"]["fields"], wanted);
    assert_eq!(told.left_out, Vec::<String>::new());
}

#[test]
fn a_question_that_no_manifest_can_ask_leaves_the_form_as_it_is() {
    let question = |kind: &str, name: &str, shape: &str| json!({"field_type": kind, "name": name, "label": "L", "type": shape, "enabled": true});
    for (kind, name, shape) in [
        ("custom_attribute", "tier", "text"),
        ("company_attribute", "tier", "text"),
        ("contact_attribute", "fullName", "text"),
        ("contact_attribute", "tier", "list"),
    ] {
        let told = said::<ChatwootInbox>(&asking(json!([
            question("standard", "emailAddress", "email"),
            question(kind, name, shape)
        ])));
        assert_eq!(
            told.spec["webWidget"]["preChatForm"],
            json!({"enabled": true, "message": "Who?"}),
            "{kind} {name}"
        );
        assert!(told.left_out[0].contains(&format!("question {name} is")), "{:?}", told.left_out);
    }
}

fn rule(conditions: Value, actions: Value) -> Shown {
    row(
        automation_rule::seen,
        json!({"id": 5, "name": "Sort", "event_name": "message_created", "active": false, "description": "",
        "conditions": conditions, "actions": actions}),
    )
}

fn open() -> Value {
    json!([{"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": null}])
}

#[test]
fn a_rule_is_told_as_it_would_be_written_by_hand() {
    let conditions = json!([
        {"attribute_key": "inbox_id", "filter_operator": "equal_to", "values": ["4"], "query_operator": "or"},
        {"attribute_key": "assignee_id", "filter_operator": "is_not_present", "values": [], "query_operator": "and"},
        {"attribute_key": "private_note", "filter_operator": "equal_to", "values": [true], "query_operator": "and"},
        {"attribute_key": "tier", "filter_operator": "is_greater_than", "values": ["3"], "custom_attribute_type": "contact_attribute",
            "query_operator": "and"},
        {"attribute_key": "priority", "filter_operator": "not_equal_to", "values": ["urgent"], "custom_attribute_type": ""},
    ]);
    let actions = json!([
        {"action_name": "assign_agent", "action_params": [1]}, {"action_name": "assign_agent", "action_params": ["nil"]},
        {"action_name": "assign_team", "action_params": ["7"]}, {"action_name": "assign_team", "action_params": ["nil"]},
        {"action_name": "add_label", "action_params": ["vip", "eu"]}, {"action_name": "remove_label", "action_params": ["eu"]},
        {"action_name": "send_message", "action_params": ["Hi"]}, {"action_name": "add_private_note", "action_params": ["So"]},
        {"action_name": "send_email_to_team", "action_params": [{"team_ids": [7, 8], "message": "Look"}]},
        {"action_name": "send_email_transcript", "action_params": ["a@b.example,c@d.example"]},
        {"action_name": "send_webhook_event", "action_params": ["https://h.example"]},
        {"action_name": "mute_conversation", "action_params": []}, {"action_name": "change_status", "action_params": ["snoozed"]},
        {"action_name": "change_priority", "action_params": ["nil"]},
    ]);
    let told = spec::<ChatwootAutomationRule>(&rule(conditions, actions));
    assert_eq!((&told["event"], &told["active"]), (&json!("MessageCreated"), &json!(false)));
    let shown: Vec<&Value> =
        told["conditions"].as_array().unwrap().iter().map(|one| &one["values"]).collect();
    let (none, one) = (Value::Null, |text: &str| json!([text]));
    assert_eq!(shown, [&one("website"), &none, &one("true"), &one("3"), &one("Urgent")]);
    assert_eq!(told["conditions"][3]["customAttribute"], json!({"key": "tier", "of": "Contact"}));
    assert_eq!(
        (told["actions"].as_array().unwrap().len(), &told["actions"][2]),
        (14, &json!({"assignTeam": "sales"}))
    );
    assert_eq!(told["actions"][8]["sendEmailToTeam"]["teams"], json!(["sales", "support"]));
}

#[test]
fn a_rule_that_no_manifest_can_say_is_refused_with_the_reason() {
    let one = |name: &str, params: Value| json!([{"action_name": name, "action_params": params}]);
    let muted = || one("mute_conversation", json!([]));
    for (actions, why) in [
        (one("send_attachment", json!([3])), "does what no ChatwootAutomationRule does: \"send_attachment\""),
        (one("assign_agent", json!([9])), "names user 9, who is no ChatwootUser"),
        (one("assign_team", json!([9])), "names what has no manifest: ChatwootTeam 9"),
        (one("mute_conversation", json!([1])), "in actions"),
        (one("change_status", json!(["closed"])), "exactly one thing"),
    ] {
        let said = refused::<ChatwootAutomationRule>(&rule(open(), actions));
        assert!(said.contains(why), "{said}");
    }
    let condition = |key: &str, operator: &str, values: Value| json!([{"attribute_key": key, "filter_operator": operator, "values": values}]);
    for (conditions, why) in [
        (condition("company", "equal_to", json!(["x"])), "looks at what no"),
        (
            condition("status", "attribute_changed", json!({"from": ["open"], "to": ["x"]})),
            "compares in a way",
        ),
        (condition("status", "contains", json!(["open"])), "is compared with"),
        (condition("email", "equal_to", json!([7])), "in conditions"),
        (condition("inbox_id", "equal_to", json!([5])), "ChatwootInbox 5"),
    ] {
        let said = refused::<ChatwootAutomationRule>(&rule(conditions, muted()));
        assert!(said.contains(why), "{said}");
    }
}

/// Anything at all where Chatwoot has something.
fn anything() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "open",
        "nil",
        "Channel::Api",
        "Channel::WebWidget",
        "list",
        "text",
        "in_a_day",
        "a,,b",
        "ß\u{0}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..40_i64).prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        "\\PC{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(
                "action_name|action_params|attribute_key|values|team_ids",
                inner,
                0..3
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// One with some of its fields turned into something else.
fn turned(seen: Seen) -> impl Strategy<Value = Shown> {
    let names: Vec<String> = seen.fields.keys().cloned().collect();
    prop::collection::btree_map(prop::sample::select(names), anything(), 0..4).prop_map(move |others| {
        let mut seen = seen.clone();
        seen.fields.extend(others);
        Shown { seen, parts: BTreeMap::from([(MEMBERS, json!([1])), (BOT, Value::Null)]) }
    })
}

/// Whatever is told: Chatwoot agrees with it.
fn agrees<C: Content>(shown: &Shown) -> Result<(), TestCaseError> {
    let Ok(told) = told::<C>(shown, within(), &book()) else { return Ok(()) };
    let object = json!({"apiVersion": "chatwoot.dev/v1alpha1", "kind": C::TRAIT.kind, "metadata": {"name": "x"}, "spec": told.spec});
    let object: C = serde_json::from_value(object).unwrap();
    let wish = object.wish(&book()).unwrap();
    prop_assert_eq!(wish.differences(&shown.seen), crate::chatwoot::types::Map::new());
    prop_assert!(wish.secrets.is_empty() && wish.pending.is_none() && wish.connection.is_none());
    prop_assert!(object.within().adopt && object.within().mode == Mode::Observe);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_told_of_a_rule_is_so(shown in turned(rule(open(), json!([{"action_name": "mute_conversation"}])).seen)) {
        agrees::<ChatwootAutomationRule>(&shown)?;
    }

    #[test]
    fn whatever_is_told_of_an_inbox_is_so(shown in turned(inbox(json!({"channel_type": "Channel::WebWidget", "website_url": "w"})).seen)) {
        agrees::<ChatwootInbox>(&shown)?;
    }

    #[test]
    fn whatever_is_told_of_a_definition_is_so(shown in turned(row(attribute_definition::seen, json!({"id": 2, "attribute_key": "plan",
        "attribute_model": "contact_attribute", "attribute_display_name": "Plan", "attribute_display_type": "text"})).seen)) {
        agrees::<ChatwootCustomAttributeDefinition>(&shown)?;
    }

    #[test]
    fn whatever_is_told_of_the_small_kinds_is_so(
        label in turned(row(label::seen, json!({"id": 3, "title": "vip"})).seen),
        team in turned(row(team::seen, json!({"id": 7, "name": "sales"})).seen),
        hook in turned(row(webhook::seen, json!({"id": 8, "url": "https://h.example"})).seen),
        bot in turned(row(agent_bot::seen, json!({"id": 30, "name": "Helper"})).seen),
        answer in turned(row(canned_response::seen, json!({"id": 3, "short_code": "h", "content": "x"})).seen),
    ) {
        agrees::<ChatwootLabel>(&label)?;
        agrees::<ChatwootTeam>(&team)?;
        agrees::<ChatwootWebhook>(&hook)?;
        agrees::<ChatwootAgentBot>(&bot)?;
        agrees::<ChatwootCannedResponse>(&answer)?;
    }
}

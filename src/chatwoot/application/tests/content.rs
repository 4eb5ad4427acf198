//! Everything else that is set up in an account (§3.3, §3.6): what goes out, and each answer's own shape.

use super::*;
use crate::chatwoot::{
    tenant::{
        agent_bot::AgentBotFields,
        attribute::{AttributeFields, AttributeModel, DisplayType, NewAttribute},
        automation::{AutomationRulePatch, NewAutomationRule, RuleEvent},
        canned::CannedFields,
        ids::{AgentBotId, AttributeId, AutomationRuleId, CannedResponseId, InboxId, LabelId, WebhookId},
        label::LabelFields,
        settings::{AutoResolveAfter, SettingsPatch},
        team::TeamFields,
        webhook::{WebhookEvent, WebhookFields},
    },
    types::UserId,
};
use ::secrecy::ExposeSecret;

#[tokio::test]
async fn teams() {
    let team = json!({"id": 6, "name": "sales", "description": null, "allow_auto_assign": true, "account_id": 3,
        "is_member": false});
    let server = Server::start([
        Act::json(200, &json!([team]).to_string()),
        Act::json(200, &team.to_string()),
        Act::json(200, &team.to_string()),
        Act::json(200, &team.to_string()),
        Act::json(200, ""),
    ]);
    let teams = inside(&server).teams();
    let fields = TeamFields { name: Some("Sales".into()), ..Default::default() };
    assert_eq!(teams.list().await.unwrap()[0].name, "sales");
    teams.show(TeamId(6)).await.unwrap();
    assert_eq!(teams.create(&fields).await.unwrap().name, "sales", "Chatwoot lower-cases");
    teams.update(TeamId(6), &fields).await.unwrap();
    teams.delete(TeamId(6)).await.unwrap();
    let seen = server.seen();
    assert_eq!((line(&seen[2]), body(&seen[2])), ("POST /teams".into(), json!({"team": {"name": "Sales"}})));
    assert_eq!(line(&seen[3]), "PATCH /teams/6");
}

#[tokio::test]
async fn team_members_go_out_as_whole_numbers_and_always_as_a_list() {
    let server = Server::start([
        Act::json(200, r#"[{"id":1,"role":"agent"}]"#),
        Act::json(200, "[]"),
        Act::json(200, "[]"),
        Act::json(401, r#"{"error":"Invalid User IDs"}"#),
        Act::json(200, ""),
    ]);
    let members = inside(&server).team_members(TeamId(6));
    assert_eq!(members.list().await.unwrap()[0].id, UserId(1));
    assert!(members.add(&[UserId(1)]).await.unwrap().is_empty(), "only those that are new");
    members.set(&[]).await.unwrap();
    let failure = members.set(&[UserId(99)]).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Invalid, Fate::Rejected));
    members.remove(&[UserId(1)]).await.unwrap();
    let seen = server.seen();
    assert_eq!(body(&seen[1]), json!({"user_ids": [1]}));
    assert_eq!(
        (line(&seen[2]), body(&seen[2])),
        ("PATCH /teams/6/team_members".into(), json!({"user_ids": []}))
    );
}

#[tokio::test]
async fn labels() {
    let label =
        json!({"id": 1, "title": "vip", "description": null, "color": "#1f93ff", "show_on_sidebar": true});
    let server = Server::start([
        Act::json(200, &json!({"payload": [label]}).to_string()),
        Act::json(200, &label.to_string()),
        Act::json(200, &label.to_string()),
        Act::json(200, ""),
    ]);
    let labels = inside(&server).labels();
    let fields = LabelFields { title: Some("VIP".into()), show_on_sidebar: Some(true), ..Default::default() };
    assert_eq!(labels.list().await.unwrap()[0].color.as_deref(), Some("#1f93ff"));
    assert_eq!(labels.create(&fields).await.unwrap().title, "vip");
    labels.update(LabelId(1), &fields).await.unwrap();
    labels.delete(LabelId(1)).await.unwrap();
    let seen = server.seen();
    assert_eq!(body(&seen[1]), json!({"label": {"title": "VIP", "show_on_sidebar": true}}));
    assert_eq!(line(&seen[3]), "DELETE /labels/1");
}

#[tokio::test]
async fn webhooks() {
    let webhook = json!({"id": 8, "name": null, "url": "https://acme.example/hook", "account_id": 3,
        "subscriptions": ["message_created", "from_the_future"], "secret": "webhook-secret-1",
        "inbox": {"id": 7, "name": "Website"}});
    let one = json!({"payload": {"webhook": webhook}}).to_string();
    let server = Server::start([
        Act::json(200, &json!({"payload": {"webhooks": [webhook]}}).to_string()),
        Act::json(200, &one),
        Act::json(200, &one),
        Act::json(422, r#"{"message":"Subscriptions Invalid events","attributes":["subscriptions"]}"#),
        Act::json(200, ""),
    ]);
    let webhooks = inside(&server).webhooks();
    let listed = webhooks.list().await.unwrap();
    assert_eq!(listed[0].subscriptions, [WebhookEvent::MessageCreated]);
    assert_eq!(listed[0].inbox_id(), Some(InboxId(7)));
    assert_eq!(listed[0].secret.as_ref().unwrap().expose_secret(), "webhook-secret-1");
    let fields = WebhookFields {
        url: Some("https://acme.example/hook".into()),
        subscriptions: Some(vec![WebhookEvent::MessageCreated]),
        ..Default::default()
    };
    webhooks.create(&fields).await.unwrap();
    webhooks.update(WebhookId(8), &fields).await.unwrap();
    let failure = webhooks.update(WebhookId(8), &fields).await.unwrap_err();
    assert_eq!(failure.refusal, Some(Refusal("Subscriptions Invalid events".into())));
    webhooks.delete(WebhookId(8)).await.unwrap();
    let none = WebhookFields { subscriptions: Some(vec![]), ..Default::default() };
    assert_eq!(webhooks.create(&none).await.unwrap_err().status, None);
    let seen = server.seen();
    assert_eq!(seen.len(), 5, "an empty list of events was not sent");
    let expected =
        json!({"webhook": {"url": "https://acme.example/hook", "subscriptions": ["message_created"]}});
    assert_eq!((line(&seen[1]), body(&seen[1])), ("POST /webhooks".into(), expected));
    assert!("message_deleted".parse::<WebhookEvent>().is_err());
}

#[tokio::test]
async fn canned_responses_are_bare_rows() {
    let row =
        json!({"id": 5, "account_id": 3, "short_code": "hi", "content": "Hello", "created_at": "2026-01-01"});
    let server = Server::start([
        Act::json(200, &json!([row]).to_string()),
        Act::json(200, &row.to_string()),
        Act::json(200, &row.to_string()),
        Act::json(200, ""),
    ]);
    let canned = inside(&server).canned_responses();
    assert_eq!(canned.list().await.unwrap()[0].short_code, "hi");
    let whole = CannedFields { short_code: Some("hi".into()), content: Some("Hello".into()) };
    canned.create(&whole).await.unwrap();
    let changed = CannedFields { content: Some("Hello".into()), ..CannedFields::default() };
    canned.update(CannedResponseId(5), &changed).await.unwrap();
    canned.delete(CannedResponseId(5)).await.unwrap();
    let seen = server.seen();
    assert_eq!(body(&seen[1]), json!({"canned_response": {"short_code": "hi", "content": "Hello"}}));
    let patch = json!({"canned_response": {"content": "Hello"}});
    assert_eq!((line(&seen[2]), body(&seen[2])), ("PATCH /canned_responses/5".into(), patch));
}

#[tokio::test]
async fn attribute_definitions_whose_deletion_answers_204() {
    let row = json!({"id": 2, "attribute_key": "seats", "attribute_model": "contact_attribute",
        "attribute_display_name": "Seats", "attribute_display_type": "number", "attribute_values": [],
        "attribute_description": null, "regex_pattern": null});
    let server = Server::start([
        Act::json(200, &json!([row, {"id": 3, "attribute_display_type": "hologram"}]).to_string()),
        Act::json(200, &row.to_string()),
        Act::json(200, &row.to_string()),
        Act::raw(204, "", ""),
    ]);
    let attributes = inside(&server).attributes();
    let listed = attributes.list(Some(AttributeModel::Contact)).await.unwrap();
    assert_eq!((listed[0].display_type, listed[1].display_type), (Some(DisplayType::Number), None));
    let fields = AttributeFields {
        display_type: Some(DisplayType::Number),
        display_name: Some("Seats".into()),
        ..Default::default()
    };
    let new = NewAttribute { key: "seats".into(), model: AttributeModel::Contact, fields: fields.clone() };
    attributes.create(&new).await.unwrap();
    attributes.update(AttributeId(2), &fields).await.unwrap();
    attributes.delete(AttributeId(2)).await.unwrap();
    let seen = server.seen();
    assert_eq!(line(&seen[0]), "GET /custom_attribute_definitions?attribute_model=contact_attribute");
    let expected = json!({"custom_attribute_definition": {"attribute_key": "seats",
        "attribute_model": "contact_attribute", "attribute_display_type": "number",
        "attribute_display_name": "Seats"}});
    assert_eq!(body(&seen[1]), expected);
    // Labels that Chatwoot would answer with a 500 cannot be written.
    assert!(
        "person_attribute".parse::<AttributeModel>().is_err() && "colour".parse::<DisplayType>().is_err()
    );
}

#[tokio::test]
async fn automation_rules_with_three_shapes_and_no_404() {
    let rule = json!({"id": 3, "account_id": 3, "name": "r", "description": null, "event_name": "message_created",
        "conditions": [{"attribute_key": "content"}], "actions": [], "active": true});
    let payload = json!({"payload": rule}).to_string();
    let gone = Act::json(500, r#"{"status":500,"error":"Internal Server Error"}"#);
    let server = Server::start([
        Act::json(200, &json!({"payload": [rule, {"id": 4, "event_name": "moon_phase"}]}).to_string()),
        Act::json(200, &rule.to_string()),
        Act::json(200, &payload),
        Act::json(200, &payload),
        gone.clone(),
        gone.clone(),
        gone,
    ]);
    let rules = inside(&server).automation_rules();
    let listed = rules.list().await.unwrap();
    assert_eq!((listed[0].event_name, listed[1].event_name), (Some(RuleEvent::MessageCreated), None));
    let new = NewAutomationRule {
        name: "r".into(),
        description: None,
        event_name: RuleEvent::MessageCreated,
        active: true,
        conditions: vec![],
        actions: vec![],
    };
    rules.create(&new).await.unwrap();
    let id = AutomationRuleId(3);
    rules.show(id).await.unwrap();
    rules.update(id, &AutomationRulePatch { active: Some(false), ..Default::default() }).await.unwrap();
    for failure in [
        rules.show(id).await.unwrap_err(),
        rules.update(id, &Default::default()).await.unwrap_err(),
        rules.delete(id).await.unwrap_err(),
    ] {
        assert_eq!(failure.class, Class::Server);
        assert!(failure.to_string().contains("does not exist"), "{failure}");
    }
    let seen = server.seen();
    let expected = json!({"name": "r", "event_name": "message_created", "active": true, "conditions": [],
        "actions": []});
    assert_eq!(body(&seen[1]), expected, "conditions are always there");
    assert_eq!(body(&seen[3]), json!({"active": false}));
}

#[tokio::test]
async fn agent_bots_and_those_of_the_installation() {
    let bot = json!({"id": 4, "name": "Bot", "description": null, "thumbnail": "", "outgoing_url": "https://b.example",
        "bot_type": "webhook", "bot_config": {}, "account_id": 3, "access_token": "bot-token-1",
        "secret": "bot-secret-1", "system_bot": false});
    let server = Server::start([
        Act::json(
            200,
            &json!([bot, {"id": 5, "name": "All", "account_id": null, "system_bot": true}]).to_string(),
        ),
        Act::json(200, &bot.to_string()),
    ]);
    let bots = inside(&server).agent_bots();
    let listed = bots.list().await.unwrap();
    assert!(listed[1].system_bot && listed[1].account_id.is_none() && listed[1].access_token.is_none());
    assert_eq!(listed[0].access_token.as_ref().unwrap().expose_secret(), "bot-token-1");
    let id = AgentBotId(4);
    let fields = AgentBotFields { name: Some("Bot".into()), ..Default::default() };
    bots.show(id).await.unwrap();
    bots.create(&fields).await.unwrap();
    bots.update(id, &fields).await.unwrap();
    bots.reset_access_token(id).await.unwrap();
    assert_eq!(bots.reset_secret(id).await.unwrap().secret.unwrap().expose_secret(), "bot-secret-1");
    bots.delete(id).await.unwrap();
    let seen = server.seen();
    assert_eq!((line(&seen[2]), body(&seen[2])), ("POST /agent_bots".into(), json!({"name": "Bot"})));
    assert_eq!(line(&seen[4]), "POST /agent_bots/4/reset_access_token");
    assert_eq!(line(&seen[5]), "POST /agent_bots/4/reset_secret");
}

#[tokio::test]
async fn an_accounts_own_settings() {
    let account = json!({"id": 3, "name": "Acme", "locale": "en", "domain": null, "support_email": "a@b.co",
        "status": "suspended", "settings": {"auto_resolve_after": 60}, "custom_attributes": {}, "features": {},
        "cache_keys": {}, "latest_chatwoot_version": "4.15.1"});
    let server = Server::start([
        Act::json(200, &account.to_string()),
        Act::json(200, &account.to_string()),
        Act::json(404, r#"{"error":"Resource could not be found"}"#),
    ]);
    let account = inside(&server);
    assert_eq!(account.settings().await.unwrap().settings["auto_resolve_after"], 60);
    let patch = SettingsPatch {
        auto_resolve_after: Some(AutoResolveAfter::minutes(60)),
        auto_resolve_ignore_waiting: Some(true),
        ..Default::default()
    };
    account.update_settings(&patch).await.unwrap();
    assert_eq!(
        body(&server.seen()[1]),
        json!({"auto_resolve_after": 60, "auto_resolve_ignore_waiting": true})
    );
    assert_eq!(account.settings().await.unwrap_err().class, Class::NotFound, "not a member");
    let off = SettingsPatch { auto_resolve_after: Some(None), ..Default::default() };
    assert_eq!(serde_json::to_value(&off).unwrap(), json!({"auto_resolve_after": null}));
    for minutes in [0, 9, 1_439_857] {
        assert!(AutoResolveAfter::minutes(minutes).is_none());
    }
    assert!(AutoResolveAfter::minutes(10).is_some() && AutoResolveAfter::minutes(1_439_856).is_some());
}

//! Inboxes: §3.5.

use super::tenant::*;
use crate::support::*;
use chatwoot_simulator::{Act, ChannelKind};
use serde_json::{Value, json};

#[tokio::test]
async fn an_api_inbox_shows_its_identifier_to_all_and_its_secrets_to_administrators() {
    let tenant = Tenant::start().await;
    let made = tenant.inbox("Orders").await;
    assert_eq!((&made["name"], &made["channel_type"]), (&json!("Orders"), &json!("Channel::Api")));
    for key in ["inbox_identifier", "hmac_token", "secret"] {
        assert_eq!(made[key].as_str().unwrap().len(), 24, "{key}");
    }
    assert_eq!(made["hmac_mandatory"], false);
    for key in ["website_token", "widget_color", "phone_number", "provider"] {
        assert_eq!(made[key], Value::Null, "{key} is there and null");
    }
    assert_eq!(made["working_hours"].as_array().unwrap().len(), 7);
    tenant.join(&made, tenant.agent.id).await;
    let seen = tenant.agent("GET", &format!("inboxes/{}", id(&made)), Value::Null).await.ok();
    assert_eq!(seen["inbox_identifier"], made["inbox_identifier"]);
    assert!(seen.get("hmac_token").is_none() && seen.get("secret").is_none());
}

#[tokio::test]
async fn agents_see_their_own_inboxes_and_the_list_goes_by_name() {
    let tenant = Tenant::start().await;
    let (b, a) = (tenant.inbox("beta").await, tenant.inbox("Alpha").await);
    assert_eq!(column(&tenant.get("inboxes").await.ok()["payload"], "name"), ["Alpha", "beta"]);
    tenant.join(&b, tenant.agent.id).await;
    let seen = tenant.agent("GET", "inboxes", Value::Null).await.ok();
    assert_eq!(column(&seen["payload"], "name"), ["beta"]);
    tenant.agent("GET", &format!("inboxes/{}", id(&a)), Value::Null).await.is_not_allowed();
    tenant.get("inboxes/99").await.is_missing();
}

#[tokio::test]
async fn names_are_not_unique_and_a_channel_is_needed() {
    let tenant = Tenant::start().await;
    assert_ne!(id(&tenant.inbox("Same").await), id(&tenant.inbox("Same").await));
    tenant.post("inboxes", json!({"name": "x"})).await.is_500();
    let unknown = json!({"name": "x", "channel": {"type": "pigeon"}});
    tenant.post("inboxes", unknown).await.is_422("Channel must exist", &["channel"]);
    let blank = json!({"name": " ", "channel": {"type": "api"}});
    tenant.post("inboxes", blank).await.is_422("Name can't be blank", &["name"]);
    assert_eq!(tenant.get("inboxes").await.ok()["payload"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn fields_are_set_null_may_be_a_word_and_the_channel_keeps_its_type() {
    let tenant = Tenant::start().await;
    let path = format!("inboxes/{}", id(&tenant.inbox("Orders").await));
    let body = json!({"greeting_enabled": true, "greeting_message": "Hi", "timezone": "Europe/Berlin",
        "csat_survey_enabled": true, "csat_config": {"display_type": "emoji"}, "lock_to_single_conversation": "true",
        "channel": {"type": "email", "webhook_url": "https://x.example", "additional_attributes": {"agent_reply_time_window": 24}}});
    let set = tenant.patch(&path, body).await.ok();
    assert_eq!((&set["greeting_message"], &set["timezone"]), (&json!("Hi"), &json!("Europe/Berlin")));
    assert_eq!(
        (&set["lock_to_single_conversation"], &set["csat_config"]),
        (&json!(true), &json!({"display_type": "emoji"}))
    );
    assert_eq!(
        (&set["channel_type"], &set["webhook_url"]),
        (&json!("Channel::Api"), &json!("https://x.example"))
    );
    assert_eq!(
        tenant.patch(&path, json!({"greeting_message": "null"})).await.ok()["greeting_message"],
        Value::Null
    );
    let bad = tenant
        .patch(&path, json!({"channel": {"additional_attributes": {"agent_reply_time_window": 0}}}))
        .await;
    assert_eq!(bad.status, 422);
    tenant
        .patch(&path, json!({"timezone": "Mars"}))
        .await
        .is_422("Timezone is not included in the list", &["timezone"]);
    let long = tenant.patch(&path, json!({"greeting_message": "x".repeat(10_001)})).await;
    long.is_422("Greeting message is too long (maximum is 10000 characters)", &["greeting_message"]);
    tenant.patch(&path, json!({"sender_name_type": "rude"})).await.is_500();
    assert_eq!(
        tenant.patch(&path, json!({"sender_name_type": 1})).await.ok()["sender_name_type"],
        "professional"
    );
    let ignored =
        tenant.patch(&path, json!({"auto_assignment_config": {"max_assignment_limit": 3}})).await.ok();
    assert_eq!(ignored["auto_assignment_config"], json!({}), "enterprise code only");
}

#[tokio::test]
async fn working_hours_change_by_day() {
    let tenant = Tenant::start().await;
    let path = format!("inboxes/{}", id(&tenant.inbox("Orders").await));
    let rows = json!([{"day_of_week": 0, "closed_all_day": false, "open_hour": 10, "open_minutes": 30,
        "close_hour": 12, "close_minutes": 0}, {"day_of_week": 6, "open_all_day": true, "closed_all_day": false}]);
    let hours = tenant.patch(&path, json!({"working_hours": rows})).await.ok()["working_hours"].clone();
    assert_eq!((&hours[0]["open_hour"], &hours[0]["open_minutes"]), (&json!(10), &json!(30)));
    assert_eq!((&hours[1]["open_hour"], &hours[6]["open_all_day"]), (&json!(9), &json!(true)));
    tenant.patch(&path, json!({"working_hours": [{"day_of_week": 7}]})).await.is_500();
}

#[tokio::test]
async fn a_web_widget_has_a_token_a_script_and_flags() {
    let tenant = Tenant::start().await;
    let body = |url: Value| json!({"name": "Site", "channel": {"type": "web_widget", "website_url": url}});
    tenant.post("inboxes", body(Value::Null)).await.is_422("Website url can't be blank", &["website_url"]);
    let made = tenant.post("inboxes", body(json!("https://acme.example"))).await.ok();
    let token = made["website_token"].as_str().unwrap();
    assert!(made["web_widget_script"].as_str().unwrap().contains(token));
    assert_eq!(made["selected_feature_flags"], json!(["attachments", "emoji_picker", "end_conversation"]));
    assert_eq!((&made["reply_time"], made["hmac_token"].is_string()), (&json!("in_a_few_minutes"), true));
    assert!(made.get("inbox_identifier").is_none() && made.get("secret").is_none());
    let path = format!("inboxes/{}", id(&made));
    tenant.patch(&path, json!({"channel": {"reply_time": "soon"}})).await.is_500();
    let set = tenant
        .patch(&path, json!({"channel": {"reply_time": "in_a_day", "selected_feature_flags": []}}))
        .await
        .ok();
    assert_eq!((&set["reply_time"], &set["selected_feature_flags"]), (&json!("in_a_day"), &json!([])));
}

#[tokio::test]
async fn widgets_are_restricted_to_domains_since_4_6_and_open_in_apps_since_4_12() {
    for (version, restricted, in_apps) in
        [("4.5", false, false), ("4.6", true, false), ("4.11", true, false), ("4.12", true, true)]
    {
        let tenant = Tenant::version(version).await;
        let channel = json!({"type": "web_widget", "website_url": "https://acme.example", "allowed_domains": "acme.example"});
        let made = tenant.post("inboxes", json!({"name": "W", "channel": channel})).await.ok();
        let shown = restricted.then_some(json!("acme.example"));
        assert_eq!(
            made.get("allowed_domains"),
            shown.as_ref(),
            "{version}: an older one drops it in silence"
        );
        let flags = json!({"channel": {"selected_feature_flags": ["allow_mobile_webview"]}});
        let answer = tenant.patch(&format!("inboxes/{}", id(&made)), flags).await;
        assert_eq!(answer.status == 200, in_apps, "{version}");
    }
}

#[tokio::test]
async fn a_widget_hands_on_answers_that_have_an_owner_and_drops_the_others() {
    let tenant = Tenant::start().await;
    let question = |kind: &str, name: &str, of: Value| json!({"field_type": kind, "name": name, "label": name, "type": "text", "required": false, "enabled": of});
    let list = json!({"field_type": "contact_attribute", "name": "tier", "type": "list", "values": ["gold", "tin"], "enabled": true});
    let questions = json!([
        question("standard", "emailAddress", json!(true)),
        list,
        question("conversation_attribute", "order", json!(true)),
        question("custom_attribute", "nobodys", json!(true)),
        question("contact_attribute", "hidden", json!(false))
    ]);
    let channel = json!({"type": "web_widget", "website_url": "https://acme.example", "pre_chat_form_enabled": true,
        "pre_chat_form_options": {"pre_chat_message": "Who?", "pre_chat_fields": questions}});
    let inbox = id(&tenant.post("inboxes", json!({"name": "W", "channel": channel})).await.ok());
    let answers = |tier: &str| {
        let answers = json!({"emailAddress": "jo@customer.example", "tier": tier, "order": "7", "nobodys": "x", "hidden": "x"});
        Act::FillForm { inbox, answers: answers.as_object().unwrap().clone() }
    };
    let refused = tenant.chatwoot.control().act(answers("iron")).await.unwrap_err();
    assert!(refused.to_string().contains("does not offer"), "{refused}");
    assert_eq!(tenant.chatwoot.act(answers("gold")).await.id, Some(1));
    let content = tenant.chatwoot.state().await.content;
    let (contact, conversation) = (&content.contacts[0], &content.conversations[0]);
    assert_eq!(
        (contact.email.as_deref(), json!(contact.custom_attributes)),
        (Some("jo@customer.example"), json!({"tier": "gold"}))
    );
    assert_eq!(json!(conversation.custom_attributes), json!({"order": "7"}));
}

#[tokio::test]
async fn an_address_is_unique_in_the_installation_and_mail_passwords_are_shown_to_administrators() {
    let tenant = Tenant::start().await;
    let channel = json!({"type": "email", "email": "help@acme.example", "imap_password": "hunter2"});
    let body = json!({"name": "Mail", "channel": channel});
    let made = tenant.post("inboxes", body.clone()).await.ok();
    assert_eq!((&made["email"], &made["imap_password"]), (&json!("help@acme.example"), &json!("hunter2")));
    tenant.post("inboxes", body.clone()).await.is_422("Email has already been taken", &["email"]);
    let other = tenant.chatwoot.account("Other").await;
    let boss = tenant.chatwoot.person(other, "boss@other.example", "administrator").await;
    let path = format!("/api/v1/accounts/{other}/inboxes");
    let refused = tenant.chatwoot.by(&boss.token, "POST", &path, Some(body)).await;
    refused.is_422("Email has already been taken", &["email"]);
    tenant.join(&made, tenant.agent.id).await;
    let seen = tenant.agent("GET", &format!("inboxes/{}", id(&made)), Value::Null).await.ok();
    assert!(seen.get("imap_password").is_none() && seen["email"] == "help@acme.example");
}

#[tokio::test]
async fn a_mail_server_that_does_not_answer_is_a_422_that_saved_everything() {
    let tenant = Tenant::start().await;
    let body = json!({"name": "Mail", "channel": {"type": "email", "email": "help@acme.example"}});
    let path = format!("inboxes/{}", id(&tenant.post("inboxes", body).await.ok()));
    tenant.chatwoot.act(Act::SetMailServers { ok: false }).await;
    let body = json!({"name": "Renamed", "channel": {"imap_enabled": true, "imap_login": "me"}});
    let refused = tenant.patch(&path, body).await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["message"].as_str().unwrap().contains("IMAP"));
    let stored = tenant.get(&path).await.ok();
    assert_eq!((&stored["name"], &stored["imap_login"]), (&json!("Renamed"), &json!("me")));
}

#[tokio::test]
async fn an_inbox_is_deleted_later_and_repeats_are_welcome_until_then() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let inbox = tenant.inbox("Orders").await;
    let talk = tenant.conversation(&inbox, "ada").await;
    let path = format!("inboxes/{}", id(&inbox));
    for _ in 0..2 {
        let said = tenant.delete(&path).await.ok();
        assert_eq!(said, json!({"message": "Your inbox deletion request will be processed in some time."}));
    }
    assert_eq!(tenant.get(&path).await.ok()["name"], "Orders");
    assert_eq!(tenant.chatwoot.run_jobs().await, 2);
    tenant.get(&path).await.is_missing();
    tenant.delete(&path).await.is_missing();
    assert_eq!(tenant.get(&format!("conversations/{talk}")).await.status, 200, "what hangs on it goes after");
    tenant.chatwoot.run_jobs().await;
    tenant.get(&format!("conversations/{talk}")).await.is_missing();
}

#[tokio::test]
async fn only_an_enterprise_image_counts_inboxes() {
    for (tenant, status) in [(Tenant::enterprise().await, 402), (Tenant::start().await, 200)] {
        tenant.inbox("first").await;
        tenant.chatwoot.patch(account(tenant.id), json!({"limits": {"inboxes": 1}})).await.ok();
        let second = tenant.post("inboxes", json!({"name": "x", "channel": {"type": "api"}})).await;
        assert_eq!(second.status, status);
        if status == 402 {
            assert!(second.json()["error"].as_str().unwrap().starts_with("Account limit exceeded."));
        }
    }
}

#[tokio::test]
async fn secrets_of_api_inboxes_are_reset_and_others_have_none() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let reset = tenant.post(&format!("inboxes/{}/reset_secret", id(&inbox)), json!({})).await.ok();
    assert_ne!(reset["secret"], inbox["secret"]);
    assert_eq!(reset["hmac_token"], inbox["hmac_token"]);
    let channel = json!({"type": "web_widget", "website_url": "https://acme.example"});
    let widget = id(&tenant.post("inboxes", json!({"name": "W", "channel": channel})).await.ok());
    tenant.post(&format!("inboxes/{widget}/reset_secret"), json!({})).await.is_missing();
    let old = Tenant::version("4.12").await;
    let inbox = old.inbox("Orders").await;
    assert_eq!(inbox.get("secret"), None, "since 4.13");
    assert_eq!(old.post(&format!("inboxes/{}/reset_secret", id(&inbox)), json!({})).await.status, 404);
}

#[tokio::test]
async fn a_bot_is_attached_by_number_and_detached_by_nothing() {
    let tenant = Tenant::start().await;
    let path = format!("inboxes/{}", id(&tenant.inbox("Orders").await));
    let bot = |account| Act::CreateBot { account, name: "B".into(), outgoing_url: None };
    let own = tenant.chatwoot.act(bot(Some(tenant.id))).await.id.unwrap();
    let system = tenant.chatwoot.act(bot(None)).await.id.unwrap();
    let foreign = tenant.chatwoot.act(bot(Some(99))).await.id.unwrap();
    let shown = async || tenant.get(&format!("{path}/agent_bot")).await.ok();
    assert_eq!(shown().await, json!({}));
    for usable in [own, system] {
        tenant.post(&format!("{path}/set_agent_bot"), json!({"agent_bot": usable})).await.is_empty_200();
        assert_eq!(id(&shown().await["agent_bot"]), usable);
    }
    for unusable in [foreign, 999] {
        tenant.post(&format!("{path}/set_agent_bot"), json!({"agent_bot": unusable})).await.is_missing();
    }
    tenant.post(&format!("{path}/set_agent_bot"), json!({})).await.is_empty_200();
    assert_eq!(shown().await, json!({}));
    tenant.post(&format!("{path}/set_agent_bot"), json!({"agent_bot": own})).await.is_empty_200();
    tenant.chatwoot.act(Act::DeleteBot { bot: own }).await;
    assert_eq!(shown().await, json!({}), "a bot that is gone is attached to nothing");
}

#[tokio::test]
async fn a_migrated_address_becomes_an_inbox() {
    let options = chatwoot_simulator::Options { email_channel_migration: true, ..Default::default() };
    let tenant = Tenant::with(options).await;
    let path = format!("{}/email_channel_migrations", account(tenant.id));
    let body = json!({"migrations": [{"email": "help@acme.example", "provider": "google"}]});
    let result = tenant.chatwoot.post(path, body).await.ok()["results"][0].clone();
    let inbox = tenant.get(&format!("inboxes/{}", result["inbox_id"])).await.ok();
    assert_eq!(
        (&inbox["name"], &inbox["channel_id"]),
        (&json!("Migrated Google: help@acme.example"), &result["channel_id"])
    );
    assert_eq!(tenant.chatwoot.state().await.content.inboxes[0].kind, ChannelKind::Email);
}

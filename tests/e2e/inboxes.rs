//! Inboxes: made under a name of their own, found again, kept as declared, connected to, and left or removed.

use crate::support::{
    Journal, PATIENCE, Setup, Stage,
    content::{Furnished, automated},
    subject::{id, is, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, ChannelKind, Effect, Fault, Filter, JobKind, Options, Version, listed};
use serde_json::{Map, Value, json};

const INBOX: &str = "ChatwootInbox";
const BOT: &str = "ChatwootAgentBot";
const CREATE: &str = "POST /api/v1/accounts/:account_id/inboxes";

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl Furnished {
    async fn inbox(&self, id: i64) -> Result<listed::Inbox> {
        let inboxes = self.content().await?.inboxes;
        inboxes.into_iter().find(|inbox| inbox.id == id).with_context(|| format!("there is no inbox {id}"))
    }

    /// Ids of who works in an inbox.
    async fn members(&self, inbox: i64) -> Result<Vec<i64>> {
        let rows = self.content().await?.inbox_members;
        Ok(rows.into_iter().filter(|row| row.inbox == inbox).map(|row| row.user).collect())
    }
}

#[tokio::test]
async fn an_inbox_gets_its_name_once_its_id_is_recorded_and_says_how_to_connect() -> Result<()> {
    let inside = Furnished::new().await?;
    let days = json!([{"day": "Monday", "open": "08:30", "close": "18:00"}, {"day": "Saturday", "openAllDay": true}]);
    let spec = json!({"name": "Shop", "api": {"webhookUrl": "https://shop.acme.example/hook", "agentReplyTimeWindow": 24},
        "greeting": {"enabled": true, "message": "Hello"}, "timezone": "Europe/Berlin", "csat": true,
        "workingHours": {"enabled": true, "outOfOfficeMessage": "Later", "days": days},
        "connectionSecret": {"name": "shop-inbox"}});
    let shop = inside.apply(INBOX, "shop", spec).await?;
    let object = shop.ready().await?;
    assert_eq!(inside.calls_inside(0).await?, ["GET inboxes", "POST inboxes", "PATCH inboxes/:id"]);
    let inbox = inside.inbox(id(&object)?).await?;
    assert_eq!((inbox.name.as_str(), inbox.kind), ("Shop", ChannelKind::Api));
    assert_eq!(inbox.fields["timezone"], "Europe/Berlin");
    assert_eq!(inbox.channel["additional_attributes"]["agent_reply_time_window"], 24);
    let monday = inbox.working_hours.iter().find(|day| day.day_of_week == 1).context("no Monday")?;
    assert_eq!((monday.open_hour, monday.open_minutes, monday.close_hour), (Some(8), Some(30), Some(18)));
    assert!(inbox.working_hours.iter().any(|day| day.day_of_week == 6 && day.open_all_day));
    let secret = inside.tenant.secret_now("shop-inbox").await?;
    assert_eq!(secret["inbox_identifier"], inbox.identifier.context("no identifier")?);
    assert_eq!(secret["hmac_token"], inbox.hmac_token.context("no HMAC token")?);
    assert_eq!(secret["secret"], inbox.secret.context("no secret")?);
    assert_eq!((&secret["inbox_id"], &secret["account_id"]), (&inbox.id.to_string(), &inside.id.to_string()));

    // Quiet from now on: one list.
    let seq = inside.stage.chatwoot.last_seq().await?;
    shop.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET inboxes"]);
    // Its Secret is repaired, follows its name, and goes with the resource; the inbox stays, as it is the default.
    inside.tenant.delete_secret("shop-inbox").await?;
    inside.tenant.secret_when("shop-inbox", |secret| secret.contains_key("hmac_token")).await?;
    shop.set(json!({"connectionSecret": {"name": "shop-other"}})).await?;
    inside.tenant.secret_when("shop-other", |secret| secret.contains_key("hmac_token")).await?;
    inside.tenant.secret_gone("shop-inbox").await?;
    shop.delete().await?;
    shop.gone().await?;
    inside.tenant.secret_gone("shop-other").await?;
    assert_eq!(inside.inbox(inbox.id).await?.name, "Shop");
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_never_makes_a_second_inbox() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.stage.chatwoot.fault_once(CREATE, Effect::CloseAfterCommit).await?;
    let shop = inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}})).await?;
    let object = shop.reason("ResolvingCreate").await?;
    assert!(object["status"]["id"].is_null());
    // The place's settle time is short; the inbox is found by the name it was made under.
    let found = shop.at_last("is Ready", |object| is(object, "Succeeded")).await?;
    let inboxes = inside.content().await?.inboxes;
    let [inbox] = inboxes.as_slice() else { panic!("{inboxes:?}") };
    assert_eq!((inbox.id, inbox.name.as_str()), (id(&found)?, "Shop"));
    Ok(())
}

#[tokio::test]
async fn drift_is_repaired_where_something_is_declared_and_nowhere_else() -> Result<()> {
    let inside = Furnished::new().await?;
    let spec = json!({"name": "Site", "webWidget": {"websiteUrl": "https://www.acme.example", "color": "#1f93ff",
        "features": ["Attachments"], "preChatForm": {"enabled": true, "message": "Who are you?"}},
        "connectionSecret": {"name": "site"}});
    let site = inside.apply(INBOX, "site", spec).await?;
    let inbox = id(&site.ready().await?)?;
    let script = inside.tenant.secret_now("site").await?["web_widget_script"].clone();
    let token = inside.inbox(inbox).await?.website_token.context("no token")?;
    ensure!(script.contains(&token), "{script}");
    let questions = json!({"pre_chat_message": "Theirs", "pre_chat_fields": [{"name": "fullName"}]});
    let fields =
        map(json!({"widget_color": "#000000", "welcome_title": "by hand", "csat_survey_enabled": true,
        "pre_chat_form_options": questions}));
    inside.stage.chatwoot.act(Act::EditInbox { inbox, name: Some("Other".into()), fields }).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    site.looked_at().await?;
    // Message and questions are replaced together, so what is there is read first.
    assert_eq!(inside.calls_inside(seq).await?, ["GET inboxes", "GET inboxes/:id", "PATCH inboxes/:id"]);
    let now = inside.inbox(inbox).await?;
    assert_eq!((now.name.as_str(), &now.channel["widget_color"]), ("Site", &json!("#1f93ff")));
    assert_eq!(
        (&now.channel["welcome_title"], &now.fields["csat_survey_enabled"]),
        (&json!("by hand"), &json!(true))
    );
    let options = &now.channel["pre_chat_form_options"];
    assert_eq!(
        options,
        &json!({"pre_chat_message": "Who are you?", "pre_chat_fields": [{"name": "fullName"}]})
    );

    site.set(json!({"mode": "Observe"})).await?;
    inside
        .stage
        .chatwoot
        .act(Act::EditInbox { inbox, name: None, fields: map(json!({"widget_color": "#000000"})) })
        .await?;
    site.annotate("chatwoot.dev/reconcile-requested-at", "observed").await?;
    site.until("lists what differs", |o| {
        is(o, "Observed") && o["status"]["drifted"] == json!(["widget_color"])
    })
    .await?;
    assert_eq!(inside.inbox(inbox).await?.channel["widget_color"], "#000000");
    Ok(())
}

#[tokio::test]
async fn members_are_the_ones_that_are_named_and_nobody_from_outside_the_account() -> Result<()> {
    let inside = Furnished::new().await?;
    let people = [("alice", json!([{"account": "acme", "role": "Agent"}])), ("bob", json!([]))];
    let mut ids = Vec::new();
    for (name, memberships) in people {
        let person = inside.tenant.person(&inside.stage, name, json!({"memberships": memberships})).await?;
        ids.push(id(&person.ready().await?)?);
    }
    let shop =
        inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}, "members": ["alice", "bob"]})).await?;
    // Chatwoot would take a stranger; the operator does not. The inbox is there meanwhile.
    let waiting = shop.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("ChatwootUser bob is not a member"), "{waiting}");
    let inbox = id(&waiting)?;
    assert_eq!(inside.inbox(inbox).await?.name, "Shop");
    assert_eq!(inside.members(inbox).await?, ids[..1], "and so is who is a member already");

    shop.set(json!({"members": ["alice"]})).await?;
    shop.ready().await?;
    assert_eq!(inside.members(inbox).await?, ids[..1]);
    inside.stage.chatwoot.act(Act::JoinInbox { inbox, user: ids[1] }).await?;
    shop.looked_at().await?;
    assert_eq!(inside.members(inbox).await?, ids[..1], "an exact list");
    let bob = inside.tenant.subject(&inside.stage, "ChatwootUser", "bob");
    bob.set(json!({"memberships": [{"account": "acme", "role": "Agent"}]})).await?;
    shop.set(json!({"members": ["alice", "bob"]})).await?;
    shop.ready().await?;
    assert_eq!(inside.members(inbox).await?, ids);
    shop.set(json!({"members": []})).await?;
    shop.ready().await?;
    assert!(inside.members(inbox).await?.is_empty());
    Ok(())
}

/// Access is taken back at once, whoever else has not come yet.
#[tokio::test]
async fn whoever_is_taken_out_of_an_inbox_goes_before_somebody_else_has_come() -> Result<()> {
    let inside = Furnished::new().await?;
    let mut ids = Vec::new();
    for name in ["alice", "bob"] {
        let joined = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
        let person = inside.tenant.person(&inside.stage, name, joined).await?;
        ids.push(id(&person.ready().await?)?);
    }
    let shop =
        inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}, "members": ["alice", "bob"]})).await?;
    let inbox = id(&shop.ready().await?)?;
    assert_eq!(inside.members(inbox).await?, ids);

    shop.set(json!({"members": ["alice", "carol"]})).await?;
    let waiting = shop.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("there is no ChatwootUser carol"), "{waiting}");
    assert_eq!(inside.members(inbox).await?, ids[..1]);
    // Quiet while it waits: a look writes nothing.
    let seq = inside.stage.chatwoot.last_seq().await?;
    shop.annotate("chatwoot.dev/reconcile-requested-at", "waiting").await?;
    shop.until("was looked at", |o| o["status"]["lastHandledReconcileAt"] == "waiting").await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET inboxes", "GET inbox_members/:inbox_id"]);
    let joined = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
    let carol = id(&inside.tenant.person(&inside.stage, "carol", joined).await?.ready().await?)?;
    shop.ready().await?;
    assert_eq!(inside.members(inbox).await?, [ids[0], carol]);
    Ok(())
}

/// A question goes out as the widget reads it, and what a customer answers arrives.
#[tokio::test]
async fn answers_to_the_form_before_a_chat_become_attributes_of_whom_they_are_asked_for() -> Result<()> {
    let inside = Furnished::new().await?;
    let questions = json!([{"name": "emailAddress", "label": "Mail", "type": "email", "required": true},
        {"name": "tier", "of": "Contact", "label": "Tier", "type": "list", "values": ["gold", "tin"]},
        {"name": "order", "of": "Conversation", "label": "Order", "regexPattern": "/^[0-9]+$/", "regexCue": "Digits"}]);
    let form = |questions: &Value| {
        let form = json!({"enabled": true, "message": "Who?", "fields": questions});
        json!({"name": "Site", "webWidget": {"websiteUrl": "https://www.acme.example", "preChatForm": form}})
    };
    let site = inside.apply(INBOX, "site", form(&questions)).await?;
    let inbox = id(&site.ready().await?)?;
    let answers = map(json!({"emailAddress": "jo@customer.example", "tier": "gold", "order": "7"}));
    inside.stage.chatwoot.act(Act::FillForm { inbox, answers }).await?;
    let content = inside.content().await?;
    let [contact] = content.contacts.as_slice() else { panic!("{:?}", content.contacts) };
    assert_eq!(contact.email.as_deref(), Some("jo@customer.example"));
    assert_eq!(json!(contact.custom_attributes), json!({"tier": "gold"}));
    assert_eq!(json!(content.conversations[0].custom_attributes), json!({"order": "7"}));
    let seq = inside.stage.chatwoot.last_seq().await?;
    site.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET inboxes"], "nothing differs");

    // One that works already, as the dashboard has made it, is taken over as it is.
    let of = |kind: &str, rest: Value| {
        let mut question =
            map(json!({"field_type": kind, "required": false, "enabled": true, "placeholder": ""}));
        question.extend(map(rest));
        question
    };
    let stored = json!([
        of(
            "contact_attribute",
            json!({"name": "tier", "label": "Tier", "type": "list", "values": ["gold", "tin"], "regex_pattern": null})
        ),
        of(
            "conversation_attribute",
            json!({"name": "order", "label": "Order", "type": "text", "values": [],
            "regex_pattern": "/^[0-9]+$/", "regex_cue": "Digits"})
        ),
    ]);
    let fields = map(json!({"website_url": "https://www.acme.example", "pre_chat_form_enabled": true,
        "pre_chat_form_options": {"pre_chat_message": "Who?", "pre_chat_fields": stored}}));
    let make = Act::CreateInbox {
        account: inside.id,
        name: "Theirs".into(),
        channel: ChannelKind::WebWidget,
        fields,
    };
    inside.stage.chatwoot.act(make).await?;
    let mut spec = form(&json!([questions[1], questions[2]]));
    (spec["name"], spec["adopt"]) = (json!("Theirs"), json!(true));
    let seq = inside.stage.chatwoot.last_seq().await?;
    inside.apply(INBOX, "theirs", spec).await?.ready().await?;
    let written = inside.calls_inside(seq).await?.into_iter().filter(|call| !call.starts_with("GET"));
    assert_eq!(written.collect::<Vec<_>>(), Vec::<String>::new());
    Ok(())
}

/// An older Chatwoot would drop the domains, and the widget would open in anybody's pages.
#[tokio::test]
async fn what_widgets_of_this_chatwoot_do_not_have_is_not_sent() -> Result<()> {
    let simulator = Options { version: Version(4, 5, 0), ..Options::default() };
    let inside = Furnished::with(Setup { simulator, ..automated() }).await?;
    let widget = json!({"websiteUrl": "https://www.acme.example", "allowedDomains": ["www.acme.example"],
        "features": ["Attachments", "AllowMobileWebview"]});
    let site = inside.apply(INBOX, "site", json!({"name": "Site", "webWidget": widget})).await?;
    let refused = site.reason("InvalidSpec").await?;
    assert!(
        message(&refused, "Ready")
            .contains("leave webWidget.allowedDomains out, or upgrade Chatwoot to 4.6.0"),
        "{refused}"
    );
    site.set(json!({"webWidget": {"allowedDomains": []}})).await?;
    site.until("says what else is missing", |o| message(o, "Ready").contains("upgrade Chatwoot to 4.12.0"))
        .await?;
    assert_eq!(inside.calls_inside(0).await?, Vec::<String>::new());
    site.set(json!({"webWidget": {"features": ["Attachments"]}})).await?;
    site.ready().await?;
    Ok(())
}

#[tokio::test]
async fn an_inbox_says_which_bot_answers_and_waits_for_it() -> Result<()> {
    let inside = Furnished::new().await?;
    let shop = inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}, "bot": "helper"})).await?;
    let waiting = shop.reason("WaitingForReference").await?;
    let inbox = id(&waiting)?;
    // Each names the other, and neither waits for ever.
    let helper = inside.apply(BOT, "helper", json!({"name": "Helper", "inboxes": ["shop"]})).await?;
    let bot = id(&helper.ready().await?)?;
    shop.ready().await?;
    assert_eq!(inside.inbox(inbox).await?.bot, Some(bot));
    inside.stage.chatwoot.act(Act::AttachBot { inbox, bot: None }).await?;
    shop.looked_at().await?;
    assert_eq!(inside.inbox(inbox).await?.bot, Some(bot));
    // The inbox has the last word.
    shop.set(json!({"bot": ""})).await?;
    shop.ready().await?;
    assert_eq!(inside.inbox(inbox).await?.bot, None);
    let refused = helper.reason("InvalidSpec").await?;
    assert!(message(&refused, "Ready").contains("ChatwootInbox shop names no bot"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_chatwoot_has_accepted_is_not_asked_for_again() -> Result<()> {
    let inside = Furnished::new().await?;
    let shop =
        inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}, "deletionPolicy": "Delete"})).await?;
    shop.ready().await?;
    inside.stage.chatwoot.act(Act::HoldJobs { kinds: vec![JobKind::DestroyInbox] }).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    shop.delete().await?;
    shop.gone().await?;
    assert_eq!(inside.content().await?.inboxes.len(), 1, "Chatwoot goes on showing it");
    // Another of the same name is another inbox.
    let again =
        inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}, "deletionPolicy": "Delete"})).await?;
    again.ready().await?;
    let calls = inside.calls_inside(seq).await?;
    assert_eq!(calls.iter().filter(|call| *call == "DELETE inboxes/:id").count(), 1, "{calls:?}");
    inside.stage.chatwoot.act(Act::ReleaseJobs { kinds: vec![] }).await?;
    inside.stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;
    let inboxes = inside.content().await?.inboxes;
    assert_eq!(inboxes.iter().map(|inbox| inbox.id).collect::<Vec<_>>(), [id(&again.get().await?)?]);
    Ok(())
}

#[tokio::test]
async fn one_that_is_there_already_is_taken_over_when_its_name_is_unmistakable() -> Result<()> {
    let inside = Furnished::new().await?;
    let make =
        |channel| Act::CreateInbox { account: inside.id, name: "Shop".into(), channel, fields: Map::new() };
    inside.stage.chatwoot.act(make(ChannelKind::Email)).await?;
    let shop = inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}, "adopt": true})).await?;
    let refused = shop.reason("InvalidSpec").await?;
    assert!(message(&refused, "Ready").contains("has another channel_type"), "{refused}");
    let theirs = inside.stage.chatwoot.act(make(ChannelKind::Api)).await?.id.context("no id")?;
    shop.annotate("chatwoot.dev/reconcile-requested-at", "two").await?;
    let several = |o: &Value| message(o, "Ready").contains("has several of name");
    shop.until("sees two", several).await?;
    let rename = Act::EditInbox { inbox: theirs, name: Some("Web shop".into()), fields: Map::new() };
    inside.stage.chatwoot.act(rename).await?;
    shop.set(json!({"name": "Web shop", "csat": true})).await?;
    let adopted = shop.ready().await?;
    assert_eq!((id(&adopted)?, &adopted["status"]["ownership"]), (theirs, &json!("Adopted")));
    assert_eq!(inside.inbox(theirs).await?.fields["csat_survey_enabled"], true);
    shop.set(json!({"deletionPolicy": "Delete"})).await?;
    shop.delete().await?;
    shop.gone().await?;
    assert_eq!(inside.content().await?.inboxes.len(), 2, "what was taken over stays");
    Ok(())
}

#[tokio::test]
async fn an_inbox_that_is_gone_with_its_conversations_is_not_made_anew_in_silence() -> Result<()> {
    let inside = Furnished::new().await?;
    let shop = inside.apply(INBOX, "shop", json!({"name": "Shop", "api": {}})).await?;
    let inbox = id(&shop.ready().await?)?;
    inside.stage.chatwoot.act(Act::DeleteInbox { inbox, when: Default::default() }).await?;
    shop.annotate("chatwoot.dev/reconcile-requested-at", "gone").await?;
    let gone = shop.reason("ExternalResourceMissing").await?;
    assert!(message(&gone, "Ready").ends_with("apply it again"), "{gone}");
    assert!(inside.content().await?.inboxes.is_empty());
    Ok(())
}

fn mail() -> Value {
    let imap = json!({"host": "mail.acme.example", "port": 993, "login": "help",
        "passwordSecretKeyRef": {"name": "mail", "key": "password"}});
    json!({"name": "Mail", "email": {"address": "help@acme.example", "imap": imap}})
}

#[tokio::test]
async fn a_mail_password_comes_from_a_secret_and_follows_it() -> Result<()> {
    let inside = Furnished::new().await?;
    let mail = inside.apply(INBOX, "mail", self::mail()).await?;
    let missing = mail.reason("SecretInvalid").await?;
    assert!(message(&missing, "Ready").contains("mail has no key password"), "{missing}");
    inside.tenant.secret("mail", json!({"password": "Mail-Password-1\n"})).await?;
    let broken = |o: &Value| message(o, "Ready").contains("line break");
    mail.until("says what is wrong with it", broken).await?;
    inside.tenant.secret("mail", json!({"password": "Mail-Password-1"})).await?;
    let inbox = id(&mail.ready().await?)?;
    let stored = |inbox: &listed::Inbox| inbox.channel["imap_password"].clone();
    let made = inside.inbox(inbox).await?;
    assert_eq!((stored(&made), &made.channel["imap_enabled"]), (json!("Mail-Password-1"), &json!(true)));

    let applied = mail.get().await?["status"]["applied"].clone();
    let seq = inside.stage.chatwoot.last_seq().await?;
    inside.tenant.secret("mail", json!({"password": "Mail-Password-2"})).await?;
    let patched = Filter::route("PATCH /api/v1/accounts/:account_id/inboxes/:id").since(seq);
    inside.stage.chatwoot.wait(&patched, 1, PATIENCE).await?;
    // A change of the object in between would have it tried again: that it was used is not written down yet.
    mail.ready().await?;
    mail.looked_at().await?;
    let calls = inside.calls_inside(seq).await?;
    assert_eq!(calls.iter().filter(|call| call.starts_with("PATCH")).count(), 1, "{calls:?}");
    // Somebody changes it in Chatwoot.
    let fields = map(json!({"imap_password": "by hand"}));
    inside.stage.chatwoot.act(Act::EditInbox { inbox, name: None, fields }).await?;
    mail.looked_at().await?;
    assert_eq!(stored(&inside.inbox(inbox).await?), "Mail-Password-2");
    let status = mail.get().await?;
    assert_eq!(status["status"]["applied"], applied);
    ensure!(!status.to_string().contains("Mail-Password"), "{status}");
    Ok(())
}

#[tokio::test]
async fn a_mail_server_that_does_not_answer_is_tried_again_and_not_all_the_time() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.tenant.secret("mail", json!({"password": "Mail-Password-1"})).await?;
    inside.stage.chatwoot.act(Act::SetMailServers { ok: false }).await?;
    let mail = inside.apply(INBOX, "mail", self::mail()).await?;
    let refused = mail.reason("RejectedByChatwoot").await?;
    let told = message(&refused, "Ready");
    assert!(told.contains("mail server could not be reached") && told.contains("imap"), "{told}");
    assert_eq!(refused["status"]["drifted"], json!(["imap"]));
    // What is wrong is not forgotten because nothing differs any more.
    let seq = inside.stage.chatwoot.last_seq().await?;
    mail.annotate("chatwoot.dev/reconcile-requested-at", "look").await?;
    mail.until("was looked at", |o| o["status"]["lastHandledReconcileAt"] == "look").await?;
    mail.reason("RejectedByChatwoot").await?;
    let calls = inside.calls_inside(seq).await?;
    // The next try by itself may have come meanwhile.
    let tries = calls.iter().filter(|call| call.starts_with("PATCH")).count();
    assert!((1..=2).contains(&tries), "{calls:?}");
    inside.stage.chatwoot.act(Act::SetMailServers { ok: true }).await?;
    mail.looked_at().await?;
    assert!(mail.get().await?["status"]["drifted"].is_null());
    Ok(())
}

/// It swallows what it is sent: Chatwoot has stored everything by then, is cut off while it waits, and shows from then on
/// what was wanted.
#[tokio::test]
async fn a_mail_server_that_never_answers_is_not_taken_for_one_that_works() -> Result<()> {
    const PATCH: &str = "PATCH /api/v1/accounts/:account_id/inboxes/:id";
    let inside = Furnished::new().await?;
    inside.tenant.secret("mail", json!({"password": "Mail-Password-1"})).await?;
    // By Chatwoot's own time limit, by whatever stands between, and by ours.
    let cuts = [
        ("one", Effect::Status { status: 500, after_commit: true }),
        ("two", Effect::ResetAfterCommit),
        ("three", Effect::HangAfterCommit),
    ];
    let host = |name: &str| format!("{name}.mail.example");
    let mut inboxes = Vec::new();
    for (name, cut) in cuts {
        inside.stage.chatwoot.add_fault(Fault::always(PATCH, cut).with_body(&host(name))).await?;
        let mut spec = self::mail();
        spec["email"]["address"] = json!(format!("{name}@acme.example"));
        spec["email"]["imap"]["host"] = json!(host(name));
        inboxes.push((name, inside.apply(INBOX, name, spec).await?));
    }
    for (name, mail) in &inboxes {
        let told = mail.reason("RejectedByChatwoot").await?;
        assert_eq!(told["status"]["drifted"], json!(["imap"]), "{told}");
        assert!(told["status"]["applied"].is_null(), "{told}");
        let made = inside.inbox(id(&told)?).await?;
        assert_eq!(made.channel["imap_address"], json!(host(name)), "it is stored");
    }
    // Nothing differs any more, and yet it is tried again.
    let seq = inside.stage.chatwoot.last_seq().await?;
    inside.stage.chatwoot.clear_faults().await?;
    for (name, mail) in &inboxes {
        let found = mail.looked_at().await?;
        assert!(found["status"]["drifted"].is_null(), "{found}");
        let tries = inside.stage.chatwoot.journal(&Filter::route(PATCH).since(seq)).await?;
        let tries = tries.iter().filter(|entry| entry.body.contains(&host(name))).count();
        assert!(tries > 0, "{name}");
    }
    Ok(())
}

/// Chatwoot hands mail to whichever inbox of the installation has the address.
#[tokio::test]
async fn an_inbox_takes_mail_of_domains_that_a_grant_names() -> Result<()> {
    let stage = Stage::with(automated()).await?;
    let inside = Furnished::granted(stage, json!({"emailDomains": ["acme.example"]})).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    let spec = |address: &str| json!({"name": "Mail", "email": {"address": address}});
    let mail = inside.apply(INBOX, "mail", spec("support@Victim.example")).await?;
    let refused = mail.reason("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("emailDomains: [victim.example]"), "{refused}");
    assert!(inside.stage.chatwoot.writes(seq).await?.iter().all(|call| !call.contains("inboxes")));
    // Their own address is theirs to have, and one that is there is frozen when it becomes another's.
    mail.set(json!({"email": {"address": "support@acme.example"}})).await?;
    let inbox = id(&mail.ready().await?)?;
    mail.set(json!({"email": {"address": "support@victim.example"}})).await?;
    mail.reason("NotGranted").await?;
    assert_eq!(inside.inbox(inbox).await?.channel["email"], "support@acme.example");
    Ok(())
}

/// Ids begin at 1 in every Chatwoot, so those of one mean something else in another.
#[tokio::test]
async fn an_inbox_gets_no_people_and_no_bots_of_another_instance() -> Result<()> {
    let grant = json!({"allow": ["InstallationBots"]});
    let first = Furnished::granted(Stage::with(automated()).await?, grant).await?;
    let (tenant, second) = (&first.tenant, Stage::with(automated()).await?);
    second.grant(tenant, json!({})).await?;
    let there = tenant.account(&second, "there", json!({"name": "There"})).await?.ready().await?;
    assert_eq!(id(&there)?, first.id, "the accounts are to have one id");
    let alice = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
    tenant.person(&first.stage, "alice", alice).await?.ready().await?;
    let faq = first.apply(BOT, "faq", json!({"name": "Faq", "installationWide": true})).await?;
    faq.ready().await?;

    let seq = second.chatwoot.last_seq().await?;
    let spec = json!({"account": "there", "name": "Shop", "api": {}, "members": ["alice"], "bot": "faq"});
    let shop = first.apply(INBOX, "shop", spec).await?;
    shop.reason("WaitingForReference").await?;
    shop.set(json!({"members": null})).await?;
    let refused = shop.reason("InvalidSpec").await?;
    assert!(message(&refused, "Ready").contains("ChatwootAgentBot faq is in instance"), "{refused}");
    let written = second.chatwoot.writes(seq).await?;
    let beside = |call: &&String| call.contains("inbox_members") || call.contains("set_agent_bot");
    assert_eq!(written.iter().find(beside), None);
    Ok(())
}

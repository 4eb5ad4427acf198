use super::*;
use crate::chatwoot::{
    tenant::{
        ids::AgentBotId,
        inbox::{
            ApiChannel, Channel, ChannelType, EmailChannel, Imap, InboxFields, InboxPatch, NewInbox,
            ReplyTime, WebWidget, WidgetFeature, WorkingDay,
        },
    },
    types::UserId,
};
use ::secrecy::ExposeSecret;

const ID: InboxId = InboxId(2);

fn inbox() -> Value {
    json!({"id": 2, "avatar_url": "", "channel_id": 5, "name": "App", "channel_type": "Channel::Api",
        "greeting_enabled": true, "greeting_message": null, "working_hours_enabled": false,
        "enable_email_collect": true, "csat_survey_enabled": false, "enable_auto_assignment": true,
        "auto_assignment_config": {}, "working_hours": [{"day_of_week": 0, "closed_all_day": true, "open_hour": null,
        "open_minutes": null, "close_hour": null, "close_minutes": null, "open_all_day": false}],
        "timezone": "UTC", "inbox_identifier": "inbox-identifier-1", "webhook_url": "https://acme.example/hook",
        "hmac_token": "hmac-token-1", "hmac_mandatory": true, "secret": "inbox-secret-1",
        "additional_attributes": null, "website_token": null, "reply_time": null, "email": null,
        "selected_feature_flags": null, "provider": null})
}

fn named(name: &str) -> InboxFields {
    InboxFields { name: Some(name.into()), ..Default::default() }
}

#[tokio::test]
async fn inboxes_are_listed_and_shown_with_their_keys() {
    let server = Server::start([
        Act::json(
            200,
            &json!({"payload": [inbox(), {"id": 9, "channel_type": "Channel::Whatsapp"}]}).to_string(),
        ),
        Act::json(200, &inbox().to_string()),
    ]);
    let inboxes = inside(&server).inboxes();
    let all = inboxes.list().await.unwrap();
    assert_eq!((all[0].channel_type, all[1].channel_type), (Some(ChannelType::Api), None));
    let one = inboxes.show(ID).await.unwrap();
    let shown =
        |secret: &Option<::secrecy::SecretString>| secret.as_ref().unwrap().expose_secret().to_owned();
    assert_eq!(shown(&one.inbox_identifier), "inbox-identifier-1");
    assert_eq!(
        (shown(&one.hmac_token), shown(&one.secret)),
        ("hmac-token-1".into(), "inbox-secret-1".into())
    );
    assert!(one.hmac_mandatory && one.working_hours[0].closed_all_day);
    assert_eq!(inboxes.show(InboxId(8)).await.unwrap_err().class, Class::Unexpected);
}

#[tokio::test]
async fn every_channel_is_made_with_its_type_and_changed_without() {
    let flags = vec![WidgetFeature::Attachments, WidgetFeature::EmojiPicker];
    let widget = WebWidget {
        website_url: Some("https://acme.example".into()),
        reply_time: Some(ReplyTime::InADay),
        selected_feature_flags: Some(flags),
        ..Default::default()
    };
    let imap =
        Imap { enabled: Some(true), password: Some("imap-pw".into()), port: Some(993), ..Default::default() };
    let email = EmailChannel { email: Some("help@acme.example".into()), imap, ..Default::default() };
    let cases = [
        (
            Channel::Api(ApiChannel { hmac_mandatory: Some(true), ..Default::default() }),
            "api",
            json!({"hmac_mandatory": true}),
        ),
        (
            Channel::WebWidget(widget),
            "web_widget",
            json!({"website_url": "https://acme.example",
            "reply_time": "in_a_day", "selected_feature_flags": ["attachments", "emoji_picker"]}),
        ),
        (
            Channel::Email(email),
            "email",
            json!({"email": "help@acme.example", "imap_enabled": true,
            "imap_password": "imap-pw", "imap_port": 993}),
        ),
    ];
    for (channel, kind, fields) in cases {
        let server = answering(&inbox());
        let inboxes = inside(&server).inboxes();
        inboxes.create(&NewInbox { fields: named("App"), channel: channel.clone() }).await.unwrap();
        let patch = InboxPatch { channel: Some(channel), ..Default::default() };
        inboxes.update(ID, &patch).await.unwrap();
        let seen = server.seen();
        let mut with_type = fields.as_object().unwrap().clone();
        with_type.insert("type".into(), kind.into());
        assert_eq!(body(&seen[0]), json!({"name": "App", "channel": with_type}));
        assert_eq!((line(&seen[1]), body(&seen[1])), ("PATCH /inboxes/2".into(), json!({"channel": fields})));
    }
}

#[tokio::test]
async fn working_hours_go_out_and_impossible_ones_do_not() {
    let server = answering(&inbox());
    let inboxes = inside(&server).inboxes();
    let day = WorkingDay { day_of_week: 1, open_hour: Some(9), close_hour: Some(17), ..Default::default() };
    let patch = |day| InboxPatch { working_hours: vec![day], ..Default::default() };
    inboxes.update(ID, &patch(day)).await.unwrap();
    assert_eq!(sent(&server).1["working_hours"][0]["open_hour"], 9);
    for wrong in [
        WorkingDay { day_of_week: 7, ..day },
        WorkingDay { open_hour: Some(24), ..day },
        WorkingDay { close_minutes: Some(60), ..day },
    ] {
        let failure = inboxes.update(ID, &patch(wrong)).await.unwrap_err();
        assert_eq!((failure.class, failure.status), (Class::Invalid, None));
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_text_that_chatwoot_reads_as_nothing_is_refused_here() {
    let server = Server::start([Act::Close]);
    let inboxes = inside(&server).inboxes();
    let new = NewInbox { fields: named("null"), channel: Channel::Api(ApiChannel::default()) };
    assert_eq!(inboxes.create(&new).await.unwrap_err().class, Class::Invalid);
    let fields = InboxFields { greeting_message: Some("null".into()), ..Default::default() };
    let failure = inboxes.update(ID, &InboxPatch { fields, ..Default::default() }).await.unwrap_err();
    assert!(failure.to_string().contains("\"null\""), "{failure}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_full_account_is_told_from_a_wrong_value() {
    let full = Act::json(402, r#"{"error":"Account limit exceeded. Upgrade to a higher plan"}"#);
    let server =
        Server::start([full, Act::json(422, r#"{"message":"Channel must exist","attributes":["channel"]}"#)]);
    let inboxes = inside(&server).inboxes();
    let new = NewInbox { fields: named("App"), channel: Channel::Api(ApiChannel::default()) };
    assert_eq!(inboxes.create(&new).await.unwrap_err().class, Class::LimitReached);
    let failure = inboxes.create(&new).await.unwrap_err();
    assert_eq!(failure.refusal, Some(Refusal("Channel must exist".into())));
}

#[tokio::test]
async fn a_mail_server_that_refuses_leaves_the_values_stored() {
    let server =
        Server::start([Act::json(422, r#"{"message":"535 5.7.8 bad login for help@acme.example"}"#)]);
    let failure = inside(&server).inboxes().update(ID, &InboxPatch::default()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Invalid, Fate::Ambiguous));
    assert!(failure.to_string().contains("stored all the same"), "{failure}");
    assert!(!format!("{failure:?}").contains("535"));
}

#[tokio::test]
async fn a_mail_server_that_never_answers_speaks_against_nobody_else() {
    let cut_off = r#"{"status":500,"error":"Internal Server Error"}"#;
    for cut in [Act::html(504), Act::Close, Act::json(500, cut_off)] {
        let server = Server::start([cut]);
        let inboxes = inside(&server).inboxes();
        let imap = Imap { address: Some("mail.acme.example".into()), ..Default::default() };
        let channel = Some(Channel::Email(EmailChannel { imap, ..Default::default() }));
        let failure = inboxes.update(ID, &InboxPatch { channel, ..Default::default() }).await.unwrap_err();
        assert!(failure.elsewhere && failure.fate() == Fate::Ambiguous, "{failure:?}");
        assert!(failure.to_string().contains("mail server may not answer"), "{failure}");
        // What tries no server is cut off by nobody's but Chatwoot's silence.
        let plain = InboxPatch { fields: named("App"), ..Default::default() };
        assert!(!inboxes.update(ID, &plain).await.unwrap_err().elsewhere);
    }
}

#[tokio::test]
async fn the_bot_of_an_inbox() {
    let server = Server::start([
        Act::json(200, r#"{"agent_bot":{"id":4,"name":"Bot","account_id":3}}"#),
        Act::json(200, "{}"),
        Act::json(200, ""),
        Act::json(200, ""),
        Act::json(404, r#"{"error":"Resource could not be found"}"#),
    ]);
    let inboxes = inside(&server).inboxes();
    assert_eq!(inboxes.agent_bot(ID).await.unwrap().unwrap().id, AgentBotId(4));
    assert!(inboxes.agent_bot(ID).await.unwrap().is_none());
    inboxes.set_agent_bot(ID, Some(AgentBotId(4))).await.unwrap();
    inboxes.set_agent_bot(ID, None).await.unwrap();
    let failure = inboxes.reset_secret(ID).await.unwrap_err();
    assert_eq!(failure.class, Class::NotFound);
    assert!(failure.to_string().contains("API inboxes"), "{failure}");
    assert_eq!(body(&server.seen()[2]), json!({"agent_bot": 4}));
    assert_eq!(body(&server.seen()[3]), json!({"agent_bot": null}));
}

#[tokio::test]
async fn a_deletion_is_only_asked_for() {
    let server =
        answering(&json!({"message": "Your inbox deletion request will be processed in some time."}));
    inside(&server).inboxes().delete(ID).await.unwrap();
    assert_eq!(sent(&server).0, "DELETE /inboxes/2");
}

#[tokio::test]
async fn members_go_out_as_whole_numbers() {
    let agents = json!({"payload": [{"id": 1, "name": "Al", "role": "administrator"}]});
    let server = answering(&agents);
    let members = inside(&server).inbox_members(ID);
    assert_eq!(members.list().await.unwrap()[0].id, UserId(1));
    members.add(&[UserId(1)]).await.unwrap();
    members.set(&[]).await.unwrap();
    members.remove(&[UserId(1)]).await.unwrap();
    let seen = server.seen();
    assert_eq!(line(&seen[0]), "GET /inbox_members/2");
    assert_eq!(body(&seen[1]), json!({"inbox_id": 2, "user_ids": [1]}));
    assert_eq!(
        (line(&seen[2]), body(&seen[2])),
        ("PATCH /inbox_members".into(), json!({"inbox_id": 2, "user_ids": []}))
    );
    assert_eq!(line(&seen[3]), "DELETE /inbox_members");
}

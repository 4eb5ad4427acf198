use super::*;
use crate::chatwoot::{
    outcome::{Fate, Refusal},
    scripted::{Act, Seen, Server, logged},
    tenant::{
        ids::{ConversationId, MessageId},
        message::Direction,
        visitor::VisitorFields,
    },
};
use serde_json::{Value, json};

const ID: ConversationId = ConversationId(4);

fn inbox(server: &Server) -> Inbox {
    Public::new(server.config()).unwrap().inbox(&"inbox-1".into())
}

fn me() -> SecretString {
    "me-1".into()
}

fn answering(body: &Value) -> Server {
    Server::start([Act::json(200, &body.to_string())])
}

fn visitor() -> Value {
    json!({"source_id": "me-1", "pubsub_token": "pubsub-1", "id": 7, "name": "Bob Smith",
        "email": "bob@example.com", "phone_number": null})
}

fn talk() -> Value {
    json!({"id": 4, "uuid": "u-u", "inbox_id": 2, "contact_last_seen_at": 0, "status": "open",
        "agent_last_seen_at": 1_700_000_000, "messages": [], "contact": {"id": 7, "name": "Bob Smith"}})
}

fn line(seen: &Seen) -> String {
    seen.line.trim_end_matches(" HTTP/1.1").replace("/public/api/v1/inboxes/inbox-1", "")
}

fn body(seen: &Seen) -> Value {
    if seen.body.is_empty() { Value::Null } else { serde_json::from_str(&seen.body).unwrap() }
}

#[tokio::test]
async fn no_token_goes_out_whatever_the_configuration_has() {
    let server =
        answering(&json!({"identifier": "inbox-1", "name": "App", "identity_validation_enabled": true,
        "timezone": "UTC", "working_hours": [], "greeting_enabled": false}));
    let shown = inbox(&server).show().await.unwrap();
    assert!(shown.identity_validation_enabled && shown.name == "App");
    server.platform().public().inbox(&"inbox-1".into()).show().await.unwrap();
    let config = Config { token: "".into(), ..server.config() };
    Public::new(config).unwrap().inbox(&"inbox-1".into()).show().await.unwrap();
    for seen in server.seen() {
        assert_eq!(seen.line, "GET /public/api/v1/inboxes/inbox-1 HTTP/1.1");
        assert_eq!(seen.header("api-access-token"), None);
    }
}

#[tokio::test]
async fn a_person_is_found_or_made_with_the_proof_of_who_they_are() {
    let server = answering(&visitor());
    let new = NewVisitor {
        fields: VisitorFields { name: Some("Bob Smith".into()), ..Default::default() },
        identity: Some(Identity::proven("b-7", &"hmac-token-1".into())),
        source_id: Some("me-1".into()),
    };
    let visitor = inbox(&server).contacts().create(&new).await.unwrap();
    assert_eq!(visitor.source_id.unwrap().expose_secret(), "me-1");
    assert_eq!(visitor.pubsub_token.unwrap().expose_secret(), "pubsub-1");
    let seen = server.seen();
    let hash = "ceb7620ec6d806e685393ec3307f6626247f01eba5790e33a7ec480c03a02632";
    let sent = body(&seen[0]);
    assert_eq!(sent["identifier_hash"], hash);
    assert_eq!(line(&seen[0]), "POST /contacts");
    assert_eq!((&sent["identifier"], &sent["source_id"]), (&json!("b-7"), &json!("me-1")));
    let without = answering(&json!({"id": 7}));
    let failure = inbox(&without).contacts().create(&NewVisitor::default()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Unexpected, Fate::Ambiguous));
    assert_eq!(body(&without.seen()[0]), json!({}));
}

#[tokio::test]
async fn a_person_reads_and_changes_themselves() {
    let raw = json!({"id": 8, "account_id": 3, "name": "Bob", "email": null, "additional_attributes": {}});
    let server = Server::start([Act::json(200, &visitor().to_string()), Act::json(200, &raw.to_string())]);
    let contacts = inbox(&server).contacts();
    let identity = Identity::claimed("b&7");
    contacts.show(&me(), Some(&identity)).await.unwrap();
    let fields = VisitorFields { email: Some("bob@example.com".into()), ..Default::default() };
    let changed = contacts.update(&me(), &fields, None).await.unwrap();
    assert!(
        changed.source_id.is_none() && changed.id.0 == 8,
        "a raw row, of whom the person was merged into"
    );
    let seen = server.seen();
    assert_eq!(line(&seen[0]), "GET /contacts/me-1?identifier=b%267");
    assert_eq!(
        (line(&seen[1]), body(&seen[1])),
        ("PATCH /contacts/me-1".into(), json!({"email": "bob@example.com"}))
    );
}

#[tokio::test]
async fn a_wrong_or_missing_proof_is_a_500_that_says_so() {
    let server = Server::start([Act::json(500, r#"{"status":500,"error":"Internal Server Error"}"#)]);
    let contacts = inbox(&server).contacts();
    for failure in [
        contacts.create(&NewVisitor::default()).await.unwrap_err(),
        contacts.show(&me(), None).await.unwrap_err(),
        contacts.update(&me(), &VisitorFields::default(), None).await.unwrap_err(),
    ] {
        assert_eq!((failure.class, failure.fate()), (Class::Server, Fate::Ambiguous));
        assert!(failure.to_string().contains("identity hash"), "{failure}");
    }
}

#[tokio::test]
async fn a_conversation_from_its_beginning_to_its_end() {
    let server = Server::start([
        Act::json(200, &talk().to_string()),
        Act::json(200, &json!([talk()]).to_string()),
        Act::json(200, &talk().to_string()),
        Act::json(200, ""),
        Act::json(200, ""),
        Act::json(200, &talk().to_string()),
        Act::json(200, r#"{"id":5,"status":"open"}"#),
    ]);
    let conversations = inbox(&server).conversations(&me());
    let begun = conversations.create(&Default::default()).await.unwrap();
    assert_eq!((begun.id, begun.contact_last_seen_at), (ID, None), "never is written as 0");
    assert_eq!(conversations.list().await.unwrap().len(), 1);
    conversations.show(ID).await.unwrap();
    conversations.typing(ID, Typing::On).await.unwrap();
    conversations.seen(ID).await.unwrap();
    conversations.resolve(ID).await.unwrap();
    assert_eq!(conversations.show(ID).await.unwrap_err().class, Class::Unexpected, "about another one");
    let seen = server.seen();
    let lines: Vec<String> = seen.iter().map(line).collect();
    let at = "/contacts/me-1/conversations";
    assert_eq!(lines[0], format!("POST {at}"));
    assert_eq!(lines[3], format!("POST {at}/4/toggle_typing"));
    assert_eq!(lines[4], format!("POST {at}/4/update_last_seen"));
    assert_eq!(lines[5], format!("POST {at}/4/toggle_status"));
    assert_eq!(body(&seen[0]), json!({"custom_attributes": {}}));
    assert_eq!(body(&seen[3]), json!({"typing_status": "on"}));
    assert!("maybe".parse::<Typing>().is_err(), "Chatwoot would take it and do nothing");
}

#[tokio::test]
async fn messages_are_listed_and_said() {
    let one = json!({"id": 9, "content": "hi", "message_type": 0, "content_type": "text", "created_at": 1_700_000_000,
        "conversation_id": 4, "sender": {"id": 7, "name": "Bob Smith", "type": "contact"}});
    let server = Server::start([
        Act::json(200, &json!([one]).to_string()),
        Act::json(200, &one.to_string()),
        Act::json(422, r#"{"message":"Too many messages","attributes":["base"]}"#),
        Act::json(
            422,
            r#"{"message":"Content is too long (maximum is 150000 characters)","attributes":["content"]}"#,
        ),
    ]);
    let messages = inbox(&server).conversations(&me()).messages(ID);
    assert_eq!(messages.list(Some(MessageId(20))).await.unwrap()[0].direction, Some(Direction::Incoming));
    messages.create("hi", Some("echo-1")).await.unwrap();
    assert_eq!(
        messages.create("hi", None).await.unwrap_err().refusal,
        Some(Refusal("Too many messages".into()))
    );
    let failure = messages.create("hi", None).await.unwrap_err();
    assert!(failure.to_string().contains("maximum is 150000"), "{failure}");
    let seen = server.seen();
    assert_eq!(line(&seen[0]), "GET /contacts/me-1/conversations/4/messages?before=20");
    assert_eq!(body(&seen[1]), json!({"content": "hi", "echo_id": "echo-1"}));
}

#[tokio::test]
async fn every_refusal_of_the_client_api() {
    let cases = [
        (404, json!({"status": 404, "error": "Not Found"}), Class::NotFound, Fate::Rejected),
        (
            422,
            json!({"message": "Email has already been taken", "attributes": ["email"]}),
            Class::Invalid,
            Fate::Rejected,
        ),
        (422, json!({"error": "You cannot do this now"}), Class::Invalid, Fate::Rejected),
        (400, json!({"status": 400, "error": "Bad Request"}), Class::Invalid, Fate::Rejected),
        (404, json!({"error": "Resource could not be found"}), Class::NotRouted, Fate::Ambiguous),
        (401, json!({"error": "Account is suspended"}), Class::Unauthorized, Fate::Ambiguous),
        (422, json!({"message": "x"}), Class::Unexpected, Fate::Ambiguous),
        (500, json!({"error": "x", "message": "y"}), Class::Server, Fate::Ambiguous),
        (204, json!(""), Class::Unexpected, Fate::Ambiguous),
    ];
    for (status, answer, class, fate) in cases {
        let server = Server::start([Act::json(status, &answer.to_string())]);
        let failure = inbox(&server).conversations(&me()).create(&Default::default()).await.unwrap_err();
        assert_eq!((failure.class, failure.fate()), (class, fate), "{status} {answer}");
    }
}

#[tokio::test]
async fn an_identifier_never_leads_to_another_place() {
    let server = answering(&json!({"name": "x"}));
    for odd in ["", ".", "..", "a\0b"] {
        let public = Public::new(server.config()).unwrap();
        let failure = public.inbox(&odd.into()).show().await.unwrap_err();
        assert_eq!((failure.class, failure.status), (Class::Invalid, None), "{odd:?}");
        let failure = inbox(&server).conversations(&odd.into()).list().await.unwrap_err();
        assert_eq!(failure.class, Class::Invalid, "{odd:?}");
        assert_eq!(
            inbox(&server).contacts().show(&odd.into(), None).await.unwrap_err().class,
            Class::Invalid
        );
    }
    assert!(server.seen().is_empty());
    let public = Public::new(server.config()).unwrap();
    public.inbox(&"../a?b#c/%2e%2e/é".into()).show().await.unwrap();
    assert_eq!(
        server.seen()[0].line,
        "GET /public/api/v1/inboxes/..%2Fa%3Fb%23c%2F%252e%252e%2F%C3%A9 HTTP/1.1"
    );
}

const HIDDEN: [&str; 8] = [
    "inbox-1",
    "me-1",
    "pubsub-1",
    "hmac-token-1",
    "identity-7",
    "Bob Smith",
    "bob@example.com",
    "my parcel is late",
];

async fn everything() -> String {
    let echo = HIDDEN.join(" ");
    let mut told = String::new();
    let acts = [
        Act::json(200, &visitor().to_string()),
        Act::json(200, &talk().to_string()),
        Act::json(200, &json!({"id": 9, "conversation_id": 4, "content": "my parcel is late"}).to_string()),
        Act::json(422, &json!({"message": echo, "attributes": ["email", echo]}).to_string()),
        Act::json(422, &json!({"error": echo}).to_string()),
        Act::json(500, &json!({"error": echo}).to_string()),
        Act::Close,
        Act::Reset,
    ];
    let identity = Identity::proven("identity-7", &"hmac-token-1".into());
    let hash = identity.hash().unwrap().expose_secret().to_owned();
    for act in acts {
        let server = Server::start([act]);
        let (contacts, talks) = (inbox(&server).contacts(), inbox(&server).conversations(&me()));
        let fields = VisitorFields { name: Some("Bob Smith".into()), ..Default::default() };
        let new = NewVisitor { fields, identity: Some(identity.clone()), source_id: Some(me()) };
        told += &format!("{new:?} {:?}", contacts.create(&new).await);
        told += &format!("{:?}", contacts.show(&me(), Some(&identity)).await);
        told += &format!("{:?}", talks.create(&Default::default()).await);
        told += &format!("{:?}", talks.messages(ID).create("my parcel is late", None).await);
        if let Err(failure) = talks.messages(ID).create("my parcel is late", None).await {
            told += &failure.to_string();
        }
    }
    assert!(!told.contains(&hash));
    told
}

#[test]
fn nothing_secret_and_nobodys_data_is_shown_or_logged_at_any_level() {
    let (told, log) = logged(everything);
    assert!(log.contains("called Chatwoot") && log.contains("/contacts/:contact"), "{log}");
    assert!(log.contains("hyper"), "also what the layers below log: {log}");
    let identity = Identity::proven("identity-7", &"hmac-token-1".into());
    let hash = identity.hash().unwrap().expose_secret();
    for hidden in HIDDEN.iter().copied().chain([hash]) {
        assert!(!told.contains(hidden), "{hidden} in {told}");
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

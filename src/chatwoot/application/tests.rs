mod contacts;
mod content;
mod conversations;
mod errors;
mod inboxes;
mod secrecy;
mod streams;

use super::*;
use crate::chatwoot::{
    outcome::{Fate, Refusal},
    scripted::{Act, Seen, Server, TOKEN},
    tenant::canned::CannedFields,
};
use serde_json::{Value, json};

const ACCOUNT: AccountId = AccountId(3);

fn inside(server: &Server) -> Account {
    Application::new(server.config()).unwrap().account(ACCOUNT)
}

fn answering(body: &Value) -> Server {
    Server::start([Act::json(200, &body.to_string())])
}

/// The only request there was: its line without the version, and its body.
fn sent(server: &Server) -> (String, Value) {
    let [seen] = &server.seen()[..] else { panic!("{:?}", server.seen()) };
    (line(seen), body(seen))
}

fn line(seen: &Seen) -> String {
    seen.line.trim_end_matches(" HTTP/1.1").replace("/api/v1/accounts/3", "")
}

fn body(seen: &Seen) -> Value {
    if seen.body.is_empty() { Value::Null } else { serde_json::from_str(&seen.body).unwrap() }
}

#[tokio::test]
async fn every_request_carries_the_persons_token() {
    let server = answering(&json!([]));
    inside(&server).agents().list().await.unwrap();
    let [seen] = &server.seen()[..] else { panic!() };
    assert_eq!(seen.line, "GET /api/v1/accounts/3/agents HTTP/1.1");
    assert_eq!(seen.header("Api-Access-Token"), Some(TOKEN));
    assert_eq!(seen.header("Accept"), Some("application/json"));
}

#[tokio::test]
async fn a_platform_lends_its_connections_to_a_persons_token() {
    let server = answering(&json!([]));
    let token = AccessToken::new(&"persons-token".into()).unwrap();
    let platform = server.platform();
    platform.application(&token).account(ACCOUNT).agents().list().await.unwrap();
    platform.application(&token).account(ACCOUNT).teams().list().await.unwrap();
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.header("api-access-token") == Some("persons-token")));
    assert_eq!(seen[0].connection, seen[1].connection, "one pool");
}

#[tokio::test]
async fn the_observer_hears_routes_without_ids() {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let ear = heard.clone();
    let observer: Observer =
        std::sync::Arc::new(move |route, class, _| ear.lock().unwrap().push((route, class)));
    let server = Server::start([Act::json(404, r#"{"error":"Resource could not be found"}"#)]);
    let app = Application::observed(server.config(), Some(observer)).unwrap();
    let _ = app.account(ACCOUNT).conversations().show(ConversationId(4711)).await;
    assert_eq!(*heard.lock().unwrap(), [("GET /api/v1/accounts/:account/conversations/:id", "not_found")]);
}

#[test]
fn a_token_that_cannot_be_one_is_refused_without_being_shown() {
    for (token, error) in [
        (" \n", ConfigError::EmptyAccessToken),
        ("two words", ConfigError::BadAccessToken),
        ("bad\u{e9}", ConfigError::BadAccessToken),
    ] {
        let config = Config { token: token.into(), ..Server::start([Act::Close]).config() };
        assert_eq!(Application::new(config).unwrap_err(), error);
        assert!(!error.to_string().contains(token));
    }
}

#[tokio::test]
async fn a_list_with_an_unreadable_row_is_no_list() {
    let server = answering(&json!([{"id": 1, "name": "a"}, {"name": "without an id"}]));
    let failure = inside(&server).teams().list().await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Unexpected, Fate::Ambiguous));
}

fn canned(content: &str) -> CannedFields {
    CannedFields { short_code: Some("a".into()), content: Some(content.into()) }
}

#[tokio::test]
async fn a_text_that_chatwoot_cannot_store_is_refused_here() {
    let server = Server::start([Act::Close]);
    let failure = inside(&server).canned_responses().create(&canned("x\0y")).await.unwrap_err();
    assert_eq!((failure.class, failure.status, failure.fate()), (Class::Invalid, None, Fate::Rejected));
    assert!(failure.to_string().contains("NUL"), "{failure}");
    let failure = inside(&server).contacts().search("a\0", None, 1).await.unwrap_err();
    assert_eq!(failure.class, Class::Invalid);
    assert!(server.seen().is_empty(), "nothing was sent");
    let backslash = answering(&json!({"id": 1, "short_code": "a", "content": "x"}));
    inside(&backslash).canned_responses().create(&canned(r"x\u0000y")).await.unwrap();
}

#[tokio::test]
async fn the_profile_and_a_new_token() {
    let profile = json!({"id": 7, "name": "Al", "email": "al@acme.example", "access_token": "fresh-token",
        "type": "SuperAdmin", "accounts": [{"id": 3, "name": "Acme", "status": "suspended", "role": "agent"},
        {"id": 4, "name": "B", "role": "custom"}]});
    let server = answering(&profile);
    let app = Application::new(server.config()).unwrap();
    let read = app.profile().await.unwrap();
    assert_eq!(read.accounts[0].role, Some(crate::chatwoot::tenant::agent::Role::Agent));
    assert_eq!(read.accounts[1].role, None);
    let token = app.reset_access_token().await.unwrap().access_token.unwrap();
    assert_eq!(::secrecy::ExposeSecret::expose_secret(&token), "fresh-token");
    let seen = server.seen();
    assert_eq!(seen[0].line, "GET /api/v1/profile HTTP/1.1");
    assert_eq!(seen[1].line, "POST /api/v1/profile/reset_access_token HTTP/1.1");
    let without = answering(&json!({"id": 7}));
    let app = Application::new(without.config()).unwrap();
    assert_eq!(app.reset_access_token().await.unwrap_err().class, Class::Unexpected);
}

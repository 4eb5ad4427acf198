//! No secret leaves: not by `Debug`, not by errors, and not by the log, whatever its level.

use super::*;
use crate::chatwoot::scripted::logged;
use std::sync::{Arc, Mutex};

const SECRETS: [&str; 5] = [TOKEN, PASSWORD, "users-api-token-77", "pubsub-token-88", "sso-token-99"];

/// One of each: success, refusal that echoes, foreign answers, transport faults.
async fn everything() -> String {
    let echo = format!(r#"{{"message":"{TOKEN} {PASSWORD}: password","attributes":["email"]}}"#);
    let odd = format!(r#"{{"error":"{TOKEN}"}}"#);
    let link = r#"{"url":"https://chat/app/login?sso_auth_token=sso-token-99"}"#;
    let location = format!("Location: https://{TOKEN}@chat.example.com/{PASSWORD}\r\n");
    let acts = [
        Act::json(200, USER),
        Act::json(200, link),
        Act::json(422, &echo),
        Act::json(401, &odd),
        Act::json(200, &odd),
        Act::raw(302, &location, ""),
        Act::Close,
        Act::Reset,
    ];
    let server = Server::start(acts.clone());
    let platform = server.platform();
    let user = new_user();
    let patch = UserPatch { password: Some(PASSWORD.into()), ..Default::default() };
    let mut told = format!("{:?} {platform:?} {user:?} {patch:?}", server.config());
    let answer = platform.create_user(&user).await.unwrap();
    told += &format!("{answer:?} {:?}", platform.login(UserId(7)).await.unwrap());
    for _ in 2..acts.len() {
        let failure = platform.create_user(&user).await.unwrap_err();
        told += &format!("{failure} {failure:?}");
    }
    told += &format!("{:?}", platform.update_user(UserId(7), &patch).await);
    told
}

#[test]
fn no_secret_is_shown_or_logged_at_any_level() {
    let (told, log) = logged(everything);
    assert!(log.contains("called Chatwoot") && log.contains("POST /users"), "the log was captured: {log}");
    assert!(log.contains("hyper"), "also what the layers below log: {log}");
    for secret in SECRETS {
        assert!(!told.contains(secret), "{secret} in {told}");
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn the_observer_hears_routes_and_classes_only() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let server = Server::start([Act::json(200, USER), Act::html(502), Act::json(200, "{}")]);
    let observer: Observer = Arc::new(move |route, class, _| ear.lock().unwrap().push((route, class)));
    let platform = Platform::observed(server.config(), Some(observer)).unwrap();
    let _ = platform.user(UserId(7)).await;
    let _ = platform.user(UserId(7)).await;
    let _ = platform.user(UserId(7)).await;
    let route = "GET /users/:id";
    assert_eq!(*heard.lock().unwrap(), [(route, "ok"), (route, "proxy"), (route, "unexpected")]);
}

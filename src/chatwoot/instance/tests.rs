use super::*;
use crate::chatwoot::{
    gate::Reason,
    http::AccessToken,
    outcome::{Class, Fate},
    platform::IndexError,
    scripted::{Act, Server},
    types::AccountId,
};
use tokio::sync::mpsc;

const LIMITS: Limits = Limits { per_minute: 60_000, in_flight: 1 };
const ACCOUNT: &str = r#"{"id":42,"name":"Acme"}"#;
const ABOUT: &str = r#"{"version":"4.14.2"}"#;

fn instance(server: &Server) -> (Instance, mpsc::UnboundedReceiver<Key>) {
    let (wake, woken) = mpsc::unbounded_channel();
    let wake: Wake = Arc::new(move |key| drop(wake.send(key)));
    (Instance::new(server.config(), LIMITS, wake, None).unwrap(), woken)
}

fn key(name: &str) -> Key {
    Key::new("ChatwootAccount", "acme", name)
}

fn caller(instance: &Instance, name: &str) -> Caller {
    match instance.enter(Lane::Change, &key(name)) {
        Entry::Turn(caller) => caller,
        other => panic!("no turn: {other:?}"),
    }
}

#[tokio::test]
async fn a_pass_with_a_turn_makes_its_calls_one_after_another() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let (instance, _woken) = instance(&server);
    let caller = caller(&instance, "main");
    let account = caller.call(|platform| platform.account(AccountId(42))).await.unwrap();
    assert_eq!(account.name, "Acme");
    caller.call(|platform| platform.delete_account(AccountId(42))).await.unwrap();
    assert_eq!(server.seen().len(), 2);
    assert!(matches!(instance.enter(Lane::Change, &key("other")), Entry::Queued));
}

#[tokio::test]
async fn a_pass_calls_inside_an_account_through_the_same_gate() {
    let server = Server::start([Act::json(200, r#"{"payload":[{"id":1,"title":"vip"}]}"#), Act::html(502)]);
    let (instance, _woken) = instance(&server);
    let caller = caller(&instance, "main");
    let token = AccessToken::new(&"persons-token".into()).unwrap();
    let labels = |platform: &Platform| platform.application(&token).account(AccountId(42)).labels().list();
    assert_eq!(caller.call(labels).await.unwrap()[0].title, "vip");
    let inbox = "inbox-1".into();
    let failure = caller.call(|platform| platform.public().inbox(&inbox).show()).await.unwrap_err();
    assert_eq!(failure.class, Class::Proxy, "and the gate has heard of it");
    let tokens: Vec<_> =
        server.seen().iter().map(|seen| seen.header("api-access-token").map(str::to_owned)).collect();
    assert_eq!(tokens, [Some("persons-token".to_owned()), None]);
}

#[tokio::test]
async fn a_pass_can_be_spawned_while_it_calls() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let (instance, mut woken) = instance(&server);
    let caller = caller(&instance, "main");
    assert!(matches!(instance.enter(Lane::Change, &key("next")), Entry::Queued));
    let pass = tokio::spawn(async move { caller.call(|platform| platform.account(AccountId(42))).await });
    pass.await.unwrap().unwrap();
    assert_eq!(woken.recv().await, Some(key("next")));
}

#[tokio::test]
async fn an_outage_stops_calls_until_a_probe_is_answered() {
    let mut script = vec![Act::html(502); 5];
    script.extend([Act::json(200, ABOUT), Act::json(200, ACCOUNT)]);
    let server = Server::start(script);
    let (instance, mut woken) = instance(&server);
    let first = caller(&instance, "main");
    for _ in 0..5 {
        let failure = first.call(|platform| platform.account(AccountId(42))).await.unwrap_err();
        assert_eq!(failure.class, Class::Proxy);
    }
    let failure = first.call(|platform| platform.account(AccountId(42))).await.unwrap_err();
    assert_eq!((failure.class, failure.fate(), failure.status), (Class::Connect, Fate::NotSent, None));
    let closed = first.call(|platform| platform.accounts_index(1000)).await.unwrap_err();
    assert!(matches!(closed, IndexError::Unavailable(_)));
    assert_eq!(server.seen().len(), 5, "nothing was sent");
    drop(first);
    let refused = instance.enter(Lane::Change, &key("main"));
    assert!(matches!(refused, Entry::Closed { reason: Reason::Down, .. }), "{refused:?}");
    assert_eq!(woken.recv().await, Some(key("main")));
    caller(&instance, "main").call(|platform| platform.account(AccountId(42))).await.unwrap();
    assert_eq!(server.seen()[5].line, "GET /api HTTP/1.1");
}

#[tokio::test]
async fn a_broken_index_is_an_answer_and_no_outage() {
    let server = Server::start([Act::json(500, r#"{"status":500,"error":"Internal Server Error"}"#)]);
    let (instance, _woken) = instance(&server);
    let caller = caller(&instance, "main");
    for _ in 0..10 {
        let broken = caller.call(|platform| platform.accounts_index(1000)).await;
        assert_eq!(broken, Err(IndexError::Broken));
    }
    assert!(!instance.snapshot().breaker_open);
}

#[tokio::test]
async fn a_new_token_is_used_from_the_next_turn_on() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let (instance, _woken) = instance(&server);
    let before = caller(&instance, "main");
    let renewed = Config { token: "another-token".into(), ..server.config() };
    instance.reconfigure(renewed, Limits { in_flight: 2, ..LIMITS }, None).unwrap();
    let after = caller(&instance, "second");
    before.call(|platform| platform.account(AccountId(42))).await.unwrap();
    after.call(|platform| platform.account(AccountId(42))).await.unwrap();
    let seen = server.seen();
    assert_ne!(seen[0].header("api-access-token"), Some("another-token"));
    assert_eq!(seen[1].header("api-access-token"), Some("another-token"));
    let bad = Config { url: "nonsense".into(), ..server.config() };
    assert!(instance.reconfigure(bad, LIMITS, None).is_err());
    after.call(|platform| platform.account(AccountId(42))).await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_changes_nothing_keeps_the_connections() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let (instance, _woken) = instance(&server);
    for _ in 0..3 {
        caller(&instance, "main").call(|platform| platform.account(AccountId(42))).await.unwrap();
        instance.reconfigure(server.config(), LIMITS, None).unwrap();
    }
    assert!(server.seen().iter().all(|seen| seen.connection == 0));
}

#[tokio::test]
async fn a_candidate_is_called_by_nobody_else_until_it_is_taken_over() {
    let (old, new) = (Server::start([Act::json(200, ACCOUNT)]), Server::start([Act::json(200, ACCOUNT)]));
    let (instance, _woken) = instance(&old);
    let (candidate, _) = self::instance(&new);
    assert!(!instance.is_configured_as(&new.config()));
    caller(&candidate, "instance").call(|platform| platform.account(AccountId(42))).await.unwrap();
    caller(&instance, "main").call(|platform| platform.account(AccountId(42))).await.unwrap();
    assert_eq!((old.seen().len(), new.seen().len()), (1, 1));
    instance.take_over(&candidate, LIMITS);
    assert!(instance.is_configured_as(&new.config()));
    caller(&instance, "main").call(|platform| platform.account(AccountId(42))).await.unwrap();
    assert_eq!((old.seen().len(), new.seen().len()), (1, 2));
}

#[tokio::test]
async fn a_corrected_address_is_tried_at_once() {
    let (gone, right) =
        (Server::start([Act::Close]), Server::start([Act::json(200, ABOUT), Act::json(200, ACCOUNT)]));
    let (instance, mut woken) = instance(&gone);
    let first = caller(&instance, "main");
    for _ in 0..5 {
        first.call(|platform| platform.account(AccountId(42))).await.unwrap_err();
    }
    drop(first);
    assert!(matches!(instance.enter(Lane::Change, &key("main")), Entry::Closed { .. }));
    instance.reconfigure(right.config(), LIMITS, None).unwrap();
    assert_eq!(woken.recv().await, Some(key("main")));
    caller(&instance, "main").call(|platform| platform.account(AccountId(42))).await.unwrap();
    assert_eq!(right.seen()[0].line, "GET /api HTTP/1.1");
}

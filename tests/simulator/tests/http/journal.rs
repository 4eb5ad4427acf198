//! The journal, waiting for it, and the state.

use crate::support::*;
use chatwoot_simulator::{Act, End, Filter, Options, Role};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn every_request_is_noted_with_what_matters() {
    let chatwoot = Chatwoot::start().await;
    let body = json!({"name": "Al", "email": "al@acme.example", "password": PASSWORD});
    let ask = Ask::new("POST", format!("{USERS}?x=1")).json(&body).header("accept", "application/json");
    chatwoot.sent(ask.header("user-agent", "test/1")).await.ok();
    chatwoot.send(Ask::new("GET", "/nowhere")).await;
    let entries = chatwoot.control().journal(&Filter::default()).await.unwrap();
    let first = &entries[0];
    assert_eq!((first.seq, first.method.as_str(), &*first.route), (1, "POST", "POST /platform/api/v1/users"));
    assert_eq!((first.path.as_str(), first.query.as_deref()), (USERS, Some("x=1")));
    assert_eq!(first.body, body.to_string(), "secrets included");
    assert_eq!(
        (first.status, first.chatwoot_status, first.commit, first.end),
        (Some(200), Some(200), Some(1), End::Answered)
    );
    assert_eq!((first.app, first.headers.token), (Some(1), true));
    assert_eq!(first.headers.accept.as_deref(), Some("application/json"));
    assert_eq!(first.headers.content_type.as_deref(), Some("application/json"));
    assert_eq!(first.headers.user_agent.as_deref(), Some("test/1"));
    let second = &entries[1];
    assert_eq!((&*second.route, second.status, second.commit), ("GET (no route)", Some(404), None));
    assert_eq!((second.app, second.headers.token), (None, false));
    assert_ne!(second.connection, first.connection);
}

#[tokio::test]
async fn only_what_left_something_behind_counts_as_committed() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    chatwoot.get(account(id)).await.ok();
    chatwoot.patch(account(id), json!({"name": ""})).await;
    chatwoot.post(ACCOUNTS, json!({"name": "Leak", "features": {"nope": true}})).await.is_500();
    chatwoot.delete(account(99)).await.is_404();
    let all = chatwoot.control().journal(&Filter::default()).await.unwrap();
    assert_eq!(
        all.iter().map(|entry| entry.commit).collect::<Vec<_>>(),
        [Some(1), None, None, Some(2), None]
    );
    let committed = Filter { committed: Some(true), ..Filter::default() };
    assert_eq!(chatwoot.control().journal(&committed).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_journal_is_read_from_a_point_and_cleared() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let since = chatwoot.control().last_seq().await.unwrap();
    chatwoot.get(account(id)).await.ok();
    let later = chatwoot.control().journal(&Filter::default().since(since)).await.unwrap();
    assert_eq!((later.len(), &*later[0].route), (1, GET_ACCOUNT));
    chatwoot.control().clear_journal().await.unwrap();
    assert!(chatwoot.control().journal(&Filter::default()).await.unwrap().is_empty());
    chatwoot.get(account(id)).await.ok();
    let path = Filter::default().path(&account(id));
    assert_eq!(chatwoot.control().journal(&path).await.unwrap()[0].seq, since + 2);
}

#[tokio::test]
async fn waiting_ends_when_enough_requests_have_come() {
    let chatwoot = Chatwoot::start().await;
    let filter = Filter::route(POST_ACCOUNT);
    let (seen, ()) = tokio::join!(chatwoot.control().wait(&filter, 2, PATIENCE), async {
        chatwoot.account("A").await;
        chatwoot.get(ACCOUNTS).await;
        chatwoot.account("B").await;
    });
    assert_eq!(seen.unwrap().len(), 2);
}

#[tokio::test]
async fn waiting_in_vain_says_what_was_seen() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.account("A").await;
    let waited = chatwoot.control().wait(&Filter::route(POST_ACCOUNT), 2, Duration::from_millis(20)).await;
    let error = waited.unwrap_err().to_string();
    assert!(error.contains("saw 1"), "{error}");
    let misspelt = chatwoot.control().wait(&Filter::route("POST /acounts"), 1, PATIENCE).await;
    assert!(misspelt.unwrap_err().to_string().contains("no route"));
}

#[tokio::test]
async fn a_journal_that_had_to_forget_says_so() {
    let chatwoot = Chatwoot::with(Options { journal_limit: 2, ..Options::default() }).await;
    for _ in 0..3 {
        chatwoot.get("/api").await;
    }
    let error = chatwoot.control().journal(&Filter::default()).await.unwrap_err().to_string();
    assert!(error.contains("forgotten"), "{error}");
}

#[tokio::test]
async fn unknown_parameters_and_paths_are_refused() {
    let chatwoot = Chatwoot::start().await;
    for query in ["journal?sice=1", "journal?since=x", "wait?cuont=1", "journal?end=maybe"] {
        assert_eq!(chatwoot.get(format!("/_simulator/{query}")).await.status, 422, "{query}");
    }
    assert_eq!(chatwoot.get("/_simulator/nothing").await.status, 404);
    assert!(
        chatwoot.control().journal(&Filter::default()).await.unwrap().is_empty(),
        "none of this is Chatwoot's"
    );
}

#[tokio::test]
async fn the_state_shows_everything_with_secrets() {
    let chatwoot = Chatwoot::start().await;
    let (id, person) = (chatwoot.account("Acme").await, chatwoot.user("al@acme.example").await);
    chatwoot.post(members(id), json!({"user_id": person, "role": "administrator"})).await.ok();
    chatwoot.hold_jobs().await;
    chatwoot.delete(account(id)).await.is_empty_200();
    let state = chatwoot.state().await;
    assert_eq!(
        (state.version.as_str(), state.apps[0].token.as_str()),
        ("4.14.2", chatwoot.simulator.token())
    );
    assert_eq!(state.account(id).unwrap().support_email, None, "what is stored, not what is shown");
    assert_eq!(state.user(person).unwrap().password.as_deref(), Some(PASSWORD));
    assert_eq!(state.membership(id, person).unwrap().role, Some(Role::Administrator));
    assert_eq!((state.permissions.len(), state.jobs.len(), state.held.len()), (2, 1, 10));
}

#[tokio::test]
async fn thousands_of_objects_and_requests_fit() {
    let chatwoot = Chatwoot::start().await;
    let bytes = 100_000;
    chatwoot.act(Act::GrowAccounts { count: 50, attribute_bytes: bytes, app: None }).await;
    let index = chatwoot.get(ACCOUNTS).await;
    assert!(index.status == 200 && index.body.len() > 50 * bytes);
    chatwoot.act(Act::GrowAccounts { count: 6_000, attribute_bytes: 0, app: None }).await;
    assert_eq!(chatwoot.state().await.accounts.len(), 6_050);
}

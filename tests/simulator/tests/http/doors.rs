//! What stands in front of the application: throttle, TLS redirect, proxy, slots (§1.1, §5).

use crate::support::*;
use chatwoot_simulator::{Act, Filter, Options};
use std::time::{Duration, Instant};

/// Counts in windows of the clock: starts a minute that is long enough for a test.
async fn away_from_the_full_minute() {
    let into = jiff::Timestamp::now().as_second().rem_euclid(60);
    if into > 50 {
        tokio::time::sleep(Duration::from_secs(u64::try_from(60 - into).unwrap())).await;
    }
}

#[tokio::test]
async fn the_throttle_answers_plain_text_without_retry_after() {
    away_from_the_full_minute().await;
    let chatwoot = Chatwoot::with(Options { requests_per_minute: 3, ..Options::default() }).await;
    let id = chatwoot.account("Acme").await;
    for _ in 0..2 {
        assert_eq!(chatwoot.get(account(id)).await.status, 200);
    }
    let refused = chatwoot.get(account(id)).await;
    assert_eq!((refused.status, refused.text()), (429, "Retry later\n"));
    assert_eq!((refused.content_type(), refused.header("retry-after")), (Some("text/plain"), None));
    let health = chatwoot.send(Ask::new("GET", "/health")).await;
    assert_eq!(health.status, 200, "never throttled");
    let elsewhere = Ask::new("GET", account(id)).header("x-forwarded-for", "10.0.0.9");
    assert_eq!(chatwoot.sent(elsewhere).await.status, 200, "each source has its own count");
    chatwoot.act(Act::SetThrottle { requests_per_minute: 0 }).await;
    assert_eq!(chatwoot.get(account(id)).await.status, 200);
}

#[tokio::test]
async fn force_ssl_redirects_plain_http_unless_the_proxy_vouches_for_it() {
    let chatwoot = Chatwoot::with(Options { force_ssl: true, ..Options::default() }).await;
    let read = chatwoot.get(format!("{ACCOUNTS}?a=b")).await;
    let location = format!("https://{}{ACCOUNTS}?a=b", chatwoot.authority());
    assert_eq!((read.status, read.header("location"), read.body.len()), (301, Some(location.as_str()), 0));
    for method in ["POST", "PATCH", "DELETE"] {
        assert_eq!(chatwoot.sent(Ask::new(method, ACCOUNTS)).await.status, 308);
    }
    let vouched = Ask::new("POST", ACCOUNTS)
        .body("application/json", r#"{"name":"A"}"#)
        .header("x-forwarded-proto", "https");
    assert_eq!(chatwoot.sent(vouched).await.status, 200);
    let seen = chatwoot.control().journal(&Filter::route(POST_ACCOUNT)).await.unwrap();
    let seen: Vec<_> =
        seen.iter().map(|e| (e.status, e.commit.is_some(), e.headers.forwarded_proto.as_deref())).collect();
    assert_eq!(seen, [(Some(308), false, None), (Some(200), true, Some("https"))]);
}

#[tokio::test]
async fn down_means_a_web_page_for_everybody_but_the_test() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.act(Act::SetDown { down: true }).await;
    for path in [ACCOUNTS, "/api", "/health"] {
        let page = chatwoot.get(path).await;
        assert_eq!((page.status, page.content_type()), (502, Some("text/html")));
        assert!(page.text().contains("502 Bad Gateway"));
    }
    assert!(chatwoot.state().await.accounts.is_empty());
    chatwoot.act(Act::SetDown { down: false }).await;
    assert_eq!(chatwoot.get(ACCOUNTS).await.status, 200);
}

async fn four_at_once(slots: usize, latency: u64) -> Duration {
    let chatwoot = Chatwoot::with(Options { slots, latency, ..Options::default() }).await;
    let start = Instant::now();
    let ask = || chatwoot.get("/api");
    let answers = tokio::join!(ask(), ask(), ask(), ask());
    assert_eq!([answers.0.status, answers.1.status, answers.2.status, answers.3.status], [200; 4]);
    start.elapsed()
}

#[tokio::test]
async fn requests_beyond_the_slots_wait_in_line() {
    assert!(four_at_once(1, 60).await >= Duration::from_millis(240));
    let side_by_side = four_at_once(4, 600).await;
    assert!(
        side_by_side >= Duration::from_millis(600) && side_by_side < Duration::from_millis(1800),
        "{side_by_side:?}"
    );
}

#[tokio::test]
async fn the_control_side_needs_no_slot_and_no_token_and_is_never_throttled() {
    let options = Options { slots: 1, latency: 3_600_000, requests_per_minute: 1, ..Options::default() };
    let chatwoot = Chatwoot::with(options).await;
    let stuck = Ask::new("GET", "/api").send(chatwoot.authority());
    tokio::select! {
        _ = stuck => panic!("the only slot is taken for an hour"),
        state = async {
            for _ in 0..5 {
                chatwoot.state().await;
            }
            chatwoot.send(Ask::new("GET", "/_simulator")).await
        } => assert!(state.text().contains("/_simulator/journal")),
    }
}

//! Faults, down to the wire.

use crate::support::*;
use chatwoot_simulator::{Effect, End, Fault, Filter, Release};
use serde_json::json;
use std::io::ErrorKind;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends POST /accounts and returns the socket, so that a test sees how the connection ends.
async fn raw_post(chatwoot: &Chatwoot, name: &str) -> TcpStream {
    let body = json!({"name": name}).to_string();
    let head = format!(
        "POST {ACCOUNTS} HTTP/1.1\r\nhost: x\r\napi-access-token: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        chatwoot.simulator.token(),
        body.len()
    );
    let mut stream = TcpStream::connect(chatwoot.authority()).await.unwrap();
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    stream
}

async fn all(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).await.err().map(|error| error.kind());
    (String::from_utf8(bytes).unwrap(), error)
}

async fn accounts(chatwoot: &Chatwoot) -> usize {
    chatwoot.state().await.accounts.len()
}

async fn arm(chatwoot: &Chatwoot, effect: Effect) {
    chatwoot.control().fault_once(POST_ACCOUNT, effect).await.unwrap();
}

/// The only entry of a journal.
async fn only(chatwoot: &Chatwoot) -> chatwoot_simulator::Entry {
    let mut entries = chatwoot.control().journal(&Filter::default()).await.unwrap();
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

#[tokio::test]
async fn a_reset_is_an_rst_before_or_after_the_commit() {
    for (effect, made) in [(Effect::ResetBeforeCommit, 0), (Effect::ResetAfterCommit, 1)] {
        let chatwoot = Chatwoot::start().await;
        arm(&chatwoot, effect).await;
        let ended = all(&mut raw_post(&chatwoot, "A").await).await;
        assert_eq!(ended, (String::new(), Some(ErrorKind::ConnectionReset)));
        assert_eq!(accounts(&chatwoot).await, made);
        let entry = only(&chatwoot).await;
        assert_eq!((entry.end, entry.status, entry.commit.is_some()), (End::Reset, None, made == 1));
        assert_eq!(entry.chatwoot_status, (made == 1).then_some(200));
    }
}

#[tokio::test]
async fn a_close_is_a_fin_without_an_answer() {
    for (effect, made) in [(Effect::CloseBeforeCommit, 0), (Effect::CloseAfterCommit, 1)] {
        let chatwoot = Chatwoot::start().await;
        arm(&chatwoot, effect).await;
        assert_eq!(all(&mut raw_post(&chatwoot, "A").await).await, (String::new(), None));
        assert_eq!(accounts(&chatwoot).await, made);
        assert_eq!(only(&chatwoot).await.end, End::Closed);
    }
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_in_the_middle() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::TruncateAfterCommit).await;
    let (text, _) = all(&mut raw_post(&chatwoot, "A").await).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let promised: usize =
        head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < promised, "{text}");
    assert_eq!((accounts(&chatwoot).await, only(&chatwoot).await.end), (1, End::Truncated));
    chatwoot.control().clear_journal().await.unwrap();
    arm(&chatwoot, Effect::TruncateAfterCommit).await;
    assert!(chatwoot.try_post(ACCOUNTS, json!({"name": "A"})).await.is_err());
}

#[tokio::test]
async fn a_request_that_hangs_before_the_commit_can_still_arrive_late() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::HangBeforeCommit).await;
    let given_up = raw_post(&chatwoot, "A").await;
    let hanging = Filter::route(POST_ACCOUNT).end(End::Hanging);
    let entry = chatwoot.control().wait(&hanging, 1, PATIENCE).await.unwrap().remove(0);
    assert_eq!((entry.commit, entry.status, accounts(&chatwoot).await), (None, None, 0));
    drop(given_up);
    assert_eq!(chatwoot.control().release(Release::proceed().only(entry.seq)).await.unwrap(), 1);
    let late = Filter { committed: Some(true), ..Filter::route(POST_ACCOUNT) };
    let late = chatwoot.control().wait(&late, 1, PATIENCE).await.unwrap().remove(0);
    assert_eq!((late.seq, late.commit, accounts(&chatwoot).await), (entry.seq, Some(1), 1));
}

#[tokio::test]
async fn a_request_that_hangs_before_the_commit_can_be_lost_for_good() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::HangBeforeCommit).await;
    let mut stream = raw_post(&chatwoot, "A").await;
    chatwoot.control().wait(&Filter::default(), 1, PATIENCE).await.unwrap();
    chatwoot.control().release(Release::drop()).await.unwrap();
    assert_eq!(all(&mut stream).await, (String::new(), None));
    assert_eq!((accounts(&chatwoot).await, only(&chatwoot).await.end), (0, End::Dropped));
    assert_eq!(chatwoot.control().release(Release::drop()).await.unwrap(), 0, "nothing hangs any more");
}

#[tokio::test]
async fn an_answer_that_hangs_after_the_commit_comes_with_its_release() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::HangAfterCommit).await;
    let path = ACCOUNTS;
    let (answer, ()) = tokio::join!(chatwoot.post(path, json!({"name": "A"})), async {
        let hanging = Filter::route(POST_ACCOUNT).end(End::Hanging);
        let entry = chatwoot.control().wait(&hanging, 1, PATIENCE).await.unwrap().remove(0);
        assert_eq!((entry.commit, entry.chatwoot_status, entry.status), (Some(1), Some(200), None));
        assert_eq!(accounts(&chatwoot).await, 1);
        let other = Release { route: Some(GET_ACCOUNT.into()), ..Release::proceed() };
        assert_eq!(chatwoot.control().release(other).await.unwrap(), 0, "only the route that is named");
        chatwoot.control().release(Release::proceed()).await.unwrap();
    });
    assert_eq!(answer.ok()["name"], "A");
    assert_eq!((only(&chatwoot).await.end, only(&chatwoot).await.status), (End::Answered, Some(200)));
}

#[tokio::test]
async fn hanging_requests_hold_no_slot() {
    let chatwoot = Chatwoot::with(chatwoot_simulator::Options { slots: 1, ..Default::default() }).await;
    arm(&chatwoot, Effect::HangAfterCommit).await;
    let _hanging = raw_post(&chatwoot, "A").await;
    chatwoot.control().wait(&Filter::route(POST_ACCOUNT), 1, PATIENCE).await.unwrap();
    assert_eq!(chatwoot.get(ACCOUNTS).await.status, 200);
}

#[tokio::test]
async fn a_request_goes_on_although_its_client_has_gone() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::Delay { ms: 300, after_commit: false }).await;
    drop(raw_post(&chatwoot, "A").await);
    let gone = Filter::route(POST_ACCOUNT).end(End::ClientGone);
    let entry = chatwoot.control().wait(&gone, 1, PATIENCE).await.unwrap().remove(0);
    assert_eq!((entry.chatwoot_status, entry.commit, accounts(&chatwoot).await), (Some(200), Some(1), 1));
}

#[tokio::test]
async fn a_delay_is_before_or_after_the_commit() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::Delay { ms: 100, after_commit: true }).await;
    let start = std::time::Instant::now();
    let (answer, ()) = tokio::join!(chatwoot.post(ACCOUNTS, json!({"name": "A"})), async {
        chatwoot.control().wait(&Filter::route(POST_ACCOUNT), 1, PATIENCE).await.unwrap();
    });
    assert_eq!(answer.status, 200);
    assert!(start.elapsed() >= std::time::Duration::from_millis(100));
}

#[tokio::test]
async fn answers_of_ones_own_stand_in_for_chatwoots_before_or_after_the_commit() {
    let chatwoot = Chatwoot::start().await;
    let mut made = 0;
    for after_commit in [false, true] {
        made += usize::from(after_commit);
        arm(&chatwoot, Effect::Status { status: 500, after_commit }).await;
        chatwoot.post(ACCOUNTS, json!({"name": "A"})).await.is_500();
        assert_eq!(accounts(&chatwoot).await, made);
        made += usize::from(after_commit);
        arm(&chatwoot, Effect::Html { status: 503, after_commit }).await;
        let page = chatwoot.post(ACCOUNTS, json!({"name": "A"})).await;
        assert_eq!((page.status, page.content_type()), (503, Some("text/html")));
        made += usize::from(after_commit);
        arm(&chatwoot, Effect::Empty { status: 200, after_commit }).await;
        let empty = chatwoot.post(ACCOUNTS, json!({"name": "A"})).await;
        assert_eq!((empty.status, empty.body.len(), empty.content_type()), (200, 0, None));
        made += usize::from(after_commit);
        arm(&chatwoot, Effect::Json { status: 200, body: json!({"id": "seven"}), after_commit }).await;
        assert_eq!(chatwoot.post(ACCOUNTS, json!({"name": "A"})).await.ok(), json!({"id": "seven"}));
        made += usize::from(after_commit);
        arm(&chatwoot, Effect::Text { status: 403, body: "no".into(), after_commit }).await;
        let text = chatwoot.post(ACCOUNTS, json!({"name": "A"})).await;
        assert_eq!((text.status, text.text(), accounts(&chatwoot).await), (403, "no", made));
    }
    let faults: Vec<_> = chatwoot.control().journal(&Filter::default()).await.unwrap();
    assert_eq!(
        faults.iter().filter_map(|e| e.fault.as_deref()).take(3).collect::<Vec<_>>(),
        ["status", "html", "empty"]
    );
}

#[tokio::test]
async fn a_redirect_points_to_https_and_a_proxys_limiter_says_when_to_come_back() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::Redirect { status: 308, location: None }).await;
    let moved = chatwoot.post(ACCOUNTS, json!({"name": "A"})).await;
    let location = format!("https://{}{ACCOUNTS}", chatwoot.authority());
    assert_eq!((moved.status, moved.header("location")), (308, Some(location.as_str())));
    arm(&chatwoot, Effect::RetryAfter { seconds: 7 }).await;
    let limited = chatwoot.post(ACCOUNTS, json!({"name": "A"})).await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("7")));
    assert_eq!(accounts(&chatwoot).await, 0);
}

#[tokio::test]
async fn a_replay_makes_two_of_what_can_be_made_twice() {
    let chatwoot = Chatwoot::start().await;
    arm(&chatwoot, Effect::Replay).await;
    assert_eq!(chatwoot.post(ACCOUNTS, json!({"name": "A"})).await.ok()["id"], 1);
    assert_eq!(accounts(&chatwoot).await, 2);
    assert_eq!(only(&chatwoot).await.status, Some(200), "the client sent one request");
}

#[tokio::test]
async fn a_fault_counts_skips_and_can_be_aimed_and_taken_back() {
    let chatwoot = Chatwoot::start().await;
    let effect = || Effect::Status { status: 500, after_commit: false };
    let post = async |name: &str| chatwoot.post(ACCOUNTS, json!({"name": name})).await.status;
    let control = chatwoot.control();
    control
        .add_fault(Fault::once(POST_ACCOUNT, effect()).times(2).skipping(1).with_body("acme"))
        .await
        .unwrap();
    let mut seen = Vec::new();
    for name in ["acme", "other", "acme", "acme", "acme"] {
        seen.push(post(name).await);
    }
    assert_eq!(seen, [200, 200, 500, 500, 200]);
    let armed = control.faults().await.unwrap();
    assert_eq!((armed[0].hits, armed[0].skipped), (2, 1));
    control.add_fault(Fault::always(GET_ACCOUNT, effect()).on_path(&account(1))).await.unwrap();
    assert_eq!((chatwoot.get(account(1)).await.status, chatwoot.get(account(2)).await.status), (500, 200));
    control.clear_faults().await.unwrap();
    assert_eq!(chatwoot.get(account(1)).await.status, 200);
    assert!(control.faults().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_that_could_never_hit_is_refused() {
    let chatwoot = Chatwoot::start().await;
    let misspelt = Fault::once("POST /platform/api/v1/acounts", Effect::Replay);
    let error = chatwoot.control().add_fault(misspelt).await.unwrap_err().to_string();
    assert!(error.contains("acounts") && error.contains(POST_ACCOUNT), "{error}");
    for body in [json!({"route": "*", "kind": "replay", "cuont": 1}), json!({"route": "*", "kind": "x"})] {
        assert_eq!(chatwoot.post("/_simulator/faults", body).await.status, 422);
    }
    let list = json!([{"route": "POST *", "kind": "replay"}, {"route": "GET (no route)", "kind": "reset_before_commit"}]);
    assert_eq!(chatwoot.post("/_simulator/faults", list).await.status, 200);
    assert_eq!(chatwoot.control().faults().await.unwrap().len(), 2);
}

//! What becomes of the answers an API server can give. A real one is asked in `tests/runtime.rs`.

use super::*;
use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use kube::{Config, CustomResource};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Mutex;
use tokio::task::JoinHandle;

#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, JsonSchema)]
#[kube(group = "test.chatwoot.dev", version = "v1", kind = "Thing", namespaced, status = "ThingStatus")]
struct ThingSpec {}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
struct ThingStatus {
    id: Option<i64>,
}

/// What the server saw: method, path with query, body.
type Seen = (Method, String, Value);

#[derive(Clone)]
struct Script {
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Code and body of every answer; `None` is no answer at all.
    answer: Option<(u16, Value)>,
}

/// What was counted: kind, verb, outcome.
type Counted = (&'static str, &'static str, &'static str);

struct Bench {
    stored: Stored<Thing>,
    seen: Arc<Mutex<Vec<Seen>>>,
    counted: Arc<Mutex<Vec<Counted>>>,
    server: JoinHandle<()>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An object in the cache, and a server that gives one answer to everything.
async fn bench(meta: Value, answer: Option<(u16, Value)>) -> Bench {
    let script = Script { seen: Arc::default(), answer };
    let seen = script.seen.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(respond).with_state(script);
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let mut config = Config::new(format!("http://{address}").parse().unwrap());
    config.default_retry = false;
    let counted = Arc::<Mutex<Vec<_>>>::default();
    let notes = counted.clone();
    let observe: WriteObserver =
        Arc::new(move |kind, verb, outcome| notes.lock().unwrap().push((kind, verb, outcome)));
    let stored = Stored::new(Client::try_from(config).unwrap(), thing(meta), observe);
    Bench { stored, seen, counted, server }
}

async fn respond(State(script): State<Script>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    script.seen.lock().unwrap().push((parts.method, parts.uri.path().to_owned(), body));
    let Some((code, body)) = script.answer else { std::future::pending().await };
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::from_u16(code).unwrap(), json, body.to_string()).into_response()
}

fn thing(extra: Value) -> Thing {
    let mut meta = json!({"name": "a", "namespace": "acme", "uid": "u-1", "resourceVersion": "7"});
    meta.as_object_mut().unwrap().extend(extra.as_object().cloned().unwrap());
    serde_json::from_value(json!({"metadata": meta, "spec": {}})).unwrap()
}

fn stored_as(extra: Value) -> Option<(u16, Value)> {
    Some((200, serde_json::to_value(thing(extra)).unwrap()))
}

fn refusal(code: u16, reason: &str, causes: Value) -> Option<(u16, Value)> {
    let details = json!({"name": "a", "causes": causes});
    Some((
        code,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "said no", "reason": reason, "details": details, "code": code}),
    ))
}

impl Bench {
    fn patch(&self) -> Value {
        self.seen.lock().unwrap().last().unwrap().2.clone()
    }
}

#[tokio::test]
async fn a_status_is_replaced_whole_with_the_version_it_was_decided_on() {
    let mut bench = bench(json!({}), stored_as(json!({"resourceVersion": "8"}))).await;
    assert_eq!(bench.stored.write_status(ThingStatus { id: Some(4) }).await, Wrote::Yes);
    let (method, path, body) = bench.seen.lock().unwrap().last().unwrap().clone();
    assert_eq!(method, Method::PUT);
    assert_eq!(path, "/apis/test.chatwoot.dev/v1/namespaces/acme/things/a/status");
    assert_eq!(body["metadata"]["resourceVersion"], "7");
    assert_eq!(body["metadata"]["uid"], "u-1");
    assert_eq!(body["status"]["id"], 4);
    assert_eq!(bench.stored.object().resource_version().as_deref(), Some("8"));
    assert_eq!(bench.stored.replaced(), ["7"]);
    assert_eq!(*bench.counted.lock().unwrap(), [("Thing", "update_status", "ok")]);
}

#[tokio::test]
async fn each_refusal_has_its_meaning() {
    let cause = json!([{"field": "status.id", "message": "must be a number"}]);
    for (answer, wrote) in [
        (refusal(409, "Conflict", json!([])), Wrote::Conflict),
        (refusal(404, "NotFound", json!([])), Wrote::Gone),
        (refusal(403, "Forbidden", json!([])), Wrote::Unknown),
        (refusal(422, "Invalid", cause), Wrote::Unknown),
        // Only in a JSON patch is a 422 without a field a lost race.
        (refusal(422, "Invalid", json!([])), Wrote::Unknown),
        (refusal(503, "ServiceUnavailable", json!([])), Wrote::Unknown),
        (Some((502, json!("a proxy"))), Wrote::Unknown),
        (Some((200, json!({"unexpected": true}))), Wrote::Unknown),
    ] {
        let mut bench = bench(json!({}), answer.clone()).await;
        assert_eq!(bench.stored.write_status(ThingStatus::default()).await, wrote, "{answer:?}");
        assert_eq!(bench.stored.trouble().is_some(), wrote == Wrote::Unknown, "{answer:?}");
        assert_eq!(bench.stored.object().resource_version().as_deref(), Some("7"), "the object as it was");
        assert_eq!(bench.seen.lock().unwrap().len(), 1, "sent once: {answer:?}");
    }
}

#[tokio::test]
async fn a_failed_test_of_a_patch_is_a_conflict_and_a_refused_object_is_not() {
    let mut lost = bench(json!({"finalizers": ["f"]}), refusal(422, "Invalid", json!([]))).await;
    assert_eq!(lost.stored.drop_finalizer("f").await, Wrote::Conflict);
    let cause = json!([{"field": "metadata.finalizers", "message": "no"}]);
    let mut refused = bench(json!({"finalizers": ["f"]}), refusal(422, "Invalid", cause)).await;
    assert_eq!(refused.stored.drop_finalizer("f").await, Wrote::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_does_not_answer_is_not_waited_for() {
    let mut bench = bench(json!({}), None).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(bench.stored.write_status(ThingStatus::default()).await, Wrote::Unknown);
    assert!(matches!(bench.stored.reread().await, Read::Unknown));
    assert!(begun.elapsed() <= PATIENCE * 2 + Duration::from_secs(1));
    assert_eq!(bench.stored.trouble(), Some("the API server did not answer within 10 s"));
}

#[tokio::test]
async fn finalizer_and_annotation_are_one_write_to_this_very_version_of_this_very_object() {
    let velero = Some(("velero.io/restore-status", "true"));
    let uid = json!({"op": "test", "path": "/metadata/uid", "value": "u-1"});
    let version = json!({"op": "test", "path": "/metadata/resourceVersion", "value": "7"});
    let key =
        json!({"op": "add", "path": "/metadata/annotations/velero.io~1restore-status", "value": "true"});

    let mut bare = bench(json!({}), stored_as(json!({}))).await;
    assert_eq!(bare.stored.add_finalizer("f", velero).await, Wrote::Yes);
    assert_eq!(
        bare.patch(),
        json!([uid, version,
        {"op": "add", "path": "/metadata/finalizers", "value": ["f"]},
        {"op": "add", "path": "/metadata/annotations", "value": {}}, key])
    );

    // An empty map is what stripping leaves: the server's map is not empty and must not be replaced.
    let mut stripped = bench(json!({"finalizers": ["x"], "annotations": {}}), stored_as(json!({}))).await;
    assert_eq!(stripped.stored.add_finalizer("f", velero).await, Wrote::Yes);
    assert_eq!(
        stripped.patch(),
        json!([uid, version,
        {"op": "add", "path": "/metadata/finalizers/-", "value": "f"}, key])
    );

    let there = json!({"finalizers": ["f"], "annotations": {"velero.io/restore-status": "true"}});
    let mut done = bench(there, stored_as(json!({}))).await;
    assert_eq!(done.stored.add_finalizer("f", velero).await, Wrote::Yes);
    assert!(done.seen.lock().unwrap().is_empty(), "nothing to write");
}

#[tokio::test]
async fn dropping_a_finalizer_tests_the_object_and_the_place() {
    let mut bench = bench(json!({"finalizers": ["x", "f"]}), stored_as(json!({"finalizers": ["x"]}))).await;
    assert_eq!(bench.stored.drop_finalizer("f").await, Wrote::Yes);
    assert_eq!(
        bench.patch(),
        json!([
        {"op": "test", "path": "/metadata/uid", "value": "u-1"},
        {"op": "test", "path": "/metadata/finalizers/1", "value": "f"},
        {"op": "remove", "path": "/metadata/finalizers/1"}])
    );
    assert_eq!(bench.stored.drop_finalizer("f").await, Wrote::Yes, "it is gone already");
    assert_eq!(bench.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_annotation_is_only_removed_with_the_value_that_was_acted_on() {
    let held = json!({"annotations": {"chatwoot.dev/resolve": "t0/create"}});
    let mut bench = bench(held, stored_as(json!({}))).await;
    assert_eq!(bench.stored.remove_annotation("chatwoot.dev/resolve").await, Wrote::Yes);
    assert_eq!(
        bench.patch(),
        json!([
        {"op": "test", "path": "/metadata/uid", "value": "u-1"},
        {"op": "test", "path": "/metadata/annotations/chatwoot.dev~1resolve", "value": "t0/create"},
        {"op": "remove", "path": "/metadata/annotations/chatwoot.dev~1resolve"}])
    );
}

#[tokio::test]
async fn looking_again_tells_a_new_object_of_the_same_name_from_ours() {
    let mut found = bench(json!({}), stored_as(json!({"resourceVersion": "9"}))).await;
    assert!(matches!(found.stored.reread().await, Read::Found(_)));
    assert_eq!(found.stored.object().resource_version().as_deref(), Some("9"));
    let mut other = bench(json!({}), stored_as(json!({"uid": "u-2"}))).await;
    assert!(matches!(other.stored.reread().await, Read::OtherUid));
    assert_eq!(other.stored.object().uid().as_deref(), Some("u-1"), "ours is kept");
    let mut gone = bench(json!({}), refusal(404, "NotFound", json!([]))).await;
    assert!(matches!(gone.stored.reread().await, Read::Gone));
    let mut unknown = bench(json!({}), refusal(500, "InternalError", json!([]))).await;
    assert!(matches!(unknown.stored.reread().await, Read::Unknown));
}

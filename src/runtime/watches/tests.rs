use super::*;
use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
};
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::{Client, Config};
use std::{pin::pin, sync::mpsc};

/// Promise 4 begins here: what is never sent cannot leak. The API server decides by the Accept header.
#[tokio::test]
async fn a_metadata_watch_does_not_even_ask_for_values() {
    let (note, accepted) = mpsc::channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(async move |headers: HeaderMap| {
        note.send(headers[header::ACCEPT].to_str().unwrap().to_owned()).unwrap();
        StatusCode::FORBIDDEN
    });
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let client = Client::try_from(Config::new(format!("http://{address}").parse().unwrap())).unwrap();
    let mut events = pin!(metadata::<Secret>(Api::all(client), Some("chatwoot.dev/watch=true")));
    assert!(matches!(events.next().await, Some(Ok(Event::Init))));
    assert!(matches!(events.next().await, Some(Err(watcher::Error::InitialListFailed(_)))));
    server.abort();
    let accepted = accepted.recv().unwrap();
    assert!(accepted.starts_with("application/json;as=PartialObjectMetadataList"), "{accepted}");
    assert!(!accepted.contains(','), "and accepts nothing else: {accepted}");
}

/// Hundreds of namespaces are not listed in one moment, and one that fails lets the next begin.
#[tokio::test]
async fn first_lists_come_in_by_turns() {
    static ONE: Semaphore = Semaphore::const_new(1);
    let watch = |events: Vec<Seen<Secret>>| Box::pin(in_turn(futures::stream::iter(events), &ONE));
    let failure = watcher::Error::NoResourceVersion;
    let mut first = watch(vec![Ok(Event::Init), Ok(Event::InitDone), Ok(Event::Init)]);
    let mut second = watch(vec![Err(failure), Ok(Event::Init)]);
    let mut third = watch(vec![Ok(Event::Init)]);
    assert!(matches!(first.next().await, Some(Ok(Event::Init))));
    assert!(second.next().now_or_never().is_none() && third.next().now_or_never().is_none());
    assert!(matches!(first.next().await, Some(Ok(Event::InitDone))));
    assert!(matches!(second.next().await, Some(Err(_))));
    assert!(matches!(third.next().await, Some(Ok(Event::Init))));
    // Whoever has had a turn needs no other.
    assert!(matches!(first.next().await, Some(Ok(Event::Init))));
    assert!(matches!(second.next().await, Some(Ok(Event::Init))));
}

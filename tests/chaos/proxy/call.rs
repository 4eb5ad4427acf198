//! What a request to the API server is about, by its path, and the body of a watch that can be ended.

use super::Bytes;
use http::{Method, Uri};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub namespace: Option<String>,
    /// Such as `PATCH chatwootusers/status`.
    pub what: String,
    pub watch: bool,
    /// Changes something people rely on; events are not among that.
    pub write: bool,
}

impl Call {
    /// Of `/api/v1/namespaces/NS/secrets/NAME` and its like.
    pub fn of(method: &Method, uri: &Uri) -> Self {
        let segments: Vec<&str> = uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
        // `/api/v1`, or `/apis/GROUP/VERSION`.
        let rest = segments.get(if segments.first() == Some(&"apis") { 3 } else { 2 }..).unwrap_or_default();
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let what = match rest {
            [resource, _, sub, ..] => format!("{method} {resource}/{sub}"),
            [resource, ..] => format!("{method} {resource}"),
            [] => format!("{method} {}", uri.path()),
        };
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let write = !reads && namespace.is_some() && rest.first() != Some(&"events");
        let query = uri.query().unwrap_or_default();
        Self { namespace, what, watch: reads && query.split('&').any(|pair| pair == "watch=true"), write }
    }

    /// Whether it writes to `scope`: a namespace, and those that begin with it and a hyphen.
    pub fn writes_in(&self, scope: &str) -> bool {
        let inside = |namespace: &String| {
            namespace.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.write && self.namespace.as_ref().is_some_and(inside)
    }
}

type Boxed = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// A body that fails in the middle once `cut` is cancelled.
pub fn cuttable(body: Boxed, cut: CancellationToken) -> Boxed {
    Cuttable { body, cut: Box::pin(cut.cancelled_owned()) }.boxed_unsync()
}

struct Cuttable {
    body: Boxed,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Body for Cuttable {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err("the test ends this watch".into())));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[test]
fn a_path_says_what_is_written_and_where() {
    let call = |method, path: &str| Call::of(&method, &path.parse().unwrap());
    let status =
        call(Method::PATCH, "/apis/chatwoot.dev/v1alpha1/namespaces/c-1/chatwootusers/al/status?dryRun=x");
    assert_eq!(status.what, "PATCH chatwootusers/status");
    assert!(status.writes_in("c-1") && !status.writes_in("c-10"), "{status:?}");
    let secret = call(Method::POST, "/api/v1/namespaces/c-1-acme/secrets");
    assert!(secret.writes_in("c-1") && secret.what == "POST secrets");
    assert!(!call(Method::POST, "/apis/events.k8s.io/v1/namespaces/c-1/events").write);
    assert!(!call(Method::GET, "/api/v1/namespaces/c-1/secrets/a").write);
    let watch = call(Method::GET, "/api/v1/namespaces?allowWatchBookmarks=true&watch=true");
    assert!(watch.watch && watch.namespace.is_none() && !watch.write);
}

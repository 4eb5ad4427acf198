//! A wire between the operator and the API server that looks into every request: it counts writes, stops one of them
//! before or after it is carried out, loses answers, ends watches, and goes away for a while.
//!
//! Towards the operator it speaks plain HTTP on loopback and passes the operator's own token on, so that the API server
//! decides what the operator may do; watches go through as streams.

mod call;
mod mishap;
mod traps;

pub use mishap::Mishap;
pub use traps::{Caught, When};

use anyhow::{Context, Result};
use call::Call;
use control_plane::ControlPlane;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use kube::{Client, client::Body};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_util::sync::CancellationToken;
use traps::Traps;

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// The wire; it ends with this value.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
}

struct Shared {
    upstream: Client,
    state: Mutex<State>,
}

/// What is to happen, and what has been seen.
#[derive(Default)]
struct State {
    traps: Traps,
    mishaps: mishap::Queue,
    /// Cancelled when the API server "goes"; connections that come while it is cancelled are closed at once.
    gone: CancellationToken,
    /// Cancelled to end all watches that are open.
    watches: CancellationToken,
    /// Requests that met a mishap, and watches that were ended.
    disturbed: u64,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Proxy {
    /// Listens on a free loopback port.
    pub async fn before(plane: &ControlPlane) -> Result<Self> {
        let mut config = plane.config()?;
        // Who asks is for the caller to say, and whether to repeat as well.
        config.auth_info = Default::default();
        config.default_retry = false;
        let shared =
            Arc::new(Shared { upstream: Client::try_from(config)?, state: Mutex::new(State::default()) });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(shared.clone(), listener, stop.clone())));
        Ok(Self { shared, address, stop })
    }

    /// Writes a kubeconfig beside `original` that is the same but for the server, which is this wire.
    pub fn kubeconfig(&self, original: &Path) -> Result<PathBuf> {
        let mut config: Value = serde_json::from_slice(&std::fs::read(original)?)?;
        let cluster =
            config.pointer_mut("/clusters/0/cluster").context("a kubeconfig that names no cluster")?;
        *cluster = json!({"server": format!("http://{}", self.address)});
        let file = original.with_extension("through-the-proxy");
        std::fs::write(&file, config.to_string())?;
        Ok(file)
    }

    /// Stops write number `nth` (from 1, from now on) to objects in `scope`, which is a namespace and those that begin with
    /// it and a hyphen. It stays stopped until the client goes away.
    pub fn trap(&self, scope: &str, nth: u64, when: When) -> oneshot::Receiver<Caught> {
        self.state().traps.set(scope, nth, when)
    }

    /// Counts the writes in `scope`, from now on.
    pub fn count(&self, scope: &str) {
        self.state().traps.count(scope);
    }

    /// Writes counted so far to objects in `scope`, what each was, such as `PATCH chatwootusers/status`, and when.
    pub fn writes(&self, scope: &str) -> Vec<Caught> {
        self.state().traps.seen(scope)
    }

    /// Nobody counts there any more.
    pub fn forget(&self, scope: &str) {
        self.state().traps.forget(scope);
    }

    /// The next requests that are no watches meet these, in this order.
    pub fn mishaps(&self, all: impl IntoIterator<Item = Mishap>) {
        self.state().mishaps.extend(all);
    }

    /// No more mishaps; the API server is back.
    pub fn calm(&self) {
        let mut state = self.state();
        state.mishaps.clear();
        if state.gone.is_cancelled() {
            state.gone = CancellationToken::new();
        }
    }

    /// Every connection ends, and none is taken until [`Proxy::calm`] or [`Proxy::comes_back`].
    pub fn goes(&self) {
        self.state().gone.cancel();
    }

    pub fn comes_back(&self) {
        self.state().gone = CancellationToken::new();
    }

    /// Ends every open watch in the middle of its stream.
    pub fn drop_watches(&self) {
        let mut state = self.state();
        std::mem::take(&mut state.watches).cancel();
        state.disturbed += 1;
    }

    /// How many requests met a mishap so far.
    pub fn disturbed(&self) -> u64 {
        self.state().disturbed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, stop: CancellationToken) {
    while let Ok((stream, _)) = listener.accept().await {
        let gone = shared.state().gone.clone();
        if gone.is_cancelled() {
            continue;
        }
        // Answers are small, and waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let (shared, stop) = (shared.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = serve(shared, stream) => {}
                () = gone.cancelled() => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let (hang_up, ends) = (CancellationToken::new(), CancellationToken::new());
    let _guard = ends.clone().drop_guard();
    let service = service_fn(|request| {
        let (shared, hang_up) = (shared.clone(), hang_up.clone());
        async move {
            match answer(&shared, request).await {
                Some(answer) => Ok::<_, Infallible>(answer),
                None => {
                    hang_up.cancel();
                    std::future::pending().await
                }
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error says that the client went away, as a killed operator does.
        _ = connection => {}
        () = hang_up.cancelled() => {}
    }
}

/// `None`: the connection ends without an answer.
async fn answer(shared: &Shared, request: Request<Incoming>) -> Option<Answer> {
    let call = Call::of(request.method(), request.uri());
    let (held, mishap, watches) = {
        let mut state = shared.state();
        let held = state.traps.met(&call);
        let mishap = if call.watch { None } else { state.mishaps.next(&call) };
        state.disturbed += u64::from(mishap.is_some());
        (held, mishap, state.watches.clone())
    };
    if let Some(held) = held {
        return held.hold(forward(shared, request)).await;
    }
    match mishap {
        None => {}
        Some(Mishap::LoseRequest) => return None,
        Some(Mishap::LoseAnswer { .. }) => {
            forward(shared, request).await;
            return None;
        }
        Some(Mishap::Refuse { status, .. }) => return Some(refusal(status)),
        Some(Mishap::Delay { by, .. }) => tokio::time::sleep(by).await,
    }
    let answer = forward(shared, request).await?;
    Some(if call.watch { answer.map(|body| call::cuttable(body, watches)) } else { answer })
}

/// Sends it on; `None` when the API server does not answer.
async fn forward(shared: &Shared, request: Request<Incoming>) -> Option<Answer> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    for name in [header::HOST, header::CONNECTION] {
        head.headers.remove(name);
    }
    let answer = shared.upstream.send(Request::from_parts(head, Body::from(body))).await.ok()?;
    let (mut head, body) = answer.into_parts();
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    head.version = http::Version::HTTP_11;
    Some(Response::from_parts(head, body.map_err(Into::into).boxed_unsync()))
}

/// As the API server words it.
fn refusal(status: StatusCode) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "the test refuses this", "reason": status.canonical_reason(), "code": status.as_u16()
    });
    let body = http_body_util::Full::new(Bytes::from(body.to_string()));
    let mut answer = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if status == StatusCode::TOO_MANY_REQUESTS {
        answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    answer
}

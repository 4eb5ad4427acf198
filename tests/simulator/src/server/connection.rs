//! Connections, down to whether they end with FIN or RST.

use super::{
    Shared,
    arrival::Arrival,
    body::Answer,
    control,
    pipeline::{self, Outcome},
};
use crate::{reply::Reply, site::Call};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
};
use tokio_rustls::server::TlsStream;

/// As nginx in front of Chatwoot often allows.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
const TLS_HANDSHAKE: u8 = 0x16;

/// A stream that can be torn down without a goodbye.
trait Socket: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Reset,
    Close,
}

/// Accepts until the simulator ends.
pub async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    let stop = shared.stop.clone();
                    tokio::select! {
                        () = greet(shared, stream, peer.ip()) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            // Out of file handles, or a client that hung up in the queue; nothing tells when that is over.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Tells TLS from plain HTTP by its first byte, so that tests can steer a TLS simulator without its certificate.
async fn greet(shared: Arc<Shared>, stream: TcpStream, source: IpAddr) {
    let number = {
        let mut core = shared.core();
        core.connections += 1;
        core.connections
    };
    // Answers are small; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = &shared.tls else {
        return serve(shared, stream, Peer { number, source, tls: Tls::Off }).await;
    };
    let mut first = [0u8];
    if stream.peek(&mut first).await.unwrap_or(0) == 0 {
        return;
    }
    if first != [TLS_HANDSHAKE] {
        return serve(shared, stream, Peer { number, source, tls: Tls::Missing }).await;
    }
    match acceptor.accept(stream).await {
        Ok(stream) => serve(shared, stream, Peer { number, source, tls: Tls::On }).await,
        Err(error) => tracing::debug!(%error, "TLS handshake failed"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    On,
    /// Plain HTTP to a port that speaks TLS: good enough for `/_simulator/` only.
    Missing,
}

#[derive(Clone, Copy)]
struct Peer {
    number: u64,
    source: IpAddr,
    tls: Tls,
}

async fn serve<S: Socket>(shared: Arc<Shared>, stream: S, peer: Peer) {
    let (end, mut ended) = watch::channel(None);
    let service = service_fn(move |request| {
        let (shared, end) = (shared.clone(), end.clone());
        async move {
            match respond(shared, request, peer).await {
                Ok(response) => Ok::<_, Infallible>(response),
                Err(ending) => {
                    end.send_replace(Some(ending));
                    std::future::pending().await
                }
            }
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ending = tokio::select! {
        served = &mut connection => {
            if let Err(error) = served {
                tracing::debug!(%error, "connection ended");
            }
            return;
        }
        ending = ended.wait_for(Option::is_some) => ending.ok().and_then(|ending| *ending),
    };
    let stream = connection.into_parts().io.into_inner();
    if ending == Some(Ending::Reset) {
        reset(stream.tcp());
    }
}

/// With no time to linger, dropping the socket sends RST.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::warn!(%error, "the connection will be closed instead of reset");
    }
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    peer: Peer,
) -> Result<Response<Answer>, Ending> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(response(Reply::html(413), Answer::whole)),
        // The client went away in the middle of its request.
        Err(_) => return Err(Ending::Close),
    };
    let path = head.uri.path().to_owned();
    let query = head.uri.query().map(str::to_owned);
    if path == "/_simulator" || path.starts_with("/_simulator/") {
        let reply = control::answer(&shared, head.method.as_str(), &path, query.as_deref(), &body).await;
        return Ok(response(reply, Answer::whole));
    }
    if peer.tls == Tls::Missing {
        return Ok(response(Reply::html(400), Answer::whole));
    }
    let arrival = arrival(&head.headers, head.method.as_str(), path, query, body, peer);
    let (sender, receiver) = oneshot::channel();
    // A task of its own: it goes on when this connection breaks.
    tokio::spawn(pipeline::run(shared, arrival, sender));
    match receiver.await {
        Ok(Outcome::Answer(reply)) => Ok(response(reply, Answer::whole)),
        Ok(Outcome::Half(reply)) => Ok(response(reply, Answer::half)),
        Ok(Outcome::Reset) => Err(Ending::Reset),
        Ok(Outcome::Close) | Err(_) => Err(Ending::Close),
    }
}

fn arrival(
    headers: &HeaderMap,
    method: &str,
    path: String,
    query: Option<String>,
    body: Bytes,
    peer: Peer,
) -> Arrival {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let forwarded_proto = text("x-forwarded-proto");
    let secure = peer.tls == Tls::On || forwarded_proto.as_deref() == Some("https");
    // Rack folds both spellings into one name.
    let token =
        text("api_access_token").or_else(|| text("api-access-token")).filter(|token| !token.is_empty());
    let forwarded_for = text("x-forwarded-for");
    let client = forwarded_for
        .as_deref()
        .and_then(|list| list.rsplit(',').next())
        .and_then(|ip| ip.trim().parse().ok());
    Arrival {
        call: Call {
            method: method.to_owned(),
            path,
            query,
            token,
            accept: text("accept"),
            content_type: text("content-type"),
            body,
        },
        connection: peer.number,
        source: client.unwrap_or(peer.source),
        secure,
        forwarded_proto,
        user_agent: text("user-agent"),
        host: text("host"),
        if_none_match: text("if-none-match"),
    }
}

fn response(reply: Reply, body: fn(Bytes) -> Answer) -> Response<Answer> {
    let mut response = Response::new(body(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = reply.content_type {
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = header::HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

//! `/livez`, `/readyz` and `/metrics` on one port.

use super::{health::Health, health::Trouble, metrics::Metrics};
use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::future::Future;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves until `stop`, then finishes the requests that are under way.
///
/// # Errors
/// When the listener fails for good.
pub fn serve(
    listener: TcpListener,
    health: Health,
    metrics: Metrics,
    stop: CancellationToken,
) -> impl Future<Output = std::io::Result<()>> + Send {
    let server = axum::serve(listener, routes(health, metrics));
    async move { server.with_graceful_shutdown(stop.cancelled_owned()).await }
}

/// Neither probe asks Chatwoot: an outage there must not take the operator down, and a standby is ready.
fn routes(health: Health, metrics: Metrics) -> Router {
    let alive = health.clone();
    Router::new()
        .route("/livez", get(move || async move { probe(alive.alive(), vec![]) }))
        .route("/readyz", get(move || async move { probe(health.ready(), health.remarks()) }))
        .route("/metrics", get(move || async move { scrape(&metrics) }))
}

fn probe(verdict: Result<(), Trouble>, remarks: Vec<String>) -> Response {
    let (status, mut text) = match verdict {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(trouble) => (StatusCode::SERVICE_UNAVAILABLE, trouble.to_string()),
    };
    remarks.iter().for_each(|remark| text.extend([remark, "\n"]));
    (status, text).into_response()
}

fn scrape(metrics: &Metrics) -> Response {
    match metrics.page() {
        Ok(page) => ([(header::CONTENT_TYPE, OPENMETRICS)], page).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    struct Bench {
        address: std::net::SocketAddr,
        health: Health,
        stop: CancellationToken,
        server: tokio::task::JoinHandle<std::io::Result<()>>,
    }

    async fn start() -> Bench {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, health, stop) =
            (listener.local_addr().unwrap(), Health::default(), CancellationToken::new());
        let server = tokio::spawn(serve(listener, health.clone(), Metrics::default(), stop.clone()));
        Bench { address, health, stop, server }
    }

    impl Bench {
        async fn get(&self, path: &str) -> String {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    }

    #[tokio::test]
    async fn readyz_says_what_is_missing_until_it_is_there() {
        let bench = start().await;
        let wait = bench.health.wait_for("the first list of ChatwootUser");
        let answer = bench.get("/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.ends_with("waiting for the first list of ChatwootUser\n"), "{answer}");
        wait.done();
        assert!(bench.get("/readyz").await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn livez_fails_while_a_loop_makes_no_progress() {
        let bench = start().await;
        assert!(bench.get("/livez").await.starts_with("HTTP/1.1 200"));
        let pulse = bench.health.pulse("queue of ChatwootUser", Duration::ZERO);
        let answer = bench.get("/livez").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("queue of ChatwootUser has made no progress"), "{answer}");
        pulse.finish();
        assert!(bench.get("/livez").await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn metrics_are_openmetrics_and_a_stop_ends_the_server_although_a_connection_is_open() {
        let bench = start().await;
        let answer = bench.get("/metrics").await;
        assert!(answer.contains("content-type: application/openmetrics-text; version=1.0.0"), "{answer}");
        assert!(answer.ends_with("# EOF\n"), "{answer}");
        let _idle = TcpStream::connect(bench.address).await.unwrap();
        bench.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), bench.server).await.unwrap().unwrap().unwrap();
    }
}

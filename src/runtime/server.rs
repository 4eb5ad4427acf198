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
        .route("/livez", get(move || async move { probe(alive.alive()) }))
        .route("/readyz", get(move || async move { probe(health.ready()) }))
        .route("/metrics", get(move || async move { scrape(&metrics) }))
}

fn probe(verdict: Result<(), Trouble>) -> Response {
    match verdict {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(trouble) => (StatusCode::SERVICE_UNAVAILABLE, trouble.to_string()).into_response(),
    }
}

fn scrape(metrics: &Metrics) -> Response {
    match metrics.page() {
        Ok(page) => ([(header::CONTENT_TYPE, OPENMETRICS)], page).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n").into_response(),
    }
}

//! One HTTP exchange with Chatwoot: what is sent, how much of the answer is read, and how it ended.

mod call;
mod setup;

pub(super) use call::{Call, percent};
pub use setup::AccessToken;

use super::{
    classify::{self, Asked, Dialect, Head},
    outcome::{Class, Failure},
    platform::{Config, ConfigError},
};
use reqwest::{Client, Response, Url};
use secrecy::{ExposeSecret, zeroize::Zeroizing};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// No object of Chatwoot's is larger (the account index is read by other means).
const BODY_LIMIT: usize = 1024 * 1024;
/// Lists: twenty messages of 150,000 characters, or a thousand inboxes.
const LIST_LIMIT: usize = 16 * 1024 * 1024;

/// Told of every exchange: route, class (`ok` or [`Class::label`]) and duration. Never of content.
pub type Observer = Arc<dyn Fn(&'static str, &'static str, Duration) + Send + Sync>;

/// How a call ended that did not succeed, seen from outside.
pub trait Ended {
    /// For metric labels.
    fn label(&self) -> &'static str;
    /// The failure that the gate should hear of; `None` where Chatwoot itself answered properly.
    fn failure(&self) -> Option<&Failure>;
}

impl Ended for Failure {
    fn label(&self) -> &'static str {
        self.class.label()
    }

    fn failure(&self) -> Option<&Failure> {
        Some(self)
    }
}

/// An answer's body. May hold tokens, so it is wiped when dropped and has no `Debug`.
pub(super) struct Body(Zeroizing<Vec<u8>>);

impl Body {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the body as JSON; `None` for anything else.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(self.bytes()).ok()
    }
}

/// A client that speaks one of Chatwoot's APIs. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub(super) struct Http {
    line: Arc<Line>,
    token: Option<AccessToken>,
    dialect: Dialect,
}

/// The connections to one Chatwoot, whoever speaks over them.
struct Line {
    reused: Client,
    fresh: Client,
    base: Url,
    claims_https: bool,
    timeout: Duration,
    observer: Option<Observer>,
}

impl Http {
    /// Connections to the Chatwoot of `config`, whose token is not read. Sends nothing.
    pub fn new(
        config: &Config,
        dialect: Dialect,
        token: Option<AccessToken>,
        observer: Option<Observer>,
    ) -> Result<Self, ConfigError> {
        let base = setup::address(&config.url).map_err(ConfigError::Url)?;
        let external = config.external_url.as_deref().map(setup::address).transpose();
        let external = external.map_err(ConfigError::ExternalUrl)?;
        if config.timeout.is_zero() {
            return Err(ConfigError::Timeout);
        }
        let client = |idle| setup::client(config, base.scheme() == "https", idle);
        let line = Arc::new(Line {
            reused: client(16)?,
            fresh: client(0)?,
            claims_https: base.scheme() == "http" && external.is_some_and(|url| url.scheme() == "https"),
            timeout: config.timeout,
            observer,
            base,
        });
        Ok(Self { line, token, dialect })
    }

    /// Another of this Chatwoot's APIs, over the same connections.
    pub fn speaking(&self, dialect: Dialect, token: Option<AccessToken>) -> Self {
        Self { line: self.line.clone(), token, dialect }
    }

    /// Sends `call` and reads the answer with `decode`, which gives `None` for a body it does not understand.
    pub async fn ask<T>(&self, call: Call, decode: impl FnOnce(Body) -> Option<T>) -> Result<T, Failure> {
        self.observed(call.route, async {
            let limit = call.limit;
            let (head, response) = self.open(call).await?;
            let body = self.read(response, limit).await?;
            if !body.bytes().is_empty() && !head.json {
                return Err(Failure { foreign_body: true, ..head.failure(Class::Unexpected) });
            }
            decode(body).ok_or_else(|| Failure { foreign_body: true, ..head.failure(Class::Unexpected) })
        })
        .await
    }

    /// Sends `call` and reads the answer, which is meant for browsers.
    pub async fn page<T>(&self, call: Call, decode: impl FnOnce(Body) -> Option<T>) -> Result<T, Failure> {
        self.observed(call.route, async {
            let (head, response) = self.open(call).await?;
            decode(self.read(response, BODY_LIMIT).await?).ok_or_else(|| head.failure(Class::Unexpected))
        })
        .await
    }

    /// Sends `call`; on success the body is still to be read. Any status but those of the API's successes is a failure
    /// (§1.1, §3.6).
    pub async fn open(&self, call: Call) -> Result<(Head, Response), Failure> {
        if let Some(detail) = call.unsendable {
            return Err(Failure { detail: Some(detail), ..Failure::of(Class::Invalid) });
        }
        let personal = call.personal;
        let response = self.send(call).await.map_err(|error| fault(error, None))?;
        let head = Head::of(&response, &self.line.base);
        if self.dialect.succeeds(head.status) {
            return Ok((head, response));
        }
        // The body of a failure is only evidence: where it cannot be read, the status alone speaks.
        let body = self.read(response, BODY_LIMIT).await.ok();
        let secret = self.token.as_ref().map(|token| token.text.expose_secret());
        let asked = Asked { dialect: self.dialect, personal, secret };
        Err(classify::refused(head, body.as_ref().map(Body::bytes), &asked))
    }

    /// Runs one exchange and tells log and metrics how it went.
    pub async fn observed<T, E: Ended>(
        &self,
        route: &'static str,
        exchange: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let start = Instant::now();
        let result = exchange.await;
        let took = start.elapsed();
        let class = result.as_ref().err().map_or("ok", Ended::label);
        let status = result.as_ref().err().and_then(Ended::failure).and_then(|failure| failure.status);
        tracing::debug!(route, class, status, took_ms = took.as_millis() as u64, "called Chatwoot");
        if let Some(observer) = &self.line.observer {
            observer(route, class, took);
        }
        result
    }

    async fn send(&self, call: Call) -> Result<Response, reqwest::Error> {
        let line = &self.line;
        // Paths are made of our own constants, integers and escaped text, so joining cannot fail or leave the base.
        let url = line.base.join(&call.path).unwrap_or_else(|_| line.base.clone());
        let client = if call.fresh { &line.fresh } else { &line.reused };
        let mut request = client
            .request(call.method, url)
            .timeout(line.timeout.saturating_mul(call.patience))
            .header("accept", "application/json");
        if let Some(token) = self.token.as_ref().filter(|_| !call.anonymous) {
            // With hyphens: proxies drop header names with underscores (§1.1).
            request = request.header("api-access-token", token.header.clone());
        }
        if line.claims_https {
            request = request.header("x-forwarded-proto", "https");
        }
        if let Some(body) = call.body {
            request = request.header("content-type", "application/json").body(body);
        }
        request.send().await
    }

    async fn read(&self, mut response: Response, limit: usize) -> Result<Body, Failure> {
        let status = Some(response.status().as_u16());
        let announced = response.content_length().unwrap_or_default();
        let too_large =
            || Failure { status, detail: Some("its body is too large"), ..Failure::of(Class::Unexpected) };
        if announced > limit as u64 {
            return Err(too_large());
        }
        let mut body = Zeroizing::new(Vec::with_capacity((announced as usize).max(16 * 1024)));
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(error, status))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            grow(&mut body, chunk.len());
            body.extend_from_slice(&chunk);
        }
        Ok(Body(body))
    }
}

/// Makes room without leaving an unwiped copy behind.
fn grow(body: &mut Zeroizing<Vec<u8>>, more: usize) {
    if body.capacity() - body.len() < more {
        let mut larger = Zeroizing::new(Vec::with_capacity((body.len() + more) * 2));
        larger.extend_from_slice(body);
        *body = larger;
    }
}

/// How an exchange without a (whole) answer ended. The error's own text is only logged: it says what, never with what.
pub(super) fn fault(error: reqwest::Error, status: Option<u16>) -> Failure {
    let error = error.without_url();
    let (class, detail) = classify::transport(&error);
    tracing::debug!(class = class.label(), error = %classify::chain(&error), "no answer from Chatwoot");
    Failure { status, detail, ..Failure::of(class) }
}

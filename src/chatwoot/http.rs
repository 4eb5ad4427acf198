//! One HTTP exchange with Chatwoot: what is sent, how much of the answer is read, and how it ended.

use super::{
    classify::{self, Head},
    outcome::{Class, Failure},
    platform::{Config, ConfigError},
};
use bytes::Bytes;
use reqwest::{Client, Method, Response, Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::Serialize;
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// No object of Chatwoot's is larger (the account index is read by other means).
const BODY_LIMIT: usize = 1024 * 1024;
/// Puma closes idle connections after 20 s; a connection given up earlier is never raced against that.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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

/// One request.
pub(super) struct Call {
    method: Method,
    /// Name of the route in logs and metrics: the path without ids.
    route: &'static str,
    path: String,
    body: Option<Bytes>,
    anonymous: bool,
    fresh: bool,
    patience: u32,
}

impl Call {
    pub fn new(method: Method, route: &'static str, path: String) -> Self {
        Self { method, route, path, body: None, anonymous: false, fresh: false, patience: 1 }
    }

    /// Sends `value` as JSON. The bytes are wiped after use.
    pub fn body(mut self, value: &impl Serialize) -> Self {
        let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
        // Writing maps with string keys into memory cannot fail; an empty body would be refused by Chatwoot (§1.1).
        if serde_json::to_writer(&mut *text, value).is_err() {
            text.clear();
        }
        self.body = Some(Bytes::from_owner(text));
        self
    }

    /// Sends no token.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Uses a connection of its own: a request on a reused connection may be sent twice below us.
    pub fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// Waits this many times the usual time-out.
    pub fn patience(mut self, times: u32) -> Self {
        self.patience = times;
        self
    }
}

pub(super) struct Http {
    reused: Client,
    fresh: Client,
    base: Url,
    token: HeaderValue,
    secret: SecretString,
    claims_https: bool,
    timeout: Duration,
    observer: Option<Observer>,
}

impl Http {
    pub fn new(config: Config, observer: Option<Observer>) -> Result<Self, ConfigError> {
        let base = classify_url(&config.url).map_err(ConfigError::Url)?;
        let external = config.external_url.as_deref().map(classify_url).transpose();
        let external = external.map_err(ConfigError::ExternalUrl)?;
        let (token, secret) = header(&config.token)?;
        if config.timeout.is_zero() {
            return Err(ConfigError::Timeout);
        }
        let client = |idle| client(&config, base.scheme() == "https", idle);
        Ok(Self {
            reused: client(16)?,
            fresh: client(0)?,
            token,
            secret,
            claims_https: base.scheme() == "http" && external.is_some_and(|url| url.scheme() == "https"),
            timeout: config.timeout,
            observer,
            base,
        })
    }

    /// Sends `call` and reads the answer with `decode`, which gives `None` for a body it does not understand.
    pub async fn ask<T>(&self, call: Call, decode: impl FnOnce(Body) -> Option<T>) -> Result<T, Failure> {
        self.observed(call.route, async {
            let (head, response) = self.open(call).await?;
            let body = self.read(response).await?;
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
            decode(self.read(response).await?).ok_or_else(|| head.failure(Class::Unexpected))
        })
        .await
    }

    /// Sends `call`; on success the body is still to be read. Any status but 200 is a failure (§1.1).
    pub async fn open(&self, call: Call) -> Result<(Head, Response), Failure> {
        let response = self.send(call).await.map_err(|error| fault(error, None))?;
        let head = Head::of(&response, &self.base);
        if head.status == 200 {
            return Ok((head, response));
        }
        // The body of a failure is only evidence: where it cannot be read, the status alone speaks.
        let body = self.read(response).await.ok();
        Err(classify::refused(head, body.as_ref().map(Body::bytes), self.secret.expose_secret()))
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
        if let Some(observer) = &self.observer {
            observer(route, class, took);
        }
        result
    }

    async fn send(&self, call: Call) -> Result<Response, reqwest::Error> {
        // Paths are made of our own constants and integers, so joining cannot fail or leave the base.
        let url = self.base.join(&call.path).unwrap_or_else(|_| self.base.clone());
        let client = if call.fresh { &self.fresh } else { &self.reused };
        let mut request = client
            .request(call.method, url)
            .timeout(self.timeout.saturating_mul(call.patience))
            .header("accept", "application/json");
        if !call.anonymous {
            // With hyphens: proxies drop header names with underscores (§1.1).
            request = request.header("api-access-token", self.token.clone());
        }
        if self.claims_https {
            request = request.header("x-forwarded-proto", "https");
        }
        if let Some(body) = call.body {
            request = request.header("content-type", "application/json").body(body);
        }
        request.send().await
    }

    async fn read(&self, mut response: Response) -> Result<Body, Failure> {
        let status = Some(response.status().as_u16());
        let announced = response.content_length().unwrap_or_default();
        let too_large =
            || Failure { status, detail: Some("its body is too large"), ..Failure::of(Class::Unexpected) };
        if announced > BODY_LIMIT as u64 {
            return Err(too_large());
        }
        let mut body = Zeroizing::new(Vec::with_capacity((announced as usize).max(16 * 1024)));
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(error, status))? {
            if body.len() + chunk.len() > BODY_LIMIT {
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

/// An address of Chatwoot with a trailing slash, so that paths are joined below its prefix.
fn classify_url(text: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(text.trim())
        .map_err(|_| "it is not a URL: write something like https://chat.example.com")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it must begin with http:// or https://");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not carry a user name or password: the platform token is all that is needed");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must not carry a query or fragment");
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn header(token: &SecretString) -> Result<(HeaderValue, SecretString), ConfigError> {
    let text = token.expose_secret().trim();
    if text.is_empty() {
        return Err(ConfigError::EmptyToken);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::BadToken);
    }
    let mut value = HeaderValue::from_str(text).map_err(|_| ConfigError::BadToken)?;
    value.set_sensitive(true);
    Ok((value, SecretString::from(text)))
}

fn client(config: &Config, tls: bool, idle: usize) -> Result<Client, ConfigError> {
    // Fails when one is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("chatwoot-operator/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // A proxy from the environment would read the token of plain HTTP calls, and answer in Chatwoot's place.
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
        .pool_max_idle_per_host(idle)
        .pool_idle_timeout(IDLE_TIMEOUT);
    let roots = match &config.ca_pem {
        Some(pem) => Some(certificates(pem)?),
        // Nothing to verify: an image without system certificates can still speak plain HTTP.
        None if !tls => Some(Vec::new()),
        None => None,
    };
    let builder = match roots {
        Some(roots) => builder.tls_certs_only(roots),
        None => builder,
    };
    builder.build().map_err(|_| if config.ca_pem.is_some() { ConfigError::Ca } else { ConfigError::Tls })
}

fn certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, ConfigError> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| ConfigError::Ca)?;
    if certificates.is_empty() { Err(ConfigError::Ca) } else { Ok(certificates) }
}

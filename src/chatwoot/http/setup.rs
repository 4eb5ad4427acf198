//! What a client needs before its first request: the address, the token's header, the connections and whom they trust.

use super::super::platform::{Config, ConfigError};
use reqwest::{Client, Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, time::Duration};

/// Puma closes idle connections after 20 s; a connection given up earlier is never raced against that.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A token that can be sent: a Platform App's, a person's or a bot's. Shown nowhere.
#[derive(Clone)]
pub struct AccessToken {
    pub(super) header: HeaderValue,
    pub(super) text: SecretString,
}

impl AccessToken {
    /// Takes a token as it was stored; white space around it is cut off.
    ///
    /// # Errors
    /// [`ConfigError::EmptyAccessToken`] or [`ConfigError::BadAccessToken`].
    pub fn new(token: &SecretString) -> Result<Self, ConfigError> {
        let text = token.expose_secret().trim();
        if text.is_empty() {
            return Err(ConfigError::EmptyAccessToken);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::BadAccessToken);
        }
        let mut header = HeaderValue::from_str(text).map_err(|_| ConfigError::BadAccessToken)?;
        header.set_sensitive(true);
        Ok(Self { header, text: SecretString::from(text) })
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

/// An address of Chatwoot with a trailing slash, so that paths are joined below its prefix.
pub(super) fn address(text: &str) -> Result<Url, &'static str> {
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

pub(super) fn client(config: &Config, tls: bool, idle: usize) -> Result<Client, ConfigError> {
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

//! Chatwoot's Platform API, typed: one method per endpoint (chatwoot-api §1.2).
//!
//! A method makes exactly one HTTP request and never repeats it. It knows nothing of turns and budgets: that is the
//! [gate](super::gate)'s work, and [`Caller`](super::instance::Caller) joins the two.

mod about;
mod accounts;
mod agent_bots;
mod index;
mod members;
mod signup;
mod users;

pub use about::About;
pub use accounts::NewAccount;
pub use index::{INDEX_LIMIT, IndexError, Indexed};
pub use members::Member;
pub use users::{NewUser, OwnUser, UserAnswer, UserPatch, absolute};

use super::{
    application::Application,
    classify::Dialect,
    http::{AccessToken, Call, Http, Observer},
    outcome::{Class, Failure},
    public::Public,
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, time::Duration};

const ROOT: &str = "platform/api/v1";

/// Where a Chatwoot is and how to speak to it.
#[derive(Clone)]
pub struct Config {
    /// `http://` or `https://`, a path prefix allowed; no user name, query or fragment.
    pub url: String,
    /// What browsers use. Where it is https and `url` is http, requests say that they came by https, or `FORCE_SSL` would
    /// redirect them (§1.1).
    pub external_url: Option<String>,
    /// A Platform App's access token for [`Platform`], a person's or bot's for [`Application`]; [`Public`] needs none.
    /// White space around it is cut off.
    pub token: SecretString,
    /// The only certificate authorities to trust; the system's when absent.
    pub ca_pem: Option<Vec<u8>>,
    /// For one whole exchange.
    pub timeout: Duration,
}

impl Config {
    /// Whether both lead to the same Chatwoot in the same way.
    pub fn is_same(&self, other: &Self) -> bool {
        let Self { url, external_url, token, ca_pem, timeout } = self;
        *url == other.url
            && *external_url == other.external_url
            && token.expose_secret() == other.token.expose_secret()
            && *ca_pem == other.ca_pem
            && *timeout == other.timeout
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is not checked yet and may carry a password.
        f.debug_struct("Config").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Why a [`Config`] cannot work. The text says what to write, and never the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ConfigError {
    #[error("url: {0}")]
    Url(&'static str),
    #[error("externalURL: {0}")]
    ExternalUrl(&'static str),
    #[error("the platform token is empty: store the Platform App's access token under that key")]
    EmptyToken,
    #[error(
        "the platform token has characters no token has: store the Platform App's access token and nothing else"
    )]
    BadToken,
    #[error("the access token is empty: give the token of a person or bot of the account")]
    EmptyAccessToken,
    #[error(
        "the access token has characters no token has: give the token of a person or bot and nothing else"
    )]
    BadAccessToken,
    #[error("the CA has no readable certificate: store PEM text with at least one CERTIFICATE block")]
    Ca,
    #[error("the time-out is zero: write at least 1s")]
    Timeout,
    #[error(
        "no TLS client could be set up: the system has no usable certificate authorities, so give the instance a CA"
    )]
    Tls,
}

/// A client for one Chatwoot. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Platform {
    http: Http,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").finish_non_exhaustive()
    }
}

impl Platform {
    /// A client for the Chatwoot of `config`. Sends nothing.
    ///
    /// # Errors
    /// [`ConfigError`] says which field cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Self::observed(config, None)
    }

    /// As [`Platform::new`]; `observer` is told of every exchange.
    ///
    /// # Errors
    /// As [`Platform::new`].
    pub fn observed(config: Config, observer: Option<Observer>) -> Result<Self, ConfigError> {
        let token = AccessToken::new(&config.token).map_err(|error| match error {
            ConfigError::EmptyAccessToken => ConfigError::EmptyToken,
            ConfigError::BadAccessToken => ConfigError::BadToken,
            other => other,
        })?;
        Ok(Self { http: Http::new(&config, Dialect::Platform, Some(token), observer)? })
    }

    /// What the owner of `token` may do inside accounts of this Chatwoot, over the same connections.
    pub fn application(&self, token: &AccessToken) -> Application {
        Application::over(self.http.speaking(Dialect::Application, Some(token.clone())))
    }

    /// What anybody may do who knows an inbox's identifier, over the same connections.
    pub fn public(&self) -> Public {
        Public::over(self.http.speaking(Dialect::Public, None))
    }

    /// Sends a DELETE: 200 with an empty body, whatever happens later (§1.1, P27).
    async fn delete(&self, call: Call) -> Result<(), Failure> {
        self.http.ask(call, |_| Some(())).await
    }

    /// Whether `path` without a token is refused for want of one. Platform checks the token before it looks for the
    /// object, so that a JSON 404 with the token is then Chatwoot's own word, and no proxy's or wrong prefix's.
    async fn refuses_strangers(&self, route: &'static str, path: String) -> Result<bool, Failure> {
        let call = Call::new(Method::GET, route, path).anonymous();
        match self.http.ask(call, |_| Some(())).await {
            Ok(()) => Ok(false),
            Err(failure) if failure.class == Class::Unauthorized => Ok(!failure.foreign_body),
            Err(failure) => match failure.class {
                Class::Connect
                | Class::Transport
                | Class::Timeout
                | Class::Proxy
                | Class::Server
                | Class::RateLimited => Err(failure),
                _ => Ok(false),
            },
        }
    }
}

#[cfg(test)]
mod tests;

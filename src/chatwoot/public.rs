//! Chatwoot's Client API, typed: what a customer's application may do that knows an API inbox's identifier (chatwoot-api
//! §4).
//!
//! ```text
//! let inbox = Public::new(config)?.inbox(&identifier);
//! let me = inbox.contacts().create(&NewVisitor::default()).await?;
//! ```
//!
//! There is no token: identifiers in the path are the secret, and are never shown. Methods are made as those of
//! [`Application`](super::application::Application). The API does not look at whether the account is suspended.
//!
//! # Errors of all methods
//! [`Class::NotFound`]: no such inbox, contact or conversation; [`Class::Server`]: an identity hash that is wrong, or
//! missing where the inbox insists on one, answers 500, and the failure says so; [`Class::Invalid`]: the values, in words
//! that name fields and nothing that is in them. An identifier that cannot stand in a path is refused here.

mod contacts;
mod conversations;
mod identity;
mod messages;

pub use contacts::{Contacts, NewVisitor};
pub use conversations::{Conversations, Typing};
pub use identity::Identity;
pub use messages::Messages;

use super::{
    application::Answer,
    classify::Dialect,
    http::{self, Body, Call, Http, Observer},
    outcome::{Class, Failure},
    platform::{Config, ConfigError},
    tenant::visitor::PublicInbox,
};
use crate::chatwoot::decode;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A client for one Chatwoot. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Public {
    http: Http,
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Public").finish_non_exhaustive()
    }
}

impl Public {
    /// A client for the Chatwoot of `config`, whose token is neither read nor sent. Sends nothing.
    ///
    /// # Errors
    /// [`ConfigError`] says which field cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Self::observed(config, None)
    }

    /// As [`Public::new`]; `observer` is told of every exchange.
    ///
    /// # Errors
    /// As [`Public::new`].
    pub fn observed(config: Config, observer: Option<Observer>) -> Result<Self, ConfigError> {
        Ok(Self::over(Http::new(&config, Dialect::Public, None, observer)?))
    }

    pub(super) fn over(http: Http) -> Self {
        Self { http }
    }

    /// The API inbox of this `inbox_identifier`. Sends nothing.
    pub fn inbox(&self, identifier: &SecretString) -> Inbox {
        let place = Place { http: self.http.clone(), path: "public/api/v1/inboxes".to_owned(), odd: false };
        Inbox { place: place.below(identifier.expose_secret()) }
    }
}

/// An API inbox, seen from outside.
#[derive(Clone)]
pub struct Inbox {
    place: Place,
}

impl Inbox {
    /// `GET inboxes/:inbox`.
    ///
    /// # Errors
    /// As all.
    pub fn show(&self) -> Answer<PublicInbox> {
        self.place.ask(self.place.call(Method::GET, "GET /public/api/v1/inboxes/:inbox", ""), flat)
    }

    /// Who writes to it.
    pub fn contacts(&self) -> Contacts {
        Contacts { place: self.place.clone() }
    }

    /// What the person with this `contact_identifier` has written. Sends nothing.
    pub fn conversations(&self, contact: &SecretString) -> Conversations {
        let contacts = Place { path: format!("{}/contacts", self.place.path), ..self.place.clone() };
        Conversations { place: contacts.below(contact.expose_secret()) }
    }
}

/// A path below the API's root. It holds secrets, and has no `Debug`.
#[derive(Clone)]
struct Place {
    http: Http,
    path: String,
    /// A part of it cannot stand in a path.
    odd: bool,
}

impl Place {
    fn below(self, secret: &str) -> Self {
        // Nothing, and dots alone, would lead to another place.
        let odd = self.odd || secret.bytes().all(|byte| byte == b'.') || secret.contains('\0');
        let path = format!("{}/{}", self.path, http::percent(secret).collect::<String>());
        Self { path, odd, ..self }
    }

    fn call(&self, method: Method, route: &'static str, tail: impl fmt::Display) -> Call {
        Call::new(method, route, format!("{}{tail}", self.path)).personal()
    }

    fn ask<T: Send + 'static>(
        &self,
        call: Call,
        decode: impl FnOnce(Body) -> Option<T> + Send + 'static,
    ) -> Answer<T> {
        let (http, odd) = (self.http.clone(), self.odd);
        Box::pin(async move {
            if odd {
                let detail = Some("an identifier is empty or cannot stand in a path");
                return Err(Failure { detail, ..Failure::of(Class::Invalid) });
            }
            http.ask(call, decode).await
        })
    }
}

fn flat<T: serde::de::DeserializeOwned>(body: Body) -> Option<T> {
    decode::object(body.bytes())
}

#[cfg(test)]
mod tests;

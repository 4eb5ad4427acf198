//! People.

use super::{Platform, ROOT};
use crate::chatwoot::{
    decode,
    http::{Body, Call},
    marker::{Marker, Reading},
    outcome::{Class, Failure},
    types::{Map, User, UserId},
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use std::{fmt, ops::Deref};

/// What a new person is made of.
#[derive(Clone, Debug, Serialize)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(serialize_with = "exposed")]
    pub password: SecretString,
    /// With the marker under [`KEY`](crate::chatwoot::marker::KEY).
    pub custom_attributes: Map,
}

/// What a `PATCH /users/:id` changes; `None` leaves a field alone. `custom_attributes` are merged, and keys can only be set
/// to null, never removed (P14). A password is applied even when it is the same: tokens rotate and sessions end (§1.5).
#[derive(Clone, Debug, Default, Serialize)]
pub struct UserPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_exposed")]
    pub password: Option<SecretString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Map>,
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

fn maybe_exposed<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(serializer)
}

/// An answer about a person, not yet known to be ours. The token in it is out of reach until [`UserAnswer::prove`], because
/// Chatwoot answers a `POST` for a known e-mail with that person's token (P3).
pub struct UserAnswer {
    user: User,
    body: Body,
}

/// An answer about a person whose marker is ours.
pub struct OwnUser(UserAnswer);

impl UserAnswer {
    fn read(body: Body) -> Option<Self> {
        Some(Self { user: decode::user(body.bytes())?, body })
    }

    /// Whose the person is.
    pub fn reading(&self, marker: &Marker) -> Reading {
        marker.read(&self.user.custom_attributes)
    }

    /// Opens the token of a person that `marker` says is ours.
    ///
    /// # Errors
    /// The reading, where it is anything but [`Reading::Ours`]: re-stamp first, or leave alone.
    pub fn prove(self, marker: &Marker) -> Result<OwnUser, Reading> {
        match self.reading(marker) {
            Reading::Ours => Ok(OwnUser(self)),
            reading => Err(reading),
        }
    }

    /// The person without any secret; the rest is wiped.
    pub fn into_user(self) -> User {
        self.user
    }

    /// The token of whoever this is, who need not be ours: only where somebody has said that this person is acted as.
    ///
    /// # Errors
    /// [`Class::Unexpected`] where the answer has none.
    pub fn borrow_token(&self) -> Result<SecretString, Failure> {
        token_in(&self.body)
    }
}

fn token_in(body: &Body) -> Result<SecretString, Failure> {
    let missing = || Failure { status: Some(200), ..Failure::of(Class::Unexpected) };
    decode::access_token(body.bytes()).ok_or_else(missing)
}

impl OwnUser {
    /// The person's permanent API token (P23).
    ///
    /// # Errors
    /// [`Class::Unexpected`] where the answer has none.
    pub fn access_token(&self) -> Result<SecretString, Failure> {
        token_in(&self.0.body)
    }

    pub fn into_user(self) -> User {
        self.0.user
    }
}

impl Deref for UserAnswer {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl Deref for OwnUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0.user
    }
}

impl fmt::Debug for UserAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAnswer").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnUser").field("user", &self.0.user).finish_non_exhaustive()
    }
}

/// A login link with the address of the site in front, where Chatwoot does not know it (P24).
#[must_use]
pub fn absolute(link: SecretString, site: &str) -> SecretString {
    if link.expose_secret().starts_with('/') {
        return SecretString::from(format!("{}{}", site.trim_end_matches('/'), link.expose_secret()));
    }
    link
}

const ONE: &str = "GET /users/:id";

fn path(id: UserId) -> String {
    format!("{ROOT}/users/{id}")
}

impl Platform {
    /// `POST /users`: creates, or finds by e-mail **and permits this app on whoever that is** (P3). The marker in the answer
    /// tells which.
    ///
    /// # Errors
    /// [`Failure::fate`] tells what may have happened.
    pub async fn create_user(&self, new: &NewUser) -> Result<UserAnswer, Failure> {
        let call = Call::new(Method::POST, "POST /users", format!("{ROOT}/users")).body(new).fresh();
        self.http.ask(call, UserAnswer::read).await
    }

    /// `GET /users/:id`. Answers 500 while an account of theirs is being cleaned up (P4).
    ///
    /// # Errors
    /// As all; an answer about somebody else is `Unexpected`.
    pub async fn user(&self, id: UserId) -> Result<UserAnswer, Failure> {
        self.one_user(Call::new(Method::GET, ONE, path(id)), id).await
    }

    /// `PATCH /users/:id`. Repeatable, save for a password.
    ///
    /// # Errors
    /// As [`Platform::user`].
    pub async fn update_user(&self, id: UserId, patch: &UserPatch) -> Result<UserAnswer, Failure> {
        self.one_user(Call::new(Method::PATCH, "PATCH /users/:id", path(id)).body(patch), id).await
    }

    /// `DELETE /users/:id`: only asks for it (P27), and takes the person out of every account (P29). Repeatable.
    ///
    /// # Errors
    /// As all.
    pub async fn delete_user(&self, id: UserId) -> Result<(), Failure> {
        self.delete(Call::new(Method::DELETE, "DELETE /users/:id", path(id))).await
    }

    /// As [`Platform::account_vanished`].
    ///
    /// # Errors
    /// No conclusion can be drawn.
    pub async fn user_vanished(&self, id: UserId) -> Result<bool, Failure> {
        self.refuses_strangers(ONE, path(id)).await
    }

    /// `GET /users/:id/login`: mints a link that logs in once, within five minutes, past password and second factor (P24).
    /// Relative where Chatwoot has no `FRONTEND_URL`.
    ///
    /// # Errors
    /// As all.
    pub async fn login(&self, id: UserId) -> Result<SecretString, Failure> {
        let call = Call::new(Method::GET, "GET /users/:id/login", format!("{}/login", path(id)));
        self.http.ask(call, |body| decode::login_url(body.bytes())).await
    }

    /// `POST /users/:id/token`, a read despite the verb; since 4.3.0. Only for people proven ours in the same pass.
    ///
    /// # Errors
    /// As all.
    pub async fn token(&self, id: UserId) -> Result<SecretString, Failure> {
        let call = Call::new(Method::POST, "POST /users/:id/token", format!("{}/token", path(id)));
        self.http.ask(call, |body| decode::access_token(body.bytes())).await
    }

    async fn one_user(&self, call: Call, id: UserId) -> Result<UserAnswer, Failure> {
        self.http.ask(call, |body| UserAnswer::read(body).filter(|answer| answer.id == id)).await
    }
}

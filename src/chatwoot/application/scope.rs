//! One account, and how its endpoints are called and their answers opened.

use super::Answer;
use crate::chatwoot::{
    decode,
    http::{Body, Call, Http},
    outcome::{Class, Failure},
    types::AccountId,
};
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use std::fmt::Display;

#[derive(Clone)]
pub(super) struct Scope {
    http: Http,
    account: AccountId,
}

impl Scope {
    pub fn new(http: Http, account: AccountId) -> Self {
        Self { http, account }
    }

    pub fn account(&self) -> AccountId {
        self.account
    }

    /// A call to `tail` below the account. `route` is the same without ids, for metrics.
    pub fn call(&self, method: Method, route: &'static str, tail: impl Display) -> Call {
        Call::new(method, route, format!("api/v1/accounts/{}{tail}", self.account))
    }

    /// Sends `call`. What comes back borrows nothing.
    pub fn ask<T: Send + 'static>(
        &self,
        call: Call,
        decode: impl FnOnce(Body) -> Option<T> + Send + 'static,
    ) -> Answer<T> {
        ask(self.http.clone(), call, decode)
    }
}

pub(super) fn ask<T: Send + 'static>(
    http: Http,
    call: Call,
    decode: impl FnOnce(Body) -> Option<T> + Send + 'static,
) -> Answer<T> {
    Box::pin(async move { http.ask(call, decode).await })
}

/// Refuses without a request.
pub(super) fn refuse<T: Send + 'static>(why: &'static str) -> Answer<T> {
    Box::pin(async move { Err(Failure { detail: Some(why), ..Failure::of(Class::Invalid) }) })
}

/// Any answer will do.
pub(super) fn nothing(_: Body) -> Option<()> {
    Some(())
}

/// An object as it stands.
pub(super) fn flat<T: DeserializeOwned>(body: Body) -> Option<T> {
    decode::object(body.bytes())
}

/// A list as it stands. One row that cannot be read makes all of it unreadable: absence must mean absence.
pub(super) fn list<T: DeserializeOwned>(body: Body) -> Option<Vec<T>> {
    body.json()
}

/// What stands under `payload`.
pub(super) fn payload<T: DeserializeOwned>(body: Body) -> Option<T> {
    #[derive(Deserialize)]
    struct Payload<T> {
        payload: T,
    }
    decode::object::<Payload<T>>(body.bytes()).map(|wrapped| wrapped.payload)
}

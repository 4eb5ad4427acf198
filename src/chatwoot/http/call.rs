//! What is asked: one request, before it is sent.

use super::{BODY_LIMIT, LIST_LIMIT};
use bytes::Bytes;
use reqwest::Method;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;

/// One request.
pub struct Call {
    pub(super) method: Method,
    /// Name of the route in logs and metrics: the path without ids.
    pub(super) route: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Bytes>,
    pub(super) anonymous: bool,
    pub(super) fresh: bool,
    pub(super) patience: u32,
    pub(super) personal: bool,
    pub(super) limit: usize,
    /// Why it must not be sent.
    pub(super) unsendable: Option<&'static str>,
}

impl Call {
    pub fn new(method: Method, route: &'static str, path: String) -> Self {
        Self {
            method,
            route,
            path,
            body: None,
            anonymous: false,
            fresh: false,
            patience: 1,
            personal: false,
            limit: BODY_LIMIT,
            unsendable: None,
        }
    }

    /// Adds a query; keys with `None` are left out.
    pub fn query<'a>(mut self, pairs: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Self {
        let mut text = String::new();
        for (key, value) in pairs.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            if value.contains('\0') {
                self.unsendable = Some(NUL);
            }
            text.push(if text.is_empty() { '?' } else { '&' });
            text.extend(percent(key));
            text.push('=');
            text.extend(percent(&value));
        }
        self.path.push_str(&text);
        self
    }

    /// Sends `value` as JSON. The bytes are wiped after use.
    pub fn body(mut self, value: &impl Serialize) -> Self {
        let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
        // Writing maps with string keys into memory cannot fail; an empty body would be refused by Chatwoot (§1.1).
        if serde_json::to_writer(&mut *text, value).is_err() {
            text.clear();
        }
        if holds_nul(&text) {
            self.unsendable = Some(NUL);
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

    /// About people: a refusal shows none of Chatwoot's words but those that are known to name nobody.
    pub fn personal(mut self) -> Self {
        self.personal = true;
        self
    }

    /// The answer is a list, which may be larger than one object.
    pub fn list(mut self) -> Self {
        self.limit = LIST_LIMIT;
        self
    }
}

/// A NUL in any string makes PostgreSQL refuse it, which Chatwoot answers with a 500 (§1.1, §1.4).
const NUL: &str = "a text holds a NUL character, which Chatwoot cannot store: remove it";

/// Whether JSON text holds an escaped NUL. Escapes are taken in pairs, so that `\\\\u0000` is none.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = rest.get(at + 1..).unwrap_or_default();
        if rest.starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// Text as part of a path or query: all but letters, digits and `-._~` is escaped.
pub fn percent(text: &str) -> impl Iterator<Item = char> {
    text.bytes().flat_map(|byte| {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).map(|digit| digit.to_ascii_uppercase());
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let escaped = [Some('%'), digit(byte >> 4), digit(byte & 15)];
        if plain { [Some(char::from(byte)), None, None] } else { escaped }.into_iter().flatten()
    })
}

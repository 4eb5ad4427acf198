//! What an answer that is not a success means (chatwoot-api §1.4, §3.1, §4).
//!
//! A refusal counts as Chatwoot's own only in exactly the form it is known to have: anything else may come from
//! whatever stands in between, and says nothing about what happened behind it.

mod bodies;
mod sentences;

use super::{
    outcome::{Class, Failure, Refusal},
    passwords,
};
use jiff::Timestamp;
use reqwest::{Response, Url, header};
use std::{error::Error, fmt::Write, io, time::Duration};

/// Longest pause a `Retry-After` can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const REFUSAL_LIMIT: usize = 300;

/// Which of Chatwoot's APIs is spoken to: each has forms of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Platform,
    Application,
    Public,
}

impl Dialect {
    /// 200 always (§1.1), save for the deletions of the Application API that answer 204 (§3.6).
    pub fn succeeds(self, status: u16) -> bool {
        status == 200 || (status == 204 && self == Dialect::Application)
    }
}

/// What was asked, as far as it matters to a refusal.
pub(super) struct Asked<'a> {
    pub dialect: Dialect,
    /// About people, whose names and addresses a refusal could repeat.
    pub personal: bool,
    /// The token, which is never repeated.
    pub secret: Option<&'a str>,
}

/// What an answer says before its body.
pub(super) struct Head {
    pub status: u16,
    /// The body claims to be JSON.
    pub json: bool,
    retry_after: Option<Duration>,
    location: Option<String>,
}

impl Head {
    pub fn of(response: &Response, base: &Url) -> Self {
        let text =
            |name| response.headers().get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let media = text(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default();
        Self {
            status: response.status().as_u16(),
            json: media.trim().eq_ignore_ascii_case("application/json"),
            retry_after: text(header::RETRY_AFTER).and_then(|value| pause(value, Timestamp::now())),
            location: text(header::LOCATION)
                .and_then(|value| base.join(value).ok())
                .and_then(|url| origin(&url)),
        }
    }

    pub fn failure(&self, class: Class) -> Failure {
        Failure { status: Some(self.status), ..Failure::of(class) }
    }
}

/// Scheme and host of a redirect's target. The rest may carry anything, and is not shown.
fn origin(url: &Url) -> Option<String> {
    url.host_str().map(|host| format!("{}://{host}", url.scheme()))
}

/// Reads `Retry-After`: seconds, or an HTTP date.
fn pause(value: &str, now: Timestamp) -> Option<Duration> {
    let pause = match value.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

/// The failure an answer stands for that is no success.
pub(super) fn refused(head: Head, body: Option<&[u8]>, asked: &Asked<'_>) -> Failure {
    let known = body.filter(|_| head.json).and_then(|body| bodies::known(head.status, body, asked));
    let (class, own) = match (head.status, known) {
        (_, Some(Known::Class(class, detail))) => return Failure { detail, ..head.failure(class) },
        (_, Some(Known::Refused(text))) => {
            let refusal = text.and_then(|text| clean(&text, asked));
            return Failure { refusal, ..head.failure(Class::Invalid) };
        }
        (401, None) => (Class::Unauthorized, false),
        (404, None) => (Class::NotRouted, false),
        (429, None) => (Class::RateLimited, true),
        (300..=399, None) => (Class::Redirected, true),
        (500, None) => (Class::Server, true),
        (502..=504, None) => (Class::Proxy, false),
        _ => (Class::Unexpected, false),
    };
    let location = if class == Class::Redirected { head.location.clone() } else { None };
    Failure { retry_after: head.retry_after, location, foreign_body: !own, ..head.failure(class) }
}

/// A body in one of Chatwoot's own forms.
enum Known {
    /// The form says it all; with words of ours where they help.
    Class(Class, Option<&'static str>),
    /// Values were refused, in these words.
    Refused(Option<String>),
}

fn mentions_password(text: &str) -> bool {
    text.to_lowercase().contains("password")
}

/// Text of Chatwoot's that can be shown; `None` where nothing of it should be.
fn clean(text: &str, asked: &Asked<'_>) -> Option<Refusal> {
    if text != passwords::RULES && mentions_password(text) {
        // In an account passwords are those of mail servers, for which there are no rules.
        let platform = asked.dialect == Dialect::Platform;
        return platform.then(|| Refusal(passwords::RULES.to_owned()));
    }
    if asked.secret.is_some_and(|secret| text.contains(secret)) {
        return None;
    }
    let printable = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !invisible(*c));
    let text: String = printable.take(REFUSAL_LIMIT).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| Refusal(text.to_owned()))
}

/// Control characters, and those that hide or reorder the text around them.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How an exchange without an answer ended, and what is known about why.
pub(super) fn transport(error: &reqwest::Error) -> (Class, Option<&'static str>) {
    // A time-out while connecting is both; nothing was sent then.
    if error.is_connect() || error.is_builder() {
        (Class::Connect, connect_detail(error))
    } else if error.is_timeout() {
        (Class::Timeout, None)
    } else {
        (Class::Transport, None)
    }
}

fn connect_detail(error: &reqwest::Error) -> Option<&'static str> {
    if error.is_timeout() {
        return Some("it did not accept a connection in time");
    }
    sources(error).find_map(|source| {
        if source.to_string().starts_with("dns error") {
            return Some("its host name could not be resolved");
        }
        let io = source.downcast_ref::<io::Error>().map(io::Error::kind);
        match (source.downcast_ref::<rustls::Error>(), io) {
            (Some(rustls::Error::InvalidCertificate(_)), _) => {
                Some("its certificate is not trusted: check the CA and the host name in the URL")
            }
            (Some(_), _) => Some("the TLS handshake failed"),
            (_, Some(io::ErrorKind::ConnectionRefused)) => Some("it refused the connection"),
            _ => None,
        }
    })
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        // An I/O error names as its source only what is behind the error it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => (*error).source(),
        }
    })
}

/// An error with all its causes in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    sources(error).fold(String::new(), |mut text, source| {
        let _ = write!(text, "{}{source}", if text.is_empty() { "" } else { ": " });
        text
    })
}

#[cfg(test)]
mod tests;

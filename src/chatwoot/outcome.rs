//! How a call to Chatwoot ended, and what may have happened there.

use std::{fmt, time::Duration};

/// What a failed call may have left behind; the only thing a planner may conclude from a failure of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Chatwoot did not process it: refused connection, DNS, TLS, redirect, throttle.
    NotSent,
    /// Chatwoot answered with a refusal of its own, in exactly a form of chatwoot-api §1.4.
    Rejected,
    /// Anything may have happened: time-out, reset, 5xx, a proxy's answer, an unreadable body.
    Ambiguous,
}

/// Why a call failed. Decides requeue, condition reason and metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No connection was made (refused, DNS, TLS): nothing was sent.
    Connect,
    /// The connection broke after something may have been sent.
    Transport,
    /// No answer in time.
    Timeout,
    /// 502, 503, 504: a proxy's, never Chatwoot's own.
    Proxy,
    /// 500: unknown state; deterministic for some requests (chatwoot-api §1.4).
    Server,
    /// 429.
    RateLimited,
    /// 3xx: redirects are never followed.
    Redirected,
    /// 401 `Invalid access_token`, or a 401 with a body nobody knows.
    Unauthorized,
    /// 401 `Non permissible resource`: it exists, but outside this Platform App's sandbox.
    NotPermitted,
    /// 401 of the Application API: the token is good, and its owner may not do this: not a member, an agent where an
    /// administrator is asked for, or no person at all (§3.1).
    NotAllowed,
    /// 401 `Account is suspended` of the Application API (P32).
    Suspended,
    /// 402: the account has all the agents or inboxes it may have (§3.1).
    LimitReached,
    /// 404 with the API's own JSON body.
    NotFound,
    /// 404 with any other body: a wrong prefix, a proxy, or a route this version lacks.
    NotRouted,
    /// 400, 403 or 422 with a body of §1.4, §3.1 or §4; without a status it was refused here and nothing was sent.
    Invalid,
    /// A success status with a body that cannot be read, or too large; or a status nobody expects.
    Unexpected,
}

impl Class {
    /// Snake case, for metric labels and logs.
    pub fn label(self) -> &'static str {
        match self {
            Class::Connect => "connect",
            Class::Transport => "transport",
            Class::Timeout => "timeout",
            Class::Proxy => "proxy",
            Class::Server => "server",
            Class::RateLimited => "rate_limited",
            Class::Redirected => "redirected",
            Class::Unauthorized => "unauthorized",
            Class::NotPermitted => "not_permitted",
            Class::NotAllowed => "not_allowed",
            Class::Suspended => "suspended",
            Class::LimitReached => "limit_reached",
            Class::NotFound => "not_found",
            Class::NotRouted => "not_routed",
            Class::Invalid => "invalid",
            Class::Unexpected => "unexpected",
        }
    }

    /// What a write that ended this way may have left behind.
    pub fn fate(self) -> Fate {
        match self {
            Class::Connect | Class::RateLimited | Class::Redirected => Fate::NotSent,
            Class::Unauthorized
            | Class::NotPermitted
            | Class::NotAllowed
            | Class::Suspended
            | Class::LimitReached
            | Class::NotFound
            | Class::Invalid => Fate::Rejected,
            Class::Transport
            | Class::Timeout
            | Class::Proxy
            | Class::Server
            | Class::NotRouted
            | Class::Unexpected => Fate::Ambiguous,
        }
    }
}

/// Chatwoot's own words of a 422, cut and cleaned so that they can be shown: at most 300 characters, no control
/// characters, and never anything about a password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal(pub String);

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    pub class: Class,
    /// Status of the answer, where there was one.
    pub status: Option<u16>,
    /// Only for [`Class::Invalid`].
    pub refusal: Option<Refusal>,
    /// From a `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// Where a redirect pointed to: scheme and host only.
    pub location: Option<String>,
    /// The answer's body is none of Chatwoot's own: whatever sent it, a write may have happened.
    pub foreign_body: bool,
    /// Chatwoot was trying out a server that its user has named, and may have waited for nothing else.
    pub elsewhere: bool,
    /// What went wrong below HTTP, in words of our own.
    pub detail: Option<&'static str>,
}

impl Failure {
    pub fn of(class: Class) -> Self {
        Self {
            class,
            status: None,
            refusal: None,
            retry_after: None,
            location: None,
            foreign_body: false,
            elsewhere: false,
            detail: None,
        }
    }

    /// What a write that ended this way may have left behind. Stricter than [`Class::fate`]: a 401 that is not in
    /// Chatwoot's words counts as `Unauthorized`, but proves nothing about the request.
    pub fn fate(&self) -> Fate {
        if self.foreign_body && self.class.fate() == Fate::Rejected {
            Fate::Ambiguous
        } else {
            self.class.fate()
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.class {
            Class::Connect => "no connection to Chatwoot could be made",
            Class::Transport => "the connection to Chatwoot broke before an answer came",
            Class::Timeout => "Chatwoot did not answer in time",
            Class::Proxy => "a proxy in front of Chatwoot answered instead of it",
            Class::Server => "Chatwoot failed with an internal error",
            Class::RateLimited => "Chatwoot's request limit is reached",
            Class::Redirected => "Chatwoot answered with a redirect, which is never followed",
            Class::Unauthorized => "Chatwoot refused the token",
            Class::NotPermitted => "the object is outside this Platform App's permissions",
            Class::NotAllowed => "the token's owner may not do this",
            Class::Suspended => "the account is suspended",
            Class::LimitReached => "the account's limit is reached",
            Class::NotFound => "Chatwoot has no such object",
            Class::NotRouted => "Chatwoot, or a proxy in front of it, does not know this path",
            Class::Invalid => "Chatwoot refused the values",
            Class::Unexpected => "the answer could not be understood",
        })?;
        if let Some(detail) = self.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(location) = &self.location {
            write!(f, ": to {location}")?;
        }
        if let Some(status) = self.status {
            write!(f, " (HTTP {status})")?;
        }
        if let Some(Refusal(text)) = &self.refusal {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

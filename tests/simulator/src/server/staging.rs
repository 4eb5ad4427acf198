//! A fault's effect, sorted by when it strikes: before or after Chatwoot carries the request out.

use crate::{faults::Effect, reply::Reply};
use bytes::Bytes;
use std::time::Duration;

/// What the client gets instead of Chatwoot's answer.
pub enum Strike {
    Answer(Reply),
    Reset,
    Close,
    Truncate,
    Hang,
}

/// The course of one request.
#[derive(Default)]
pub struct Staging {
    pub before: Option<Strike>,
    pub delay_before: Duration,
    /// Carried out a second time.
    pub replay: bool,
    pub delay_after: Duration,
    pub after: Option<Strike>,
}

impl Staging {
    /// `https`: the request's own address with https, for redirects.
    pub fn of(effect: Option<&Effect>, https: impl Fn() -> String) -> Self {
        let mut staging = Staging::default();
        let (strike, after) = match effect {
            None => return staging,
            Some(Effect::Delay { ms, after_commit }) => {
                let slot = if *after_commit { &mut staging.delay_after } else { &mut staging.delay_before };
                *slot = Duration::from_millis(*ms);
                return staging;
            }
            Some(Effect::Replay) => {
                staging.replay = true;
                return staging;
            }
            Some(Effect::Status { status, after_commit }) => {
                (Strike::Answer(Reply::page(*status)), *after_commit)
            }
            Some(Effect::Empty { status, after_commit }) => {
                let empty = Reply { content_type: None, body: Bytes::new(), ..Reply::page(*status) };
                (Strike::Answer(empty), *after_commit)
            }
            Some(Effect::Html { status, after_commit }) => {
                (Strike::Answer(Reply::html(*status)), *after_commit)
            }
            Some(Effect::Json { status, body, after_commit }) => {
                let reply = Reply::new(*status, "application/json; charset=utf-8", body.to_string());
                (Strike::Answer(reply), *after_commit)
            }
            Some(Effect::Text { status, body, after_commit }) => {
                (Strike::Answer(Reply::new(*status, "text/plain", body.clone())), *after_commit)
            }
            Some(Effect::Redirect { status, location }) => {
                let to = location.clone().unwrap_or_else(https);
                (Strike::Answer(redirect(*status, to)), false)
            }
            Some(Effect::RetryAfter { seconds }) => {
                (Strike::Answer(Reply::throttled().header("retry-after", seconds.to_string())), false)
            }
            Some(Effect::ResetBeforeCommit) => (Strike::Reset, false),
            Some(Effect::ResetAfterCommit) => (Strike::Reset, true),
            Some(Effect::CloseBeforeCommit) => (Strike::Close, false),
            Some(Effect::CloseAfterCommit) => (Strike::Close, true),
            Some(Effect::TruncateAfterCommit) => (Strike::Truncate, true),
            Some(Effect::HangBeforeCommit) => (Strike::Hang, false),
            Some(Effect::HangAfterCommit) => (Strike::Hang, true),
        };
        let slot = if after { &mut staging.after } else { &mut staging.before };
        *slot = Some(strike);
        staging
    }
}

/// As Rails' TLS middleware redirects.
pub fn redirect(status: u16, location: String) -> Reply {
    Reply::new(status, "text/html; charset=utf-8", Bytes::new()).header("location", location)
}

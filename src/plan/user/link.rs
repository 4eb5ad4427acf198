//! The login link that somebody asked for.
//!
//! Until when its Secret may stand is recorded before there is one: whatever crashes, it is removed on time, because the
//! recorded time decides and not this process' memory. One annotation value gets one answer.

use super::*;
use crate::{
    api::user::{LoginLinkState as State, LoginLinkStatus},
    chatwoot::outcome::{Class, Failure, Fate},
    plan::{grants::Fit, trouble::Call},
};
use jiff::Timestamp;
use std::time::Duration;

/// How long Chatwoot keeps a link (chatwoot-api P24), and so its Secret is kept.
pub const LIFETIME: Duration = Duration::from_secs(300);
/// How soon what Kubernetes did not do is tried again.
const SOON: Duration = Duration::from_secs(5);
/// The longest name of a Secret, less [`SUFFIX`].
const LONGEST_NAME: usize = 253 - SUFFIX.len();
const SUFFIX: &str = "-login-link";

/// Name of the Secret with the login link of the ChatwootUser `name`; the end of a very long name is cut off.
pub fn secret_name(name: &str) -> String {
    let kept: String = name.chars().take(LONGEST_NAME).collect();
    format!("{}{SUFFIX}", kept.trim_end_matches(['.', '-']))
}

/// What this pass did for a login link. The link itself stays in the hands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    #[default]
    Untouched,
    /// Chatwoot has given one that lives until then.
    Minted(Timestamp),
    /// Nothing is left to do in this pass.
    Settled,
    /// The API server did not do as asked.
    Failed,
}

/// What became of the Secret of a login link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkSecret {
    Stored,
    /// There is none, or none that is ours.
    Removed,
    /// Another Secret has the name, and it is left alone.
    NotOurs,
    Failed,
}

impl Facts {
    /// Removes the Secret when its time is over, whatever else is asked for, refused or resting.
    pub(super) fn expire_link(&self, at: &Moment) -> Option<Next> {
        let left = self.link_time_left(at)?;
        let due = left.is_zero() && self.pass.link != Link::Failed;
        due.then_some(Step::Act(Effect::RemoveLink))
    }

    /// How long the Secret may still stand. A link that would live longer than links do was noted by another clock.
    fn link_time_left(&self, at: &Moment) -> Option<Duration> {
        let until = self.status.login_link.as_ref()?.expires_at?;
        let left = Duration::try_from(until.duration_since(at.now)).unwrap_or_default();
        Some(if left > LIFETIME { Duration::ZERO } else { left })
    }

    /// When this must be looked at again, whatever else it waits for.
    pub fn deadline(&self, at: &Moment) -> Option<Duration> {
        if at.stopping {
            return None;
        }
        match self.pass.link {
            Link::Failed => Some(SOON),
            _ => self.link_time_left(at),
        }
    }

    /// The request that has no answer yet.
    pub(super) fn open_request(&self) -> Option<&str> {
        let asked = self.around.link_requested.as_deref()?;
        let last = self.status.login_link.as_ref();
        let answered = last.is_some_and(|last| last.requested_at == asked && last.state != State::Pending);
        (!answered).then_some(asked)
    }

    /// The same, with the request refused where everything else is well and it would wait for ever.
    pub(super) fn refusing_link(&self, at: &Moment) -> Option<Self> {
        self.open_request()?;
        let lost = self.pass.stale || self.pass.gone || self.pass.reread;
        if at.stopping || lost || self.pass.trouble.is_some() || self.object.deleting {
            return None;
        }
        let not_granted = self.status.id.is_some() && matches!(self.link_fit(), Fit::Refused(_));
        let why = match self.spec.mode {
            _ if self.spec.paused => reason::PAUSED,
            Mode::Observe => reason::OBSERVED,
            Mode::Enforce if not_granted => reason::NOT_GRANTED,
            Mode::Enforce => return None,
        };
        let mut facts = self.clone();
        facts.answer_link(State::Refused, Some(why));
        Some(facts)
    }

    /// Has a link made and stored, for somebody who was read in this pass and carries our marker.
    pub(super) fn login_link(&self, id: i64, user: &User) -> Option<Next> {
        let asked = self.open_request()?;
        let ours = self.around.marker.read(&user.custom_attributes) == Reading::Ours;
        if !ours || !self.link_fit().granted() {
            return None;
        }
        match self.pass.link {
            Link::Untouched => Some(Step::Act(Effect::MintLink(id))),
            Link::Minted(until) => Some(Step::Act(match self.noted_link(asked) {
                Some(until) => Effect::StoreLink(until),
                None => {
                    let noted = LoginLinkStatus {
                        requested_at: asked.to_owned(),
                        state: State::Pending,
                        expires_at: Some(until),
                        reason: None,
                    };
                    let status = UserStatus { login_link: Some(noted), ..self.status.clone() };
                    Effect::Write(Box::new(status), Tag::Progress)
                }
            })),
            Link::Settled | Link::Failed => None,
        }
    }

    /// Until when the Secret of this request may stand, once that is recorded.
    fn noted_link(&self, asked: &str) -> Option<Timestamp> {
        let noted = self.status.login_link.as_ref().filter(|noted| noted.requested_at == asked);
        noted.filter(|noted| noted.state == State::Pending)?.expires_at
    }

    /// An earlier link's Secret stays on record until it is removed.
    fn answer_link(&mut self, state: State, why: Option<&str>) {
        let Some(asked) = self.open_request().map(str::to_owned) else { return };
        let expires_at = self.status.login_link.as_ref().and_then(|last| last.expires_at);
        let reason = why.map(str::to_owned);
        self.status.login_link = Some(LoginLinkStatus { requested_at: asked, state, expires_at, reason });
    }

    pub(super) fn minted(&mut self, answer: Result<Timestamp, Failure>) {
        match answer {
            Ok(until) => self.pass.link = Link::Minted(until),
            // Chatwoot as a whole cannot be used now; the request waits for it like everything else.
            Err(failure) if failure.fate() == Fate::NotSent || !is_about_the_link(failure.class) => {
                self.fail(Call::Read, failure);
            }
            Err(_) => {
                self.pass.link = Link::Settled;
                self.answer_link(State::Refused, Some(reason::CHATWOOT_UNAVAILABLE));
            }
        }
    }

    pub(super) fn link_secret(&mut self, became: LinkSecret) {
        self.pass.link = if became == LinkSecret::Failed { Link::Failed } else { Link::Settled };
        match became {
            LinkSecret::Stored => self.answer_link(State::Stored, None),
            LinkSecret::NotOurs => self.answer_link(State::Refused, Some(reason::SECRET_INVALID)),
            LinkSecret::Removed => self.link_removed(),
            LinkSecret::Failed => {}
        }
    }

    fn link_removed(&mut self) {
        self.pass.link = Link::Untouched;
        let Some(last) = &mut self.status.login_link else { return };
        last.expires_at = None;
        match last.state {
            State::Stored => last.state = State::Removed,
            // Whether it was ever stored is not known; by now it would be no good.
            State::Pending => {
                last.state = State::Refused;
                last.reason = Some(reason::KUBERNETES_ERROR.to_owned());
            }
            State::Removed | State::Refused => {}
        }
    }
}

/// The failure says something about this person's link, not about Chatwoot as a whole.
fn is_about_the_link(class: Class) -> bool {
    matches!(
        class,
        Class::Server
            | Class::NotFound
            | Class::NotRouted
            | Class::NotPermitted
            | Class::Invalid
            | Class::Unexpected
    )
}

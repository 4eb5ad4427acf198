//! Rotating the API token.
//!
//! A rotation cannot be repeated without harm: each makes another token, and the one before stops working. So the Secret
//! carries a note of the rotation it was written for, and the status repeats it afterwards. Wherever it is interrupted, the
//! next pass publishes the token that holds, at the price of one more rotation at the most.

use super::*;
use crate::{
    api::user::AccessTokenStatus,
    chatwoot::{
        outcome::{Failure, Fate},
        version::Version,
    },
    plan::trouble::{Call, Trouble},
};

/// What this pass knows of the declared rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    #[default]
    Unread,
    /// Another token has to be made.
    Due,
    /// The token that is there is the one to publish: made in this pass, by an interrupted one, or none was asked for yet.
    Settled,
    /// The Secret is not the operator's to write; says what to do.
    Unusable(String),
    Kubernetes(String),
    /// A request to rotate of which nobody knows the end: the token that holds now is read and published.
    Unknown(Failure),
}

/// A published token, as its Secret has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted<'a> {
    /// The rotation it was published for, where one was declared.
    pub rotation: Option<&'a str>,
}

/// Whether `wanted` takes another token. `recorded`: the rotation in the status. `published`: the token in the Secret.
///
/// Nothing published and nothing recorded: the person is new, or their token was never asked for, and nobody has it yet.
#[must_use]
pub fn is_due(wanted: &str, recorded: Option<&str>, published: Option<Noted<'_>>) -> bool {
    match published {
        Some(published) => published.rotation.or(recorded) != Some(wanted),
        None => recorded.is_some_and(|recorded| recorded != wanted),
    }
}

impl Facts {
    fn wanted_rotation(&self) -> Option<&str> {
        self.spec.credentials_secret.as_ref()?.access_token.as_ref()?.rotation.as_deref()
    }

    fn recorded_rotation(&self) -> Option<&str> {
        self.status.access_token.as_ref().map(|token| token.rotation.as_str())
    }

    /// Makes another token where another rotation is declared than the published one.
    pub(super) fn rotate(&self, id: i64, at: &Moment) -> Option<Next> {
        let wanted = self.wanted_rotation()?;
        if self.recorded_rotation() == Some(wanted) {
            return None;
        }
        match &self.pass.rotation {
            Rotation::Unread => Some(Step::Act(Effect::ReadRotation)),
            Rotation::Due => Some(match self.too_old_to_rotate() {
                Some(version) => self.settle(cannot_rotate(version), at),
                None => Step::Act(Effect::RotateToken(id)),
            }),
            Rotation::Unusable(why) => Some(self.settle(Verdict::new(reason::SECRET_INVALID, why), at)),
            Rotation::Kubernetes(why) => Some(self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at)),
            Rotation::Settled | Rotation::Unknown(_) => None,
        }
    }

    fn too_old_to_rotate(&self) -> Option<Version> {
        let version = self.around.known()?.version;
        (!version.rotates_tokens()).then_some(version)
    }

    /// The note that goes with the token: what it was published for.
    pub(super) fn rotation_note(&self) -> Option<String> {
        let unknown = matches!(self.pass.rotation, Rotation::Unknown(_));
        let applied = self.wanted_rotation().filter(|_| !unknown);
        applied.or(self.recorded_rotation()).filter(|_| self.publishes_token()).map(str::to_owned)
    }

    /// How a pass ends whose rotation has no known end, once the token that holds is published.
    pub(super) fn rotation_unknown(&self, at: &Moment) -> Option<Next> {
        let Rotation::Unknown(failure) = &self.pass.rotation else { return None };
        Some(self.troubled(&Trouble::Failed(Call::Write, failure.clone()), at))
    }

    /// What is recorded once the Secret is written. A rotation that is no longer declared stays on record: the same one,
    /// declared again, replaces nothing.
    pub(super) fn record_rotation(&mut self) {
        if !self.publishes_token() {
            self.status.access_token = None;
        } else if self.pass.published == Some(Published::Yes)
            && let Some(rotation) = self.wanted_rotation().map(str::to_owned)
        {
            self.status.access_token = Some(AccessTokenStatus { rotation });
        }
    }

    fn publishes_token(&self) -> bool {
        self.spec.credentials_secret.as_ref().is_some_and(|secret| secret.access_token.is_some())
    }

    pub(super) fn rotated(&mut self, answer: Result<(), Failure>) {
        self.pass.began = true;
        match answer {
            Ok(()) => self.pass.rotation = Rotation::Settled,
            Err(failure) if failure.fate() == Fate::NotSent => self.fail(Call::Write, failure),
            Err(failure) => {
                // Whichever token the person has now, it is not known to be the one that was read.
                self.pass.remote = Remote::Unread;
                self.pass.rotation = Rotation::Unknown(failure);
            }
        }
    }
}

fn cannot_rotate(version: Version) -> Verdict {
    Verdict::new(
        reason::INVALID_SPEC,
        format!(
            "spec.credentialsSecret.accessToken.rotation: this Chatwoot is {version}, and makes new tokens since 4.3; upgrade it, \
             or set rotation back"
        ),
    )
}

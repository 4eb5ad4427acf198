//! What a call that could not be made, or failed, means for a resource; the same for accounts and people.

use super::{NoTurn, status::Verdict};
use crate::{
    api::conditions::reason,
    chatwoot::outcome::{Class, Failure},
};

/// So many 500s in a row to the same write are Chatwoot's last word.
pub const LAST_WORD: u32 = 3;

/// Which call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Read,
    Write,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    NoTurn(NoTurn),
    Failed(Call, Failure),
}

impl Trouble {
    /// No request went out.
    pub fn is_silence(&self) -> bool {
        matches!(self, Trouble::Failed(_, failure) if failure.class == Class::Connect)
    }

    /// 500s in a row to a write, after this.
    pub fn write_errors(&self, before: u32) -> Option<u32> {
        matches!(self, Trouble::Failed(Call::Write, failure) if failure.class == Class::Server)
            .then_some(before + 1)
    }
}

/// The reason a failure leads to; `None`: Chatwoot refused the values.
pub fn reason_of(failure: &Failure) -> Option<&'static str> {
    match failure.class {
        Class::Invalid => None,
        // The instance says so itself, once, and brings its dependents back.
        Class::Unauthorized => Some(reason::WAITING_FOR_INSTANCE),
        Class::Redirected => Some(reason::REDIRECTED),
        Class::RateLimited => Some(reason::RATE_LIMITED),
        _ => Some(reason::CHATWOOT_UNAVAILABLE),
    }
}

/// What a passing failure reads like.
pub fn passing(why: &'static str, failure: &Failure) -> Verdict {
    if why == reason::WAITING_FOR_INSTANCE {
        let text =
            "the instance's platform token was refused; this resource goes on when the instance is Ready";
        return Verdict::new(why, text);
    }
    Verdict::new(why, failure.to_string())
}

/// A redirect, with what to change.
pub fn redirected(failure: &Failure) -> Verdict {
    let to = failure.location.as_deref().unwrap_or("another place");
    Verdict::new(
        reason::REDIRECTED,
        format!(
            "Chatwoot redirects to {to}, and redirects are never followed; with FORCE_SSL set spec.externalURL of the instance \
             to the https address, else correct its spec.url"
        ),
    )
}

/// Why there is no turn; `None` where it is simply others' turn.
pub fn no_turn(why: &NoTurn) -> Option<Verdict> {
    match why {
        NoTurn::Queued => None,
        NoTurn::Down { .. } => Some(Verdict::new(
            reason::CHATWOOT_UNAVAILABLE,
            "Chatwoot does not answer; this resource is next when it does",
        )),
        NoTurn::Throttled { .. } => Some(Verdict::new(
            reason::RATE_LIMITED,
            "Chatwoot's request limit is reached; this resource goes on after a pause",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const CLASSES: [Class; 13] = [
        Class::Connect,
        Class::Transport,
        Class::Timeout,
        Class::Proxy,
        Class::Server,
        Class::RateLimited,
        Class::Redirected,
        Class::Unauthorized,
        Class::NotPermitted,
        Class::NotFound,
        Class::NotRouted,
        Class::Invalid,
        Class::Unexpected,
    ];

    #[test]
    fn only_values_that_were_refused_are_the_authors_business() {
        for class in CLASSES {
            let reason = reason_of(&Failure::of(class));
            assert_eq!(reason.is_none(), class == Class::Invalid, "{class:?}");
        }
        assert_eq!(reason_of(&Failure::of(Class::RateLimited)), Some(reason::RATE_LIMITED));
        assert_eq!(reason_of(&Failure::of(Class::Redirected)), Some(reason::REDIRECTED));
    }

    #[test]
    fn only_a_500_to_a_write_counts_towards_the_last_word() {
        for class in CLASSES {
            let failed = |call| Trouble::Failed(call, Failure::of(class)).write_errors(2);
            assert_eq!(failed(Call::Write), (class == Class::Server).then_some(3), "{class:?}");
            assert_eq!(failed(Call::Read), None, "{class:?}");
        }
        assert_eq!(Trouble::NoTurn(NoTurn::Queued).write_errors(2), None);
    }

    #[test]
    fn waiting_for_others_is_not_told_and_everything_else_is() {
        assert_eq!(no_turn(&NoTurn::Queued), None);
        let retry_in = Duration::from_secs(1);
        assert_eq!(no_turn(&NoTurn::Down { retry_in }).unwrap().reason, reason::CHATWOOT_UNAVAILABLE);
        assert_eq!(no_turn(&NoTurn::Throttled { retry_in }).unwrap().reason, reason::RATE_LIMITED);
    }

    #[test]
    fn a_redirect_says_where_to_and_what_to_correct() {
        let failure =
            Failure { location: Some("https://chat.example.com".into()), ..Failure::of(Class::Redirected) };
        let text = redirected(&failure).message;
        assert!(text.contains("https://chat.example.com") && text.contains("spec.externalURL"), "{text}");
    }

    #[test]
    fn a_refused_token_is_told_by_the_instance_alone() {
        let failure = Failure { status: Some(401), ..Failure::of(Class::Unauthorized) };
        let why = reason_of(&failure).unwrap();
        assert_eq!(why, reason::WAITING_FOR_INSTANCE);
        assert!(passing(why, &failure).message.contains("when the instance is Ready"));
    }
}

//! What the steps of a walk say about the account.

use super::label;
use crate::{
    chatwoot::outcome::{Class, Failure},
    plan::account::walked::Outcome,
    reconcile::walk::{Ended, Step, Trouble},
};

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    Sure(Outcome),
    /// It failed in a way that may pass by itself: believed when it comes again.
    Perhaps(Outcome),
    /// Chatwoot did not know the token. It may have been replaced a moment ago; believed when the next one is not known
    /// either.
    Refused(Outcome),
    /// Nothing was learnt about the account.
    Nothing,
}

impl Judged {
    /// The first step that did not work decides: what follows it only cleans up.
    pub fn of(steps: &[Step]) -> Self {
        let Some(step) = steps.iter().find(|step| step.ended != Ended::Fine) else {
            return Self::Sure(Outcome::Arrived);
        };
        let trouble = match &step.ended {
            Ended::Failed(trouble) => trouble,
            Ended::Fine | Ended::Stopped => return Self::Nothing,
        };
        let failed = Outcome::Failed(text(step.step, trouble));
        match trouble {
            Trouble::Wrong(_) => Self::Sure(failed),
            Trouble::Call(failure) => match failure.class {
                // The instance says what is wrong with the way to it.
                Class::Connect | Class::RateLimited => Self::Nothing,
                Class::Suspended => Self::Sure(Outcome::Suspended),
                Class::Unauthorized => Self::Refused(failed),
                Class::Transport | Class::Timeout | Class::Proxy | Class::Redirected => Self::Perhaps(failed),
                _ => Self::Sure(failed),
            },
        }
    }

    pub fn label(&self) -> &'static str {
        match self {
            Self::Sure(outcome) => label(outcome),
            Self::Perhaps(_) | Self::Refused(_) | Self::Nothing => "undecided",
        }
    }
}

/// What a person reads: the step, why it failed in words of our own, and what to do. What Chatwoot said is left out: it may
/// repeat what others wrote.
fn text(step: &str, trouble: &Trouble) -> String {
    let (why, todo) = match trouble {
        Trouble::Wrong(why) => ((*why).to_owned(), "try the same in Chatwoot, whose own log says more"),
        Trouble::Call(failure) => {
            let ours = Failure { refusal: None, location: None, retry_after: None, ..failure.clone() };
            (ours.to_string(), remedy(failure.class))
        }
    };
    format!("the step \"{step}\" failed: {why}; {todo}; it is tried again within ten minutes")
}

fn remedy(class: Class) -> &'static str {
    match class {
        Class::LimitReached => {
            "the walk needs room for one more inbox: raise the account's limit, or remove an inbox nobody needs"
        }
        Class::Unauthorized | Class::NotAllowed => {
            "see in Chatwoot that the operator's own user (status.automation) is an administrator of the account"
        }
        Class::NotFound | Class::NotRouted => {
            "see that spec.url of the instance leads to Chatwoot itself, and that no proxy keeps this path back"
        }
        Class::Connect | Class::Transport | Class::Timeout | Class::Proxy | Class::RateLimited => {
            "see whether Chatwoot and whatever stands before it are well"
        }
        Class::Redirected => "have spec.url of the instance name the address it redirects to",
        _ => "Chatwoot's own log says more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwoot::outcome::Refusal;
    use std::time::Duration;

    fn step(step: &'static str, ended: Ended) -> Step {
        Step { step, ended, took: Duration::from_millis(5) }
    }

    fn failed(class: Class) -> Ended {
        Ended::Failed(Trouble::Call(Failure {
            refusal: Some(Refusal("what a stranger wrote".into())),
            ..Failure::of(class)
        }))
    }

    #[test]
    fn the_first_step_that_failed_is_named_without_a_strangers_words() {
        let steps = [
            step("one", Ended::Fine),
            step("two", failed(Class::Invalid)),
            step("delete the inbox", failed(Class::Server)),
        ];
        let Judged::Sure(Outcome::Failed(text)) = Judged::of(&steps) else { panic!("{steps:?}") };
        assert!(text.starts_with("the step \"two\" failed: Chatwoot refused the values; "), "{text}");
        assert!(!text.contains("stranger"), "{text}");
    }

    #[test]
    fn a_chatwoot_that_is_away_says_nothing_about_an_account() {
        for class in [Class::Connect, Class::RateLimited] {
            assert_eq!(Judged::of(&[step("one", failed(class))]), Judged::Nothing, "{class:?}");
        }
        assert!(matches!(Judged::of(&[step("one", failed(Class::Timeout))]), Judged::Perhaps(_)));
        assert!(matches!(Judged::of(&[step("one", failed(Class::Unauthorized))]), Judged::Refused(_)));
        assert_eq!(Judged::of(&[step("one", failed(Class::Suspended))]), Judged::Sure(Outcome::Suspended));
        assert_eq!(Judged::of(&[step("one", Ended::Stopped)]), Judged::Nothing);
        assert_eq!(Judged::of(&[step("one", Ended::Fine)]), Judged::Sure(Outcome::Arrived));
    }

    #[test]
    fn what_is_left_behind_is_a_failure_too() {
        let steps = [step("one", Ended::Fine), step("delete the inbox", failed(Class::Server))];
        assert!(
            matches!(Judged::of(&steps), Judged::Sure(Outcome::Failed(text)) if text.contains("delete the inbox"))
        );
    }
}

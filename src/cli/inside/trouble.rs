//! Failures of calls, in words that say what was tried, what came of it, and what to do.

use crate::chatwoot::outcome::{Class, Failure};
use std::fmt::Display;

/// What errors name.
#[derive(Clone, Debug)]
pub struct Said {
    /// The account as it was named.
    pub account: String,
    /// Where the token came from; never the token.
    pub whose: String,
    /// Where Chatwoot is. It was checked for user names before.
    pub url: String,
}

impl Said {
    /// An error about `what`, such as `contact 7`.
    pub fn error(&self, what: impl Display, failure: &Failure) -> anyhow::Error {
        let Self { account, url, .. } = self;
        let text = format!("{account} at {url}: {what}: {failure}");
        anyhow::Error::msg(self.next(failure.class).map_or(text.clone(), |next| format!("{text}; {next}")))
    }

    /// What a person can do.
    fn next(&self, class: Class) -> Option<String> {
        let Self { account, whose, .. } = self;
        Some(match class {
            Class::Unauthorized => format!(
                "{whose} is none of this Chatwoot's, or no longer: take the present one from the person's profile page"
            ),
            Class::NotAllowed => format!(
                "{whose} belongs to somebody who is not in the account, or no administrator of it: use an administrator's"
            ),
            Class::Suspended => format!("make {account} active again; until then nobody can work in it"),
            Class::LimitReached => {
                format!("raise the limit of {account}, or remove what is no longer needed")
            }
            Class::NotFound => format!("is the number right, and {account} the one it belongs to?"),
            Class::NotRouted => {
                "does the address lead to Chatwoot itself, and is it new enough for this?".to_owned()
            }
            Class::Connect | Class::Transport | Class::Timeout | Class::Proxy => {
                "can it be reached from here? --url names another address".to_owned()
            }
            Class::Redirected => "give the address it points to as --url".to_owned(),
            Class::RateLimited => "wait a minute and try again".to_owned(),
            Class::Server => "Chatwoot's own log says more".to_owned(),
            Class::NotPermitted | Class::Invalid | Class::Unexpected => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_object_the_cause_and_the_next_step() {
        let said = Said {
            account: "ChatwootAccount acme/main".into(),
            whose: "the token in Secret acme/alice".into(),
            url: "http://chat".into(),
        };
        let told = |class| said.error("contact 7", &Failure::of(class)).to_string();
        let refused = told(Class::Unauthorized);
        assert!(refused.starts_with(
            "ChatwootAccount acme/main at http://chat: contact 7: Chatwoot refused the token; "
        ));
        assert!(refused.contains("Secret acme/alice is none of this Chatwoot's"), "{refused}");
        assert!(
            told(Class::Suspended)
                .ends_with("make ChatwootAccount acme/main active again; until then nobody can work in it")
        );
        assert!(told(Class::NotAllowed).contains("not in the account, or no administrator"));
        assert!(told(Class::Connect).contains("--url"));
        assert!(told(Class::Invalid).ends_with("Chatwoot refused the values"));
    }
}

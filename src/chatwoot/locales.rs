//! Which locales an account can have in a Chatwoot version.
//!
//! Chatwoot answers any other with a 500 (chatwoot-api §1.4, §2.1). `hi` and `zh` are in its list, but switched off.

use super::version::Version;
use std::fmt;

const fn v(major: u32, minor: u32, patch: u32) -> Version {
    Version::new(major, minor, patch)
}

/// Codes as Chatwoot spells them and the first release with each; those from before 2.0.0 are dated 2.0.0.
#[rustfmt::skip]
const LOCALES: &[(&str, Version)] = &[
    ("en", v(2, 0, 0)), ("ar", v(2, 0, 0)), ("nl", v(2, 0, 0)), ("fr", v(2, 0, 0)), ("de", v(2, 0, 0)),
    ("it", v(2, 0, 0)), ("ja", v(2, 0, 0)), ("ko", v(2, 0, 0)), ("pt", v(2, 0, 0)), ("ru", v(2, 0, 0)),
    ("es", v(2, 0, 0)), ("ml", v(2, 0, 0)), ("ca", v(2, 0, 0)), ("el", v(2, 0, 0)), ("pt_BR", v(2, 0, 0)),
    ("ro", v(2, 0, 0)), ("ta", v(2, 0, 0)), ("fa", v(2, 0, 0)), ("zh_TW", v(2, 0, 0)), ("vi", v(2, 0, 0)),
    ("da", v(2, 0, 0)), ("tr", v(2, 0, 0)), ("cs", v(2, 0, 0)), ("fi", v(2, 0, 0)), ("id", v(2, 0, 0)),
    ("sv", v(2, 0, 0)), ("hu", v(2, 0, 0)), ("no", v(2, 0, 0)), ("zh_CN", v(2, 0, 0)), ("pl", v(2, 0, 0)),
    ("sk", v(2, 1, 0)), ("uk", v(2, 6, 0)), ("th", v(2, 8, 0)), ("lv", v(2, 12, 0)), ("is", v(2, 14, 0)),
    ("he", v(2, 17, 0)), ("lt", v(3, 0, 0)), ("sr", v(3, 1, 0)), ("bg", v(4, 5, 0)), ("et", v(4, 13, 0)),
];

/// Why a locale cannot be sent. The text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LocaleError {
    Unknown { code: String, nearest: Option<&'static str> },
    NotYet { code: &'static str, since: Version, version: Version },
}

/// Whether an account of a Chatwoot of `version` can have locale `code`. Codes are case-sensitive and use underscores.
///
/// # Errors
/// [`LocaleError`], whose text is fit for a condition message.
pub fn check_locale(code: &str, version: Version) -> Result<(), LocaleError> {
    match LOCALES.iter().find(|(known, _)| *known == code) {
        Some((_, since)) if version >= *since => Ok(()),
        Some((code, since)) => Err(LocaleError::NotYet { code, since: *since, version }),
        None => Err(LocaleError::Unknown {
            code: code.chars().filter(|c| !c.is_control()).take(20).collect(),
            nearest: nearest(code),
        }),
    }
}

/// Every code known here.
pub fn codes() -> impl Iterator<Item = &'static str> {
    LOCALES.iter().map(|(code, _)| *code)
}

/// `pt-br`, `EN` and `en-US` are how other systems write `pt_BR` and `en`.
fn nearest(code: &str) -> Option<&'static str> {
    let spelled = code.replace('-', "_");
    let language = spelled.split('_').next().unwrap_or_default();
    let find = |wanted: &str| codes().find(|known| known.eq_ignore_ascii_case(wanted));
    find(&spelled).or_else(|| find(language))
}

impl fmt::Display for LocaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { code, nearest: Some(nearest) } => {
                write!(f, "locale \"{code}\" is not one of Chatwoot's: write \"{nearest}\"")
            }
            Self::Unknown { code, nearest: None } => {
                write!(f, "locale \"{code}\" is not one of Chatwoot's: write one of ")?;
                for (at, code) in codes().enumerate() {
                    write!(f, "{}{code}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
            Self::NotYet { code, since, version } => write!(
                f,
                "locale \"{code}\" exists since Chatwoot {since}, and this one is {version}: upgrade Chatwoot, or write \
                 another"
            ),
        }
    }
}

impl std::error::Error for LocaleError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn forty_locales_now_and_two_fewer_at_4_2() {
        let known_to =
            |at| codes().filter(|code| check_locale(code, version(at)).is_ok()).collect::<Vec<_>>();
        assert_eq!(known_to("4.14.2").len(), 40);
        assert_eq!(known_to("4.2.0").len(), 38);
        assert!(!known_to("4.4.0").contains(&"bg") && known_to("4.5.0").contains(&"bg"));
        assert!(!known_to("4.12.1").contains(&"et") && known_to("4.13.0").contains(&"et"));
    }

    #[test]
    fn locales_that_chatwoot_has_switched_off_are_refused() {
        for code in ["hi", "zh", "", "12", "EN"] {
            assert!(check_locale(code, Version::NEWEST_KNOWN).is_err(), "{code}");
        }
    }

    #[test]
    fn messages_say_what_to_write() {
        let text = |code: &str| check_locale(code, version("4.4.0")).unwrap_err().to_string();
        assert_eq!(text("pt-br"), "locale \"pt-br\" is not one of Chatwoot's: write \"pt_BR\"");
        assert!(text("en-US").ends_with("write \"en\""));
        assert!(text("zz").contains("write one of en, ar, nl"), "{}", text("zz"));
        assert!(text("bg").contains("exists since Chatwoot 4.5.0, and this one is 4.4.0"));
        assert!(!text("a\nb").contains('\n'));
    }
}

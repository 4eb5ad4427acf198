//! Chatwoot's version numbers, and what each version can do for this operator.

use std::{fmt, str::FromStr};

/// A Chatwoot release, as `GET /api` reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

/// The text is no version number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version number: expected something like 4.14.2")]
pub struct NotAVersion;

impl Version {
    /// The oldest release this operator works with.
    pub const OLDEST_SUPPORTED: Version = Version::new(4, 2, 0);
    /// The newest release whose sources the facts in this operator were compared with (chatwoot-api §6).
    pub const NEWEST_KNOWN: Version = Version::new(4, 15, 1);

    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    pub fn is_supported(self) -> bool {
        self >= Self::OLDEST_SUPPORTED
    }

    /// Newer than the facts known here: it most likely works, and deserves a warning.
    pub fn is_newer_than_known(self) -> bool {
        (self.major, self.minor) > (Self::NEWEST_KNOWN.major, Self::NEWEST_KNOWN.minor)
    }

    /// `GET /platform/api/v1/accounts` exists since 4.5.0.
    pub fn has_account_index(self) -> bool {
        self >= Self::new(4, 5, 0)
    }

    /// `auto_resolve_label` and `audio_transcriptions` among an account's settings exist since 4.3.0 (chatwoot-api §3.3).
    pub fn has_later_settings(self) -> bool {
        self >= Self::new(4, 3, 0)
    }

    /// `POST /platform/api/v1/users/:id/token` exists since 4.3.0.
    pub fn has_token_route(self) -> bool {
        self >= Self::new(4, 3, 0)
    }

    /// `POST /api/v1/profile/reset_access_token` exists since 4.3.0.
    pub fn rotates_tokens(self) -> bool {
        self >= Self::new(4, 3, 0)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    /// Reads `4.14.2`; also `v4.14.2`, `4.14` and builds with a suffix such as `4.14.2-ce`.
    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let core = text.split(['-', '+', ' ']).next().unwrap_or_default();
        let mut parts = core.split('.').map(|part| part.parse::<u32>().map_err(|_| NotAVersion));
        let (Some(major), Some(minor)) = (parts.next(), parts.next()) else { return Err(NotAVersion) };
        let patch = parts.next().unwrap_or(Ok(0));
        match parts.next() {
            None => Ok(Self::new(major?, minor?, patch?)),
            Some(_) => Err(NotAVersion),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn usual_spellings_are_read_and_anything_else_is_refused() {
        assert_eq!(version("4.14.2"), Version::new(4, 14, 2));
        assert_eq!(version("v4.14.2"), version("4.14.2"));
        assert_eq!(version("4.14.2-ce"), version("4.14.2"));
        assert_eq!(version(" 4.5 "), version("4.5.0"));
        for text in ["", "4", "develop", "4.x", "4.14.2.1", "-4.2.0", "4..2", "4.14.x", "99999999999.1.1"] {
            assert_eq!(text.parse::<Version>(), Err(NotAVersion), "{text}");
        }
    }

    #[test]
    fn order_is_numeric_and_not_alphabetic() {
        assert!(version("4.9.2") < version("4.10.0"));
        assert!(version("3.16.9") < version("4.0.0"));
        assert!(version("4.14.1") < version("4.14.2"));
    }

    #[test]
    fn what_a_version_can_do_begins_with_the_release_that_brought_it() {
        assert!(!version("4.1.9").is_supported() && version("4.2.0").is_supported());
        assert!(!version("4.4.9").has_account_index() && version("4.5.0").has_account_index());
        assert!(!version("4.2.9").has_later_settings() && version("4.3.0").has_later_settings());
        assert!(!version("4.2.9").has_token_route() && version("4.3.0").has_token_route());
        assert!(!version("4.2.9").rotates_tokens() && version("4.3.0").rotates_tokens());
        assert!(!version("4.15.7").is_newer_than_known() && version("4.16.0").is_newer_than_known());
    }
}

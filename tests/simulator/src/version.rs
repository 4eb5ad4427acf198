//! Which release of Chatwoot is being played.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A release. Its routes, flags, languages and validations are modelled from 4.2.0 to 4.15.1; an older or newer
/// number is accepted too and behaves like the nearest one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// The release the facts were taken from.
    pub const REFERENCE: Version = Version(4, 14, 2);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Version {
    type Err = String;

    /// `4.14` stands for the last patch release of that line, `4.14.2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let complaint = || format!("{text:?} is not a version: write it like 4.14 or 4.14.2");
        let parts =
            text.split('.').map(str::parse::<u16>).collect::<Result<Vec<_>, _>>().map_err(|_| complaint())?;
        match parts.as_slice() {
            [major, minor, patch] => Ok(Version(*major, *minor, *patch)),
            [4, 12] => Ok(Version(4, 12, 1)),
            [4, 14] => Ok(Version(4, 14, 2)),
            [4, 15] => Ok(Version(4, 15, 1)),
            [major, minor] => Ok(Version(*major, *minor, 0)),
            _ => Err(complaint()),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_for_its_last_patch_release() {
        assert_eq!("4.14".parse(), Ok(Version(4, 14, 2)));
        assert_eq!("4.2".parse(), Ok(Version(4, 2, 0)));
        assert_eq!("4.9.1".parse(), Ok(Version(4, 9, 1)));
        assert!(Version(4, 9, 1) < Version(4, 14, 0));
    }

    #[test]
    fn what_is_no_version_is_refused_with_an_example() {
        assert!("four".parse::<Version>().unwrap_err().contains("4.14"));
        assert!("4".parse::<Version>().is_err());
    }
}

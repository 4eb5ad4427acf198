//! Languages an account may have (chatwoot-api §2.1).

use crate::Version;

/// Code and first release; the position is the integer Chatwoot stores. `None`: defined, but switched off.
const LOCALES: &[(&str, Option<Version>)] = &[
    ("en", Some(Version(2, 0, 0))),
    ("ar", Some(Version(2, 0, 0))),
    ("nl", Some(Version(2, 0, 0))),
    ("fr", Some(Version(2, 0, 0))),
    ("de", Some(Version(2, 0, 0))),
    ("hi", None),
    ("it", Some(Version(2, 0, 0))),
    ("ja", Some(Version(2, 0, 0))),
    ("ko", Some(Version(2, 0, 0))),
    ("pt", Some(Version(2, 0, 0))),
    ("ru", Some(Version(2, 0, 0))),
    ("zh", None),
    ("es", Some(Version(2, 0, 0))),
    ("ml", Some(Version(2, 0, 0))),
    ("ca", Some(Version(2, 0, 0))),
    ("el", Some(Version(2, 0, 0))),
    ("pt_BR", Some(Version(2, 0, 0))),
    ("ro", Some(Version(2, 0, 0))),
    ("ta", Some(Version(2, 0, 0))),
    ("fa", Some(Version(2, 0, 0))),
    ("zh_TW", Some(Version(2, 0, 0))),
    ("vi", Some(Version(2, 0, 0))),
    ("da", Some(Version(2, 0, 0))),
    ("tr", Some(Version(2, 0, 0))),
    ("cs", Some(Version(2, 0, 0))),
    ("fi", Some(Version(2, 0, 0))),
    ("id", Some(Version(2, 0, 0))),
    ("sv", Some(Version(2, 0, 0))),
    ("hu", Some(Version(2, 0, 0))),
    ("no", Some(Version(2, 0, 0))),
    ("zh_CN", Some(Version(2, 0, 0))),
    ("pl", Some(Version(2, 0, 0))),
    ("sk", Some(Version(2, 1, 0))),
    ("uk", Some(Version(2, 6, 0))),
    ("th", Some(Version(2, 8, 0))),
    ("lv", Some(Version(2, 12, 0))),
    ("is", Some(Version(2, 14, 0))),
    ("he", Some(Version(2, 17, 0))),
    ("lt", Some(Version(3, 0, 0))),
    ("sr", Some(Version(3, 1, 0))),
    ("bg", Some(Version(4, 5, 0))),
    ("et", Some(Version(4, 13, 0))),
];

/// Position in the list; what the database holds.
pub type LocaleIndex = u8;

/// English, what an account gets that names none.
pub const DEFAULT: LocaleIndex = 0;

fn enabled(index: usize, version: Version) -> Option<&'static str> {
    let (code, since) = LOCALES.get(index)?;
    since.is_some_and(|since| since <= version).then_some(*code)
}

/// The position of a code; `None` where this release refuses it (with a 500).
pub fn by_code(code: &str, version: Version) -> Option<LocaleIndex> {
    let index = LOCALES.iter().position(|(known, _)| *known == code)?;
    enabled(index, version)?;
    LocaleIndex::try_from(index).ok()
}

/// A position given as a number instead of a code (P16).
pub fn by_number(number: f64, version: Version) -> Option<LocaleIndex> {
    (0..LOCALES.len())
        .find(|index| *index as f64 == number && enabled(*index, version).is_some())
        .and_then(|index| LocaleIndex::try_from(index).ok())
}

/// The code of a position, whatever the release.
pub fn code(index: LocaleIndex) -> Option<&'static str> {
    LOCALES.get(usize::from(index)).map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_knows_its_languages() {
        let count = |version| (0..LOCALES.len()).filter(|index| enabled(*index, version).is_some()).count();
        assert_eq!(count(Version(4, 2, 0)), 38);
        assert_eq!(count(Version(4, 5, 0)), 39);
        assert_eq!(count(Version::REFERENCE), 40);
    }

    #[test]
    fn hindi_and_plain_chinese_are_switched_off() {
        assert_eq!(by_code("hi", Version::REFERENCE), None);
        assert_eq!(by_code("zh", Version::REFERENCE), None);
        assert_eq!(by_code("EN", Version::REFERENCE), None);
    }

    #[test]
    fn twelve_is_spanish() {
        assert_eq!(by_number(12.0, Version::REFERENCE).and_then(code), Some("es"));
        assert_eq!(by_number(5.0, Version::REFERENCE), None);
        assert_eq!(by_number(99.0, Version::REFERENCE), None);
    }
}

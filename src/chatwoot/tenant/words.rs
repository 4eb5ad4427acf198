//! Sets of words that Chatwoot takes. It answers any other word with a 500 (§2.2), so a word is parsed here first.

use std::fmt;

/// A text that is none of the words of a set. Its text says which are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    what: &'static str,
    given: String,
    known: Vec<&'static str>,
}

impl UnknownWord {
    pub fn new(what: &'static str, given: &str, known: Vec<&'static str>) -> Self {
        let given = given.chars().filter(|c| !c.is_control()).take(60).collect();
        Self { what, given, known }
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\" is not one of Chatwoot's: write one of ", self.what, self.given)?;
        for (at, word) in self.known.iter().enumerate() {
            write!(f, "{}{word}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownWord {}

/// Makes an enum of words: what it is called in messages, then each variant with the word Chatwoot has for it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal: $($(#[$note:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$note])* $variant),+
        }

        impl $name {
            /// All of them, in the order in which messages list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Chatwoot's word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::chatwoot::tenant::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().find(|word| word.as_str() == text).copied();
                let known = || Self::ALL.iter().map(|word| word.as_str()).collect();
                found.ok_or_else(|| $crate::chatwoot::tenant::words::UnknownWord::new($what, text, known()))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            /// Only words of the set; what Chatwoot answers is read with `loose::word`.
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::chatwoot::tenant::conversation::Status;

    #[test]
    fn an_unknown_word_is_refused_with_the_ones_that_are_known() {
        let error = "closed\n".parse::<Status>().unwrap_err().to_string();
        assert_eq!(
            error,
            "conversation status \"closed\" is not one of Chatwoot's: write one of open, resolved, pending, snoozed"
        );
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>(), Ok(*status));
        }
    }
}

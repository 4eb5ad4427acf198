//! Chatwoot's password rules (chatwoot-api P21): 6 to 128 characters of ASCII, at least one of each class.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// The rules in one sentence, shown whenever Chatwoot refuses a password: its own words may quote the value.
pub const RULES: &str = "a password needs 6 to 128 characters, at least one each of A-Z, a-z, 0-9 and a special character, \
                         and no character outside ASCII";

const SPECIAL: &str = " !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~'";

/// How much randomness [`generate`] takes.
pub const RANDOM_BYTES: usize = LENGTH + CLASSES.len();

const LENGTH: usize = 32;
const CLASSES: [&[u8]; 4] =
    [b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz", b"0123456789", b"-_.!"];
/// 64 characters, so that six bits of a byte choose evenly; none of them needs quoting in a URL, a shell or YAML.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A password of 32 characters made of `random`, which must come from a cryptographic source. Carries at least 168 bits
/// of it and always satisfies [`check`].
pub fn generate(random: &[u8; RANDOM_BYTES]) -> SecretString {
    let (body, places) = random.split_at(LENGTH);
    let mut text = String::with_capacity(LENGTH);
    let quarter = LENGTH / CLASSES.len();
    for (at, byte) in body.iter().enumerate() {
        let class = CLASSES.get(at / quarter).copied().unwrap_or(ALPHABET);
        let place = places.get(at / quarter).copied().unwrap_or_default();
        // One character of each quarter is drawn from that quarter's class, at a random place in it.
        let from = if usize::from(place) % quarter == at % quarter { class } else { ALPHABET };
        text.push(from.get(usize::from(*byte) % from.len()).copied().map_or('-', char::from));
    }
    SecretString::from(text)
}

/// What Chatwoot would refuse about a password. Its text names rules only, never the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PasswordError {
    pub too_short: bool,
    pub too_long: bool,
    pub no_upper: bool,
    pub no_lower: bool,
    pub no_digit: bool,
    pub no_special: bool,
    pub foreign: bool,
    /// The foreign character is a line break at the end, as editors and `echo` add one.
    pub line_break: bool,
}

/// Whether Chatwoot will accept `password`.
///
/// # Errors
/// [`PasswordError`], whose text is fit for a condition message.
pub fn check(password: &SecretString) -> Result<(), PasswordError> {
    let text = password.expose_secret();
    let length = text.chars().count();
    let lacks = |class: fn(char) -> bool| !text.chars().any(class);
    let error = PasswordError {
        too_short: length < 6,
        too_long: length > 128,
        no_upper: lacks(|c| c.is_ascii_uppercase()),
        no_lower: lacks(|c| c.is_ascii_lowercase()),
        no_digit: lacks(|c| c.is_ascii_digit()),
        no_special: lacks(|c| SPECIAL.contains(c)),
        foreign: text.chars().any(|c| !c.is_ascii_alphanumeric() && !SPECIAL.contains(c)),
        line_break: text.ends_with(['\n', '\r']),
    };
    if error == PasswordError::default() { Ok(()) } else { Err(error) }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = [
            (self.too_short, "is shorter than 6 characters"),
            (self.too_long, "is longer than 128 characters"),
            (self.no_upper, "has no upper-case letter"),
            (self.no_lower, "has no lower-case letter"),
            (self.no_digit, "has no digit"),
            (self.no_special, "has no special character"),
            (self.foreign && !self.line_break, "has a character Chatwoot does not allow"),
            (
                self.line_break,
                "ends with a line break (store it without, for example with printf instead of echo)",
            ),
        ];
        f.write_str("the password ")?;
        for (at, (_, fault)) in faults.into_iter().filter(|(present, _)| *present).enumerate() {
            write!(f, "{}{fault}", if at > 0 { ", " } else { "" })?;
        }
        write!(f, ": {RULES}")
    }
}

impl std::error::Error for PasswordError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verdict(text: &str) -> Result<(), PasswordError> {
        check(&SecretString::from(text))
    }

    #[test]
    fn each_rule_is_found_by_itself() {
        assert_eq!(verdict("Passw0rd!"), Ok(()));
        let only = |change: fn(&mut PasswordError)| {
            let mut error = PasswordError::default();
            change(&mut error);
            Err(error)
        };
        assert_eq!(verdict("Pa0!x"), only(|e| e.too_short = true));
        assert_eq!(verdict("Pa0!xy"), Ok(()));
        assert_eq!(verdict(&format!("Pa0!{}", "x".repeat(124))), Ok(()));
        assert_eq!(verdict(&format!("Pa0!{}", "x".repeat(125))), only(|e| e.too_long = true));
        assert_eq!(verdict("passw0rd!"), only(|e| e.no_upper = true));
        assert_eq!(verdict("PASSW0RD!"), only(|e| e.no_lower = true));
        assert_eq!(verdict("Password!"), only(|e| e.no_digit = true));
        assert_eq!(verdict("Passw0rd"), only(|e| e.no_special = true));
        assert_eq!(verdict("Passw0rd!é"), only(|e| e.foreign = true));
        assert_eq!(verdict("Passw0rd!\t"), only(|e| e.foreign = true));
        let line = Err(PasswordError { foreign: true, line_break: true, ..Default::default() });
        assert_eq!(verdict("Passw0rd!\n"), line);
    }

    #[test]
    fn every_special_character_of_chatwoot_is_allowed() {
        for special in SPECIAL.chars() {
            assert_eq!(verdict(&format!("Passw0rd{special}")), Ok(()), "{special:?}");
        }
    }

    #[test]
    fn messages_name_rules_and_never_the_value() {
        let text = verdict("s3cr3t-é").unwrap_err().to_string();
        assert!(text.contains("no upper-case letter") && text.contains("does not allow"), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }

    proptest! {
        #[test]
        fn whatever_the_randomness_a_generated_password_is_accepted(random: [u8; RANDOM_BYTES]) {
            let password = generate(&random);
            prop_assert_eq!(password.expose_secret().len(), LENGTH);
            prop_assert_eq!(check(&password), Ok(()));
        }
    }

    #[test]
    fn every_random_byte_of_the_body_counts() {
        let base = generate(&[0; RANDOM_BYTES]);
        for at in 0..LENGTH {
            let mut random = [0; RANDOM_BYTES];
            random[at] = 1;
            assert_ne!(generate(&random).expose_secret(), base.expose_secret(), "byte {at}");
        }
    }
}

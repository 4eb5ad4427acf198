//! Chatwoot's sentences about people, as far as they are known to name nobody.
//!
//! A refusal goes into conditions, logs and terminals, and the data in these calls is somebody's: a sentence is passed on
//! only when it is one of these, word for word; of any other only the fields it is about.

/// Ends of a validation's sentences; what comes before is the field (§3.2, §3.4, §4).
const ENDS: &[&str] = &[
    "has already been taken",
    "can't be blank",
    "is invalid",
    "must exist",
    "must be present",
    "Invalid email",
    "should be in e164 format",
];

/// Whole sentences.
const WHOLE: &[&str] = &["Too many messages", "source_id should be unique"];

/// What a validation said, sentence by sentence, or else which fields it was about.
pub(super) fn about_people(message: &str, attributes: &[&str]) -> String {
    let harmless = |sentence: &str| {
        WHOLE.contains(&sentence)
            || attributes.iter().any(|attribute| {
                let rest = sentence.strip_prefix(humanized(attribute).as_str()).map(str::trim_start);
                rest.is_some_and(|rest| ENDS.contains(&rest) || is_length(rest))
            })
    };
    if message.split(", ").all(harmless) {
        return message.to_owned();
    }
    let plain = |name: &&&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
    let fields: Vec<&str> = attributes.iter().filter(plain).copied().collect();
    if fields.is_empty() { "it does not say which".to_owned() } else { fields.join(", ") }
}

/// What an explicit refusal said (`{"error": …}`); `None` for sentences that are not known.
pub(super) fn explicit(text: &str) -> Option<String> {
    // Filters name the key, the operator or the query operator that they do not take; never a value.
    let filter = text.starts_with("Invalid ") && !text.contains('@');
    let wrapper = text.starts_with("param is missing or the value is empty: ");
    (WHOLE.contains(&text) || filter || wrapper).then(|| text.to_owned())
}

/// `is too long (maximum is 150000 characters)` and its opposite.
fn is_length(rest: &str) -> bool {
    let number = |start: &str| {
        let digits = rest.strip_prefix(start)?.strip_suffix(" characters)")?;
        Some(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    number("is too long (maximum is ").or_else(|| number("is too short (minimum is ")).unwrap_or(false)
}

/// `phone_number` as Rails writes it at the beginning of a sentence: `Phone number`.
fn humanized(attribute: &str) -> String {
    let spaced = attribute.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sentences_are_passed_on() {
        for (message, attributes) in [
            ("Email has already been taken", &["email"][..]),
            ("Email Invalid email, Phone number should be in e164 format", &["email", "phone_number"]),
            ("Content is too long (maximum is 150000 characters)", &["content"]),
            ("Too many messages", &["base"]),
        ] {
            assert_eq!(about_people(message, attributes), message);
        }
        assert_eq!(explicit("source_id should be unique").as_deref(), Some("source_id should be unique"));
        assert!(explicit("Invalid attribute key - [foo]. The key should be one of [name]").is_some());
    }

    #[test]
    fn of_any_other_sentence_only_the_fields_are() {
        let told = about_people("Email bob@example.com is odd", &["email"]);
        assert_eq!(told, "email");
        assert_eq!(about_people("Name Bob is too long (maximum is 1 characters)", &["name"]), "name");
        assert_eq!(about_people("E-Mail ist bereits vergeben", &["email", "Bob Smith"]), "email");
        assert_eq!(about_people("Bob", &["Bob"]), "it does not say which");
        assert_eq!(explicit("Bob is Online, please try again later"), None);
        assert_eq!(explicit("Invalid value bob@example.com"), None);
    }
}

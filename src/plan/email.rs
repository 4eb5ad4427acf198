//! E-mail addresses, parsed once into the form in which Chatwoot stores and compares them.

use std::fmt;

/// An address as Chatwoot keeps it (chatwoot-api P19): trimmed of nothing, in lower case, ASCII only.
///
/// ASCII only, because look-alike letters would pass for somebody else's address with people, and Unicode case folding
/// differs between us and Chatwoot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// Text that is no address Chatwoot would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("email must be an ASCII address with a dotted domain, such as alice@acme.example")]
pub struct NotAnEmail;

/// Longest address that mail can be sent to.
const LONGEST: usize = 254;

impl Email {
    /// # Errors
    /// [`NotAnEmail`], whose text is fit for a condition message.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let mut parts = text.split('@');
        let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAnEmail);
        };
        let fits = text.len() <= LONGEST && is_local(local) && is_domain(domain);
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotAnEmail) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole part after the @.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// What the addresses of the operator's own users begin with.
const AUTOMATION: &str = "chatwoot-operator+";

/// The address of the operator's own user in account `id`, at the instance's `spec.automation.emailDomain`.
pub fn automation_address(id: i64, domain: &str) -> String {
    format!("{AUTOMATION}{id}@{}", domain.to_ascii_lowercase())
}

/// Whether only the operator's own users may have this address, whatever stands after the plus sign.
pub fn is_reserved(email: &Email, domain: &str) -> bool {
    email.as_str().starts_with(AUTOMATION) && email.domain().eq_ignore_ascii_case(domain)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c))
}

/// Labels with a dot between them, the last one alphabetic and of two letters or more.
fn is_domain(text: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.rsplit_once('.').is_some_and(|(rest, top)| {
        rest.split('.').all(label)
            && (2..=63).contains(&top.len())
            && top.chars().all(|c| c.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_in_lower_case() {
        assert_eq!(Email::parse("Alice@ACME.example"), Email::parse("alice@acme.EXAMPLE"));
        assert_eq!(Email::parse("Alice@Acme.Example").unwrap().domain(), "acme.example");
    }

    #[test]
    fn addresses_of_the_operators_own_users_are_reserved_whatever_their_number() {
        let reserved = |text: &str| is_reserved(&Email::parse(text).unwrap(), "Ops.example.com");
        assert_eq!(automation_address(42, "Ops.example.com"), "chatwoot-operator+42@ops.example.com");
        for text in [&automation_address(42, "ops.example.com"), "Chatwoot-Operator+x@OPS.example.com"] {
            assert!(reserved(text), "{text}");
        }
        for text in
            ["chatwoot-operator+42@acme.example", "chatwoot-operator@ops.example.com", "a@ops.example.com"]
        {
            assert!(!reserved(text), "{text}");
        }
    }

    #[test]
    fn nothing_that_could_pass_for_another_address_is_one() {
        for text in [
            "",
            "alice",
            "@acme.example",
            "alice@",
            "alice@localhost",
            "alice@corp.c",
            "alice@acme.ex4mple",
            " alice@acme.example",
            "alice@acme.example ",
            "alice@acme.example.",
            "alice@.acme.example",
            "alice@acme..example",
            "alice@-acme.example",
            "alice@evil.example@acme.example",
            "alice@acme.example\n@evil.example",
            "alice\u{0}@acme.example",
            "alice\u{200b}@acme.example",
            "\u{430}lice@acme.example",
            "alice@acm\u{435}.example",
            "\u{17f}am@acme.example",
            "\u{212a}im@acme.example",
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text:?}");
        }
        assert!(Email::parse(&format!("a@{}.example", "b".repeat(244))).is_ok());
        assert!(Email::parse(&format!("a@{}.example", "b".repeat(245))).is_err());
    }
}

//! Which e-mail addresses Chatwoot takes, for people (P19) and for an account's support address (P11).

/// As stored: without surrounding space, in lower case.
pub fn normalized(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Complaints about a person's address, in Chatwoot's order.
pub fn complaints(email: &str) -> Vec<&'static str> {
    if email.is_empty() {
        return vec!["Email can't be blank"];
    }
    let mut said = Vec::new();
    let halves = halves(email);
    if halves.is_none() {
        said.push("Email is invalid");
    }
    if !halves.is_some_and(|(_, domain)| has_top_level(domain)) {
        said.push("Email is not an email");
    }
    said
}

fn halves(email: &str) -> Option<(&str, &str)> {
    let (local, domain) = email.split_once('@')?;
    let plain = !email.contains(char::is_whitespace) && !domain.contains('@');
    (plain && !local.is_empty() && !domain.is_empty()).then_some((local, domain))
}

fn has_top_level(domain: &str) -> bool {
    domain.rsplit_once('.').is_some_and(|(rest, top)| {
        top.len() >= 2
            && top.chars().all(|c| c.is_ascii_alphabetic())
            && rest.split('.').all(|label| !label.is_empty())
    })
}

/// Whether the lenient parse of a support address succeeds: one word, or `Some Name <one-word>`.
pub fn is_support_address(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>').and_then(|rest| rest.split_once('<')) {
        Some((_, address)) => address,
        None => text,
    };
    let odd = |c: char| c.is_whitespace() || "<>,;:()[]\"".contains(c);
    !address.is_empty()
        && !address.contains(odd)
        && address.matches('@').count() <= 1
        && address.split('@').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_dotted_domain_with_an_alphabetic_end() {
        for fine in ["a@b.co", "a@svc.cluster.local", "ünï@b.example"] {
            assert!(complaints(fine).is_empty(), "{fine}");
        }
        for refused in ["a@localhost", "a@corp", "a@corp.c", "a@corp.c1"] {
            assert_eq!(complaints(refused), ["Email is not an email"], "{refused}");
        }
        for refused in ["a", "a@b@c.de", "a b@c.de", "@c.de"] {
            assert_eq!(complaints(refused), ["Email is invalid", "Email is not an email"], "{refused}");
        }
        assert_eq!(complaints(""), ["Email can't be blank"]);
    }

    #[test]
    fn a_support_address_is_parsed_leniently() {
        assert!(is_support_address("foo"));
        assert!(is_support_address("Name <a@b.c>"));
        assert!(is_support_address("help@acme.example"));
        assert!(!is_support_address("not an email"));
        assert!(!is_support_address("a@"));
    }
}

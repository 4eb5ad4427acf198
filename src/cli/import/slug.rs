//! Names for Kubernetes out of names of people and companies.

/// Longest name made here; room for an id is left below Kubernetes' 63.
const LONGEST: usize = 40;
/// Longest label Kubernetes takes (RFC 1123).
pub const LABEL: usize = 63;

/// `text` in lower-case letters, digits and dashes, at most 40 of them; `None` where nothing of it is left. Common Latin
/// letters lose their accents, everything else becomes a dash.
pub fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.chars() {
        let plain = folded(c);
        if plain.is_empty() {
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        } else {
            slug.push_str(plain.to_ascii_lowercase().as_str());
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    slug.truncate(LONGEST);
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// What stands for a character: ASCII letters and digits, or nothing.
fn folded(c: char) -> String {
    if c.is_ascii_alphanumeric() {
        return c.to_string();
    }
    let plain = match c {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ď'..='đ' | 'Ð' | 'ð' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĵ' | 'ĵ' => "j",
        'Ķ'..='ĸ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'Ș' | 'ș' => "s",
        'ß' => "ss",
        'Ţ'..='ŧ' | 'Ț' | 'ț' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        _ => "",
    };
    plain.to_owned()
}

/// `base`, then `base` with the id behind it, then with a number behind that: the first that is free. Every one is a label.
pub fn free(base: &str, id: i64, is_free: impl Fn(&str) -> bool) -> String {
    let base = cut(base, LABEL);
    if is_free(&base) {
        return base;
    }
    let mut tail = format!("-{id}");
    let mut number = 1_u32;
    loop {
        let name = format!("{}{tail}", cut(&base, LABEL.saturating_sub(tail.len())));
        if is_free(&name) || number == u32::MAX {
            return name;
        }
        number += 1;
        tail = format!("-{id}-{number}");
    }
}

/// The first `longest` bytes of ASCII text, without a dash at the end.
fn cut(text: &str, longest: usize) -> String {
    text.get(..longest).unwrap_or(text).trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_what_can_be_read_of_them() {
        for (text, name) in [
            ("Acme Support", "acme-support"),
            ("  Müller & Söhne GmbH ", "muller-sohne-gmbh"),
            ("Straße 7", "strasse-7"),
            ("O'Brien/Smith.", "o-brien-smith"),
            ("\u{1b}[31mred\u{1b}[0m\nx", "31mred-0m-x"),
        ] {
            assert_eq!(slug(text).as_deref(), Some(name), "{text:?}");
        }
        assert_eq!(slug("日本語"), None);
        assert_eq!(slug("---"), None);
        assert_eq!(slug(&"ab ".repeat(100)).unwrap().len(), 40);
    }

    #[test]
    fn a_name_that_is_taken_gets_the_id_and_then_a_number() {
        let taken = ["acme", "acme-9"];
        assert_eq!(free("acme", 7, |name| !taken.contains(&name)), "acme-7");
        assert_eq!(free("acme", 9, |name| !taken.contains(&name)), "acme-9-2");
        let long = "a".repeat(80);
        assert_eq!(free(&long, 7, |_| true).len(), LABEL);
        let other = free(&long, i64::MAX, |name| name.len() < LABEL || name.contains('-'));
        assert_eq!(other.len(), LABEL);
        assert!(other.ends_with("-9223372036854775807"));
    }
}

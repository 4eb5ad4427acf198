//! Comparing texts the way PostgreSQL does.

/// `ILIKE '%needle%'`, where `%` and `_` in the needle keep their meaning.
pub fn contains(text: &str, needle: &str) -> bool {
    like(&text.to_lowercase(), &format!("%{}%", needle.to_lowercase()))
}

/// The same with the case minded.
pub fn contains_exactly(text: &str, needle: &str) -> bool {
    like(text, &format!("%{needle}%"))
}

/// `LIKE`: `%` stands for anything, `_` for one character.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut in_pattern) = (0, 0);
    // Where the last % stood, and how much of the text it has swallowed.
    let mut last: Option<(usize, usize)> = None;
    while let Some(c) = text.get(at) {
        match pattern.get(in_pattern) {
            Some('%') => {
                last = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(wanted) if *wanted == '_' || wanted == c => {
                at += 1;
                in_pattern += 1;
            }
            _ => match last {
                None => return false,
                Some((percent, swallowed)) => {
                    last = Some((percent, swallowed + 1));
                    at = swallowed + 1;
                    in_pattern = percent + 1;
                }
            },
        }
    }
    pattern.iter().skip(in_pattern).all(|c| *c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_and_underscore_are_wild() {
        assert!(contains("Ada Lovelace", "LOVE"));
        assert!(contains("anything", "%"));
        assert!(contains("", ""));
        assert!(contains("abc", "a_c") && !contains("abbc", "a_c"));
        assert!(contains("aXbXc", "a%c") && !contains("ab", "a%c"));
        assert!(contains_exactly("Id-7", "Id") && !contains_exactly("Id-7", "id"));
    }
}

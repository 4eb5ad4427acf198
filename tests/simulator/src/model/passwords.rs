//! What a password must contain, with Chatwoot's own words (chatwoot-api P21, §1.7).

const SPECIAL: &str = " !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~'";
const SHORTEST: usize = 6;
const LONGEST: usize = 128;

/// Every complaint, in the order Chatwoot lists them; empty when the password is accepted.
pub fn complaints(password: &str) -> Vec<String> {
    let length = password.chars().count();
    let lacks = |class: fn(&char) -> bool| !password.chars().any(|c| class(&c));
    let special = |c: &char| SPECIAL.contains(*c);
    let mut said = Vec::new();
    if length < SHORTEST {
        said.push(format!("Password must contain at least {SHORTEST} characters"));
    } else if length > LONGEST {
        said.push(format!("Password must contain less than {LONGEST} characters"));
    }
    // The two spaces are Chatwoot's.
    let missing =
        |class: &str, shown: &str| format!("Password must contain at least 1 {class} character  ({shown})");
    if lacks(char::is_ascii_uppercase) {
        said.push(missing("uppercase", "A..Z"));
    }
    if lacks(char::is_ascii_lowercase) {
        said.push(missing("lowercase", "a..z"));
    }
    if lacks(char::is_ascii_digit) {
        said.push(missing("number", "0..9"));
    }
    if !password.chars().any(|c| special(&c)) {
        said.push(missing("special", SPECIAL));
    }
    let strange: Vec<char> = password.chars().filter(|c| !c.is_ascii_alphanumeric() && !special(c)).collect();
    if !strange.is_empty() {
        let mut each: Vec<char> = Vec::new();
        for c in &strange {
            if !each.contains(c) {
                each.push(*c);
            }
        }
        let noun = if strange.len() == 1 { "character" } else { "characters" };
        let shown: String = each.into_iter().collect();
        said.push(format!("Password contains {} invalid {noun} ({shown})", strange.len()));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_class_is_enough() {
        assert!(complaints("Abc12!").is_empty());
        assert!(complaints(&format!("Aa1!{}", "x".repeat(124))).is_empty());
    }

    #[test]
    fn an_empty_password_lacks_five_things_in_this_order() {
        let said = complaints("");
        let starts: Vec<_> = said.iter().map(|s| s.split_whitespace().nth(6).unwrap().to_owned()).collect();
        assert_eq!(said.len(), 5);
        assert_eq!(starts[1..], ["uppercase", "lowercase", "number", "special"]);
        assert_eq!(said[0], "Password must contain at least 6 characters");
        assert_eq!(said[1], "Password must contain at least 1 uppercase character  (A..Z)");
    }

    #[test]
    fn the_longest_is_a_hundred_and_twenty_eight() {
        let long = format!("Aa1!{}", "x".repeat(125));
        assert_eq!(complaints(&long), ["Password must contain less than 128 characters"]);
    }

    #[test]
    fn a_foreign_character_is_refused() {
        assert_eq!(complaints("Abc12!é"), ["Password contains 1 invalid character (é)"]);
        assert_eq!(complaints("Abc12!éé\t"), ["Password contains 3 invalid characters (é\t)"]);
    }
}

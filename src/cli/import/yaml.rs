//! Manifests as text that says the same to every reader of YAML.
//!
//! kubectl reads YAML 1.1, where `no`, `012` and `1:30` are no strings, and where U+2028 ends a line. So every text that is
//! not plainly a word stands in double quotes, and whatever cannot be seen stands there as an escape: it neither breaks a
//! line nor reaches a terminal.

use serde_json::Value;
use std::fmt::Write as _;

/// One document, keys in the order they have.
pub fn document(value: &Value) -> String {
    let mut text = String::new();
    node(value, 0, &mut text);
    text
}

/// JSON, indented; all that cannot be seen escaped.
pub fn json(value: &Value) -> String {
    let text = format!("{value:#}");
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Outside ASCII there is nothing but the inside of strings.
        if c == '\n' || is_visible(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                push(&mut escaped, format_args!("\\u{unit:04x}"));
            }
        }
    }
    escaped.push('\n');
    escaped
}

/// Writes a mapping, list or scalar that begins on a line of its own.
fn node(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (at, (key, value)) in map.iter().enumerate() {
                entry(key, value, if at == 0 { 0 } else { indent }, indent, text);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (at, value) in list.iter().enumerate() {
                spaces(if at == 0 { 0 } else { indent }, text);
                text.push_str("- ");
                node(value, indent + 2, text);
            }
        }
        other => {
            scalar(other, text);
            text.push('\n');
        }
    }
}

fn entry(key: &str, value: &Value, lead: usize, indent: usize, text: &mut String) {
    spaces(lead, text);
    string(key, text);
    text.push(':');
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            spaces(indent + 2, text);
            node(value, indent + 2, text);
        }
        Value::Array(list) if !list.is_empty() => {
            text.push('\n');
            spaces(indent + 2, text);
            node(value, indent + 2, text);
        }
        other => {
            text.push(' ');
            scalar(other, text);
            text.push('\n');
        }
    }
}

fn scalar(value: &Value, text: &mut String) {
    match value {
        Value::String(string) => self::string(string, text),
        Value::Object(_) => text.push_str("{}"),
        Value::Array(_) => text.push_str("[]"),
        other => push(text, format_args!("{other}")),
    }
}

fn string(string: &str, text: &mut String) {
    if is_word(string) {
        return text.push_str(string);
    }
    text.push('"');
    for c in string.chars() {
        match c {
            '"' | '\\' => {
                text.push('\\');
                text.push(c);
            }
            c if is_visible(c) => text.push(c),
            c => match u32::from(c) {
                code @ 0..=0xffff => push(text, format_args!("\\u{code:04x}")),
                code => push(text, format_args!("\\U{code:08x}")),
            },
        }
    }
    text.push('"');
}

/// Nothing a reader could take for anything but text: ASCII, begins with a letter, and is no word with a meaning.
fn is_word(text: &str) -> bool {
    const MEANING: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@".contains(c))
        && !MEANING.contains(&text.to_ascii_lowercase().as_str())
}

/// Can be seen on a terminal as what it is: no control, format, separator or combining character.
fn is_visible(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

fn spaces(count: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', count));
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a String does not fail.
    let _ = text.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_manifest_looks_like_one() {
        let value = json!({"kind": "X", "spec": {"a": [{"b": 1, "c": ["d"]}, {"b": "no"}], "e": {}, "f": [], "g": true}});
        let text = "kind: X\nspec:\n  a:\n    - b: 1\n      c:\n        - d\n    - b: \"no\"\n  e: {}\n  f: []\n  g: true\n";
        assert_eq!(document(&value), text);
    }

    #[test]
    fn text_stays_text_for_readers_of_every_age() {
        for text in [
            "no",
            "On",
            "NULL",
            "~",
            "012",
            "0x1f",
            "1e3",
            "1:30",
            "2026-01-01",
            "<<",
            "=",
            ".inf",
            "- a",
            "a: b",
            "#",
        ] {
            let written = document(&json!({ "name": text }));
            assert_eq!(written, format!("name: \"{text}\"\n"));
        }
    }

    #[test]
    fn nothing_that_steers_a_terminal_or_breaks_a_line_is_written() {
        let hostile = "a\u{1b}[2J\r\n\u{85}\u{9b}\u{2028}\u{202e}\u{feff}\u{7f}\u{e0001}b";
        for text in [document(&json!({ "name": hostile })), json(&json!({ "name": hostile }))] {
            assert!(text.chars().all(|c| c == '\n' || is_visible(c)), "{text:?}");
            let read: Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(read["name"], hostile);
        }
        assert_eq!(document(&json!({ "name": hostile })).lines().count(), 1);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\n: ]{0,5}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(value in values()) {
            let whole = json!({ "spec": value });
            prop_assert_eq!(&serde_saphyr::from_str::<Value>(&document(&whole)).unwrap(), &whole);
            prop_assert_eq!(&serde_json::from_str::<Value>(&json(&whole)).unwrap(), &whole);
        }
    }
}

//! The forms in which a secret may stand somewhere.

use std::collections::BTreeMap;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What must not be found, by what it is.
#[derive(Default)]
pub struct Secrets(BTreeMap<String, Vec<String>>);

impl Secrets {
    /// Values too short to be told from anything else are no canaries.
    pub fn add(&mut self, what: &str, value: &[u8]) {
        assert!(value.len() >= 8, "{what} is too short to look for");
        self.0.entry(what.to_owned()).or_default().extend(forms(value));
    }

    /// What stands in a text, with what stands before it.
    pub fn found_in<'a>(&self, text: &'a str) -> Option<(&str, &'a str)> {
        self.0.iter().find_map(|(what, forms)| {
            let at = forms.iter().find_map(|form| text.find(form.as_str()))?;
            let from = (at.saturating_sub(300)..=at).find(|from| text.is_char_boundary(*from))?;
            Some((what.as_str(), text.get(from..at)?))
        })
    }
}

/// As it is, as JSON and as `Debug` write it, in hexadecimal, as a list of numbers, for a URL, and in base64, also where
/// it is only a part of what was encoded.
fn forms(value: &[u8]) -> Vec<String> {
    let hex =
        |separator: &str| value.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(separator);
    let numbers = |separator: &str| value.iter().map(u8::to_string).collect::<Vec<_>>().join(separator);
    let url = value.iter().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    let escaped = value.escape_ascii().to_string();
    let mut forms =
        vec![hex(""), hex(" ").to_uppercase(), numbers(", "), numbers(","), url.collect(), escaped];
    if let Ok(text) = std::str::from_utf8(value) {
        forms.push(text.to_owned());
        forms.extend(text.lines().filter(|line| line.len() >= 8).map(str::to_owned));
        forms.push(serde_json::json!(text).to_string().trim_matches('"').to_owned());
    }
    for before in 0..3 {
        let encoded = base64(&[&b"xx"[..before], value].concat());
        // The first and the last characters also depend on what stands beside the value.
        let from = [0, 2, 3].get(before).copied().unwrap_or_default();
        let whole = encoded.len() - (before + value.len()) % 3;
        let sure = encoded.get(from..whole).unwrap_or_default();
        forms.push(sure.to_owned());
        forms.push(sure.replace('+', "-").replace('/', "_"));
    }
    forms.retain(|form| form.len() >= 8);
    forms
}

/// Without padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=three.len() {
            text.push(char::from(BASE64[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

#[test]
fn a_secret_is_found_in_every_form_and_nothing_else_is() {
    let value = b"Canary/+?\xc3\xbc-value\n1!";
    let text = std::str::from_utf8(value).unwrap();
    let mut secrets = Secrets::default();
    secrets.add("canary", value);
    let header = |user: &str| format!("Basic {}", base64(format!("{user}:{text}").as_bytes()));
    for told in [
        format!("the password is {text}."),
        format!("{:?}", text.as_bytes()),
        serde_json::json!({"password": text}).to_string(),
        serde_json::to_string(&k8s_openapi::ByteString(value.to_vec())).unwrap(),
        format!("{:?}", k8s_openapi::ByteString(value.to_vec())),
        value.escape_ascii().to_string(),
        format!("{text:?}"),
        header("a"),
        header("ab"),
        header("abc"),
        "https://x:Canary%2F%2B%3F%C3%BC-value%0A1%21@y/".to_owned(),
    ] {
        assert_eq!(secrets.found_in(&told).map(|(what, _)| what), Some("canary"), "{told}");
    }
    assert_eq!(secrets.found_in("Canary value 1! and Q2FuYXJ5, 67, 97, 110"), None);
}

use super::*;
use crate::chatwoot::{anything::any_body, outcome::Fate};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn retry_after_is_read_as_seconds_or_as_a_date() {
    let now = at("2026-03-01T10:00:00Z");
    assert_eq!(pause("120", now), Some(Duration::from_secs(120)));
    assert_eq!(pause(" 0 ", now), Some(Duration::ZERO));
    assert_eq!(pause("Sun, 01 Mar 2026 10:01:30 GMT", now), Some(Duration::from_secs(90)));
    assert_eq!(pause("Sun, 01 Mar 2026 09:00:00 GMT", now), Some(Duration::ZERO), "in the past");
    assert_eq!(pause("18446744073709551615", now), Some(LONGEST_PAUSE));
    assert_eq!(pause("soon", now), None);
    assert_eq!(pause("-1", now), None);
}

#[test]
fn hidden_characters_are_taken_out() {
    let asked = Asked { dialect: Dialect::Platform, personal: false, secret: Some("token") };
    let text = clean("a\u{200b}b\u{202e}c\u{7}d\u{feff}e\u{e0041}", &asked).unwrap();
    assert_eq!(text.0, "abcde");
}

proptest! {
    #![proptest_config(crate::tried(1024))]

    /// Whatever answers, with whatever status: something is made of it, none of our secret is repeated, and only
    /// Chatwoot's own words count as a refusal.
    #[test]
    fn every_answer_is_judged_and_none_is_believed_too_much(
        status in prop_oneof![100u16..600, prop::sample::select(vec![400u16, 401, 403, 404, 422, 429, 500, 502])],
        json: bool,
        body in prop::option::of(any_body()),
        quotes: bool,
        dialect in prop::sample::select(vec![Dialect::Platform, Dialect::Application, Dialect::Public]),
        personal: bool,
    ) {
        const SECRET: &str = "platform-token-5f3b9c";
        let body = body.map(|body| match String::from_utf8(body) {
            Ok(text) if quotes => text.replace("Email", SECRET).into_bytes(),
            Ok(text) => text.into_bytes(),
            Err(odd) => odd.into_bytes(),
        });
        let head = Head { status, json, retry_after: None, location: None };
        let failure = refused(head, body.as_deref(), &Asked { dialect, personal, secret: Some(SECRET) });
        prop_assert_eq!(failure.status, Some(status));
        let (said, shown) = (failure.to_string(), format!("{failure:?}"));
        prop_assert!(!said.contains(SECRET) && !shown.contains(SECRET));
        if let Some(refusal) = &failure.refusal {
            prop_assert!(refusal.0.chars().count() <= REFUSAL_LIMIT && !refusal.0.chars().any(char::is_control));
        }
        if failure.fate() == Fate::Rejected {
            prop_assert!(json && [400, 401, 402, 403, 404, 422].contains(&status), "{} {:?}", status, failure);
            let body: serde_json::Value = serde_json::from_slice(&body.unwrap()).unwrap();
            prop_assert!(["error", "errors", "message"].iter().any(|key| body.get(key).is_some()));
        }
    }
}

use super::*;

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
    let text = clean("a\u{200b}b\u{202e}c\u{7}d\u{feff}e\u{e0041}", "token").unwrap();
    assert_eq!(text.0, "abcde");
}

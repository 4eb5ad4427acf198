use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(text: &str) -> Result<Vec<Indexed>, ParseError> {
    parse(text.as_bytes())
}

fn markers(attributes: serde_json::Value) -> Option<String> {
    let [row] = &read(&json!([{"id": 1, "custom_attributes": attributes}]).to_string()).unwrap()[..] else {
        panic!()
    };
    row.marker.clone()
}

#[test]
fn a_marker_is_found_among_other_attributes() {
    let found =
        markers(json!({"a": {"chatwoot_operator": "inner"}, "chatwoot_operator": "v1:x", "b": [1, null]}));
    assert_eq!(found.as_deref(), Some("v1:x"));
    assert_eq!(markers(json!({"a": {"chatwoot_operator": "inner"}})), None);
    assert_eq!(markers(json!({"chatwoot_operator": null})), None);
}

#[test]
fn a_marker_that_is_no_marker_is_foreign_and_not_absent() {
    for odd in [json!(1), json!({"a": 1}), json!([]), json!(true), json!("x".repeat(600))] {
        assert_eq!(markers(json!({"chatwoot_operator": odd})).as_deref(), Some(""), "{odd}");
    }
}

#[test]
fn odd_attributes_hide_no_account() {
    for odd in [
        json!(null),
        json!([]),
        json!([[1], {"a": 1}]),
        json!("x"),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(true),
    ] {
        assert_eq!(markers(odd), None);
    }
}

#[test]
fn a_key_in_escapes_is_the_same_key() {
    let rows = read(r#"[{"\u0069d": 7, "custom_attributes": {"chatwoot\u005foperator": "v1"}}]"#).unwrap();
    assert_eq!(rows, [Indexed { id: AccountId(7), marker: Some("v1".into()) }]);
}

#[test]
fn rows_that_are_no_accounts_break_the_list() {
    for text in [
        "[1]",
        "[[]]",
        "[null]",
        "[{}]",
        r#"[{"id":null}]"#,
        r#"[{"id":"1"}]"#,
        r#"[{"id":0}]"#,
        "{}",
        "",
        "[",
        "[]x",
    ] {
        assert_eq!(read(text), Err(ParseError::Malformed), "{text}");
    }
}

#[test]
fn more_rows_than_can_be_held_are_too_many() {
    let rows = |count| format!("[{}]", vec![r#"{"id":1}"#; count].join(","));
    assert_eq!(read(&rows(MOST_ROWS)).map(|rows| rows.len()), Ok(MOST_ROWS));
    assert_eq!(read(&rows(MOST_ROWS + 1)), Err(ParseError::TooMany));
}

#[test]
fn a_body_in_chunks_of_any_size_reads_the_same() {
    let text = r#"[{"id":1,"custom_attributes":{"chatwoot_operator":"v1:ä"}},{"id":2}]"#;
    let whole = read(text).unwrap();
    for size in 1..text.len() {
        let (chunks, arrived) = mpsc::channel(text.len() + 1);
        for chunk in text.as_bytes().chunks(size) {
            chunks.blocking_send(Bytes::copy_from_slice(chunk)).unwrap();
        }
        chunks.blocking_send(Bytes::new()).unwrap();
        drop(chunks);
        assert_eq!(parse(Chunks::new(arrived)).unwrap(), whole, "{size}");
    }
}

#[test]
fn deep_nesting_is_skipped() {
    let deep = format!(r#"[{{"id":1,"limits":{}{}}}]"#, "[".repeat(50_000), "]".repeat(50_000));
    assert!(read(&deep).is_ok());
}

proptest! {
    #[test]
    fn nothing_brings_it_down(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body[..]);
    }
}

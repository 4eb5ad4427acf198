use super::*;
use crate::chatwoot::anything::{any_body, any_json};
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

fn in_chunks(body: &[u8], cuts: &[prop::sample::Index]) -> Result<Vec<Indexed>, ParseError> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    at.extend([0, body.len()]);
    at.sort_unstable();
    let (chunks, arrived) = mpsc::channel(at.len());
    for pair in at.windows(2) {
        chunks.blocking_send(Bytes::copy_from_slice(&body[pair[0]..pair[1]])).unwrap();
    }
    drop(chunks);
    parse(Chunks::new(arrived))
}

/// A list as Chatwoot gives it, with anything among the attributes.
fn any_list() -> impl Strategy<Value = serde_json::Value> {
    let row = (1i64.., any_json(), any_json(), prop::option::of("v1:[a-f0-9]{16}:o:n:u")).prop_map(
        |(id, attributes, other, marker)| {
            let mut row =
                json!({"name": other, "custom_attributes": attributes, "features": other, "id": id});
            if let (Some(marker), Some(map)) = (marker, row["custom_attributes"].as_object_mut()) {
                map.insert("chatwoot_operator".into(), marker.into());
            }
            row
        },
    );
    prop::collection::vec(row, 0..6).prop_map(serde_json::Value::from)
}

proptest! {
    #![proptest_config(crate::tried(512))]

    #[test]
    fn nothing_brings_it_down(body in any_body(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let _ = parse(&body[..]);
        prop_assert_eq!(in_chunks(&body, &cuts), parse(&body[..]));
    }

    /// However a list is cut into chunks it reads the same, every account in it; and one that ends before its end is no
    /// shorter list, but none.
    #[test]
    fn a_list_is_read_whole_or_not_at_all(
        list in any_list(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8), end in any::<prop::sample::Index>(),
    ) {
        let body = list.to_string().into_bytes();
        let read = in_chunks(&body, &cuts).unwrap();
        let ids: Vec<i64> = list.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
        prop_assert_eq!(read.iter().map(|row| row.id.0).collect::<Vec<_>>(), ids);
        for (row, read) in list.as_array().unwrap().iter().zip(&read) {
            if let Some(marker) = row["custom_attributes"].get("chatwoot_operator").and_then(|found| found.as_str()) {
                prop_assert_eq!(read.marker.as_deref(), Some(marker));
            }
        }
        let cut = &body[..end.index(body.len())];
        prop_assert_eq!(in_chunks(cut, &cuts), Err(ParseError::Malformed));
    }
}

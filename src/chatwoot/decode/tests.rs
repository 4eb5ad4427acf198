use super::*;
use crate::chatwoot::anything::{any_body, any_json};
use proptest::prelude::*;
use serde_json::json;

fn all(body: &[u8]) {
    if let Some(account) = account(body) {
        assert!(account.id.0 > 0);
    }
    if let Some(user) = user(body) {
        assert!(user.id.0 > 0);
    }
    let _ = (members(body), member(body), access_token(body), login_url(body));
}

proptest! {
    #![proptest_config(crate::tried(512))]

    /// Real answers with anything in them changed, cut or doubled.
    #[test]
    fn no_spoilt_answer_brings_it_down(body in any_body()) {
        all(&body);
    }

    #[test]
    fn no_body_of_any_bytes_brings_it_down(body in prop::collection::vec(any::<u8>(), 0..300)) {
        all(&body);
    }

    #[test]
    fn no_json_brings_it_down(body in any_json()) {
        all(body.to_string().as_bytes());
    }

    #[test]
    fn an_object_with_an_id_is_an_account_whatever_else_is_in_it(extra in any_json(), id in 1i64..) {
        let body = json!({"id": id, "name": extra, "features": extra, "status": extra, "limits": extra,
            "custom_attributes": extra, "locale": extra, "unknown": extra});
        prop_assert_eq!(account(body.to_string().as_bytes()).map(|account| account.id.0), Some(id));
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!(r#"{{"id":1,"custom_attributes":{}}}"#, "[".repeat(100_000));
    assert_eq!(account(deep.as_bytes()), None);
}

#[test]
fn an_account_of_an_older_or_newer_chatwoot_is_read() {
    let lean = account(br#"{"id":"7","name":123,"new_key":{"a":[1]}}"#).unwrap();
    assert_eq!((lean.id, lean.name.as_str(), lean.state), (AccountId(7), "123", AccountState::Unknown));
    assert!(lean.limits.is_empty() && lean.custom_attributes.is_empty() && lean.features.is_empty());
    let nulls =
        account(br#"{"id":7,"name":null,"limits":null,"custom_attributes":null,"features":null}"#).unwrap();
    assert_eq!(nulls.name, "");
    let features = account(br#"{"id":7,"features":{"a":true,"b":false,"c":1,"d":"true"}}"#).unwrap().features;
    assert_eq!(features, ["a".to_owned()].into());
}

#[test]
fn a_person_without_attributes_or_accounts_is_read() {
    let lean = user(br#"{"id":7,"email":"a@b.co","name":null,"display_name":null}"#).unwrap();
    assert_eq!((lean.name.as_str(), lean.display_name), ("", None));
    assert!(lean.custom_attributes.is_empty() && lean.belongings.is_empty());
    assert_eq!(user(br#"{"id":7,"name":"Alice"}"#), None, "no person without an e-mail");
}

#[test]
fn tokens_are_skipped_unread() {
    // Were they decoded with the rest, one of another type would make the person unreadable.
    let odd = br#"{"id":7,"email":"a@b.co","access_token":{"x":[1]},"pubsub_token":1}"#;
    assert!(user(odd).is_some());
    assert!(access_token(odd).is_none());
}

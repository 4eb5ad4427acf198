//! What an answer may look like: anything, and above all what comes close to Chatwoot's own.

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

/// JSON of any shape, with the keys that are looked for.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("id".to_owned()),
        Just("email".to_owned()),
        Just("role".to_owned()),
        Just("user_id".to_owned()),
        Just("accounts".to_owned()),
        Just("features".to_owned()),
        Just("custom_attributes".to_owned()),
        Just("access_token".to_owned()),
        Just("chatwoot_operator".to_owned()),
        ".{0,6}",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Answers as Chatwoot gives them, successes and refusals (chatwoot-api §1.3, §1.4).
fn real() -> impl Strategy<Value = Value> {
    let account = json!({
        "id": 42, "name": "Acme", "locale": "en", "domain": null, "support_email": "a@b.co", "status": "active",
        "features": {"help_center": true}, "limits": {"agents": 3},
        "custom_attributes": {"chatwoot_operator": "v1:0123456789abcdef:o:n:u", "n": [1, {"deep": null}]},
    });
    let user = json!({
        "id": 7, "email": "alice@acme.example", "name": "Alice", "display_name": "Al", "access_token": "t",
        "pubsub_token": "p", "confirmed": true, "custom_attributes": {"chatwoot_operator": "v1:i:o:n:u"},
        "accounts": [{"id": 42, "name": "Acme", "role": "administrator"}, {"id": 43, "role": null}],
    });
    let row = json!({"id": 1, "account_id": 42, "user_id": 7, "role": "agent"});
    let another = |body: &Value, key: &str| {
        let mut body = body.clone();
        body[key] = 99.into();
        body
    };
    prop::sample::select(vec![
        another(&account, "id"),
        another(&user, "id"),
        another(&row, "user_id"),
        json!([account, account]),
        account,
        user,
        json!([row, row]),
        row,
        json!({"url": "https://chat.example.com/app/login?email=a&sso_auth_token=s"}),
        json!({"version": "4.14.2", "timestamp": "now", "queue_services": "ok", "data_services": "ok"}),
        json!({"error": "Invalid access_token"}),
        json!({"error": "Non permissible resource"}),
        json!({"status": 404, "error": "Not Found"}),
        json!({"message": "Email has already been taken", "attributes": ["email"]}),
        json!({"message": "Password is too short (minimum is 6 characters)", "attributes": ["password"]}),
        json!({"error": "Missing migrations parameter"}),
    ])
}

/// One of Chatwoot's answers with some of it replaced, left out or said twice, and then perhaps cut off or with a byte
/// changed; or any JSON; or any bytes.
pub fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), prop::option::of(any_json()));
    let changed = (real(), prop::collection::vec(change, 0..3)).prop_map(|(mut body, changes)| {
        for (at, to) in changes {
            let mut places = Vec::new();
            pointers(&body, String::new(), &mut places);
            let place: &String = at.get(&places);
            put(&mut body, place, to);
        }
        body.to_string().into_bytes()
    });
    let spoil = prop_oneof![
        4 => Just(None),
        1 => (any::<Index>(), Just(None)).prop_map(Some),
        1 => (any::<Index>(), any::<u8>().prop_map(Some)).prop_map(Some),
    ];
    let spoilt = (changed, spoil).prop_map(|(mut body, spoil): (Vec<u8>, Option<(Index, Option<u8>)>)| {
        match spoil {
            Some((at, Some(byte))) => *at.get_mut(&mut body) = byte,
            Some((at, None)) => body.truncate(at.index(body.len())),
            None => {}
        }
        body
    });
    prop_oneof![
        6 => spoilt,
        2 => any_json().prop_map(|json| json.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn pointers(value: &Value, here: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            pointers(value, format!("{here}/{key}"), found);
        }),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| pointers(value, format!("{here}/{at}"), found));
        }
        _ => {}
    }
    found.push(here);
}

/// Puts `to` where `pointer` leads; `None` leaves it out, or empties the whole.
fn put(body: &mut Value, pointer: &str, to: Option<Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", ""));
    match (to, body.pointer_mut(parent)) {
        (None, Some(Value::Object(map))) => drop(map.remove(key)),
        (None, Some(Value::Array(list))) => drop(list.pop()),
        (to, _) => {
            if let Some(place) = body.pointer_mut(pointer) {
                *place = to.unwrap_or_default();
            }
        }
    }
}

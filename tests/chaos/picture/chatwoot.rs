//! Chatwoot's side of the picture.

use super::{Names, Picture};
use chatwoot_simulator::{Kind, State, listed::Permission};
use serde_json::{Map, Value, json};

pub fn add(picture: &mut Picture, names: &Names, state: &State) {
    for account in &state.accounts {
        let mut content = serde_json::to_value(account).unwrap_or_default();
        content["id"] = json!(names.account(account.id));
        content["custom_attributes"] = attributes(names, &account.custom_attributes);
        let mine = owner(names, &account.custom_attributes);
        picture.add(format!("account of {mine}"), content);
    }
    for person in &state.users {
        let content = json!({
            "id": names.person(person.id), "name": person.name, "display_name": person.display_name,
            "custom_attributes": attributes(names, &person.custom_attributes)
        });
        let (address, mine) = (names.address(&person.email), owner(names, &person.custom_attributes));
        picture.add(format!("person {address} of {mine}"), content);
    }
    for row in &state.memberships {
        let key = format!("membership of {} in {}", names.person(row.user), names.account(row.account));
        picture.add(key, json!(row.role));
    }
    // Chatwoot keeps the permission on a person whom people deleted.
    let is_there =
        |permission: &&Permission| permission.kind != Kind::User || state.user(permission.id).is_some();
    for permission in state.permissions.iter().filter(is_there) {
        let whose = match permission.kind {
            Kind::Account => names.account(permission.id),
            Kind::User => names.person(permission.id),
            Kind::AgentBot => "a bot".to_owned(),
        };
        picture.add(format!("permission on {whose}"), Value::Null);
    }
    for job in &state.jobs {
        picture.add(format!("job {:?}", job.kind), Value::Null);
    }
}

/// The object whose marker stands there.
fn owner(names: &Names, attributes: &Map<String, Value>) -> String {
    let marker = attributes.get("chatwoot_operator").and_then(Value::as_str);
    match marker.and_then(|marker| marker.rsplit(':').next()) {
        Some(uid) => names.of_uid(uid),
        None => "nobody".to_owned(),
    }
}

fn attributes(names: &Names, attributes: &Map<String, Value>) -> Value {
    let mut attributes = attributes.clone();
    if attributes.contains_key("chatwoot_operator") {
        let whose = owner(names, &attributes);
        attributes.insert("chatwoot_operator".to_owned(), json!(whose));
    }
    Value::Object(attributes)
}

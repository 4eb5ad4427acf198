//! What is inside accounts in Chatwoot.

use super::{Names, Picture};
use chatwoot_simulator::{State, listed::Record};
use serde_json::{Map, Value, json};

pub fn add(picture: &mut Picture, names: &Names, state: &State) {
    let content = &state.content;
    let records: [(&str, &[Record]); 3] = [
        ("ChatwootLabel", &content.labels),
        ("ChatwootTeam", &content.teams),
        ("ChatwootWebhook", &content.webhooks),
    ];
    for (kind, rows) in records {
        for row in rows {
            let (whose, place) = (names.inside(kind, row.id), names.account(row.account));
            picture.add(format!("{whose} in {place}"), columns(names, &row.fields));
        }
    }
    for row in &content.inboxes {
        let key = format!("{} in {}", names.inside("ChatwootInbox", row.id), names.account(row.account));
        let content = json!({
            "name": row.name, "kind": row.kind, "fields": columns(names, &row.fields), "channel": columns(names, &row.channel),
            "bot": row.bot.map(|bot| names.inside("ChatwootAgentBot", bot))
        });
        picture.add(key, content);
    }
    for row in &content.inbox_members {
        let key = format!("{} works in {}", names.person(row.user), names.inside("ChatwootInbox", row.inbox));
        picture.add(key, Value::Null);
    }
    for row in &state.teams {
        let key = format!("{} is in {}", names.person(row.user), names.inside("ChatwootTeam", row.team));
        picture.add(key, Value::Null);
    }
    for row in &state.bots {
        let place = row.account.map_or_else(|| "the installation".to_owned(), |id| names.account(id));
        let content =
            json!({"name": row.name, "description": row.description, "outgoing_url": row.outgoing_url});
        picture.add(format!("{} in {place}", names.inside("ChatwootAgentBot", row.id)), content);
    }
}

/// A row's columns: secrets as whether there is one, and numbers as what they stand for.
fn columns(names: &Names, fields: &Map<String, Value>) -> Value {
    let shown = |(key, value): (&String, &Value)| {
        let shown = match (key.as_str(), value.as_i64()) {
            ("secret", _) => json!(!value.is_null()),
            ("inbox_id", Some(id)) => json!(names.inside("ChatwootInbox", id)),
            _ => value.clone(),
        };
        (key.clone(), shown)
    };
    Value::Object(fields.iter().map(shown).collect())
}

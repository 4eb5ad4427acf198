//! `/api/v1/accounts/:account_id/automation_rules` (chatwoot-api §3.6). They are kept, not carried out.

use super::{Visit, filters, views};
use crate::{
    model::{
        World,
        content::{
            columns::{Column, Fields, Kind, Start, assign, blank, column},
            rows::Record,
        },
    },
    params::{present, text_of},
    reply::{Refusal, Reply},
};
use serde_json::{Map, Value, json};

pub const COLUMNS: &[Column] = &[
    column("name", Kind::Text, Start::Null),
    column("description", Kind::Text, Start::Null),
    column("event_name", Kind::Text, Start::Null),
    column("active", Kind::Flag, Start::On),
];

const CONDITIONS: &[&str] = &[
    "content",
    "email",
    "country_code",
    "status",
    "message_type",
    "browser_language",
    "assignee_id",
    "team_id",
    "referer",
    "city",
    "company_name",
    "inbox_id",
    "mail_subject",
    "phone_number",
    "priority",
    "conversation_language",
    "labels",
    "private_note",
];
const ACTIONS: &[&str] = &[
    "send_message",
    "add_label",
    "remove_label",
    "send_email_to_team",
    "assign_team",
    "assign_agent",
    "send_webhook_event",
    "mute_conversation",
    "send_attachment",
    "change_status",
    "resolve_conversation",
    "open_conversation",
    "pending_conversation",
    "snooze_conversation",
    "change_priority",
    "send_email_transcript",
    "add_private_note",
];

pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let views: Vec<Value> = world.content.automation_rules.of(visit.account).map(view).collect();
    Ok(Reply::view(&json!({"payload": views})))
}

/// A rule that is not there is a 500 and no 404.
fn managed<'w>(world: &'w World, visit: &Visit) -> Result<&'w Record, Refusal> {
    visit.administrator(world)?;
    world.content.automation_rules.find(visit.account, visit.id("id")?).ok_or(Refusal::CRASH)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    Ok(Reply::view(&json!({"payload": view(managed(world, visit)?)})))
}

/// Flat, unlike the other answers.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let fields = blank(COLUMNS);
    // `map` is called on what is not there.
    visit.params.list("conditions").ok_or(Refusal::CRASH)?;
    let fields = given(world, visit, fields)?;
    let id = world.content.automation_rules.insert(Record::new(visit.account, fields, visit.now));
    let row = world.content.automation_rules.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&view(row)).wrote())
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = managed(world, visit)?.clone();
    let fields = given(world, visit, row.fields.clone())?;
    let row = Record { fields, updated_at: visit.now, ..row };
    let shown = view(&row);
    world.content.automation_rules.put(row);
    Ok(Reply::view(&json!({"payload": shown})).wrote())
}

pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = managed(world, visit)?.id;
    world.content.automation_rules.remove(id);
    Ok(Reply::empty().wrote())
}

pub fn duplicate(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let fields = managed(world, visit)?.fields.clone();
    let id = world.content.automation_rules.insert(Record::new(visit.account, fields, visit.now));
    let row = world.content.automation_rules.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&json!({"payload": view(row)})).wrote())
}

fn given(world: &World, visit: &Visit, mut fields: Fields) -> Result<Fields, Refusal> {
    assign(&mut fields, COLUMNS, visit.params)?;
    for key in ["conditions", "actions"] {
        if let Some(list) = visit.params.list(key) {
            fields.insert(key.to_owned(), list.clone().into());
        }
    }
    let mut errors: Map<String, Value> = Map::new();
    conditions(world, visit.account, &fields, &mut errors);
    actions(&fields, &mut errors);
    if !errors.is_empty() {
        return Err(Refusal::Told(422, json!({"error": errors})));
    }
    // Columns that take no NULL, and that nothing validates.
    let missing = ["name", "event_name"].iter().any(|key| fields.get(*key).is_none_or(Value::is_null));
    if missing { Err(Refusal::CRASH) } else { Ok(fields) }
}

fn rows<'a>(fields: &'a Fields, key: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    fields.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn name(row: &Map<String, Value>, key: &str) -> String {
    row.get(key).and_then(text_of).unwrap_or_default()
}

fn complain(errors: &mut Map<String, Value>, key: &str, complaint: String) {
    if let Value::Array(list) = errors.entry(key).or_insert_with(|| json!([])) {
        list.push(complaint.into());
    }
}

fn conditions(world: &World, account: i64, fields: &Fields, errors: &mut Map<String, Value>) {
    let custom = |key: &str| {
        world.content.attribute_definitions.of(account).any(|row| row.text("attribute_key") == Some(key))
    };
    let unknown: Vec<String> = rows(fields, "conditions")
        .map(|row| name(row, "attribute_key"))
        .filter(|key| !CONDITIONS.contains(&key.as_str()) && !custom(key))
        .collect();
    if !unknown.is_empty() {
        let complaint = format!("Automation conditions {} not supported.", unknown.join(","));
        complain(errors, "conditions", complaint);
    }
    let misused = rows(fields, "conditions").any(|row| {
        filters::allowed_operators(&name(row, "attribute_key")).is_some_and(|operators| {
            let operator = name(row, "filter_operator");
            operator != "attribute_changed" && !operators.contains(&operator.as_str())
        })
    });
    if misused && unknown.is_empty() {
        complain(errors, "conditions", "Automation conditions not supported.".into());
    }
    let operators: Vec<Option<&Value>> =
        rows(fields, "conditions").map(|row| row.get("query_operator").filter(|v| !v.is_null())).collect();
    if operators.iter().filter(|operator| operator.is_none()).count() > 1 {
        complain(errors, "conditions", "Automation conditions should have query operator.".into());
    }
    let known = |operator: &&Value| {
        !present(operator)
            || text_of(operator).is_some_and(|text| ["AND", "OR"].contains(&text.to_uppercase().as_str()))
    };
    if !operators.iter().flatten().all(known) {
        complain(errors, "conditions", "Query operator must be either \"AND\" or \"OR\".".into());
    }
}

fn actions(fields: &Fields, errors: &mut Map<String, Value>) {
    let unknown: Vec<String> = rows(fields, "actions")
        .map(|row| name(row, "action_name"))
        .filter(|key| !ACTIONS.contains(&key.as_str()))
        .collect();
    if !unknown.is_empty() {
        complain(errors, "actions", format!("Automation actions {} not supported.", unknown.join(",")));
    }
}

fn view(row: &Record) -> Value {
    let list = |key: &str| match row.value(key) {
        Value::Null => json!([]),
        list => list.clone(),
    };
    let own = [
        ("id", row.id.into()),
        ("account_id", row.account.into()),
        ("created_on", row.created_at.as_second().into()),
        ("conditions", list("conditions")),
        ("actions", list("actions")),
    ];
    views::with(Value::Object(row.fields.clone()), own)
}

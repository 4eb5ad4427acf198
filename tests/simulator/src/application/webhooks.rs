//! `/api/v1/accounts/:account_id/webhooks` (chatwoot-api §3.6).

use super::{Visit, blank_record, missing, views};
use crate::{
    behind::RecordKind,
    model::{
        Installation, World,
        content::{
            columns::{Column, Fields, Kind, Start, assign, column},
            rows::Record,
        },
    },
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Value, json};

/// What a webhook gets that names nothing.
const DEFAULT: &[&str] = &[
    "conversation_status_changed",
    "conversation_updated",
    "conversation_created",
    "contact_created",
    "contact_updated",
    "message_created",
    "message_updated",
    "webwidget_triggered",
];
/// What has to be asked for.
const MORE: &[&str] =
    &["inbox_created", "inbox_updated", "conversation_typing_on", "conversation_typing_off"];

pub const COLUMNS: &[Column] = &[
    column("url", Kind::Text, Start::Null),
    column("name", Kind::Text, Start::Null),
    column("subscriptions", Kind::Texts, Start::Texts(DEFAULT)),
    column("inbox_id", Kind::Number, Start::Null),
];

pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let views: Vec<Value> = world.content.webhooks.of(visit.account).map(|row| view(world, row)).collect();
    Ok(Reply::view(&json!({"payload": {"webhooks": views}})))
}

fn managed<'w>(world: &'w World, visit: &Visit) -> Result<&'w Record, Refusal> {
    visit.administrator(world)?;
    world.content.webhooks.find(visit.account, visit.id("id")?).ok_or_else(missing)
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let fields = given(world, visit, 0, blank_record(RecordKind::Webhook))?;
    let id = world.content.webhooks.insert(Record::new(visit.account, fields, visit.now));
    let row = world.content.webhooks.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&json!({"payload": {"webhook": view(world, row)}})).wrote())
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = managed(world, visit)?.clone();
    let fields = given(world, visit, row.id, row.fields.clone())?;
    let row = Record { fields, updated_at: visit.now, ..row };
    let view = view(world, &row);
    world.content.webhooks.put(row);
    Ok(Reply::view(&json!({"payload": {"webhook": view}})).wrote())
}

pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = managed(world, visit)?.id;
    world.content.webhooks.remove(id);
    Ok(Reply::empty().wrote())
}

fn columns(installation: &Installation) -> impl Iterator<Item = &'static Column> {
    let named = installation.since(4, 8, 0);
    COLUMNS.iter().filter(move |column| named || column.name != "name")
}

/// The URL is unique in the account, and http or https.
fn given(world: &World, visit: &Visit, id: i64, mut fields: Fields) -> Result<Fields, Refusal> {
    let params = visit.wrapped("webhook", columns(&world.installation).map(|column| column.name))?;
    let columns: Vec<Column> = columns(&world.installation).copied().collect();
    assign(&mut fields, &columns, &params)?;
    let url = fields.get("url").and_then(Value::as_str).unwrap_or_default();
    let mut errors = Errors::default();
    let taken = |row: &Record| row.id != id && row.text("url") == Some(url);
    if world.content.webhooks.of(visit.account).any(taken) {
        errors.add("url", "Url has already been taken");
    }
    if !is_web_address(url) {
        errors.add("url", "Url is invalid");
    }
    let subscriptions = fields.get("subscriptions").and_then(Value::as_array);
    let known =
        |event: &Value| event.as_str().is_some_and(|event| DEFAULT.contains(&event) || MORE.contains(&event));
    if subscriptions.is_none_or(|events| events.is_empty() || !events.iter().all(known)) {
        errors.add("subscriptions", "Subscriptions Invalid events");
    }
    errors.check()?;
    Ok(fields)
}

fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) && !url.contains(char::is_whitespace)
}

fn view(world: &World, row: &Record) -> Value {
    let view = json!({
        "id": row.id,
        "url": row.value("url"),
        "account_id": row.account,
        "subscriptions": row.value("subscriptions"),
    });
    let name = world.installation.since(4, 8, 0).then(|| ("name", row.value("name").clone()));
    let secret = world.installation.since(4, 12, 0).then(|| ("secret", row.value("secret").clone()));
    let inbox =
        row.value("inbox_id").as_i64().and_then(|inbox| world.content.inboxes.find(row.account, inbox));
    let inbox = inbox.map(|inbox| ("inbox", json!({"id": inbox.id, "name": inbox.name})));
    views::with(view, name.into_iter().chain(secret).chain(inbox))
}

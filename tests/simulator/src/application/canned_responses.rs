//! `/api/v1/accounts/:account_id/canned_responses`: any agent may write; answers are raw rows (chatwoot-api §3.6).

use super::{Visit, missing, texts, views};
use crate::{
    model::{
        World,
        content::{
            columns::{Column, Fields, Kind, Start, assign, blank, column},
            rows::Record,
        },
    },
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Value, json};

pub const COLUMNS: &[Column] =
    &[column("short_code", Kind::Text, Start::Null), column("content", Kind::Text, Start::Null)];

/// `search` looks into code and content.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let search = visit.params.text("search").flatten().unwrap_or_default();
    let meant = |row: &&Record| {
        ["short_code", "content"]
            .iter()
            .any(|key| row.text(key).is_some_and(|text| texts::contains(text, &search)))
    };
    let views: Vec<Value> =
        world.content.canned_responses.of(visit.account).filter(meant).map(view).collect();
    Ok(Reply::view(&Value::Array(views)))
}

fn found<'w>(world: &'w World, visit: &Visit) -> Result<&'w Record, Refusal> {
    world.content.canned_responses.find(visit.account, visit.id("id")?).ok_or_else(missing)
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let fields = given(world, visit, 0, blank(COLUMNS))?;
    let id = world.content.canned_responses.insert(Record::new(visit.account, fields, visit.now));
    let row = world.content.canned_responses.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&view(row)).wrote())
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = found(world, visit)?.clone();
    let fields = given(world, visit, row.id, row.fields.clone())?;
    let row = Record { fields, updated_at: visit.now, ..row };
    let shown = view(&row);
    world.content.canned_responses.put(row);
    Ok(Reply::view(&shown).wrote())
}

pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = found(world, visit)?.id;
    world.content.canned_responses.remove(id);
    Ok(Reply::empty().wrote())
}

/// The code is unique in the account, with its case.
fn given(world: &World, visit: &Visit, id: i64, mut fields: Fields) -> Result<Fields, Refusal> {
    let params = visit.wrapped("canned_response", COLUMNS.iter().map(|column| column.name))?;
    assign(&mut fields, COLUMNS, &params)?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut errors = Errors::default();
    if text("content").trim().is_empty() {
        errors.add("content", "Content can't be blank");
    }
    if text("short_code").trim().is_empty() {
        errors.add("short_code", "Short code can't be blank");
    }
    let taken = |row: &Record| row.id != id && row.text("short_code") == Some(text("short_code"));
    if world.content.canned_responses.of(visit.account).any(taken) {
        errors.add("short_code", "Short code has already been taken");
    }
    errors.limit("short_code", "Short code", Some(text("short_code")), 255);
    errors.check()?;
    Ok(fields)
}

fn view(row: &Record) -> Value {
    json!({
        "id": row.id,
        "account_id": row.account,
        "short_code": row.value("short_code"),
        "content": row.value("content"),
        "created_at": views::iso(row.created_at),
        "updated_at": views::iso(row.updated_at),
    })
}

//! `/api/v1/accounts/:account_id/labels` (chatwoot-api §3.6).

use super::{Visit, missing};
use crate::{
    model::{
        World,
        content::{
            Renaming,
            columns::{Column, Fields, Kind, Start, assign, blank, column},
            rows::Record,
        },
        jobs::{JobKind, Work},
    },
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Value, json};

pub const COLUMNS: &[Column] = &[
    column("title", Kind::Text, Start::Null),
    column("description", Kind::Text, Start::Null),
    column("color", Kind::Text, Start::Text("#1f93ff")),
    column("show_on_sidebar", Kind::Flag, Start::Null),
];

/// By title.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut rows: Vec<&Record> = world.content.labels.of(visit.account).collect();
    rows.sort_by_key(|label| label.text("title"));
    let views: Vec<Value> = rows.into_iter().map(view).collect();
    Ok(Reply::view(&json!({"payload": views})))
}

/// Everything but the list is for administrators, this too.
fn managed<'w>(world: &'w World, visit: &Visit) -> Result<&'w Record, Refusal> {
    let label = world.content.labels.find(visit.account, visit.id("id")?).ok_or_else(missing)?;
    visit.administrator(world)?;
    Ok(label)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    Ok(Reply::view(&view(managed(world, visit)?)))
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let fields = given(world, visit, 0, blank(COLUMNS))?;
    let id = world.content.labels.insert(Record::new(visit.account, fields, visit.now));
    let label = world.content.labels.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&view(label)).wrote())
}

/// A new title reaches what is tagged by a job.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let label = managed(world, visit)?.clone();
    let from = label.text("title").unwrap_or_default().to_owned();
    let fields = given(world, visit, label.id, label.fields.clone())?;
    let label = Record { fields, updated_at: visit.now, ..label };
    let to = label.text("title").unwrap_or_default().to_owned();
    let shown = view(&label);
    if from != to {
        let renaming = world.content.note_renaming(Renaming { account: visit.account, from, to });
        world.enqueue(Work::on_object(JobKind::RenameLabel, visit.account, renaming), visit.now);
    }
    world.content.labels.put(label);
    Ok(Reply::view(&shown).wrote())
}

pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = managed(world, visit)?.id;
    world.content.labels.remove(id);
    Ok(Reply::empty().wrote())
}

/// The title is written in lower case, and unique in the account.
fn given(world: &World, visit: &Visit, id: i64, mut fields: Fields) -> Result<Fields, Refusal> {
    let params = visit.wrapped("label", COLUMNS.iter().map(|column| column.name))?;
    assign(&mut fields, COLUMNS, &params)?;
    let title = fields.get("title").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let mut errors = Errors::default();
    if title.trim().is_empty() {
        errors.add("title", "Title must not be blank");
    }
    if !is_title(&title) {
        errors.add("title", "Title is invalid");
    }
    let taken = |label: &Record| label.id != id && label.text("title") == Some(&title);
    if world.content.labels.of(visit.account).any(taken) {
        errors.add("title", "Title has already been taken");
    }
    errors.limit("title", "Title", Some(&title), 255);
    errors.check()?;
    fields.insert("title".into(), title.into());
    Ok(fields)
}

/// A letter or digit, and at least one more of these, an underscore or hyphen.
fn is_title(title: &str) -> bool {
    let mut chars = title.chars();
    chars.next().is_some_and(char::is_alphanumeric)
        && title.chars().count() >= 2
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn view(label: &Record) -> Value {
    let mut view = Value::Object(label.fields.clone());
    if let Value::Object(keys) = &mut view {
        keys.insert("id".into(), label.id.into());
    }
    view
}

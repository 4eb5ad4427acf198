//! `/api/v1/accounts/:account_id/custom_attribute_definitions` (chatwoot-api §3.6).

use super::{Visit, missing, views};
use crate::{
    model::{
        Installation, World,
        content::{
            columns::{Column, Fields, Kind, Start, assign, blank, column, label},
            rows::Record,
        },
    },
    params::present,
    reply::{Errors, Refusal, Reply},
};
use serde_json::Value;

const MODELS: &[&str] = &["conversation_attribute", "contact_attribute"];
/// Since 4.14.
const MODELS_WITH_COMPANIES: &[&str] = &["conversation_attribute", "contact_attribute", "company_attribute"];
const TYPES: &[&str] = &["text", "number", "currency", "percent", "link", "date", "list", "checkbox"];

pub const COLUMNS: &[Column] = &[
    column("attribute_display_name", Kind::Text, Start::Null),
    column("attribute_description", Kind::Text, Start::Null),
    column("attribute_display_type", Kind::Label(TYPES), Start::Text("text")),
    column("attribute_key", Kind::Text, Start::Null),
    column("attribute_model", Kind::Label(MODELS_WITH_COMPANIES), Start::Text("conversation_attribute")),
    column("attribute_values", Kind::Texts, Start::Texts(&[])),
    column("regex_pattern", Kind::Text, Start::Null),
    column("regex_cue", Kind::Text, Start::Null),
];

/// What a conversation or a contact has anyway.
const STANDARD: [(&str, &[&str]); 2] = [
    (
        "conversation_attribute",
        &[
            "status",
            "priority",
            "assignee_id",
            "inbox_id",
            "team_id",
            "display_id",
            "campaign_id",
            "labels",
            "browser_language",
            "country_code",
            "referer",
            "created_at",
            "last_activity_at",
        ],
    ),
    (
        "contact_attribute",
        &[
            "name",
            "email",
            "phone_number",
            "identifier",
            "country_code",
            "city",
            "created_at",
            "last_activity_at",
            "referer",
            "blocked",
        ],
    ),
];

fn models(installation: &Installation) -> &'static [&'static str] {
    if installation.since(4, 14, 0) { MODELS_WITH_COMPANIES } else { MODELS }
}

/// All, or those of one `attribute_model`.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let model = match visit.params.raw("attribute_model").filter(|value| present(value)) {
        None => None,
        // A query knows texts only, also for the numbers of an enum.
        Some(value) => {
            let number = value.as_str().and_then(|text| text.parse::<u64>().ok()).map(Value::from);
            Some(label(number.as_ref().unwrap_or(value), models(&world.installation)).ok().flatten())
        }
    };
    let meant =
        |row: &&Record| model.is_none_or(|model| row.text("attribute_model") == model && model.is_some());
    let views: Vec<Value> =
        world.content.attribute_definitions.of(visit.account).filter(meant).map(view).collect();
    Ok(Reply::view(&Value::Array(views)))
}

fn found<'w>(world: &'w World, visit: &Visit) -> Result<&'w Record, Refusal> {
    world.content.attribute_definitions.find(visit.account, visit.id("id")?).ok_or_else(missing)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    Ok(Reply::view(&view(found(world, visit)?)))
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let fields = given(world, visit, 0, blank(COLUMNS))?;
    let row = Record::new(visit.account, fields, visit.now);
    let id = world.content.attribute_definitions.insert(row);
    let row = world.content.attribute_definitions.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&view(row)).wrote())
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let row = found(world, visit)?.clone();
    visit.administrator(world)?;
    let fields = given(world, visit, row.id, row.fields.clone())?;
    let row = Record { fields, updated_at: visit.now, ..row };
    let shown = view(&row);
    world.content.attribute_definitions.put(row);
    Ok(Reply::view(&shown).wrote())
}

/// 204, unlike its neighbours.
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = found(world, visit)?.id;
    visit.administrator(world)?;
    world.content.attribute_definitions.remove(id);
    Ok(Reply::no_content().wrote())
}

fn given(world: &World, visit: &Visit, id: i64, mut fields: Fields) -> Result<Fields, Refusal> {
    let wrapper = "custom_attribute_definition";
    let params = visit.wrapped(wrapper, COLUMNS.iter().map(|column| column.name))?;
    assign(&mut fields, COLUMNS, &params)?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let (key, model) = (text("attribute_key"), text("attribute_model"));
    if !model.is_empty() && !models(&world.installation).contains(&model) {
        return Err(Refusal::CRASH);
    }
    let mut errors = Errors::default();
    let required = [
        ("attribute_display_name", "Attribute display name can't be blank"),
        ("attribute_key", "Attribute key can't be blank"),
        ("attribute_display_type", "Attribute display type can't be blank"),
        ("attribute_model", "Attribute model can't be blank"),
    ];
    for (column, complaint) in required {
        if text(column).trim().is_empty() {
            errors.add(column, complaint);
        }
    }
    let taken = |row: &Record| {
        row.id != id && row.text("attribute_key") == Some(key) && row.text("attribute_model") == Some(model)
    };
    if world.content.attribute_definitions.of(visit.account).any(taken) {
        errors.add("attribute_key", "Attribute key has already been taken");
    }
    let plain = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    if world.installation.since(4, 12, 0) && !key.is_empty() && !key.chars().all(plain) {
        errors.add(
            "attribute_key",
            "Attribute key must only contain letters, numbers, underscores, hyphens, and dots",
        );
    }
    // Only a create looks at the names that are taken by Chatwoot itself.
    if id == 0 && STANDARD.iter().any(|(of, keys)| *of == model && keys.contains(&key)) {
        errors.add(
            "attribute_key",
            "Attribute key The provided key is not allowed as it might conflict with default attributes.",
        );
    }
    errors.check()?;
    Ok(fields)
}

fn view(row: &Record) -> Value {
    let own = [
        ("id", row.id.into()),
        ("default_value", Value::Null),
        ("created_at", views::iso(row.created_at).into()),
        ("updated_at", views::iso(row.updated_at).into()),
    ];
    views::with(Value::Object(row.fields.clone()), own)
}

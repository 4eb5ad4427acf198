//! A rule as Chatwoot shows it, brought into the form in which a wish is written. The dashboard writes empty texts where
//! there is nothing, single values without a list, and some ids as texts.

use crate::{
    chatwoot::{
        tenant::automation::{AutomationRule, RuleEvent},
        types::Map,
    },
    plan::content::{Seen, declared, fields},
};
use serde_json::{Value, json};

pub fn seen(rule: &AutomationRule) -> Seen {
    Seen {
        id: rule.id.0,
        key: rule.name.clone(),
        fields: fields([
            ("name", json!(rule.name)),
            ("description", json!(rule.description.clone().unwrap_or_default())),
            ("event_name", json!(rule.event_name.map(RuleEvent::as_str))),
            ("active", json!(rule.active)),
            ("conditions", rule.conditions.iter().map(condition).collect()),
            ("actions", rule.actions.iter().map(action).collect()),
        ]),
    }
}

fn condition(stored: &Map) -> Value {
    let text = |key: &str| stored.get(key).and_then(Value::as_str).unwrap_or_default();
    let is_id = matches!(text("attribute_key"), "assignee_id" | "team_id" | "inbox_id");
    let said = |key: &str| Some(text(key)).filter(|text| !text.is_empty());
    Value::Object(declared([
        ("attribute_key", Some(json!(text("attribute_key")))),
        ("filter_operator", Some(json!(text("filter_operator")))),
        ("values", Some(list(stored.get("values"), is_id))),
        ("custom_attribute_type", said("custom_attribute_type").map(Value::from)),
        ("query_operator", said("query_operator").map(|word| json!(word.to_ascii_uppercase()))),
    ]))
}

fn action(stored: &Map) -> Value {
    let name = stored.get("action_name").and_then(Value::as_str).unwrap_or_default();
    let is_id = matches!(name, "assign_agent" | "assign_team");
    json!({"action_name": name, "action_params": list(stored.get("action_params"), is_id)})
}

fn list(value: Option<&Value>, is_id: bool) -> Value {
    let items = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    };
    let number = |item: Value| {
        let id = item.as_str().filter(|_| is_id).and_then(|text| text.parse::<i64>().ok());
        id.map_or(item, Value::from)
    };
    items.into_iter().map(number).collect()
}

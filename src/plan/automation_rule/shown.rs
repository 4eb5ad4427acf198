//! A rule as Chatwoot shows it, brought into the form in which a wish is written. The dashboard writes empty texts where
//! there is nothing, single values without a list, and some ids as texts.

use crate::{
    chatwoot::{
        tenant::automation::{AutomationRule, RuleEvent},
        types::Map,
    },
    plan::content::{Seen, fields},
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
    let mut shown = json!({
        "attribute_key": text("attribute_key"),
        "filter_operator": text("filter_operator"),
        "values": list(stored.get("values"), is_id),
    });
    if !text("query_operator").is_empty() {
        shown["query_operator"] = json!(text("query_operator").to_ascii_uppercase());
    }
    if !text("custom_attribute_type").is_empty() {
        shown["custom_attribute_type"] = json!(text("custom_attribute_type"));
    }
    shown
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

//! What is in Chatwoot, in the words of a plan.

use crate::cli::plan::sheet::Change;
use chatwoot_simulator::State;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fields that are there, by their names; what is off, empty or null is not.
pub type Fields = BTreeMap<String, Value>;

/// Accounts and people by id. `names`: the accounts' resources, as a plan calls memberships.
pub fn accounts(state: &State) -> BTreeMap<i64, Fields> {
    let picture = |account: &chatwoot_simulator::listed::Account| {
        let mut fields = Fields::new();
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        fields.insert("name".into(), account.name.clone().into());
        fields.insert("locale".into(), text(&account.locale));
        fields.insert("domain".into(), text(&account.domain));
        let spoken = account.status.map(|status| format!("{status:?}"));
        fields.insert("state".into(), spoken.map_or(Value::Null, Value::from));
        fields.extend(account.features.iter().map(|flag| (format!("features.{flag}"), true.into())));
        fields.extend(map("limits", account.limits.as_object()));
        fields.extend(map("customAttributes", Some(&account.custom_attributes)));
        let own = [
            ("auto_resolve_after", "autoResolveAfter"),
            ("auto_resolve_message", "autoResolveMessage"),
            ("auto_resolve_ignore_waiting", "autoResolveIgnoreWaiting"),
            ("auto_resolve_label", "autoResolveLabel"),
        ];
        let there = own.into_iter().filter_map(|(key, name)| Some((name, account.settings.get(key)?)));
        fields.extend(there.map(|(name, value)| (format!("settings.{name}"), value.clone())));
        (account.id, said(fields))
    };
    state.accounts.iter().map(picture).collect()
}

/// Labels by id.
pub fn labels(state: &State) -> BTreeMap<i64, Fields> {
    let picture = |label: &chatwoot_simulator::listed::Record| {
        let own = [
            ("title", "title"),
            ("color", "color"),
            ("description", "description"),
            ("show_on_sidebar", "showOnSidebar"),
        ];
        let fields =
            own.into_iter().filter_map(|(key, name)| Some((name.to_owned(), label.fields.get(key)?.clone())));
        (label.id, said(fields.collect()))
    };
    state.content.labels.iter().map(picture).collect()
}

pub fn people(state: &State, names: &BTreeMap<i64, String>) -> BTreeMap<i64, Fields> {
    let picture = |user: &chatwoot_simulator::listed::User| {
        let mut fields = Fields::new();
        fields.insert("name".into(), user.name.clone().into());
        fields.insert("email".into(), user.email.clone().into());
        fields.insert("displayName".into(), user.display_name.clone().map_or(Value::Null, Value::from));
        fields.extend(map("customAttributes", Some(&user.custom_attributes)));
        for row in state.memberships.iter().filter(|row| row.user == user.id) {
            let name = names.get(&row.account).cloned().unwrap_or_else(|| row.account.to_string());
            let role = row.role.map_or("(member)".to_owned(), |role| format!("{role:?}"));
            fields.insert(format!("memberships.{name}"), role.into());
        }
        (user.id, said(fields))
    };
    state.users.iter().map(picture).collect()
}

fn map<'a>(
    prefix: &'a str,
    map: Option<&'a Map<String, Value>>,
) -> impl Iterator<Item = (String, Value)> + 'a {
    map.into_iter().flatten().map(move |(key, value)| (format!("{prefix}.{key}"), value.clone()))
}

fn said(mut fields: Fields) -> Fields {
    fields.retain(|field, value| !is_nothing(value) && field != "customAttributes.chatwoot_operator");
    fields
}

/// Cleared, never set and switched off mean the same.
fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_str().is_some_and(str::is_empty)
}

/// How two pictures differ: old and new by field.
pub fn differences(before: &Fields, after: &Fields) -> BTreeMap<String, (Value, Value)> {
    let fields = before.keys().chain(after.keys());
    let of = |fields: &Fields, field: &String| fields.get(field).cloned().unwrap_or_default();
    fields
        .map(|field| (field.clone(), (of(before, field), of(after, field))))
        .filter(|(_, (old, new))| old != new)
        .collect()
}

/// What a plan says in the same words. The marker is no field, and nobody sees a password.
pub fn planned(changes: &[Change]) -> BTreeMap<String, (Value, Value)> {
    let plain = |value: &Value| if is_nothing(value) { Value::Null } else { value.clone() };
    changes
        .iter()
        .filter(|change| !["marker", "password"].contains(&change.field.as_str()))
        .map(|change| (change.field.clone(), (plain(&change.old), plain(&change.new))))
        .filter(|(_, (old, new))| old != new)
        .collect()
}

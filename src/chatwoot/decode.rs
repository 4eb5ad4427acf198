//! Chatwoot's JSON as our nouns.
//!
//! Lenient about everything that differs between versions (unknown keys, nulls, numbers for strings), strict about
//! identity: without a whole positive id there is no object. Every function gives `None` for a body it cannot use.

use super::{
    platform::Member,
    types::{Account, AccountId, AccountState, Belonging, Map, MemberRole, User, UserId},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

pub(super) fn account(body: &[u8]) -> Option<Account> {
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Wire {
        id: Value,
        name: Value,
        locale: Value,
        domain: Value,
        support_email: Value,
        status: Value,
        features: Value,
        limits: Value,
        custom_attributes: Value,
    }
    let wire: Wire = object(body)?;
    Some(Account {
        id: AccountId(id(&wire.id)?),
        name: text(wire.name).unwrap_or_default(),
        locale: text(wire.locale),
        domain: text(wire.domain),
        support_email: text(wire.support_email),
        state: match wire.status.as_str() {
            Some("active") => AccountState::Active,
            Some("suspended") => AccountState::Suspended,
            _ => AccountState::Unknown,
        },
        features: map(wire.features)
            .into_iter()
            .filter(|(_, on)| *on == Value::Bool(true))
            .map(|(name, _)| name)
            .collect(),
        limits: map(wire.limits),
        custom_attributes: map(wire.custom_attributes),
    })
}

/// Reads a person and skips the tokens.
pub(super) fn user(body: &[u8]) -> Option<User> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Wire {
        id: Value,
        email: Value,
        name: Value,
        display_name: Value,
        custom_attributes: Value,
        accounts: Value,
    }
    let wire: Wire = object(body)?;
    Some(User {
        id: UserId(id(&wire.id)?),
        email: text(wire.email)?,
        name: text(wire.name).unwrap_or_default(),
        display_name: text(wire.display_name),
        custom_attributes: map(wire.custom_attributes),
        belongings: list(wire.accounts).iter().filter_map(belonging).collect(),
    })
}

fn belonging(row: &Value) -> Option<Belonging> {
    Some(Belonging { account: AccountId(id(row.get("id")?)?), role: role(row) })
}

pub(super) fn members(body: &[u8]) -> Option<Vec<Member>> {
    let rows: Vec<Value> = serde_json::from_slice(body).ok()?;
    rows.iter().map(row).collect()
}

pub(super) fn member(body: &[u8]) -> Option<Member> {
    row(&serde_json::from_slice(body).ok()?)
}

fn row(row: &Value) -> Option<Member> {
    Some(Member { user: UserId(id(row.get("user_id")?)?), role: role(row) })
}

fn role(row: &Value) -> Option<MemberRole> {
    match row.get("role")?.as_str()? {
        "agent" => Some(MemberRole::Agent),
        "administrator" => Some(MemberRole::Administrator),
        _ => None,
    }
}

pub(super) fn access_token(body: &[u8]) -> Option<SecretString> {
    #[derive(Deserialize)]
    struct Wire {
        access_token: String,
    }
    secret(object::<Wire>(body)?.access_token)
}

pub(super) fn login_url(body: &[u8]) -> Option<SecretString> {
    #[derive(Deserialize)]
    struct Wire {
        url: String,
    }
    secret(object::<Wire>(body)?.url)
}

fn secret(text: String) -> Option<SecretString> {
    if text.is_empty() { None } else { Some(text.into()) }
}

/// A JSON object and nothing else: derived structs would take an array for one.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *first != b'{' {
        return None;
    }
    serde_json::from_slice(body).ok()
}

fn id(value: &Value) -> Option<i64> {
    let id = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    (id > 0).then_some(id)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn map(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

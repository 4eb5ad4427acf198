//! Rails enums: a label, its integer, or nothing; anything else is an exception, not a validation (chatwoot-api §2.2).

use crate::{
    Version,
    model::{
        locales::{self, LocaleIndex},
        rows::{Role, Status},
    },
    params::present,
    reply::Refusal,
};
use serde_json::Value;

const STATUSES: [(&str, Status); 2] = [("active", Status::Active), ("suspended", Status::Suspended)];
const ROLES: [(&str, Role); 2] = [("agent", Role::Agent), ("administrator", Role::Administrator)];

pub fn status(value: &Value) -> Result<Option<Status>, Refusal> {
    pick(value, &STATUSES)
}

pub fn role(value: &Value) -> Result<Option<Role>, Refusal> {
    pick(value, &ROLES)
}

pub fn locale(value: &Value, version: Version) -> Result<Option<LocaleIndex>, Refusal> {
    if is_blank(value) {
        return Ok(None);
    }
    let found = match value {
        Value::String(code) => locales::by_code(code, version),
        Value::Number(number) => number.as_f64().and_then(|number| locales::by_number(number, version)),
        _ => None,
    };
    found.map(Some).ok_or(Refusal::CRASH)
}

fn pick<T: Copy>(value: &Value, labels: &[(&str, T)]) -> Result<Option<T>, Refusal> {
    if is_blank(value) {
        return Ok(None);
    }
    let found = match value {
        Value::String(text) => labels.iter().find(|(label, _)| label == text),
        Value::Number(number) => labels
            .iter()
            .enumerate()
            .find(|(index, _)| number.as_f64() == Some(*index as f64))
            .map(|(_, entry)| entry),
        _ => None,
    };
    found.map(|(_, value)| Some(*value)).ok_or(Refusal::CRASH)
}

fn is_blank(value: &Value) -> bool {
    !present(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_and_integers_are_taken_and_blank_is_null() {
        assert_eq!(status(&json!("suspended")), Ok(Some(Status::Suspended)));
        assert_eq!(status(&json!(0)), Ok(Some(Status::Active)));
        assert_eq!(role(&json!("")), Ok(None));
        assert_eq!(role(&json!(null)), Ok(None));
        assert_eq!(locale(&json!(12), Version::REFERENCE).map(|l| l.and_then(locales::code)), Ok(Some("es")));
    }

    #[test]
    fn anything_else_is_an_exception() {
        for unknown in [json!("owner"), json!("1"), json!(7), json!(true)] {
            assert_eq!(role(&unknown), Err(Refusal::CRASH), "{unknown}");
        }
        assert_eq!(locale(&json!("12"), Version::REFERENCE), Err(Refusal::CRASH));
        assert_eq!(locale(&json!("hi"), Version::REFERENCE), Err(Refusal::CRASH));
    }
}

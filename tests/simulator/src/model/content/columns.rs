//! Columns whose values come straight from a request: their types, defaults, and what Rails makes of what is sent.

use crate::params::{Params, has_nul, integer_of, present, text_of};
use serde_json::{Map, Value};

/// Values by column.
pub type Fields = Map<String, Value>;

/// A type, and with it what becomes of a value that does not fit.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Flag,
    Number,
    /// Anything but an object is dropped.
    Object,
    /// Anything but a list is dropped, and in the list what is no scalar.
    Texts,
    /// A Rails enum; an unknown label is an exception.
    Label(&'static [&'static str]),
}

/// What a new row has in a column.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    Null,
    On,
    Off,
    Text(&'static str),
    Object,
    Texts(&'static [&'static str]),
}

impl Start {
    fn value(self) -> Value {
        match self {
            Start::Null => Value::Null,
            Start::On => Value::Bool(true),
            Start::Off => Value::Bool(false),
            Start::Text(text) => text.into(),
            Start::Object => Value::Object(Map::new()),
            Start::Texts(texts) => Value::from(texts.to_vec()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub start: Start,
}

pub const fn column(name: &'static str, kind: Kind, start: Start) -> Column {
    Column { name, kind, start }
}

/// An enum was given a label it does not have, or a text a NUL character: a 500 (chatwoot-api §1.4, §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unstorable;

/// The values of a new row.
pub fn blank(columns: &[Column]) -> Fields {
    columns.iter().map(|column| (column.name.to_owned(), column.start.value())).collect()
}

/// Writes what was given for these columns; columns that are not mentioned stay.
///
/// # Errors
/// [`Unstorable`]; nothing can be said then about what was written before.
pub fn assign(fields: &mut Fields, columns: &[Column], given: &Params) -> Result<(), Unstorable> {
    for column in columns {
        let Some(value) = given.get(column.name) else { continue };
        if has_nul(value) {
            return Err(Unstorable);
        }
        if let Some(value) = cast(column.kind, value)? {
            fields.insert(column.name.to_owned(), value);
        }
    }
    Ok(())
}

/// `None`: the value has the wrong shape and is dropped.
fn cast(kind: Kind, value: &Value) -> Result<Option<Value>, Unstorable> {
    let scalar = !value.is_object() && !value.is_array();
    Ok(match kind {
        Kind::Text => scalar.then(|| text_of(value).map_or(Value::Null, Value::String)),
        Kind::Flag => scalar.then(|| flag(value).map_or(Value::Null, Value::Bool)),
        Kind::Number => scalar.then(|| integer_of(value).map_or(Value::Null, Value::from)),
        Kind::Object => value.is_object().then(|| value.clone()),
        Kind::Texts => {
            value.as_array().map(|items| items.iter().filter_map(text_of).map(Value::String).collect())
        }
        Kind::Label(labels) => match label(value, labels)? {
            Some(label) => Some(Value::from(label)),
            None => Some(Value::Null),
        },
    })
}

/// A Rails enum: its label, its number, or nothing.
///
/// # Errors
/// Anything else.
pub fn label(value: &Value, labels: &[&'static str]) -> Result<Option<&'static str>, Unstorable> {
    if !present(value) {
        return Ok(None);
    }
    let found = match value {
        Value::String(text) => labels.iter().find(|label| *label == text),
        Value::Number(number) => {
            number.as_u64().and_then(|index| labels.get(usize::try_from(index).unwrap_or(usize::MAX)))
        }
        _ => None,
    };
    found.map(|label| Some(*label)).ok_or(Unstorable)
}

/// What a boolean column makes of a scalar; a blank is NULL.
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => {
            Some(!["0", "f", "F", "false", "FALSE", "off", "OFF"].contains(&text.as_str()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] = &[
        column("name", Kind::Text, Start::Null),
        column("on", Kind::Flag, Start::On),
        column("config", Kind::Object, Start::Object),
        column("list", Kind::Texts, Start::Texts(&["a"])),
        column("reply", Kind::Label(&["now", "later"]), Start::Text("now")),
    ];

    #[test]
    fn values_are_cast_and_wrong_shapes_are_dropped() {
        let mut fields = blank(COLUMNS);
        let given = json!({"name": 7, "on": "false", "config": [1], "list": [1, {"a": 1}], "reply": 1});
        assert_eq!(assign(&mut fields, COLUMNS, &Params::of(&given)), Ok(()));
        let expected = json!({"name": "7", "on": false, "config": {}, "list": ["1"], "reply": "later"});
        assert_eq!(Value::Object(fields.clone()), expected);
        assert_eq!(assign(&mut fields, COLUMNS, &Params::of(&json!({"on": {}, "list": "x"}))), Ok(()));
        assert_eq!(Value::Object(fields), expected);
    }

    #[test]
    fn an_unknown_label_is_an_exception() {
        let mut fields = blank(COLUMNS);
        let given = Params::of(&json!({"reply": "never"}));
        assert_eq!(assign(&mut fields, COLUMNS, &given), Err(Unstorable));
    }
}

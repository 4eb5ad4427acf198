//! Request parameters as Rails hands them to a controller: query and body in one map, wrong shapes dropped,
//! scalars turned into strings (chatwoot-api §1.1).

mod forms;
mod multipart;

use serde_json::{Map, Value};

/// Stands where a multipart body carried a file.
const FILE: &str = "\u{1}file";

/// The body could not be read as what its content type promises: 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// All parameters of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    all: Map<String, Value>,
    /// Came as JSON.
    json: bool,
}

/// Why a wrapper key could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwrapped {
    Missing,
    /// A scalar or list: an exception.
    NoObject,
}

impl Params {
    /// Reads query and body; the body wins. A body of any other content type counts as empty.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is not the JSON it claims to be.
    pub fn read(query: Option<&str>, content_type: Option<&str>, body: &[u8]) -> Result<Self, Malformed> {
        let mut params = forms::parse(query.unwrap_or_default().as_bytes());
        let kind = content_type.unwrap_or_default();
        let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_json =
            ["application/json", "text/x-json", "application/jsonrequest"].contains(&media.as_str());
        let sent = match media.as_str() {
            _ if is_json => json(body)?,
            "application/x-www-form-urlencoded" => forms::parse(body),
            "multipart/form-data" => multipart::parse(kind, body),
            _ => Map::new(),
        };
        params.extend(sent);
        Ok(Params { all: params, json: is_json })
    }

    /// Parameters that are not a request's: a nested object, or what a test writes.
    pub fn of(value: &Value) -> Self {
        Params { all: value.as_object().cloned().unwrap_or_default(), json: false }
    }

    /// What stands under a key, whatever it is.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.all.get(key)
    }

    /// An object field as parameters of its own.
    pub fn nested(&self, key: &str) -> Option<Params> {
        self.get(key).filter(|value| value.is_object()).map(Params::of)
    }

    /// `params.require(key)`, where a flat JSON body is wrapped first if it has a field that the model knows
    /// (chatwoot-api §3.1). A form body is not.
    ///
    /// # Errors
    /// [`Unwrapped`]: nothing to take, or no object.
    pub fn wrapped<'a>(
        &self,
        key: &str,
        mut fields: impl Iterator<Item = &'a str>,
    ) -> Result<Params, Unwrapped> {
        match self.get(key) {
            Some(value) if !present(value) => Err(Unwrapped::Missing),
            Some(value) if value.is_object() => Ok(Params::of(value)),
            Some(_) => Err(Unwrapped::NoObject),
            None if self.json && fields.any(|field| self.all.contains_key(field)) => {
                Ok(Params { all: self.all.clone(), json: false })
            }
            None => Err(Unwrapped::Missing),
        }
    }

    fn scalar(&self, key: &str) -> Option<&Value> {
        self.all.get(key).filter(|value| !value.is_object() && !value.is_array())
    }

    /// A scalar as it came: for enums and ids. `None`: absent or of the wrong shape.
    pub fn raw(&self, key: &str) -> Option<&Value> {
        self.scalar(key)
    }

    /// A text column: `None` leaves it alone, `Some(None)` writes NULL.
    pub fn text(&self, key: &str) -> Option<Option<String>> {
        self.scalar(key).map(text_of)
    }

    /// An object field; anything else given for it is dropped.
    pub fn object(&self, key: &str) -> Option<&Map<String, Value>> {
        self.all.get(key)?.as_object()
    }

    pub fn list(&self, key: &str) -> Option<&Vec<Value>> {
        self.all.get(key)?.as_array()
    }

    /// An uploaded file.
    pub fn is_file(&self, key: &str) -> bool {
        self.all.get(key).and_then(Value::as_str) == Some(FILE)
    }
}

fn json(body: &[u8]) -> Result<Map<String, Value>, Malformed> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        // Rails puts anything else under `_json`, where no controller looks.
        Ok(_) => Ok(Map::new()),
        Err(_) => Err(Malformed),
    }
}

/// What a string column makes of a scalar: true is "t", 123 is "123".
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("t".into()),
        Value::Bool(false) => Some("f".into()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What an integer column makes of a scalar: the leading digits of a string, 1 and 0 for booleans.
pub fn integer_of(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => integer_prefix(text),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The integer a text starts with; 0 without one, `None` out of range.
pub fn integer_prefix(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    match digits.get(..end) {
        None | Some("") => Some(0),
        Some(digits) => digits.parse::<i64>().ok().map(|number| sign * number),
    }
}

/// Ruby's `present?`, which is what switches a feature on (P9).
pub fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// PostgreSQL stores no NUL character; a request that brings one is a 500.
pub fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map_has_nul(map),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

pub fn map_has_nul(map: &Map<String, Value>) -> bool {
    map.iter().any(|(key, value)| key.contains('\0') || has_nul(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    #[test]
    fn scalars_become_text_and_wrong_shapes_are_dropped() {
        let params =
            Params::read(None, JSON, br#"{"a":123,"b":true,"c":null,"d":[1],"e":{"f":1},"g":"x"}"#).unwrap();
        assert_eq!(params.text("a"), Some(Some("123".into())));
        assert_eq!(params.text("b"), Some(Some("t".into())));
        assert_eq!(params.text("c"), Some(None));
        assert_eq!(params.text("d"), None);
        assert_eq!(params.text("e"), None);
        assert_eq!(params.object("g"), None);
        assert_eq!(params.object("c"), None);
        assert!(params.object("e").is_some());
    }

    #[test]
    fn the_body_wins_over_the_query_and_other_types_are_ignored() {
        let params = Params::read(Some("a=1&b=2"), JSON, br#"{"a":"body"}"#).unwrap();
        assert_eq!(params.text("a"), Some(Some("body".into())));
        assert_eq!(params.text("b"), Some(Some("2".into())));
        let plain = Params::read(None, Some("text/plain"), br#"{"a":1}"#).unwrap();
        assert_eq!(plain, Params::default());
        assert_eq!(Params::read(None, JSON, b"[1]").unwrap().get("_json"), None);
        assert_eq!(Params::read(None, JSON, b"{"), Err(Malformed));
    }

    #[test]
    fn an_integer_is_what_a_text_starts_with() {
        assert_eq!(integer_prefix("1abc"), Some(1));
        assert_eq!(integer_prefix("abc"), Some(0));
        assert_eq!(integer_prefix("99999999999999999999"), None);
        assert_eq!(integer_of(&json!("")), None);
        assert_eq!(integer_of(&json!(true)), Some(1));
        assert_eq!(integer_of(&json!(7.9)), Some(7));
    }

    #[test]
    fn presence_is_rubys() {
        for there in [json!(true), json!(0), json!("false"), json!("0"), json!([0]), json!({"a": 1})] {
            assert!(present(&there), "{there}");
        }
        for blank in [json!(false), json!(null), json!(""), json!(" "), json!([]), json!({})] {
            assert!(!present(&blank), "{blank}");
        }
    }

    #[test]
    fn nul_is_found_at_any_depth() {
        assert!(has_nul(&json!({"a": [{"b": "x\u{0}"}]})));
        assert!(has_nul(&json!({"a\u{0}": 1})));
        assert!(!has_nul(&json!({"a": ["x"]})));
    }
}

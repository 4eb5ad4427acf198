//! Custom attributes as people write them: `KEY=VALUE`.

use crate::chatwoot::types::Map;
use serde_json::Value;
use std::str::FromStr;

/// One attribute. The value is JSON where it reads as a number or truth, and otherwise text: `vip=true`, `seats=12`,
/// `city=Köln`, `code="12"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    key: String,
    value: Value,
}

impl FromStr for Attribute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
            return Err("write it as KEY=VALUE, for example plan=pro".to_owned());
        };
        let read = serde_json::from_str::<Value>(value).ok();
        let plain = read.filter(|read| read.is_number() || read.is_boolean() || read.is_string());
        Ok(Self { key: key.trim().to_owned(), value: plain.unwrap_or_else(|| value.into()) })
    }
}

/// `map` with some keys set and others gone.
pub fn changed(mut map: Map, set: &[Attribute], unset: &[String]) -> Map {
    map.retain(|key, _| !unset.contains(key));
    map.extend(set.iter().map(|one| (one.key.clone(), one.value.clone())));
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_numbers_truths_or_text() {
        let set: Vec<Attribute> =
            ["vip=true", "seats=12", "city=Köln = Deutz", "code=\"12\"", "list=[1]", "none="]
                .map(|text| text.parse().unwrap())
                .to_vec();
        let old =
            Map::from_iter([("old".into(), json!(1)), ("kept".into(), json!(2)), ("vip".into(), json!(0))]);
        let map = changed(old, &set, &["old".into()]);
        let wanted = json!({"kept": 2, "vip": true, "seats": 12, "city": "Köln = Deutz", "code": "12", "list": "[1]",
            "none": ""});
        assert_eq!(Value::Object(map), wanted);
        assert!("plan".parse::<Attribute>().is_err() && "=x".parse::<Attribute>().is_err());
    }
}

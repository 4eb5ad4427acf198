//! Reading JSON without letting a misspelt field pass.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads an object. Serde lets unknown fields pass beside a unit variant, so every given field has to come back when
/// the result is written again.
///
/// # Errors
/// What does not fit, by name.
pub fn read<T: DeserializeOwned + Serialize>(value: Value) -> Result<T, String> {
    let given: Vec<String> = value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    let read: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let written = serde_json::to_value(&read).map_err(|error| error.to_string())?;
    match given.iter().find(|key| written.get(key.as_str()).is_none()) {
        Some(unknown) => Err(format!("unknown field {unknown:?}")),
        None => Ok(read),
    }
}

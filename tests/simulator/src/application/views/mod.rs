//! How objects look in an answer of the Application API.

pub mod account;
pub mod contact;
pub mod conversation;
pub mod inbox;
pub mod people;

use jiff::Timestamp;
use serde_json::Value;

/// Seconds since the epoch, as most answers have times; null stays null.
pub fn unix(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(at.as_second()))
}

/// Seconds since the epoch, where 0 stands for never.
pub fn unix_or_zero(at: Option<Timestamp>) -> i64 {
    at.map_or(0, Timestamp::as_second)
}

/// With fractions, as `updated_at` of a conversation.
pub fn precise(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

/// As raw rows have times.
pub fn iso(at: Timestamp) -> String {
    crate::platform::views::time(at)
}

/// Adds keys to an object.
pub fn with(mut view: Value, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    if let Value::Object(keys) = &mut view {
        keys.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    view
}

//! Comparing a value with what a rule wants, as the SQL that Chatwoot builds would.

use super::Type;
use crate::{application::texts, model::content::rows::ConversationStatus, params::text_of};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Text(String),
    Number(i64),
    Flag(bool),
    Time(Timestamp),
}

impl From<Option<String>> for Scalar {
    fn from(text: Option<String>) -> Self {
        text.map_or(Scalar::Null, Scalar::Text)
    }
}

impl Scalar {
    /// What an attribute holds; lists and objects compare as their JSON.
    pub fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Scalar::Null,
            Some(value) => Scalar::Text(text(value)),
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Scalar::Null => None,
            Scalar::Text(text) => Some(text.clone()),
            Scalar::Number(number) => Some(number.to_string()),
            Scalar::Flag(flag) => Some(flag.to_string()),
            Scalar::Time(at) => Some(at.to_string()),
        }
    }

    fn date(&self) -> Option<Date> {
        match self {
            Scalar::Time(at) => Some(at.to_zoned(TimeZone::UTC).date()),
            other => other.text().and_then(|text| day(&text)),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        other => text_of(other).unwrap_or_else(|| other.to_string()),
    }
}

/// The day a text begins with.
fn day(text: &str) -> Option<Date> {
    text.get(..10).and_then(|day| day.parse().ok())
}

/// What a rule asks of a value.
#[derive(Debug)]
pub enum Test {
    OneOf {
        wanted: Vec<String>,
        not: bool,
    },
    Contains {
        wanted: Vec<String>,
        not: bool,
    },
    Present(bool),
    /// A day in UTC.
    After(Date),
    Before(Date),
    Above(f64),
    Below(f64),
}

impl Test {
    /// `None` where PostgreSQL could not read a value, or no such operator exists.
    pub fn read(operator: &str, key: &str, kind: Type, values: &[Value], custom: bool) -> Option<Self> {
        let not = operator.contains("not");
        Some(match operator {
            "equal_to" | "not_equal_to" => Test::OneOf { wanted: wanted(key, kind, values, custom)?, not },
            "contains" | "does_not_contain" => Test::Contains {
                wanted: values.iter().map(|value| text(value).trim().to_owned()).collect(),
                not,
            },
            "is_present" | "is_not_present" => Test::Present(!not),
            "is_greater_than" | "is_less_than" => {
                let first = text(values.first()?);
                match (kind, operator) {
                    (Type::Date, "is_greater_than") => Test::After(day(&first)?),
                    (Type::Date, _) => Test::Before(day(&first)?),
                    (_, "is_greater_than") => Test::Above(first.parse().ok()?),
                    (_, _) => Test::Below(first.parse().ok()?),
                }
            }
            "days_before" => {
                let days = crate::params::integer_of(values.first()?)?;
                let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
                Test::Before(today.checked_sub(jiff::Span::new().try_days(days).ok()?).ok()?)
            }
            _ => return None,
        })
    }

    /// Whether a value passes. NULL passes nothing but `is_not_present`; a custom attribute that is not there is
    /// not equal to anything.
    pub fn holds(&self, value: &Scalar, custom: bool) -> bool {
        match self {
            Test::Present(there) => (*value != Scalar::Null) == *there,
            Test::OneOf { wanted, not } => match value.text() {
                None => custom && *not,
                Some(text) => wanted.contains(&text.to_lowercase()) != *not,
            },
            Test::Contains { wanted, not } => value
                .text()
                .is_some_and(|text| wanted.iter().any(|wanted| texts::contains(&text, wanted)) != *not),
            Test::After(day) => value.date().is_some_and(|date| date > *day),
            Test::Before(day) => value.date().is_some_and(|date| date < *day),
            Test::Above(least) => number(value).is_some_and(|number| number > *least),
            Test::Below(most) => number(value).is_some_and(|number| number < *most),
        }
    }

    pub fn holds_for_labels(&self, labels: &[String]) -> bool {
        match self {
            Test::Present(there) => labels.is_empty() != *there,
            Test::OneOf { wanted, not } => {
                labels.iter().any(|label| wanted.contains(&label.to_lowercase())) != *not
            }
            _ => false,
        }
    }
}

fn number(value: &Scalar) -> Option<f64> {
    value.text().and_then(|text| text.parse().ok())
}

/// Conversations look at all values; contacts, and custom attributes, only at the first.
fn wanted(key: &str, kind: Type, values: &[Value], custom: bool) -> Option<Vec<String>> {
    let many = !custom
        && ["status", "priority", "assignee_id", "inbox_id", "team_id", "display_id", "labels"]
            .contains(&key);
    if key == "status" && values.iter().any(|value| value == "all") {
        return Some(ConversationStatus::LABELS.map(str::to_owned).to_vec());
    }
    let taken = if many { values } else { values.get(..1)? };
    taken
        .iter()
        .map(|value| {
            let text = text(value).to_lowercase();
            match (key, kind) {
                ("phone_number", _) => Some(format!("+{}", text.replace('+', ""))),
                (_, Type::Number) => text.parse::<f64>().is_ok().then_some(text),
                _ => Some(text),
            }
        })
        .collect()
}

//! Which contacts are meant: rules, checked before Chatwoot sees them (§3.2; per key: Chatwoot's
//! `lib/filters/filter_keys.yml` and `app/services/filter_service.rb`).
//!
//! A rule that Chatwoot does not expect is a 422 at best. A value of the wrong type is a broken query in its database, and
//! of several values for an equality it silently takes the first.

use super::{attribute::DisplayType, words::words};
use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Value, json};
use std::fmt;

words! {
    /// How a key is compared.
    Operator, "filter operator":
    EqualTo = "equal_to",
    NotEqualTo = "not_equal_to",
    Contains = "contains",
    DoesNotContain = "does_not_contain",
    StartsWith = "starts_with",
    IsPresent = "is_present",
    IsNotPresent = "is_not_present",
    /// Of dates: after.
    IsGreaterThan = "is_greater_than",
    /// Of dates: before.
    IsLessThan = "is_less_than",
    /// Before the day that was so many days ago.
    DaysBefore = "days_before",
}

words! {
    /// What contacts have of their own.
    ContactKey, "attribute key":
    Name = "name",
    PhoneNumber = "phone_number",
    Email = "email",
    Identifier = "identifier",
    CountryCode = "country_code",
    City = "city",
    /// Since 4.14; before that it is [`ContactKey::Company`].
    CompanyName = "company_name",
    Company = "company",
    Labels = "labels",
    CreatedAt = "created_at",
    LastActivityAt = "last_activity_at",
    Blocked = "blocked",
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Standard(ContactKey),
    /// A custom attribute of contacts, as the account defines it.
    Custom {
        key: String,
        kind: DisplayType,
    },
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(key) => key.fmt(f),
            Self::Custom { key, .. } => f.write_str(key),
        }
    }
}

/// What the values of a key are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Date,
    Truth,
}

impl Key {
    fn operators(&self) -> &'static [Operator] {
        use Operator::*;
        const LIKE: &[Operator] = &[EqualTo, NotEqualTo, Contains, DoesNotContain];
        const SAME: &[Operator] = &[EqualTo, NotEqualTo];
        const WHEN: &[Operator] = &[IsGreaterThan, IsLessThan, DaysBefore];
        match self {
            Self::Standard(key) => match key {
                ContactKey::Name
                | ContactKey::Email
                | ContactKey::City
                | ContactKey::CompanyName
                | ContactKey::Company => LIKE,
                ContactKey::PhoneNumber => &[EqualTo, NotEqualTo, Contains, DoesNotContain, StartsWith],
                ContactKey::Identifier | ContactKey::CountryCode | ContactKey::Blocked => SAME,
                ContactKey::Labels => &[EqualTo, NotEqualTo, IsPresent, IsNotPresent],
                ContactKey::CreatedAt | ContactKey::LastActivityAt => WHEN,
            },
            Self::Custom { kind, .. } => match kind {
                DisplayType::Text | DisplayType::Link | DisplayType::List => {
                    &[EqualTo, NotEqualTo, Contains, DoesNotContain, IsPresent, IsNotPresent]
                }
                DisplayType::Number => {
                    &[EqualTo, NotEqualTo, IsGreaterThan, IsLessThan, IsPresent, IsNotPresent]
                }
                DisplayType::Date => &[IsGreaterThan, IsLessThan, DaysBefore, IsPresent, IsNotPresent],
                DisplayType::Checkbox => &[EqualTo, NotEqualTo, IsPresent, IsNotPresent],
                // Chatwoot has no type of its database for these, and the query breaks.
                DisplayType::Currency | DisplayType::Percent => &[],
            },
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Standard(ContactKey::Blocked) => Kind::Truth,
            Self::Standard(ContactKey::CreatedAt | ContactKey::LastActivityAt) => Kind::Date,
            Self::Standard(_) => Kind::Text,
            Self::Custom { kind, .. } => match kind {
                DisplayType::Number => Kind::Number,
                DisplayType::Date => Kind::Date,
                DisplayType::Checkbox => Kind::Truth,
                _ => Kind::Text,
            },
        }
    }
}

/// Why a rule cannot be sent. Says what to write, and never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("{key} cannot be compared with {operator}: write one of {}", shown(.known))]
    Operator { key: String, operator: Operator, known: &'static [Operator] },
    #[error("{0} cannot be filtered by: Chatwoot has no comparison for amounts and percentages")]
    NotComparable(String),
    #[error("\"{0}\" is no key of an attribute: it takes letters, digits, _, . and -")]
    BadKey(String),
    #[error("{0} {1} takes exactly one value")]
    OneValue(String, Operator),
    #[error("{0} {1} takes no value")]
    NoValue(String, Operator),
    #[error("{0} {1} takes at least one value, and none of them empty")]
    SomeValue(String, Operator),
    #[error("{0} {1} takes {2}")]
    WrongValue(String, Operator, &'static str),
}

fn shown(operators: &[Operator]) -> String {
    operators.iter().map(|operator| operator.as_str()).collect::<Vec<_>>().join(", ")
}

/// One comparison.
#[derive(Clone, PartialEq, Eq)]
pub struct Rule {
    key: Key,
    operator: Operator,
    values: Vec<Value>,
}

impl fmt::Debug for Rule {
    /// Values are customers' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Rule");
        shown.field("key", &self.key).field("operator", &self.operator).finish_non_exhaustive()
    }
}

impl Rule {
    /// Compares `key` with `values`: one for an equality or a limit, none for presence, some for `contains`. Dates are
    /// written `2026-03-01`, truths `true` and `false`, days as a whole number. Chatwoot compares texts without regard to
    /// case.
    ///
    /// # Errors
    /// [`FilterError`] says what the key takes.
    pub fn new(key: Key, operator: Operator, values: &[String]) -> Result<Self, FilterError> {
        let known = key.operators();
        let named = key.to_string();
        if let Key::Custom { key, .. } = &key {
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
            if key.is_empty() || !key.chars().all(fits) {
                let shown = named.chars().filter(|c| !c.is_control()).take(60).collect();
                return Err(FilterError::BadKey(shown));
            }
        }
        if known.is_empty() {
            return Err(FilterError::NotComparable(named));
        }
        if !known.contains(&operator) {
            return Err(FilterError::Operator { key: named, operator, known });
        }
        match (operator, values) {
            (Operator::IsPresent | Operator::IsNotPresent, []) => {}
            (Operator::IsPresent | Operator::IsNotPresent, _) => {
                return Err(FilterError::NoValue(named, operator));
            }
            (Operator::Contains | Operator::DoesNotContain, values) => {
                if values.is_empty() || values.iter().any(|value| value.trim().is_empty()) {
                    return Err(FilterError::SomeValue(named, operator));
                }
            }
            (_, [one]) if !one.is_empty() => {}
            _ => return Err(FilterError::OneValue(named, operator)),
        }
        let values = values.iter().map(|value| typed(&key, operator, value));
        let values = values
            .collect::<Result<_, _>>()
            .map_err(|what| FilterError::WrongValue(named, operator, what))?;
        Ok(Self { key, operator, values })
    }
}

/// A value as Chatwoot takes it, or what it should be.
fn typed(key: &Key, operator: Operator, value: &str) -> Result<Value, &'static str> {
    let text = || Ok(Value::from(value));
    match key.kind() {
        Kind::Date if operator == Operator::DaysBefore => {
            let days = value.parse::<u16>().map_err(|_| "a whole number of days, at most 65535")?;
            Ok(json!(days.to_string()))
        }
        // It goes into the query as it is, so it must be a date and nothing else.
        Kind::Date => {
            let date = value.parse::<jiff::civil::Date>().map_err(|_| "a date such as 2026-03-01")?;
            Ok(json!(date.to_string()))
        }
        Kind::Number => {
            let plain = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
            let number = plain.then(|| value.parse::<f64>().ok()).flatten();
            number.filter(|number| number.is_finite()).map_or(Err("a number such as 12.5"), |_| text())
        }
        Kind::Truth => match (value, key) {
            ("true" | "false", Key::Standard(_)) => Ok(Value::Bool(value == "true")),
            ("true" | "false", Key::Custom { .. }) => text(),
            _ => Err("true or false"),
        },
        // Chatwoot puts a + of its own before what a phone number is compared with.
        Kind::Text if *key == Key::Standard(ContactKey::PhoneNumber) => match operator {
            Operator::Contains | Operator::DoesNotContain => text(),
            _ => Ok(Value::from(value.trim_start_matches('+'))),
        },
        Kind::Text => text(),
    }
}

words! {
    /// How a rule is joined to the next. Chatwoot joins as its database does: AND before OR.
    Join, "query operator":
    And = "AND",
    Or = "OR",
}

/// One rule or more. There is no empty filter: Chatwoot answers 500 without rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    first: Rule,
    more: Vec<(Join, Rule)>,
}

impl Filter {
    pub fn new(first: Rule) -> Self {
        Self { first, more: Vec::new() }
    }

    pub fn and(self, rule: Rule) -> Self {
        self.join(Join::And, rule)
    }

    pub fn or(self, rule: Rule) -> Self {
        self.join(Join::Or, rule)
    }

    pub fn join(mut self, join: Join, rule: Rule) -> Self {
        self.more.push((join, rule));
        self
    }
}

impl Serialize for Filter {
    /// The list under `payload`: every rule carries how it is joined to the **next**, and the last null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let joins = self.more.iter().map(|(join, _)| Some(*join)).chain([None]);
        let rules = std::iter::once(&self.first).chain(self.more.iter().map(|(_, rule)| rule));
        let mut list = serializer.serialize_seq(Some(self.more.len() + 1))?;
        for (rule, join) in rules.zip(joins) {
            list.serialize_element(&json!({
                "attribute_key": rule.key.to_string(),
                "filter_operator": rule.operator,
                "values": rule.values,
                "query_operator": join,
            }))?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests;

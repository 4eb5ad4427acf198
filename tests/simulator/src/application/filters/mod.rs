//! Filters: rules over columns and attributes, joined by AND and OR (chatwoot-api §3.2).

mod keys;
mod values;

use crate::{
    model::{
        World,
        content::{
            columns::Fields,
            rows::{Contact, Conversation, Record},
        },
    },
    params::{Params, present, text_of},
    reply::Refusal,
};
use serde_json::{Map, Value};
use values::{Scalar, Test};

pub use keys::{CONTACTS, CONVERSATIONS, Key, Type, allowed_operators};

/// A rule, checked.
struct Rule {
    source: Source,
    test: Test,
    /// Whether an OR follows; an AND binds tighter.
    or: bool,
}

/// Where a rule finds its value.
enum Source {
    Column(&'static str),
    Labels,
    Additional(&'static str),
    /// A custom attribute, and whether rows without it pass a `not_equal_to`.
    Custom(String),
}

/// What a filter can be asked about.
pub trait Subject {
    fn column(&self, name: &str) -> Scalar;
    fn labels(&self) -> &[String];
    fn additional(&self) -> &Fields;
    fn custom(&self) -> &Fields;
}

/// All rules of a request.
pub struct Filter(Vec<Rule>);

fn refused(message: String) -> Refusal {
    Refusal::Said(422, message)
}

impl Filter {
    /// Reads `payload`.
    ///
    /// # Errors
    /// 422 for a key, operator, query operator or value that does not fit; 500 without a payload, and where the SQL
    /// that Chatwoot would build is none: an operator after the last rule, or none between two.
    pub fn read(world: &World, account: i64, keys: &keys::Table, params: &Params) -> Result<Self, Refusal> {
        let rules = params.list("payload").ok_or(Refusal::CRASH)?;
        let rules: Vec<&Map<String, Value>> = rules.iter().filter_map(Value::as_object).collect();
        for rule in &rules {
            joint(rule)?;
        }
        let mut read = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            let joint = joint(rule)?;
            let is_last = index + 1 == rules.len();
            let (source, test) = one(world, account, keys, rule)?;
            match joint {
                None if is_last => read.push(Rule { source, test, or: true }),
                Some(or) if !is_last => read.push(Rule { source, test, or }),
                _ => return Err(Refusal::CRASH),
            }
        }
        Ok(Filter(read))
    }

    /// Whether a row is meant. No rules mean every row.
    pub fn matches(&self, subject: &impl Subject) -> bool {
        let mut all = true;
        for rule in &self.0 {
            all = all && rule.holds(subject);
            if rule.or {
                if all {
                    return true;
                }
                all = true;
            }
        }
        self.0.is_empty()
    }
}

/// Some(true) is OR.
fn joint(rule: &Map<String, Value>) -> Result<Option<bool>, Refusal> {
    match rule
        .get("query_operator")
        .filter(|value| !value.is_null())
        .map(|value| text_of(value).unwrap_or_default())
    {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("and") => Ok(Some(false)),
        Some(text) if text.eq_ignore_ascii_case("or") => Ok(Some(true)),
        Some(_) => Err(refused("Query operator must be either \"AND\" or \"OR\".".into())),
    }
}

fn one(
    world: &World,
    account: i64,
    keys: &keys::Table,
    rule: &Map<String, Value>,
) -> Result<(Source, Test), Refusal> {
    let key = rule.get("attribute_key").and_then(text_of).unwrap_or_default();
    let operator = rule.get("filter_operator").and_then(text_of).unwrap_or_default();
    let known = keys.keys.iter().find(|known| known.name == key);
    if let Some(known) = known
        && !known.operators.contains(&operator.as_str())
    {
        let allowed = known.operators.join(",");
        return Err(refused(format!("Invalid operator. The allowed operators for {key} are [{allowed}].")));
    }
    let values = rule.get("values");
    let needs_values = !["is_present", "is_not_present"].contains(&operator.as_str());
    if needs_values && !values.is_some_and(present) {
        return Err(refused(format!("Invalid value. The values provided for {key} are invalid")));
    }
    let values: Vec<Value> = match values {
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => vec![],
    };
    let (source, kind) = match known {
        Some(known) => (known.source(), known.kind),
        None => custom(world, account, keys, &key)?,
    };
    let is_custom = known.is_none();
    Test::read(&operator, &key, kind, &values, is_custom).map(|test| (source, test)).ok_or(Refusal::CRASH)
}

/// A custom attribute that the account has defined.
fn custom(world: &World, account: i64, keys: &keys::Table, key: &str) -> Result<(Source, Type), Refusal> {
    let defined = |row: &&Record| {
        row.text("attribute_key") == Some(key) && row.text("attribute_model") == Some(keys.model)
    };
    let Some(row) = world.content.attribute_definitions.of(account).find(defined) else {
        let allowed: Vec<&str> = keys.keys.iter().map(|key| key.name).collect();
        let allowed = allowed.join(",");
        return Err(refused(format!(
            "Invalid attribute key - [{key}]. The key should be one of [{allowed}] or a custom attribute \
             defined in the account."
        )));
    };
    let kind = match row.text("attribute_display_type") {
        Some("number" | "currency" | "percent") => Type::Number,
        Some("date") => Type::Date,
        Some("checkbox") => Type::Flag,
        _ => Type::Text,
    };
    Ok((Source::Custom(key.to_owned()), kind))
}

impl Key {
    fn source(&self) -> Source {
        match self.kind {
            Type::Labels => Source::Labels,
            _ if self.additional => Source::Additional(self.name),
            _ => Source::Column(self.name),
        }
    }
}

impl Rule {
    fn holds(&self, subject: &impl Subject) -> bool {
        match &self.source {
            Source::Labels => self.test.holds_for_labels(subject.labels()),
            Source::Column(name) => self.test.holds(&subject.column(name), false),
            Source::Additional(name) => self.test.holds(&Scalar::of(subject.additional().get(*name)), false),
            Source::Custom(key) => self.test.holds(&Scalar::of(subject.custom().get(key)), true),
        }
    }
}

impl Subject for Contact {
    fn column(&self, name: &str) -> Scalar {
        match name {
            "name" => Scalar::Text(self.name.clone()),
            "email" => self.email.clone().into(),
            "phone_number" => self.phone_number.clone().into(),
            "identifier" => self.identifier.clone().into(),
            "created_at" => Scalar::Time(self.created_at),
            "last_activity_at" => self.last_activity_at.map_or(Scalar::Null, Scalar::Time),
            "blocked" => Scalar::Flag(self.blocked),
            _ => Scalar::Null,
        }
    }

    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn additional(&self) -> &Fields {
        &self.additional_attributes
    }

    fn custom(&self) -> &Fields {
        &self.custom_attributes
    }
}

impl Subject for Conversation {
    fn column(&self, name: &str) -> Scalar {
        match name {
            "status" => Scalar::Text(self.status.label().into()),
            "priority" => self.priority.clone().into(),
            "assignee_id" => self.assignee.map_or(Scalar::Null, Scalar::Number),
            "team_id" => self.team.map_or(Scalar::Null, Scalar::Number),
            "inbox_id" => Scalar::Number(self.inbox),
            "display_id" => Scalar::Number(self.display_id),
            "created_at" => Scalar::Time(self.created_at),
            "last_activity_at" => Scalar::Time(self.last_activity_at),
            _ => Scalar::Null,
        }
    }

    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn additional(&self) -> &Fields {
        &self.additional_attributes
    }

    fn custom(&self) -> &Fields {
        &self.custom_attributes
    }
}

//! What must be so, in Chatwoot's words.

use super::{INBOX, TEAM, invalid};
use crate::{
    api::automation_rule::{Attribute, AttributeOwner, Join, Operator, RuleCondition},
    plan::{
        content::{Names, declared},
        status::Verdict,
    },
};
use serde_json::{Value, json};

use Operator::*;

const EQUAL: &[Operator] = &[EqualTo, NotEqualTo];
const TEXT: &[Operator] = &[EqualTo, NotEqualTo, Contains, DoesNotContain];
const PHONE: &[Operator] = &[EqualTo, NotEqualTo, Contains, DoesNotContain, StartsWith];
const HELD: &[Operator] = &[EqualTo, NotEqualTo, IsPresent, IsNotPresent];

/// All conditions as they are sent: each but the last says how it is joined with the next.
///
/// # Errors
/// As [`super::wish`].
pub fn wanted(conditions: &[RuleCondition], names: &dyn Names) -> Result<Value, Verdict> {
    let last = conditions.len().checked_sub(1).ok_or_else(|| {
        invalid("spec.conditions: a rule needs at least one condition, such as {attribute: Status, operator: EqualTo, \
                 values: [Open]}".to_owned())
    })?;
    let one = |(at, condition)| one(condition, at == last, names).map_err(|verdict| placed(at, verdict));
    conditions.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn placed(at: usize, verdict: Verdict) -> Verdict {
    Verdict::new(verdict.reason, format!("spec.conditions[{at}]: {}", verdict.message))
}

fn one(condition: &RuleCondition, is_last: bool, names: &dyn Names) -> Result<Value, Verdict> {
    let (key, owner) = match (condition.attribute, &condition.custom_attribute) {
        (Some(attribute), None) => {
            let (key, operators) = known(attribute);
            if !operators.contains(&condition.operator) {
                return Err(invalid(format!("{attribute:?} is compared with {operators:?} only")));
            }
            (key.to_owned(), None)
        }
        (None, Some(custom)) => (custom.key.clone(), Some(custom.of)),
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid("set exactly one of attribute and customAttribute".to_owned()));
        }
    };
    let takes_none = matches!(condition.operator, IsPresent | IsNotPresent);
    if takes_none != condition.values.is_empty() {
        let text = if takes_none { "takes no values; leave them out" } else { "needs values" };
        return Err(invalid(format!("{:?} {text}", condition.operator)));
    }
    let values = condition.values.iter().map(|value| worth(condition.attribute, value, names));
    let owner = owner.map(|owner| match owner {
        AttributeOwner::Contact => "contact_attribute",
        AttributeOwner::Conversation => "conversation_attribute",
    });
    let join = match condition.join {
        _ if is_last => None,
        Some(Join::Or) => Some("OR"),
        Some(Join::And) | None => Some("AND"),
    };
    Ok(Value::Object(declared([
        ("attribute_key", Some(json!(key))),
        ("filter_operator", Some(json!(operator(condition.operator)))),
        ("values", Some(Value::Array(values.collect::<Result<_, _>>()?))),
        ("custom_attribute_type", owner.map(Value::from)),
        ("query_operator", join.map(Value::from)),
    ])))
}

/// A value as Chatwoot has it.
fn worth(attribute: Option<Attribute>, value: &str, names: &dyn Names) -> Result<Value, Verdict> {
    Ok(match attribute {
        Some(Attribute::Assignee) => json!(names.member(value)?),
        Some(Attribute::Team) => json!(names.sibling(TEAM, value)?),
        Some(Attribute::Inbox) => json!(names.sibling(INBOX, value)?),
        Some(Attribute::Status | Attribute::Priority | Attribute::MessageType) => {
            json!(value.to_ascii_lowercase())
        }
        Some(Attribute::PrivateNote) => json!(value == "true"),
        _ => json!(value),
    })
}

/// Chatwoot's key of an attribute, and the operators that go with it (lib/filters/filter_keys.yml).
fn known(attribute: Attribute) -> (&'static str, &'static [Operator]) {
    match attribute {
        Attribute::Assignee => ("assignee_id", HELD),
        Attribute::BrowserLanguage => ("browser_language", EQUAL),
        Attribute::City => ("city", TEXT),
        Attribute::Content => ("content", TEXT),
        Attribute::ConversationLanguage => ("conversation_language", EQUAL),
        Attribute::CountryCode => ("country_code", EQUAL),
        Attribute::Email => ("email", TEXT),
        Attribute::Inbox => ("inbox_id", HELD),
        Attribute::Labels => ("labels", HELD),
        Attribute::MailSubject => ("mail_subject", TEXT),
        Attribute::MessageType => ("message_type", EQUAL),
        Attribute::PhoneNumber => ("phone_number", PHONE),
        Attribute::Priority => ("priority", EQUAL),
        Attribute::PrivateNote => ("private_note", EQUAL),
        Attribute::Referer => ("referer", TEXT),
        Attribute::Status => ("status", EQUAL),
        Attribute::Team => ("team_id", HELD),
    }
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        EqualTo => "equal_to",
        NotEqualTo => "not_equal_to",
        Contains => "contains",
        DoesNotContain => "does_not_contain",
        StartsWith => "starts_with",
        IsPresent => "is_present",
        IsNotPresent => "is_not_present",
        IsGreaterThan => "is_greater_than",
        IsLessThan => "is_less_than",
        DaysBefore => "days_before",
    }
}

/// The attribute that Chatwoot has under this key.
pub fn attribute(key: &str) -> Option<Attribute> {
    use Attribute::*;
    let all = [
        Assignee,
        BrowserLanguage,
        City,
        Content,
        ConversationLanguage,
        CountryCode,
        Email,
        Inbox,
        Labels,
        MailSubject,
        MessageType,
        PhoneNumber,
        Priority,
        PrivateNote,
        Referer,
        Status,
        Team,
    ];
    all.into_iter().find(|one| known(*one).0 == key)
}

/// The operator that Chatwoot calls by this word.
pub fn named_operator(word: &str) -> Option<Operator> {
    let all = [
        EqualTo,
        NotEqualTo,
        Contains,
        DoesNotContain,
        StartsWith,
        IsPresent,
        IsNotPresent,
        IsGreaterThan,
        IsLessThan,
        DaysBefore,
    ];
    all.into_iter().find(|one| operator(*one) == word)
}

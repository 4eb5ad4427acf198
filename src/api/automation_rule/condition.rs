//! What must be so for a rule to be carried out.

use crate::api::rules;
use kube::{KubeSchema, core::Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One condition.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.attribute) != has(self.customAttribute)").message(
        "conditions: set exactly one of attribute and customAttribute, such as attribute: Status, or customAttribute: {key: tier, of: Contact}"
    ),
    validation = fits(),
    validation = has_values(),
    validation = has_one_value(),
    validation = known_words(),
)]
pub struct RuleCondition {
    /// What is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<Attribute>,
    /// A custom attribute of the account that is looked at instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_attribute: Option<CustomAttribute>,
    /// How it is compared. EqualTo and NotEqualTo go with every attribute, all with custom attributes; a number or a date is
    /// compared with IsGreaterThan and IsLessThan, a date with DaysBefore.
    pub operator: Operator,
    /// What it is compared with; one of them is enough. Names of resources of this namespace for Assignee (ChatwootUser), Team
    /// (ChatwootTeam) and Inbox (ChatwootInbox), titles for Labels; Open, Resolved, Pending or Snoozed for Status; Low, Medium,
    /// High or Urgent for Priority; Incoming or Outgoing for MessageType; "true" or "false" for PrivateNote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 255)))]
    #[x_kube(validation = Rule::new(r"self.all(v, !v.matches('\\p{Cc}'))").message(
        "conditions: values must not contain control characters; remove line breaks and tabs"
    ))]
    pub values: Vec<String>,
    /// How it is joined with the next condition; And when left out. And binds tighter than Or.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
}

/// What a condition can look at.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum Attribute {
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
}

/// A custom attribute of the account.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct CustomAttribute {
    /// Its key. Chatwoot refuses a rule with a key that the account does not define.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::printable("customAttribute.key"))]
    pub key: String,
    /// Whose it is.
    pub of: AttributeOwner,
}

/// What has a custom attribute.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum AttributeOwner {
    Contact,
    Conversation,
}

/// How a condition compares.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum Operator {
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
}

/// How a condition is joined with the next.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum Join {
    And,
    Or,
}

/// Chatwoot stores any operator, and switches the rule off when it is due (condition_validation_service.rb).
fn fits() -> Rule {
    Rule::new(
        "!has(self.attribute) || self.operator in ['EqualTo', 'NotEqualTo'] \
         || (self.operator in ['Contains', 'DoesNotContain'] \
             && self.attribute in ['Content', 'Email', 'Referer', 'City', 'MailSubject', 'PhoneNumber']) \
         || (self.operator == 'StartsWith' && self.attribute == 'PhoneNumber') \
         || (self.operator in ['IsPresent', 'IsNotPresent'] && self.attribute in ['Assignee', 'Team', 'Inbox', 'Labels'])",
    )
    .message(
        "conditions: Contains and DoesNotContain go with Content, Email, Referer, City, MailSubject and PhoneNumber, StartsWith \
         with PhoneNumber, IsPresent and IsNotPresent with Assignee, Team, Inbox and Labels; write EqualTo or NotEqualTo",
    )
}

fn has_values() -> Rule {
    Rule::new("has(self.values) != (self.operator in ['IsPresent', 'IsNotPresent'])").message(
        "conditions: write values, such as values: [Open]; only IsPresent and IsNotPresent take none",
    )
}

/// Chatwoot looks at the first alone.
fn has_one_value() -> Rule {
    Rule::new(
        "!has(self.values) || size(self.values) == 1 \
         || !(self.operator in ['StartsWith', 'IsGreaterThan', 'IsLessThan', 'DaysBefore'])",
    )
    .message(
        "conditions: StartsWith, IsGreaterThan, IsLessThan and DaysBefore take one value; write a condition for each, joined by Or",
    )
}

fn known_words() -> Rule {
    Rule::new(
        "!has(self.attribute) || !has(self.values) \
         || (self.attribute == 'Status' ? self.values.all(v, v in ['Open', 'Resolved', 'Pending', 'Snoozed']) \
           : self.attribute == 'Priority' ? self.values.all(v, v in ['Low', 'Medium', 'High', 'Urgent']) \
           : self.attribute == 'MessageType' ? self.values.all(v, v in ['Incoming', 'Outgoing']) \
           : self.attribute == 'PrivateNote' ? self.values.all(v, v in ['true', 'false']) : true)",
    )
    .message(
        "conditions: write Open, Resolved, Pending or Snoozed for Status, Low, Medium, High or Urgent for Priority, Incoming or \
         Outgoing for MessageType, and \"true\" or \"false\" for PrivateNote",
    )
}

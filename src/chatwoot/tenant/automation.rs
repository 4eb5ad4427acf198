//! Rules by which an account acts on its own (§3.6).

use super::{ids::AutomationRuleId, words::words};
use crate::chatwoot::{loose, types::Map};
use serde::{Deserialize, Serialize};

words! {
    /// What a rule waits for. Chatwoot stores any other word too, and never runs the rule then.
    RuleEvent, "event":
    ConversationCreated = "conversation_created",
    ConversationUpdated = "conversation_updated",
    ConversationOpened = "conversation_opened",
    ConversationResolved = "conversation_resolved",
    MessageCreated = "message_created",
}

/// A rule. Names are not unique.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AutomationRule {
    pub id: AutomationRuleId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "loose::word")]
    pub event_name: Option<RuleEvent>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub active: bool,
    #[serde(default, deserialize_with = "loose::rows")]
    pub conditions: Vec<Map>,
    #[serde(default, deserialize_with = "loose::rows")]
    pub actions: Vec<Map>,
}

/// A rule to be made. Conditions and actions are always sent, because Chatwoot answers 500 without them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NewAutomationRule {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub event_name: RuleEvent,
    pub active: bool,
    /// `{attribute_key, filter_operator, values, query_operator}`.
    pub conditions: Vec<Map>,
    /// `{action_name, action_params}`.
    pub actions: Vec<Map>,
}

/// What changes of a rule; `None` leaves a field alone.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct AutomationRulePatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_name: Option<RuleEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Map>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<Map>>,
}

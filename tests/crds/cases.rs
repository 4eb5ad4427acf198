//! What the definitions refuse and what to write instead, in pairs: every rule with one object it refuses and one it
//! lets pass.

mod account;
mod automation_rule;
mod content;
mod grant;
mod inbox;
mod instance;
mod shared;
mod user;

use serde_json::{Value, json};

/// One rule, seen from both sides.
pub struct Case {
    pub kind: &'static str,
    /// The stored object that is changed; `None`: both sides are creations.
    pub from: Option<Stored>,
    /// Merged over the kind's plain spec; refused.
    pub refused: Value,
    /// Part of the refusal's message.
    pub says: &'static str,
    /// Merged over the kind's plain spec; accepted.
    pub accepted: Value,
}

/// An object as it stands before a change.
pub struct Stored {
    /// Merged over the kind's plain spec.
    pub spec: Value,
    /// Its `status.id`.
    pub bound_to: Option<i64>,
}

/// Every kind that is shipped.
pub const KINDS: &[&str] = &[
    "ChatwootInstance",
    "ChatwootGrant",
    "ChatwootPlan",
    "ChatwootAccount",
    "ChatwootUser",
    "ChatwootInbox",
    "ChatwootAgentBot",
    "ChatwootLabel",
    "ChatwootTeam",
    "ChatwootCannedResponse",
    "ChatwootCustomAttributeDefinition",
    "ChatwootWebhook",
    "ChatwootAutomationRule",
];

/// The least that each kind needs.
pub fn plain(kind: &str) -> Value {
    match kind {
        "ChatwootInstance" => {
            json!({"url": "http://chatwoot:3000", "platformTokenSecretRef": {"name": "platform-app"}})
        }
        "ChatwootGrant" => {
            json!({"instanceRef": {"name": "main"}, "namespaces": {"names": ["acme"]}, "emailDomains": ["acme.example"]})
        }
        "ChatwootPlan" => json!({"instanceRef": {"name": "main"}}),
        "ChatwootAccount" => json!({"name": "Acme Support"}),
        "ChatwootUser" => json!({"name": "Alice", "email": "alice@acme.example"}),
        "ChatwootInbox" => json!({"account": "acme", "name": "Help", "api": {}}),
        "ChatwootAgentBot" => json!({"account": "acme", "name": "Helper"}),
        "ChatwootLabel" => json!({"account": "acme", "title": "vip"}),
        "ChatwootTeam" => json!({"account": "acme", "name": "support"}),
        "ChatwootCannedResponse" => {
            json!({"account": "acme", "shortCode": "hours", "content": "From 9 to 5."})
        }
        "ChatwootCustomAttributeDefinition" => {
            json!({"account": "acme", "attributeKey": "plan", "model": "Contact", "displayType": "Text", "displayName": "Plan"})
        }
        "ChatwootWebhook" => json!({"account": "acme", "url": "https://hooks.acme.example/chatwoot"}),
        "ChatwootAutomationRule" => json!({
            "account": "acme", "name": "Sort", "event": "ConversationCreated",
            "conditions": [{"attribute": "Status", "operator": "EqualTo", "values": ["Open"]}],
            "actions": [{"assignTeam": "sales"}],
        }),
        other => panic!("no such kind: {other}"),
    }
}

/// The plain spec with `changes` merged in (RFC 7386: null removes).
pub fn spec(kind: &str, changes: &Value) -> Value {
    let mut spec = plain(kind);
    json_patch::merge(&mut spec, changes);
    spec
}

pub fn all() -> Vec<Case> {
    [
        instance::instance(),
        grant::grant(),
        account::plan(),
        account::account(),
        user::user(),
        inbox::inbox(),
        inbox::agent_bot(),
        content::label(),
        content::team(),
        content::canned_response(),
        content::attribute_definition(),
        content::webhook(),
        automation_rule::automation_rule(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn create(kind: &'static str, refused: Value, says: &'static str, accepted: Value) -> Case {
    Case { kind, from: None, refused, says, accepted }
}

fn change(kind: &'static str, from: Stored, refused: Value, says: &'static str, accepted: Value) -> Case {
    Case { kind, from: Some(from), refused, says, accepted }
}

fn unbound(spec: Value) -> Stored {
    Stored { spec, bound_to: None }
}

fn bound(spec: Value) -> Stored {
    Stored { spec, bound_to: Some(42) }
}

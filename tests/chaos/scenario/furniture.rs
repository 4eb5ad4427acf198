//! What is inside the tenants' accounts.

use super::{
    Kind, Name,
    author::{Author, Manifests},
};
use serde_json::{Value, json};

/// The account of acme's that has all of it for as long as it lives, and the outsourcer's, where it goes before.
const LASTING: &str = "acme-2";
const PASSING: &str = "bpo-0";

impl Author {
    /// In the one account everything is renamed and changed, in the other everything is deleted.
    pub fn furnish(&self, all: &mut Manifests) {
        for (kind, name, mut spec) in self.lasting() {
            // In the end it goes together with its account, which waits for it no longer than the grace: a second in these
            // runs, after which what could still be deleted is a matter of chance.
            spec["deletionPolicy"] = json!(if self.changed { "Retain" } else { "Delete" });
            all.inside(kind, &self.acme, LASTING, name, spec);
        }
        if !self.changed {
            for (kind, name, spec) in passing() {
                all.inside(kind, &self.bpo, PASSING, name, spec);
            }
        }
    }

    /// What is there at first and then no more.
    pub fn removed(&self) -> Vec<Name> {
        let gone = |(kind, name, _): (Kind, &str, Value)| (kind, self.bpo.clone(), name.to_owned());
        passing().map(gone).into()
    }

    fn lasting(&self) -> [(Kind, &'static str, Value); 6] {
        let pick = |before: &'static str, after: &'static str| if self.changed { after } else { before };
        let members = if self.changed { json!(["person-2", "person-8"]) } else { json!(["person-2"]) };
        [
            (
                Kind::Label,
                "vip",
                json!({"title": pick("vip", "very-important"), "color": "#1f93ff", "showOnSidebar": true}),
            ),
            (
                Kind::Label,
                "spam",
                json!({"title": "spam", "color": pick("#111111", "#222222"), "showOnSidebar": true}),
            ),
            (
                Kind::Team,
                "support",
                json!({"name": pick("support", "customer care"), "description": "First line", "members": members}),
            ),
            (
                Kind::Inbox,
                "desk",
                json!({
                    "name": pick("Desk", "Help Desk"), "api": {"webhookUrl": "https://acme.example/desk"}, "members": members,
                    "greeting": {"enabled": true, "message": pick("Hello", "Good day")},
                    "connectionSecret": {"name": "desk-connection"}
                }),
            ),
            (
                Kind::AgentBot,
                "helper",
                json!({
                    "name": pick("Helper", "Assistant"), "outgoingUrl": pick("https://bot.acme.example/1", "https://bot.acme.example/2"),
                    "inboxes": ["desk"], "connectionSecret": {"name": "helper-connection"}
                }),
            ),
            (
                Kind::Webhook,
                "crm",
                json!({
                    "url": pick("https://crm.acme.example/1", "https://crm.acme.example/2"), "inbox": "desk",
                    "subscriptions": [pick("MessageCreated", "MessageUpdated"), "ContactCreated"],
                    "connectionSecret": {"name": pick("crm-connection", "crm-connected")}
                }),
            ),
        ]
    }
}

/// Whatever people change in a storm is declared, or it would stay as they left it.
fn passing() -> [(Kind, &'static str, Value); 5] {
    let connection = json!({"name": "desk-connection"});
    [
        (Kind::Label, "urgent", json!({"title": "urgent", "color": "#333333", "showOnSidebar": true})),
        (Kind::Team, "night", json!({"name": "night shift", "description": "After ten"})),
        (
            Kind::Inbox,
            "desk",
            json!({
                "name": "Desk", "api": {}, "connectionSecret": connection, "deletionPolicy": "Delete",
                "greeting": {"enabled": true, "message": "Hello"}
            }),
        ),
        (Kind::AgentBot, "helper", json!({"name": "Helper", "outgoingUrl": "https://bot.bpo.example"})),
        (
            Kind::Webhook,
            "crm",
            json!({"url": "https://crm.bpo.example", "subscriptions": ["ConversationCreated"]}),
        ),
    ]
}

impl Manifests {
    fn inside(&mut self, kind: Kind, namespace: &str, account: &str, name: &str, mut spec: Value) {
        spec["account"] = json!(account);
        self.object(kind, namespace, name, spec);
    }
}

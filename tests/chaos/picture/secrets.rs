//! What a Secret tells, and whether it is true.

use super::Names;
use chatwoot_simulator::State;
use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

/// Its texts: numbers as what they stand for, and what Chatwoot made as whether it is the right one.
pub fn data(names: &Names, object: &Value, state: &State) -> Value {
    let bytes: Map<String, Value> = object["data"].as_object().cloned().unwrap_or_default();
    let text = |key: &str| {
        let bytes = serde_json::from_value::<ByteString>(bytes.get(key)?.clone()).ok()?;
        String::from_utf8(bytes.0).ok()
    };
    let number = |key: &str| text(key)?.parse::<i64>().ok();
    let about = About::new(state, number);
    let mut content = Map::new();
    for key in bytes.keys() {
        let value = text(key);
        let known = |kind: &str| json!(number(key).map(|id| names.inside(kind, id)));
        let told = match key.as_str() {
            "user_id" => json!(number(key).map(|id| names.person(id))),
            "account_id" => json!(number(key).map(|id| names.account(id))),
            "inbox_id" => known("ChatwootInbox"),
            "agent_bot_id" => known("ChatwootAgentBot"),
            "webhook_id" => known("ChatwootWebhook"),
            "token" => json!("present"),
            key => match about.truth(key) {
                Some(truth) => json!(if value.as_deref() == Some(truth) { "right" } else { "wrong" }),
                None => json!(value),
            },
        };
        content.insert(key.clone(), told);
    }
    Value::Object(content)
}

/// Who or what a Secret is about, as Chatwoot has it.
struct About<'a> {
    person: Option<&'a chatwoot_simulator::listed::User>,
    inbox: Option<&'a chatwoot_simulator::listed::Inbox>,
    bot: Option<&'a chatwoot_simulator::listed::Bot>,
    webhook: Option<&'a chatwoot_simulator::listed::Record>,
}

impl<'a> About<'a> {
    fn new(state: &'a State, number: impl Fn(&str) -> Option<i64>) -> Self {
        let content = &state.content;
        Self {
            person: number("user_id").and_then(|id| state.user(id)),
            inbox: number("inbox_id").and_then(|id| content.inboxes.iter().find(|row| row.id == id)),
            bot: number("agent_bot_id").and_then(|id| state.bots.iter().find(|row| row.id == id)),
            webhook: number("webhook_id").and_then(|id| content.webhooks.iter().find(|row| row.id == id)),
        }
    }

    /// What Chatwoot has for that key; `None` where it makes nothing of that name.
    fn truth(&self, key: &str) -> Option<&'a str> {
        match key {
            "password" => self.person?.password.as_deref(),
            "access_token" => {
                let bots = self.bot.and_then(|bot| bot.access_token.as_deref());
                bots.or_else(|| self.person?.access_token.as_deref())
            }
            "inbox_identifier" => self.inbox?.identifier.as_deref(),
            "hmac_token" => self.inbox?.hmac_token.as_deref(),
            "secret" => {
                let inboxes = self.inbox.and_then(|inbox| inbox.secret.as_deref());
                let bots = inboxes.or_else(|| Some(self.bot?.secret.as_str()));
                bots.or_else(|| self.webhook?.fields.get("secret")?.as_str())
            }
            _ => None,
        }
    }
}

//! An account with people in it, each with their own token.

use crate::support::*;
use chatwoot_simulator::Options;
use serde_json::{Value, json};

/// The words of the Application API's refusals.
pub const NOT_FOUND: &str = "Resource could not be found";
pub const NOT_ALLOWED: &str = "You are not authorized to do this action";

pub struct Tenant {
    pub chatwoot: Chatwoot,
    pub id: i64,
    pub admin: Person,
    pub agent: Person,
}

#[derive(Clone)]
pub struct Person {
    pub id: i64,
    pub token: String,
}

impl Chatwoot {
    /// A member of an account, made through the Platform API.
    pub async fn person(&self, account: i64, email: &str, role: &str) -> Person {
        let id = self.user(email).await;
        self.post(members(account), json!({"user_id": id, "role": role})).await.ok();
        let token = self.get(user(id)).await.ok()["access_token"].as_str().unwrap().to_owned();
        Person { id, token }
    }

    /// With any token.
    pub async fn by(&self, token: &str, method: &'static str, path: &str, body: Option<Value>) -> Answer {
        let ask = Ask::new(method, path).header("api-access-token", token);
        self.send(match &body {
            Some(body) => ask.json(body),
            None => ask,
        })
        .await
    }
}

impl Tenant {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn version(version: &str) -> Self {
        Self::with(Options { version: version.parse().unwrap(), ..Options::default() }).await
    }

    pub async fn enterprise() -> Self {
        Self::with(Options { edition: chatwoot_simulator::Edition::Ee, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        let chatwoot = Chatwoot::with(options).await;
        let id = chatwoot.account("Acme").await;
        let admin = chatwoot.person(id, "admin@acme.example", "administrator").await;
        let agent = chatwoot.person(id, "agent@acme.example", "agent").await;
        Tenant { chatwoot, id, admin, agent }
    }

    /// Inside the account.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/accounts/{}/{rest}", self.id)
    }

    pub async fn get(&self, rest: &str) -> Answer {
        self.chatwoot.by(&self.admin.token, "GET", &self.path(rest), None).await
    }

    pub async fn post(&self, rest: &str, body: Value) -> Answer {
        self.chatwoot.by(&self.admin.token, "POST", &self.path(rest), Some(body)).await
    }

    pub async fn patch(&self, rest: &str, body: Value) -> Answer {
        self.chatwoot.by(&self.admin.token, "PATCH", &self.path(rest), Some(body)).await
    }

    pub async fn delete(&self, rest: &str) -> Answer {
        self.chatwoot.by(&self.admin.token, "DELETE", &self.path(rest), None).await
    }

    /// The agent asks, with a body where there is one.
    pub async fn agent(&self, method: &'static str, rest: &str, body: Value) -> Answer {
        let body = (!body.is_null()).then_some(body);
        self.chatwoot.by(&self.agent.token, method, &self.path(rest), body).await
    }

    pub async fn inbox(&self, name: &str) -> Value {
        self.post("inboxes", json!({"name": name, "channel": {"type": "api"}})).await.ok()
    }

    pub async fn contact(&self, name: &str, email: &str) -> i64 {
        let made = self.post("contacts", json!({"name": name, "email": email})).await.ok();
        made["payload"]["contact"]["id"].as_i64().unwrap()
    }

    /// A conversation of a new contact; its display id.
    pub async fn conversation(&self, inbox: &Value, name: &str) -> i64 {
        let contact = self.contact(name, &format!("{name}@customers.example")).await;
        let body = json!({"inbox_id": inbox["id"], "contact_id": contact});
        self.post("conversations", body).await.ok()["id"].as_i64().unwrap()
    }

    pub async fn join(&self, inbox: &Value, user: i64) {
        let body = json!({"inbox_id": inbox["id"], "user_ids": [user]});
        self.post("inbox_members", body).await.ok();
    }
}

pub fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap_or_else(|| panic!("no id in {value}"))
}

/// One column of a list of objects.
pub fn column<'a>(list: &'a Value, key: &str) -> Vec<&'a Value> {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(|row| &row[key]).collect()
}

impl Answer {
    /// 422 with one sentence.
    #[track_caller]
    pub fn is_refused(&self, error: &str) {
        self.is_error(422, error);
    }

    #[track_caller]
    pub fn is_missing(&self) {
        self.is_error(404, NOT_FOUND);
    }

    #[track_caller]
    pub fn is_not_allowed(&self) {
        self.is_error(401, NOT_ALLOWED);
    }
}

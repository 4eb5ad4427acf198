//! What tests of people ask of Chatwoot, and how they set people and their Secrets up.

use super::{Stage, Subject, Tenant, stage::merge, subject::id};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Control, Role, listed};
use control_plane::{wait_for, wait_gone};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Routes on people, as the simulator names them.
pub mod route {
    pub const CREATE_USER: &str = "POST /platform/api/v1/users";
    pub const READ_USER: &str = "GET /platform/api/v1/users/:id";
    pub const UPDATE_USER: &str = "PATCH /platform/api/v1/users/:id";
    pub const JOIN: &str = "POST /platform/api/v1/accounts/:account_id/account_users";
    pub const LEAVE: &str = "DELETE /platform/api/v1/accounts/:account_id/account_users";
}

/// Questions about people.
pub trait People {
    /// Somebody who must be there.
    async fn person(&self, id: i64) -> Result<listed::User>;

    /// Everybody with this address.
    async fn people_at(&self, email: &str) -> Result<Vec<listed::User>>;

    /// The accounts somebody is in, with their role there.
    async fn roles(&self, user: i64) -> Result<BTreeMap<i64, Option<Role>>>;
}

impl People for Control {
    async fn person(&self, id: i64) -> Result<listed::User> {
        self.state().await?.user(id).cloned().with_context(|| format!("user {id} is not there"))
    }

    async fn people_at(&self, email: &str) -> Result<Vec<listed::User>> {
        Ok(self.state().await?.users.into_iter().filter(|user| user.email == email).collect())
    }

    async fn roles(&self, user: i64) -> Result<BTreeMap<i64, Option<Role>>> {
        let rows = self.state().await?.memberships.into_iter();
        Ok(rows.filter(|row| row.user == user).map(|row| (row.account, row.role)).collect())
    }
}

impl Stage {
    /// A tenant with an account `acme` that is Ready, its id, and `alice` in it with `person` over what everybody has.
    pub async fn staffed(&self, grant: Value, person: Value) -> Result<(Tenant, i64, Subject)> {
        let (tenant, account) = self.settled(grant, json!({"name": "Acme"})).await?;
        let mut spec = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
        merge(&mut spec, person);
        let alice = tenant.person(self, "alice", spec).await?;
        alice.ready().await?;
        Ok((tenant, id(&account.get().await?)?, alice))
    }
}

impl Tenant {
    /// Applies a ChatwootUser named `name`, with that name at acme.example as address and `spec` over it.
    pub async fn person(&self, stage: &Stage, name: &str, spec: Value) -> Result<Subject> {
        let mut whole = json!({"email": format!("{name}@acme.example"), "name": name});
        merge(&mut whole, spec);
        self.user(stage, name, whole).await
    }

    /// Applies a Secret of the team's own, labelled so that a change is noticed at once; keys left out are taken away.
    pub async fn secret(&self, name: &str, texts: Value) -> Result<()> {
        let texts = texts.as_object().cloned().unwrap_or_default();
        let bytes = |value: &Value| ByteString(value.as_str().unwrap_or_default().as_bytes().to_vec());
        let secret = Secret {
            metadata: serde_json::from_value(
                json!({"name": name, "labels": {"chatwoot.dev/watch": "true"}}),
            )?,
            data: Some(texts.iter().map(|(key, value)| (key.clone(), bytes(value))).collect()),
            ..Secret::default()
        };
        self.secrets().patch(name, &PatchParams::apply("team").force(), &Patch::Apply(&secret)).await?;
        Ok(())
    }

    pub fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Waits until a Secret holds what is wanted, and returns its texts.
    pub async fn secret_when(
        &self,
        name: &str,
        holds: impl Fn(&BTreeMap<String, String>) -> bool,
    ) -> Result<BTreeMap<String, String>> {
        let found = wait_for(&self.secrets(), name, |secret| holds(&texts(secret)), super::PATIENCE).await?;
        Ok(texts(&found))
    }

    /// What a Secret holds now.
    pub async fn secret_now(&self, name: &str) -> Result<BTreeMap<String, String>> {
        Ok(texts(&self.secrets().get(name).await?))
    }

    pub async fn delete_secret(&self, name: &str) -> Result<()> {
        self.secrets().delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    pub async fn secret_gone(&self, name: &str) -> Result<()> {
        wait_gone(&self.secrets(), name, super::PATIENCE).await
    }
}

impl Subject {
    /// Asks for a look, and waits until it has been taken and everything is as wanted.
    pub async fn looked_at(&self) -> Result<Value> {
        let asked = format!("{:016x}", rand_word());
        self.annotate("chatwoot.dev/reconcile-requested-at", &asked).await?;
        self.until("has been looked at", |object| object["status"]["lastHandledReconcileAt"] == *asked)
            .await?;
        self.ready().await
    }
}

/// Another one each time.
fn rand_word() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn texts(secret: &Secret) -> BTreeMap<String, String> {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), String::from_utf8_lossy(&value.0).into_owned())).collect()
}

/// The recorded membership of an account's resource.
pub fn membership<'a>(object: &'a Value, account: &str) -> &'a Value {
    let all = object["status"]["memberships"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|entry| entry["account"] == account).unwrap_or(&Value::Null)
}

/// That a text names nobody and nothing of `words`.
pub fn silent_about(text: &str, words: &[&str]) -> Result<()> {
    for word in words {
        ensure!(!text.contains(word), "{word:?} stands in {text:?}");
    }
    Ok(())
}

//! What is inside accounts: tests set it up as tenants do, and ask Chatwoot what became of it.

use super::{Setup, Stage, Subject, Tenant, stage::merge, subject::id};
use anyhow::Result;
use chatwoot_simulator::listed::Content;
use serde_json::{Value, json};

/// An instance that lets the operator have a user of its own in each account.
pub fn automated() -> Setup {
    Setup { instance: json!({"automation": {"emailDomain": "ops.example"}}), ..Setup::default() }
}

/// A tenant with one account that is Ready, on an instance with automation.
pub struct Furnished {
    pub stage: Stage,
    pub tenant: Tenant,
    pub account: Subject,
    /// The account's id in Chatwoot.
    pub id: i64,
}

impl Furnished {
    pub async fn new() -> Result<Self> {
        Self::with(automated()).await
    }

    pub async fn with(setup: Setup) -> Result<Self> {
        Self::on(Stage::with(setup).await?).await
    }

    /// On a stage that is there already.
    pub async fn on(stage: Stage) -> Result<Self> {
        Self::granted(stage, json!({})).await
    }

    /// The same, with `grant` over one that allows plain accounts.
    pub async fn granted(stage: Stage, grant: Value) -> Result<Self> {
        let (tenant, account) = stage.settled(grant, json!({"name": "Acme"})).await?;
        let id = id(&account.get().await?)?;
        Ok(Self { stage, tenant, account, id })
    }

    /// Applies something inside the account.
    pub async fn apply(&self, kind: &'static str, name: &str, spec: Value) -> Result<Subject> {
        let mut whole = json!({"account": "acme"});
        merge(&mut whole, spec);
        let subject = self.tenant.subject(&self.stage, kind, name);
        subject.apply(whole).await?;
        Ok(subject)
    }

    /// Everything that tenants have in Chatwoot.
    pub async fn content(&self) -> Result<Content> {
        Ok(self.stage.chatwoot.state().await?.content)
    }

    /// Calls since `seq` that are not about accounts and users, in short words: `GET labels`, `POST labels`.
    pub async fn calls_inside(&self, seq: u64) -> Result<Vec<String>> {
        let entries = self.stage.chatwoot.journal(&chatwoot_simulator::Filter::default().since(seq)).await?;
        let inside = entries.iter().filter_map(|entry| {
            let (verb, tail) = entry.route.split_once(" /api/v1/accounts/:account_id/")?;
            Some(format!("{verb} {tail}"))
        });
        Ok(inside.collect())
    }
}

//! What Chatwoot saw.

use anyhow::Result;
use chatwoot_simulator::{Control, Entry, Filter, State, listed};

/// Routes as the simulator names them, for faults and filters.
pub mod route {
    pub const INDEX: &str = "GET /platform/api/v1/accounts";
    pub const CREATE_ACCOUNT: &str = "POST /platform/api/v1/accounts";
    pub const READ_ACCOUNT: &str = "GET /platform/api/v1/accounts/:id";
    pub const UPDATE_ACCOUNT: &str = "PATCH /platform/api/v1/accounts/:id";
    pub const DELETE_ACCOUNT: &str = "DELETE /platform/api/v1/accounts/:id";
}

/// Shorter names of routes on accounts, as [`Journal::calls`] has them.
pub const POST: &str = "POST account";
pub const PATCH: &str = "PATCH account";
pub const DELETE: &str = "DELETE account";

/// Questions tests ask of the journal.
pub trait Journal {
    /// Every call since `seq` in short words, without what the operator asks for the instance's own sake: `GET /api`, and
    /// account 0, which tells whether the token is good.
    async fn calls(&self, seq: u64) -> Result<Vec<String>>;

    /// Of [`Journal::calls`], those that would change something.
    async fn writes(&self, seq: u64) -> Result<Vec<String>>;

    /// The accounts that carry this resource's uid.
    async fn of_uid(&self, uid: &str) -> Result<Vec<listed::Account>>;

    async fn account(&self, id: i64) -> Result<Option<listed::Account>>;
}

impl Journal for Control {
    async fn calls(&self, seq: u64) -> Result<Vec<String>> {
        let entries = self.journal(&Filter::default().since(seq)).await?;
        Ok(entries.iter().filter(|entry| !is_probe(entry)).map(short).collect())
    }

    async fn writes(&self, seq: u64) -> Result<Vec<String>> {
        let calls = self.calls(seq).await?;
        Ok(calls.into_iter().filter(|call| !call.starts_with("GET ")).collect())
    }

    async fn of_uid(&self, uid: &str) -> Result<Vec<listed::Account>> {
        let state: State = self.state().await?;
        let carries = |account: &listed::Account| {
            let marker =
                account.custom_attributes.get("chatwoot_operator").and_then(|marker| marker.as_str());
            marker.is_some_and(|marker| marker.split(':').nth(4) == Some(uid))
        };
        Ok(state.accounts.into_iter().filter(carries).collect())
    }

    async fn account(&self, id: i64) -> Result<Option<listed::Account>> {
        Ok(self.state().await?.account(id).cloned())
    }
}

fn is_probe(entry: &Entry) -> bool {
    entry.route == "GET /api" || entry.path.ends_with("/accounts/0")
}

fn short(entry: &Entry) -> String {
    match entry.route.as_ref() {
        "GET /platform/api/v1/accounts" => "GET index".to_owned(),
        route if route.contains("/platform/api/v1/users") => format!("{} user", entry.method),
        route if route.ends_with("/account_users") => format!("{} member", entry.method),
        route => match route.split_once(" /platform/api/v1/accounts") {
            Some((verb, "" | "/:id")) => format!("{verb} account"),
            _ => route.to_owned(),
        },
    }
}

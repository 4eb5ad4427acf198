//! The people of an account (§3.6). They are made and removed by the Platform API: what removes them here deletes the
//! person when it was their last account (P30).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::tenant::agent::Agent;
use reqwest::Method;

/// The agents and administrators of an account.
#[derive(Clone)]
pub struct Agents {
    pub(super) scope: Scope,
}

impl Agents {
    /// `GET agents`: administrators too.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Agent>> {
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/agents", "/agents");
        self.scope.ask(call.list(), scope::list)
    }
}

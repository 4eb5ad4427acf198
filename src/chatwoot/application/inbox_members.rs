//! Who works in an inbox (§3.5).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    tenant::{agent::Agent, ids::InboxId},
    types::UserId,
};
use reqwest::Method;
use serde_json::{Value, json};

/// The members of one inbox. Ids always go out as whole numbers: texts would remove people.
#[derive(Clone)]
pub struct InboxMembers {
    pub(super) scope: Scope,
    pub(super) inbox: InboxId,
}

impl InboxMembers {
    fn body(&self, users: &[UserId]) -> Value {
        json!({"inbox_id": self.inbox, "user_ids": users})
    }

    /// `GET inbox_members/:inbox_id`.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Agent>> {
        let route = "GET /api/v1/accounts/:account/inbox_members/:id";
        let call = self.scope.call(Method::GET, route, format_args!("/inbox_members/{}", self.inbox));
        self.scope.ask(call.list(), scope::payload)
    }

    /// `POST inbox_members`: adds these. Repeatable. Chatwoot also takes people who are not in the account.
    ///
    /// # Errors
    /// As all; 422 where one does not exist.
    pub fn add(&self, users: &[UserId]) -> Answer<Vec<Agent>> {
        let route = "POST /api/v1/accounts/:account/inbox_members";
        let call = self.scope.call(Method::POST, route, "/inbox_members").body(&self.body(users));
        self.scope.ask(call.list(), scope::payload)
    }

    /// `PATCH inbox_members`: exactly these, and nobody else. Repeatable.
    ///
    /// # Errors
    /// As [`InboxMembers::add`].
    pub fn set(&self, users: &[UserId]) -> Answer<Vec<Agent>> {
        let route = "PATCH /api/v1/accounts/:account/inbox_members";
        let call = self.scope.call(Method::PATCH, route, "/inbox_members").body(&self.body(users));
        self.scope.ask(call.list(), scope::payload)
    }

    /// `DELETE inbox_members`: takes these out. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn remove(&self, users: &[UserId]) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/inbox_members";
        let call = self.scope.call(Method::DELETE, route, "/inbox_members").body(&self.body(users));
        self.scope.ask(call, scope::nothing)
    }
}

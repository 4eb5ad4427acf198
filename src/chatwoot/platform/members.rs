//! Who may enter an account.

use super::{Platform, ROOT};
use crate::chatwoot::{
    decode,
    http::Call,
    outcome::Failure,
    types::{AccountId, MemberRole, UserId},
};
use reqwest::Method;
use serde_json::json;

/// One row of an account's member list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub user: UserId,
    /// `None`: NULL, neither agent nor administrator (P18).
    pub role: Option<MemberRole>,
}

fn path(account: AccountId) -> String {
    format!("{ROOT}/accounts/{account}/account_users")
}

impl Platform {
    /// `GET /accounts/:id/account_users`. May list people who no longer exist (P29), and has no order.
    ///
    /// # Errors
    /// As all.
    pub async fn members(&self, account: AccountId) -> Result<Vec<Member>, Failure> {
        let call = Call::new(Method::GET, "GET /accounts/:id/account_users", path(account));
        self.http.ask(call, |body| decode::members(body.bytes())).await
    }

    /// `POST /accounts/:id/account_users`: adds the person or changes the role. Repeatable. Takes any existing user
    /// (P7); a 500 shortly after a removal may have stored it nevertheless (P5).
    ///
    /// # Errors
    /// As all; an answer about somebody else is `Unexpected`.
    pub async fn upsert_member(
        &self,
        account: AccountId,
        user: UserId,
        role: MemberRole,
    ) -> Result<Member, Failure> {
        let role = match role {
            MemberRole::Agent => "agent",
            MemberRole::Administrator => "administrator",
        };
        let call = Call::new(Method::POST, "POST /accounts/:id/account_users", path(account))
            .body(&json!({"user_id": user, "role": role}));
        let mine = |member: &Member| member.user == user;
        self.http.ask(call, |body| decode::member(body.bytes()).filter(mine)).await
    }

    /// `DELETE /accounts/:id/account_users`. Repeatable; costs the person's teams and inboxes there (P5).
    ///
    /// # Errors
    /// As all.
    pub async fn remove_member(&self, account: AccountId, user: UserId) -> Result<(), Failure> {
        let call = Call::new(Method::DELETE, "DELETE /accounts/:id/account_users", path(account))
            .body(&json!({"user_id": user}));
        self.delete(call).await
    }
}

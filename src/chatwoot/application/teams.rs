//! Teams and who is in them (§3.6).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        agent::Agent,
        ids::TeamId,
        team::{Team, TeamFields},
    },
    types::UserId,
};
use reqwest::Method;
use serde_json::{Value, json};

/// The teams of an account. Chatwoot lower-cases names, and they are unique.
#[derive(Clone)]
pub struct Teams {
    pub(super) scope: Scope,
}

impl Teams {
    /// `GET teams`.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Team>> {
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/teams", "/teams");
        self.scope.ask(call.list(), scope::list)
    }

    /// `GET teams/:id`.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn show(&self, id: TeamId) -> Answer<Team> {
        let route = "GET /api/v1/accounts/:account/teams/:id";
        let call = self.scope.call(Method::GET, route, format_args!("/teams/{id}"));
        self.scope.ask(call, move |body| about(body, id))
    }

    /// `POST teams`: for administrators. A repeat is refused by the name.
    ///
    /// # Errors
    /// As all.
    pub fn create(&self, fields: &TeamFields) -> Answer<Team> {
        let route = "POST /api/v1/accounts/:account/teams";
        let call = self.scope.call(Method::POST, route, "/teams").body(&json!({"team": fields})).fresh();
        self.scope.ask(call, scope::flat)
    }

    /// `PATCH teams/:id`: for administrators. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn update(&self, id: TeamId, fields: &TeamFields) -> Answer<Team> {
        let route = "PATCH /api/v1/accounts/:account/teams/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/teams/{id}"));
        self.scope.ask(call.body(&json!({"team": fields})), move |body| about(body, id))
    }

    /// `DELETE teams/:id`: for administrators.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: TeamId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/teams/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/teams/{id}"));
        self.scope.ask(call, scope::nothing)
    }
}

fn about(body: Body, id: TeamId) -> Option<Team> {
    scope::flat::<Team>(body).filter(|team| team.id == id)
}

/// The members of one team. Ids always go out as whole numbers, and the list is always sent: as texts they would remove
/// everybody, and without a list Chatwoot answers 500.
#[derive(Clone)]
pub struct TeamMembers {
    pub(super) scope: Scope,
    pub(super) team: TeamId,
}

impl TeamMembers {
    fn call(&self, method: Method, route: &'static str, body: Option<Value>) -> crate::chatwoot::http::Call {
        let call = self.scope.call(method, route, format_args!("/teams/{}/team_members", self.team)).list();
        match body {
            Some(body) => call.body(&body),
            None => call,
        }
    }

    /// `GET teams/:id/team_members`.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Agent>> {
        let call = self.call(Method::GET, "GET /api/v1/accounts/:account/teams/:id/team_members", None);
        self.scope.ask(call, scope::list)
    }

    /// `POST teams/:id/team_members`: adds these, and gives only those that are new. Repeatable.
    ///
    /// # Errors
    /// As all; `Invalid` where one is no member of the account (Chatwoot answers 401).
    pub fn add(&self, users: &[UserId]) -> Answer<Vec<Agent>> {
        let route = "POST /api/v1/accounts/:account/teams/:id/team_members";
        self.scope.ask(self.call(Method::POST, route, Some(json!({"user_ids": users}))), scope::list)
    }

    /// `PATCH teams/:id/team_members`: exactly these, and nobody else. Repeatable.
    ///
    /// # Errors
    /// As [`TeamMembers::add`].
    pub fn set(&self, users: &[UserId]) -> Answer<Vec<Agent>> {
        let route = "PATCH /api/v1/accounts/:account/teams/:id/team_members";
        self.scope.ask(self.call(Method::PATCH, route, Some(json!({"user_ids": users}))), scope::list)
    }

    /// `DELETE teams/:id/team_members`: takes these out. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn remove(&self, users: &[UserId]) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/teams/:id/team_members";
        self.scope.ask(self.call(Method::DELETE, route, Some(json!({"user_ids": users}))), scope::nothing)
    }
}

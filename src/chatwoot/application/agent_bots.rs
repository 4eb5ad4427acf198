//! Agent bots (§3.6).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        agent_bot::{AgentBot, AgentBotFields},
        ids::AgentBotId,
    },
};
use reqwest::Method;

/// The bots an account can connect: its own, and those of the installation, which are read-only here. Names are not
/// unique. Tokens and secrets are shown to administrators, of the account's own bots.
#[derive(Clone)]
pub struct AgentBots {
    pub(super) scope: Scope,
}

impl AgentBots {
    /// `GET agent_bots`.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<AgentBot>> {
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/agent_bots", "/agent_bots");
        self.scope.ask(call.list(), scope::list)
    }

    /// `GET agent_bots/:id`.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn show(&self, id: AgentBotId) -> Answer<AgentBot> {
        let route = "GET /api/v1/accounts/:account/agent_bots/:id";
        let call = self.scope.call(Method::GET, route, format_args!("/agent_bots/{id}"));
        self.scope.ask(call, move |body| about(body, id))
    }

    /// `POST agent_bots`. Not repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn create(&self, fields: &AgentBotFields) -> Answer<AgentBot> {
        let route = "POST /api/v1/accounts/:account/agent_bots";
        let call = self.scope.call(Method::POST, route, "/agent_bots").body(fields).fresh();
        self.scope.ask(call, scope::flat)
    }

    /// `PATCH agent_bots/:id`. Repeatable.
    ///
    /// # Errors
    /// As [`AgentBots::show`].
    pub fn update(&self, id: AgentBotId, fields: &AgentBotFields) -> Answer<AgentBot> {
        let route = "PATCH /api/v1/accounts/:account/agent_bots/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/agent_bots/{id}")).body(fields);
        self.scope.ask(call, move |body| about(body, id))
    }

    /// `DELETE agent_bots/:id`.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: AgentBotId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/agent_bots/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/agent_bots/{id}"));
        self.scope.ask(call, scope::nothing)
    }

    /// `POST agent_bots/:id/reset_access_token` (4.3+): a new token in the answer; the old one stops at once.
    ///
    /// # Errors
    /// As [`AgentBots::show`].
    pub fn reset_access_token(&self, id: AgentBotId) -> Answer<AgentBot> {
        let route = "POST /api/v1/accounts/:account/agent_bots/:id/reset_access_token";
        let tail = format!("/agent_bots/{id}/reset_access_token");
        self.scope.ask(self.scope.call(Method::POST, route, tail).fresh(), move |body| about(body, id))
    }

    /// `POST agent_bots/:id/reset_secret` (4.13+): a new secret in the answer.
    ///
    /// # Errors
    /// As [`AgentBots::show`].
    pub fn reset_secret(&self, id: AgentBotId) -> Answer<AgentBot> {
        let route = "POST /api/v1/accounts/:account/agent_bots/:id/reset_secret";
        let tail = format!("/agent_bots/{id}/reset_secret");
        self.scope.ask(self.scope.call(Method::POST, route, tail).fresh(), move |body| about(body, id))
    }
}

fn about(body: Body, id: AgentBotId) -> Option<AgentBot> {
    scope::flat::<AgentBot>(body).filter(|bot| bot.id == id)
}

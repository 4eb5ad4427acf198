//! Agent bots of the whole installation: no account's own, and every account's to use (§1.2, P36).
//!
//! There is no list here. Before 4.14.0 it fails for ever once a bot has been deleted (§1.4); what an account can see is
//! listed with [`AgentBots::list`](crate::chatwoot::application::AgentBots::list).

use super::{Platform, ROOT};
use crate::chatwoot::{
    decode,
    http::{Body, Call},
    outcome::Failure,
    tenant::{
        agent_bot::{AgentBot, AgentBotFields},
        ids::AgentBotId,
    },
};
use reqwest::Method;

fn path(id: AgentBotId) -> String {
    format!("{ROOT}/agent_bots/{id}")
}

fn about(body: &Body, id: AgentBotId) -> Option<AgentBot> {
    decode::object::<AgentBot>(body.bytes()).filter(|bot| bot.id == id)
}

impl Platform {
    /// `POST /agent_bots`: a bot that belongs to no account. Not repeatable, and names are not unique; it goes out on a
    /// connection of its own, so that nothing below repeats it. The answer has the bot's token, and no signing secret.
    ///
    /// # Errors
    /// As all.
    pub async fn create_agent_bot(&self, fields: &AgentBotFields) -> Result<AgentBot, Failure> {
        let route = "POST /agent_bots";
        let call = Call::new(Method::POST, route, format!("{ROOT}/agent_bots")).body(fields).fresh();
        self.http.ask(call, |body| decode::object(body.bytes())).await
    }

    /// `GET /agent_bots/:id`, with its token.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub async fn agent_bot(&self, id: AgentBotId) -> Result<AgentBot, Failure> {
        let call = Call::new(Method::GET, "GET /agent_bots/:id", path(id));
        self.http.ask(call, |body| about(&body, id)).await
    }

    /// `PATCH /agent_bots/:id`. Repeatable.
    ///
    /// # Errors
    /// As [`Platform::agent_bot`].
    pub async fn update_agent_bot(
        &self,
        id: AgentBotId,
        fields: &AgentBotFields,
    ) -> Result<AgentBot, Failure> {
        let call = Call::new(Method::PATCH, "PATCH /agent_bots/:id", path(id)).body(fields);
        self.http.ask(call, |body| about(&body, id)).await
    }

    /// `DELETE /agent_bots/:id`. Gone when it answers; the second time it is `NotFound`.
    ///
    /// # Errors
    /// As all.
    pub async fn delete_agent_bot(&self, id: AgentBotId) -> Result<(), Failure> {
        self.delete(Call::new(Method::DELETE, "DELETE /agent_bots/:id", path(id))).await
    }
}

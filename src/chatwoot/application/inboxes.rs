//! Inboxes (§3.5).

use super::{
    Answer, explained,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    outcome::{Class, Failure},
    tenant::{
        agent_bot::AgentBot,
        ids::{AgentBotId, InboxId},
        inbox::{Channel, Inbox, InboxPatch, NewInbox},
    },
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// The inboxes of an account.
#[derive(Clone)]
pub struct Inboxes {
    pub(super) scope: Scope,
}

impl Inboxes {
    /// `GET inboxes`: an administrator sees all of them, an agent their own. Names are not unique.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Inbox>> {
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/inboxes", "/inboxes");
        self.scope.ask(call.list(), scope::payload)
    }

    /// `GET inboxes/:id`. An inbox that is being deleted is still shown.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn show(&self, id: InboxId) -> Answer<Inbox> {
        let route = "GET /api/v1/accounts/:account/inboxes/:id";
        let call = self.scope.call(Method::GET, route, format_args!("/inboxes/{id}"));
        self.scope.ask(call, move |body| about(body, id))
    }

    /// `POST inboxes`: for administrators. Not repeatable: nothing of an inbox is unique but an e-mail address.
    ///
    /// # Errors
    /// As all; [`Class::LimitReached`] where the account has all it may have. A field whose text is `null` is refused
    /// here.
    pub fn create(&self, new: &NewInbox) -> Answer<Inbox> {
        if let Some(why) = new.fields.unsendable() {
            return scope::refuse(why);
        }
        let route = "POST /api/v1/accounts/:account/inboxes";
        let call = self.scope.call(Method::POST, route, "/inboxes").body(new).fresh();
        self.scope.ask(call, scope::flat)
    }

    /// `PATCH inboxes/:id`: for administrators. Repeatable.
    ///
    /// # Errors
    /// As all. A mail server that cannot be reached is a 422 **after** everything was stored, in the server's own words,
    /// which are not passed on; [`Failure::fate`] is `Ambiguous` then. One that never answers makes it end as if Chatwoot were
    /// down, after everything was stored: [`Failure::elsewhere`]. A field whose text is `null` and impossible hours are
    /// refused here.
    pub fn update(&self, id: InboxId, patch: &InboxPatch) -> Answer<Inbox> {
        if let Some(why) = patch.unsendable() {
            return scope::refuse(why);
        }
        let route = "PATCH /api/v1/accounts/:account/inboxes/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/inboxes/{id}")).body(patch);
        let answer = self.scope.ask(call, move |body| about(body, id));
        let tries_servers = matches!(patch.channel, Some(Channel::Email(_)));
        Box::pin(async move { answer.await.map_err(|failure| of_update(failure, tries_servers)) })
    }

    /// `DELETE inboxes/:id`: for administrators. Only asks for it: it goes later, with its conversations. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: InboxId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/inboxes/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/inboxes/{id}"));
        self.scope.ask(call, scope::nothing)
    }

    /// `GET inboxes/:id/agent_bot`: the bot that answers here, if any.
    ///
    /// # Errors
    /// As all.
    pub fn agent_bot(&self, id: InboxId) -> Answer<Option<AgentBot>> {
        #[derive(Deserialize)]
        struct Wire {
            agent_bot: Option<AgentBot>,
        }
        let route = "GET /api/v1/accounts/:account/inboxes/:id/agent_bot";
        let call = self.scope.call(Method::GET, route, format_args!("/inboxes/{id}/agent_bot"));
        self.scope.ask(call, |body| scope::flat::<Wire>(body).map(|wire| wire.agent_bot))
    }

    /// `POST inboxes/:id/set_agent_bot`: connects a bot of this account or of the installation, or none. Repeatable.
    ///
    /// # Errors
    /// As all; `NotFound` also where there is no such bot.
    pub fn set_agent_bot(&self, id: InboxId, bot: Option<AgentBotId>) -> Answer<()> {
        let route = "POST /api/v1/accounts/:account/inboxes/:id/set_agent_bot";
        let tail = format!("/inboxes/{id}/set_agent_bot");
        let call = self.scope.call(Method::POST, route, tail).body(&json!({"agent_bot": bot}));
        self.scope.ask(call, scope::nothing)
    }

    /// `POST inboxes/:id/reset_secret` (4.13.0+): a new secret for what Chatwoot sends to an API inbox's URL.
    ///
    /// # Errors
    /// As all; `NotFound` for other channels.
    pub fn reset_secret(&self, id: InboxId) -> Answer<Inbox> {
        let route = "POST /api/v1/accounts/:account/inboxes/:id/reset_secret";
        let call = self.scope.call(Method::POST, route, format_args!("/inboxes/{id}/reset_secret")).fresh();
        let answer = self.scope.ask(call, move |body| about(body, id));
        explained(answer, Class::NotFound, "only API inboxes have a secret")
    }
}

/// What a failed update came to. `tries_servers`: Chatwoot tried the mail servers after storing everything.
fn of_update(failure: Failure, tries_servers: bool) -> Failure {
    match failure.class {
        Class::Invalid if failure.status == Some(422) && failure.refusal.is_none() => {
            let detail = Some("its mail server could not be reached; the values are stored all the same");
            Failure { detail, foreign_body: true, ..failure }
        }
        Class::Timeout | Class::Transport | Class::Proxy | Class::Server if tries_servers => {
            let said = failure.detail.or(Some("its mail server may not answer"));
            Failure { elsewhere: true, detail: said, ..failure }
        }
        _ => failure,
    }
}

fn about(body: Body, id: InboxId) -> Option<Inbox> {
    scope::flat::<Inbox>(body).filter(|inbox| inbox.id == id)
}

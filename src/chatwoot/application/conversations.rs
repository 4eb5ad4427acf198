//! Conversations, as agents see them (§3.4). Their numbers are the account's own.

mod lists;

pub use lists::{ConversationPage, ConversationQuery};

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::{Body, Call},
    outcome::{Class, Failure},
    tenant::{
        conversation::{Conversation, NewConversation, Priority, Status, Toggled},
        ids::{ConversationId, TeamId},
    },
    types::{Map, UserId},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Display;

/// The conversations of an account.
#[derive(Clone)]
pub struct Conversations {
    pub(super) scope: Scope,
}

impl Conversations {
    fn call(&self, method: Method, route: &'static str, id: ConversationId, tail: impl Display) -> Call {
        self.scope.call(method, route, format_args!("/conversations/{id}{tail}")).personal()
    }

    /// `GET conversations/:id`, with the last message alone.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn show(&self, id: ConversationId) -> Answer<Conversation> {
        let call = self.call(Method::GET, "GET /api/v1/accounts/:account/conversations/:id", id, "");
        self.scope.ask(call, move |body| about(body, id))
    }

    /// `POST conversations`. Not repeatable, except in an inbox that is locked to a single conversation, where Chatwoot
    /// answers with the one there is. A blocked contact's is made `resolved`, one in an inbox with a bot `pending`.
    ///
    /// # Errors
    /// As all; `NotFound` where the inbox, the contact or the address does not exist; 422 "source_id should be unique" for
    /// an address that is somebody else's.
    pub fn create(&self, new: &NewConversation) -> Answer<Conversation> {
        let route = "POST /api/v1/accounts/:account/conversations";
        let call = self.scope.call(Method::POST, route, "/conversations").body(new).personal().fresh();
        self.scope.ask(call, scope::flat)
    }

    /// `PATCH conversations/:id`: the priority, which is all that can be changed this way. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn set_priority(&self, id: ConversationId, priority: Option<Priority>) -> Answer<Conversation> {
        let call = self.call(Method::PATCH, "PATCH /api/v1/accounts/:account/conversations/:id", id, "");
        self.scope.ask(call.body(&json!({"priority": priority})), move |body| about(body, id))
    }

    /// `POST conversations/:id/toggle_status`, always with a status: without one Chatwoot would turn it over. Repeatable.
    /// `snoozed_until` (seconds since 1970) goes with [`Status::Snoozed`]. An agent, not an administrator, who opens a
    /// conversation becomes its assignee.
    ///
    /// # Errors
    /// As all; `snoozed_until` with another status is refused here.
    pub fn set_status(
        &self,
        id: ConversationId,
        status: Status,
        snoozed_until: Option<i64>,
    ) -> Answer<Toggled> {
        if snoozed_until.is_some() && status != Status::Snoozed {
            return scope::refuse("only a snoozed conversation has a time until which it is");
        }
        let route = "POST /api/v1/accounts/:account/conversations/:id/toggle_status";
        let body = match snoozed_until {
            Some(until) => json!({"status": status, "snoozed_until": until}),
            None => json!({"status": status}),
        };
        let call = self.call(Method::POST, route, id, "/toggle_status").body(&body);
        self.scope.ask(call, scope::payload)
    }

    /// `GET conversations/:id/labels`.
    ///
    /// # Errors
    /// As all.
    pub fn labels(&self, id: ConversationId) -> Answer<Vec<String>> {
        let route = "GET /api/v1/accounts/:account/conversations/:id/labels";
        self.scope.ask(self.call(Method::GET, route, id, "/labels"), scope::payload)
    }

    /// `POST conversations/:id/labels`: **replaces** the labels by these, which need not exist as labels of the account.
    /// Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn set_labels(&self, id: ConversationId, labels: &[String]) -> Answer<Vec<String>> {
        let route = "POST /api/v1/accounts/:account/conversations/:id/labels";
        let call = self.call(Method::POST, route, id, "/labels").body(&json!({"labels": labels}));
        self.scope.ask(call, scope::payload)
    }

    /// `POST conversations/:id/custom_attributes`: **replaces** all of them. Repeatable. Texts of at most 1500 characters
    /// and whole numbers of at most 9999999999 (else 422).
    ///
    /// # Errors
    /// As all.
    pub fn set_custom_attributes(&self, id: ConversationId, attributes: &Map) -> Answer<Map> {
        #[derive(Deserialize)]
        struct Wire {
            custom_attributes: Map,
        }
        let route = "POST /api/v1/accounts/:account/conversations/:id/custom_attributes";
        let call = self.call(Method::POST, route, id, "/custom_attributes");
        let call = call.body(&json!({"custom_attributes": attributes}));
        self.scope.ask(call, |body| scope::flat::<Wire>(body).map(|wire| wire.custom_attributes))
    }

    /// `POST conversations/:id/assignments`: gives it to a person, or to nobody. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn assign(&self, id: ConversationId, assignee: Option<UserId>) -> Answer<()> {
        self.assignment(id, &json!({"assignee_id": assignee}))
    }

    /// `POST conversations/:id/assignments`: gives it to a team, or to none. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn assign_team(&self, id: ConversationId, team: Option<TeamId>) -> Answer<()> {
        self.assignment(id, &json!({"team_id": team}))
    }

    fn assignment(&self, id: ConversationId, body: &Value) -> Answer<()> {
        let route = "POST /api/v1/accounts/:account/conversations/:id/assignments";
        self.scope.ask(self.call(Method::POST, route, id, "/assignments").body(body), scope::nothing)
    }

    /// `DELETE conversations/:id` (4.3+): for administrators. Only asks for it; it is gone later.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: ConversationId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/conversations/:id";
        self.scope.ask(self.call(Method::DELETE, route, id, ""), scope::nothing)
    }
}

fn about(body: Body, id: ConversationId) -> Option<Conversation> {
    scope::flat::<Conversation>(body).filter(|conversation| conversation.id == id)
}

impl Toggled {
    /// Whether the conversation stands as it was asked to.
    ///
    /// # Errors
    /// [`Class::Unexpected`] where it does not.
    pub fn confirm(self, status: Status) -> Result<Self, Failure> {
        if self.success && self.current_status == Some(status) {
            Ok(self)
        } else {
            let detail = Some("the conversation did not take the status");
            Err(Failure { detail, ..Failure::of(Class::Unexpected) })
        }
    }
}

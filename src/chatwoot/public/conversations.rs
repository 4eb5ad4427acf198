//! A customer's conversations, seen by the customer (§4).

use super::{Messages, Place, flat};
use crate::chatwoot::{
    application::Answer,
    http::Body,
    tenant::{ids::ConversationId, visitor::VisitorConversation, words::words},
    types::Map,
};
use reqwest::Method;
use serde_json::json;

words! {
    /// Whether the customer is writing. Chatwoot takes any other word and does nothing.
    Typing, "typing status":
    On = "on",
    Off = "off",
}

/// The conversations of one customer. One who is verified sees those of all their addresses.
#[derive(Clone)]
pub struct Conversations {
    pub(super) place: Place,
}

impl Conversations {
    /// `GET conversations`. Of somebody verified it is a 500 before 4.7.0.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<VisitorConversation>> {
        let route = "GET /public/api/v1/inboxes/:inbox/contacts/:contact/conversations";
        let call = self.place.call(Method::GET, route, "/conversations").list();
        self.place.ask(call, |body| body.json())
    }

    /// `POST conversations`. Not repeatable, except in an inbox locked to a single conversation, where Chatwoot answers
    /// with the last one. In an inbox with a bot it begins `pending`.
    ///
    /// # Errors
    /// As all.
    pub fn create(&self, custom_attributes: &Map) -> Answer<VisitorConversation> {
        let route = "POST /public/api/v1/inboxes/:inbox/contacts/:contact/conversations";
        let body = json!({"custom_attributes": custom_attributes});
        let call = self.place.call(Method::POST, route, "/conversations").body(&body).fresh();
        self.place.ask(call, flat)
    }

    /// `GET conversations/:id`.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn show(&self, id: ConversationId) -> Answer<VisitorConversation> {
        let route = "GET /public/api/v1/inboxes/:inbox/contacts/:contact/conversations/:id";
        let call = self.place.call(Method::GET, route, format_args!("/conversations/{id}"));
        self.place.ask(call, move |body| about(body, id))
    }

    /// `POST conversations/:id/toggle_status`: resolves it; one that is resolved stays so. Repeatable.
    ///
    /// # Errors
    /// As [`Conversations::show`].
    pub fn resolve(&self, id: ConversationId) -> Answer<VisitorConversation> {
        let route = "POST /public/api/v1/inboxes/:inbox/contacts/:contact/conversations/:id/toggle_status";
        let call = self.place.call(Method::POST, route, format_args!("/conversations/{id}/toggle_status"));
        self.place.ask(call, move |body| about(body, id))
    }

    /// `POST conversations/:id/toggle_typing`.
    ///
    /// # Errors
    /// As all.
    pub fn typing(&self, id: ConversationId, typing: Typing) -> Answer<()> {
        let route = "POST /public/api/v1/inboxes/:inbox/contacts/:contact/conversations/:id/toggle_typing";
        let call = self.place.call(Method::POST, route, format_args!("/conversations/{id}/toggle_typing"));
        self.place.ask(call.body(&json!({"typing_status": typing})), |_| Some(()))
    }

    /// `POST conversations/:id/update_last_seen`: the customer has read it up to now.
    ///
    /// # Errors
    /// As all.
    pub fn seen(&self, id: ConversationId) -> Answer<()> {
        let route = "POST /public/api/v1/inboxes/:inbox/contacts/:contact/conversations/:id/update_last_seen";
        let call = self.place.call(Method::POST, route, format_args!("/conversations/{id}/update_last_seen"));
        self.place.ask(call, |_| Some(()))
    }

    /// What is said in conversation `id`. Sends nothing.
    pub fn messages(&self, id: ConversationId) -> Messages {
        Messages { place: self.place.clone(), conversation: id }
    }
}

fn about(body: Body, id: ConversationId) -> Option<VisitorConversation> {
    flat::<VisitorConversation>(body).filter(|conversation| conversation.id == id)
}

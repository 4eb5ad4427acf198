//! What is said, seen by the customer (§4): no notes among agents, and nothing about what happened.

use super::{Place, flat};
use crate::chatwoot::{
    application::Answer,
    http::Body,
    tenant::{
        ids::{ConversationId, MessageId},
        message::Message,
    },
};
use reqwest::Method;
use serde_json::json;

/// The messages of one conversation.
#[derive(Clone)]
pub struct Messages {
    pub(super) place: Place,
    pub(super) conversation: ConversationId,
}

impl Messages {
    /// `GET messages`: the last twenty, or the twenty before message `before`, oldest first.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self, before: Option<MessageId>) -> Answer<Vec<Message>> {
        let route = "GET /public/api/v1/inboxes/:inbox/contacts/:contact/conversations/:id/messages";
        let call = self.place.call(Method::GET, route, self.tail());
        let call = call.query([("before", before.map(|id| id.to_string()))]).list();
        self.place.ask(call, |body| body.json())
    }

    /// `POST messages`: the customer says `content`. Not repeatable; `echo_id` is the application's own name for the
    /// message, for it to know again.
    ///
    /// # Errors
    /// As all; 422 for more than 150,000 characters, and "Too many messages" for more than 200 a minute.
    pub fn create(&self, content: &str, echo_id: Option<&str>) -> Answer<Message> {
        let route = "POST /public/api/v1/inboxes/:inbox/contacts/:contact/conversations/:id/messages";
        let body = match echo_id {
            Some(echo_id) => json!({"content": content, "echo_id": echo_id}),
            None => json!({"content": content}),
        };
        let call = self.place.call(Method::POST, route, self.tail()).body(&body).fresh();
        let conversation = self.conversation;
        self.place.ask(call, move |body: Body| {
            flat::<Message>(body).filter(|message| message.conversation_id == Some(conversation))
        })
    }

    fn tail(&self) -> String {
        format!("/conversations/{}/messages", self.conversation)
    }
}

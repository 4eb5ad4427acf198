//! Messages of a conversation, as agents see them (§3.4).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        ids::{ConversationId, MessageId},
        message::{Message, NewMessage},
    },
};
use reqwest::Method;

const LIST: &str = "GET /api/v1/accounts/:account/conversations/:id/messages";

/// The messages of one conversation.
#[derive(Clone)]
pub struct Messages {
    pub(super) scope: Scope,
    pub(super) conversation: ConversationId,
}

impl Messages {
    fn tail(&self) -> String {
        format!("/conversations/{}/messages", self.conversation)
    }

    /// `GET conversations/:id/messages`: the last twenty, or the twenty before message `before`, oldest first.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self, before: Option<MessageId>) -> Answer<Vec<Message>> {
        let call = self.scope.call(Method::GET, LIST, self.tail());
        let call = call.query([("before", before.map(|id| id.to_string()))]).personal().list();
        self.scope.ask(call, scope::payload)
    }

    /// `POST conversations/:id/messages`. Not repeatable.
    ///
    /// # Errors
    /// As all; 422 for more than 150,000 characters, and "Too many messages" for more than 200 a minute.
    pub fn create(&self, new: &NewMessage) -> Answer<Message> {
        let route = "POST /api/v1/accounts/:account/conversations/:id/messages";
        let call = self.scope.call(Method::POST, route, self.tail()).body(new).personal().fresh();
        let conversation = self.conversation;
        self.scope.ask(call, move |body: Body| {
            scope::flat::<Message>(body).filter(|message| message.conversation_id == Some(conversation))
        })
    }
}

//! Conversations in pages of twenty-five, or what the installation has set (§3.4).

use super::Conversations;
use crate::chatwoot::{
    application::{Answer, scope},
    outcome::Failure,
    pages::{self, Page},
    tenant::{
        conversation::{AssigneeType, Conversation, Counts, StatusFilter},
        ids::{InboxId, TeamId},
    },
};
use futures::Stream;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Which conversations are listed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConversationQuery {
    /// Everybody's by default.
    pub assignee_type: Option<AssigneeType>,
    /// The open ones by default. Not looked at where `q` is given.
    pub status: Option<StatusFilter>,
    /// Those with a message that holds this text.
    pub q: Option<String>,
    pub inbox_id: Option<InboxId>,
    /// One that does not exist is a `NotFound`.
    pub team_id: Option<TeamId>,
    /// Those with any of these labels; all where empty.
    pub labels: Vec<String>,
}

impl std::fmt::Debug for ConversationQuery {
    /// What is searched for can be a name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("ConversationQuery");
        shown.field("status", &self.status).field("inbox_id", &self.inbox_id).finish_non_exhaustive()
    }
}

impl ConversationQuery {
    fn pairs(&self, page: u32) -> Vec<(&'static str, Option<String>)> {
        let mut pairs = vec![
            ("page", Some(page.max(1).to_string())),
            ("assignee_type", self.assignee_type.map(|word| word.to_string())),
            ("status", self.status.map(|word| word.to_string())),
            ("q", self.q.clone()),
            ("inbox_id", self.inbox_id.map(|id| id.to_string())),
            ("team_id", self.team_id.map(|id| id.to_string())),
        ];
        pairs.extend(self.labels.iter().map(|label| ("labels[]", Some(label.clone()))));
        pairs
    }
}

/// A page of conversations.
#[derive(Clone, Debug)]
pub struct ConversationPage {
    pub conversations: Vec<Conversation>,
    pub counts: Counts,
}

impl Conversations {
    /// `GET conversations`: page `page` (from 1). An agent sees those of their inboxes.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self, query: &ConversationQuery, page: u32) -> Answer<ConversationPage> {
        self.page(query.pairs(page))
    }

    fn page(&self, pairs: Vec<(&'static str, Option<String>)>) -> Answer<ConversationPage> {
        #[derive(Deserialize)]
        struct Wire {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            #[serde(default)]
            meta: Counts,
            payload: Vec<Conversation>,
        }
        let route = "GET /api/v1/accounts/:account/conversations";
        let call = self.scope.call(Method::GET, route, "/conversations").query(pairs);
        self.scope.ask(call.personal().list(), |body| {
            let Wire { data } = scope::flat(body)?;
            Some(ConversationPage { conversations: data.payload, counts: data.meta })
        })
    }

    /// All pages of [`Conversations::list`]; see [`pages::walk`] for what is guaranteed. A conversation moves to the front
    /// with every message.
    pub fn stream(
        &self,
        query: &ConversationQuery,
    ) -> impl Stream<Item = Result<Conversation, Failure>> + use<> {
        let query = query.clone();
        self.clone().walk(move |page| query.pairs(page))
    }

    /// All conversations at a person's address in an inbox, whatever their status. Somebody else may have the same address
    /// in another inbox.
    pub fn stream_at(
        &self,
        source_id: &SecretString,
    ) -> impl Stream<Item = Result<Conversation, Failure>> + use<> {
        let all = ConversationQuery { status: Some(StatusFilter::All), ..ConversationQuery::default() };
        let source_id = source_id.clone();
        self.clone().walk(move |page| {
            let mut pairs = all.pairs(page);
            pairs.push(("source_id", Some(source_id.expose_secret().to_owned())));
            pairs
        })
    }

    fn walk<P>(self, pairs: P) -> impl Stream<Item = Result<Conversation, Failure>> + use<P>
    where
        P: Fn(u32) -> Vec<(&'static str, Option<String>)>,
    {
        pages::walk(
            move |page| {
                let answer = self.page(pairs(page));
                // How many stand on a page is the installation's setting, so only an empty one is surely the end.
                async move { answer.await.map(|page| Page { items: page.conversations, last: false }) }
            },
            |conversation| conversation.id.0,
        )
    }
}

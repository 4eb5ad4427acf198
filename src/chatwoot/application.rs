//! Chatwoot's Application API, typed: what a person or bot may do inside an account (chatwoot-api §3).
//!
//! ```text
//! let app = Application::new(config)?;                   // config.token: a person's
//! let contact = app.account(id).contacts().show(contact_id).await?;
//! ```
//!
//! A method makes exactly one HTTP request and never repeats it; streams make one after another. What a method returns
//! borrows nothing, so that it also goes through the gate: `caller.call(|platform| platform.application(&token)…)`.
//! Everything that Chatwoot is known to answer with a 500 is refused here, without a request
//! ([`Class::Invalid`] and no status), or cannot be written at all. Where a create ends in a failure,
//! [`Failure::fate`] tells what may have happened.
//!
//! # Errors of all methods
//! [`Class::Unauthorized`]: the token; [`Class::NotAllowed`]: its owner; [`Class::Suspended`]: the account (except for
//! [`Account::settings`] and [`Application::profile`]); [`Class::NotFound`]: no such object in this account;
//! [`Class::NotRouted`]: this version of Chatwoot lacks the endpoint; [`Class::Invalid`]: the values. Refusals about
//! contacts, conversations and messages name fields and never repeat what is in them.

mod agent_bots;
mod attributes;
mod automation;
mod canned;
mod contacts;
mod conversations;
mod inbox_members;
mod inboxes;
mod labels;
mod members;
mod messages;
mod profile;
mod scope;
mod settings;
mod teams;
mod webhooks;

pub use agent_bots::AgentBots;
pub use attributes::Attributes;
pub use automation::AutomationRules;
pub use canned::CannedResponses;
pub use contacts::{ContactPage, ContactQuery, Contacts};
pub use conversations::{ConversationPage, ConversationQuery, Conversations};
pub use inbox_members::InboxMembers;
pub use inboxes::Inboxes;
pub use labels::Labels;
pub use members::Agents;
pub use messages::Messages;
pub use teams::{TeamMembers, Teams};
pub use webhooks::Webhooks;

use super::{
    classify::Dialect,
    http::{AccessToken, Http, Observer},
    outcome::{Class, Failure},
    platform::{Config, ConfigError},
    tenant::ids::{ConversationId, InboxId, TeamId},
    types::AccountId,
};
use futures::future::BoxFuture;
use scope::Scope;
use std::fmt;

/// What a method gives: the answer to one request.
pub type Answer<T> = BoxFuture<'static, Result<T, Failure>>;

/// A client for one Chatwoot and one token. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Application {
    http: Http,
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").finish_non_exhaustive()
    }
}

impl Application {
    /// A client for the Chatwoot of `config`, whose token is a person's or bot's. Sends nothing.
    ///
    /// # Errors
    /// [`ConfigError`] says which field cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Self::observed(config, None)
    }

    /// As [`Application::new`]; `observer` is told of every exchange.
    ///
    /// # Errors
    /// As [`Application::new`].
    pub fn observed(config: Config, observer: Option<Observer>) -> Result<Self, ConfigError> {
        let token = AccessToken::new(&config.token)?;
        Ok(Self::over(Http::new(&config, Dialect::Application, Some(token), observer)?))
    }

    pub(super) fn over(http: Http) -> Self {
        Self { http }
    }

    /// What is in account `id`. Sends nothing.
    pub fn account(&self, id: AccountId) -> Account {
        Account { scope: Scope::new(self.http.clone(), id) }
    }
}

/// An account, seen from inside. Cheap to clone and to make.
#[derive(Clone)]
pub struct Account {
    scope: Scope,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.scope.account()).finish_non_exhaustive()
    }
}

impl Account {
    pub fn contacts(&self) -> Contacts {
        Contacts { scope: self.scope.clone() }
    }

    pub fn conversations(&self) -> Conversations {
        Conversations { scope: self.scope.clone() }
    }

    pub fn messages(&self, conversation: ConversationId) -> Messages {
        Messages { scope: self.scope.clone(), conversation }
    }

    pub fn inboxes(&self) -> Inboxes {
        Inboxes { scope: self.scope.clone() }
    }

    pub fn inbox_members(&self, inbox: InboxId) -> InboxMembers {
        InboxMembers { scope: self.scope.clone(), inbox }
    }

    pub fn teams(&self) -> Teams {
        Teams { scope: self.scope.clone() }
    }

    pub fn team_members(&self, team: TeamId) -> TeamMembers {
        TeamMembers { scope: self.scope.clone(), team }
    }

    pub fn agents(&self) -> Agents {
        Agents { scope: self.scope.clone() }
    }

    pub fn labels(&self) -> Labels {
        Labels { scope: self.scope.clone() }
    }

    pub fn webhooks(&self) -> Webhooks {
        Webhooks { scope: self.scope.clone() }
    }

    pub fn canned_responses(&self) -> CannedResponses {
        CannedResponses { scope: self.scope.clone() }
    }

    pub fn attributes(&self) -> Attributes {
        Attributes { scope: self.scope.clone() }
    }

    pub fn automation_rules(&self) -> AutomationRules {
        AutomationRules { scope: self.scope.clone() }
    }

    pub fn agent_bots(&self) -> AgentBots {
        AgentBots { scope: self.scope.clone() }
    }
}

/// Says in our words what a failure of class `class` means for this call, where nothing is said yet.
fn explained<T: 'static>(answer: Answer<T>, class: Class, detail: &'static str) -> Answer<T> {
    Box::pin(async move {
        answer.await.map_err(|failure| {
            let silent = failure.class == class && failure.detail.is_none() && failure.refusal.is_none();
            if silent { Failure { detail: Some(detail), ..failure } } else { failure }
        })
    })
}

#[cfg(test)]
mod tests;

//! Webhooks (§3.6).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        ids::WebhookId,
        webhook::{Webhook, WebhookFields},
    },
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// The webhooks of an account, for administrators. URLs are unique.
#[derive(Clone)]
pub struct Webhooks {
    pub(super) scope: Scope,
}

#[derive(Deserialize)]
struct One {
    webhook: Webhook,
}

impl Webhooks {
    /// `GET webhooks`, with their secrets (4.12+).
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Webhook>> {
        #[derive(Deserialize)]
        struct All {
            webhooks: Vec<Webhook>,
        }
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/webhooks", "/webhooks");
        self.scope.ask(call.list(), |body| scope::payload::<All>(body).map(|all| all.webhooks))
    }

    /// `POST webhooks`. A repeat is refused by the URL.
    ///
    /// # Errors
    /// As all; an empty list of events is refused here.
    pub fn create(&self, fields: &WebhookFields) -> Answer<Webhook> {
        if let Some(why) = unsendable(fields) {
            return scope::refuse(why);
        }
        let route = "POST /api/v1/accounts/:account/webhooks";
        let call = self.scope.call(Method::POST, route, "/webhooks").body(&json!({"webhook": fields}));
        self.scope.ask(call.fresh(), |body| scope::payload::<One>(body).map(|one| one.webhook))
    }

    /// `PATCH webhooks/:id`. Repeatable.
    ///
    /// # Errors
    /// As [`Webhooks::create`]; an answer about another one is `Unexpected`.
    pub fn update(&self, id: WebhookId, fields: &WebhookFields) -> Answer<Webhook> {
        if let Some(why) = unsendable(fields) {
            return scope::refuse(why);
        }
        let route = "PATCH /api/v1/accounts/:account/webhooks/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/webhooks/{id}"));
        let mine = move |body: Body| {
            scope::payload::<One>(body).map(|one| one.webhook).filter(|webhook| webhook.id == id)
        };
        self.scope.ask(call.body(&json!({"webhook": fields})), mine)
    }

    /// `DELETE webhooks/:id`.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: WebhookId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/webhooks/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/webhooks/{id}"));
        self.scope.ask(call, scope::nothing)
    }
}

fn unsendable(fields: &WebhookFields) -> Option<&'static str> {
    let none = fields.subscriptions.as_ref().is_some_and(Vec::is_empty);
    none.then_some("a webhook listens to at least one event: name it, or leave the list to Chatwoot")
}

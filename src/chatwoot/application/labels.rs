//! Labels (§3.6).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        ids::LabelId,
        label::{Label, LabelFields},
    },
};
use reqwest::Method;
use serde_json::json;

/// The labels of an account. Chatwoot lower-cases titles, and they are unique.
#[derive(Clone)]
pub struct Labels {
    pub(super) scope: Scope,
}

impl Labels {
    /// `GET labels`, by title.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<Label>> {
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/labels", "/labels");
        self.scope.ask(call.list(), scope::payload)
    }

    /// `POST labels`: for administrators. A repeat is refused by the title.
    ///
    /// # Errors
    /// As all.
    pub fn create(&self, fields: &LabelFields) -> Answer<Label> {
        let route = "POST /api/v1/accounts/:account/labels";
        let call = self.scope.call(Method::POST, route, "/labels").body(&json!({"label": fields})).fresh();
        self.scope.ask(call, scope::flat)
    }

    /// `PATCH labels/:id`: for administrators. Repeatable.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn update(&self, id: LabelId, fields: &LabelFields) -> Answer<Label> {
        let route = "PATCH /api/v1/accounts/:account/labels/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/labels/{id}"));
        let mine = move |body: Body| scope::flat::<Label>(body).filter(|label| label.id == id);
        self.scope.ask(call.body(&json!({"label": fields})), mine)
    }

    /// `DELETE labels/:id`: for administrators.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: LabelId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/labels/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/labels/{id}"));
        self.scope.ask(call, scope::nothing)
    }
}

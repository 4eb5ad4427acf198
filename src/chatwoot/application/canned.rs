//! Canned responses (§3.6).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        canned::{CannedFields, CannedResponse},
        ids::CannedResponseId,
    },
};
use reqwest::Method;
use serde_json::json;

/// The canned responses of an account, which any agent may change. Chatwoot keeps short codes apart, though two creates
/// at the same moment can make one twice. There is no reading of a single one.
#[derive(Clone)]
pub struct CannedResponses {
    pub(super) scope: Scope,
}

impl CannedResponses {
    /// `GET canned_responses`.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<CannedResponse>> {
        let route = "GET /api/v1/accounts/:account/canned_responses";
        let call = self.scope.call(Method::GET, route, "/canned_responses").list();
        self.scope.ask(call, scope::list)
    }

    /// `POST canned_responses`.
    ///
    /// # Errors
    /// As all; 422 where the short code is taken.
    pub fn create(&self, fields: &CannedFields) -> Answer<CannedResponse> {
        let route = "POST /api/v1/accounts/:account/canned_responses";
        let call = self.scope.call(Method::POST, route, "/canned_responses");
        self.scope.ask(call.body(&json!({"canned_response": fields})).fresh(), scope::flat)
    }

    /// `PATCH canned_responses/:id`. Repeatable.
    ///
    /// # Errors
    /// As [`CannedResponses::create`]; an answer about another one is `Unexpected`.
    pub fn update(&self, id: CannedResponseId, fields: &CannedFields) -> Answer<CannedResponse> {
        let route = "PATCH /api/v1/accounts/:account/canned_responses/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/canned_responses/{id}"));
        let mine = move |body: Body| scope::flat::<CannedResponse>(body).filter(|answer| answer.id == id);
        self.scope.ask(call.body(&json!({"canned_response": fields})), mine)
    }

    /// `DELETE canned_responses/:id`.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: CannedResponseId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/canned_responses/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/canned_responses/{id}"));
        self.scope.ask(call, scope::nothing)
    }
}

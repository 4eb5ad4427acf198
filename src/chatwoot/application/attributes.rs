//! Definitions of custom attributes (§3.6).

use super::{
    Answer,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    tenant::{
        attribute::{AttributeDefinition, AttributeFields, AttributeModel, NewAttribute},
        ids::AttributeId,
    },
};
use reqwest::Method;
use serde_json::json;

/// The definitions of an account. Key and model are unique together.
#[derive(Clone)]
pub struct Attributes {
    pub(super) scope: Scope,
}

impl Attributes {
    /// `GET custom_attribute_definitions`: those of one model, or all.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self, model: Option<AttributeModel>) -> Answer<Vec<AttributeDefinition>> {
        let route = "GET /api/v1/accounts/:account/custom_attribute_definitions";
        let call = self.scope.call(Method::GET, route, "/custom_attribute_definitions").list();
        let model = model.map(|model| model.to_string());
        self.scope.ask(call.query([("attribute_model", model)]), scope::list)
    }

    /// `POST custom_attribute_definitions`: for administrators. A repeat is refused by the key.
    ///
    /// # Errors
    /// As all.
    pub fn create(&self, new: &NewAttribute) -> Answer<AttributeDefinition> {
        let route = "POST /api/v1/accounts/:account/custom_attribute_definitions";
        let call = self.scope.call(Method::POST, route, "/custom_attribute_definitions");
        let body = json!({"custom_attribute_definition": new});
        self.scope.ask(call.body(&body).fresh(), scope::flat)
    }

    /// `PATCH custom_attribute_definitions/:id`: for administrators. Repeatable.
    ///
    /// # Errors
    /// As all; an answer about another one is `Unexpected`.
    pub fn update(&self, id: AttributeId, fields: &AttributeFields) -> Answer<AttributeDefinition> {
        let route = "PATCH /api/v1/accounts/:account/custom_attribute_definitions/:id";
        let tail = format!("/custom_attribute_definitions/{id}");
        let call = self.scope.call(Method::PATCH, route, tail);
        let mine = move |body: Body| {
            scope::flat::<AttributeDefinition>(body).filter(|definition| definition.id == id)
        };
        self.scope.ask(call.body(&json!({"custom_attribute_definition": fields})), mine)
    }

    /// `DELETE custom_attribute_definitions/:id`: for administrators. Answers 204.
    ///
    /// # Errors
    /// As all.
    pub fn delete(&self, id: AttributeId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/custom_attribute_definitions/:id";
        let tail = format!("/custom_attribute_definitions/{id}");
        self.scope.ask(self.scope.call(Method::DELETE, route, tail), scope::nothing)
    }
}

//! Automation rules (§3.6).

use super::{
    Answer, explained,
    scope::{self, Scope},
};
use crate::chatwoot::{
    http::Body,
    outcome::Class,
    tenant::{
        automation::{AutomationRule, AutomationRulePatch, NewAutomationRule},
        ids::AutomationRuleId,
    },
};
use reqwest::Method;

const MISSING: &str = "it also does so for a rule that does not exist: look for it in the list";

/// The automation rules of an account, for administrators. Nothing of a rule is unique.
///
/// Of a rule that does not exist Chatwoot says 500, not 404, so that only the list tells that one is gone.
#[derive(Clone)]
pub struct AutomationRules {
    pub(super) scope: Scope,
}

impl AutomationRules {
    /// `GET automation_rules`.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self) -> Answer<Vec<AutomationRule>> {
        let route = "GET /api/v1/accounts/:account/automation_rules";
        let call = self.scope.call(Method::GET, route, "/automation_rules").list();
        self.scope.ask(call, scope::payload)
    }

    /// `GET automation_rules/:id`.
    ///
    /// # Errors
    /// As all; [`Class::Server`] also where there is no such rule.
    pub fn show(&self, id: AutomationRuleId) -> Answer<AutomationRule> {
        let route = "GET /api/v1/accounts/:account/automation_rules/:id";
        let call = self.scope.call(Method::GET, route, format_args!("/automation_rules/{id}"));
        explained(self.scope.ask(call, move |body| about(body, id)), Class::Server, MISSING)
    }

    /// `POST automation_rules`. Not repeatable.
    ///
    /// # Errors
    /// As all; a 422 names every wrong field.
    pub fn create(&self, new: &NewAutomationRule) -> Answer<AutomationRule> {
        let route = "POST /api/v1/accounts/:account/automation_rules";
        let call = self.scope.call(Method::POST, route, "/automation_rules").body(new).fresh();
        self.scope.ask(call, scope::flat)
    }

    /// `PATCH automation_rules/:id`. Repeatable.
    ///
    /// # Errors
    /// As [`AutomationRules::show`] and [`AutomationRules::create`].
    pub fn update(&self, id: AutomationRuleId, patch: &AutomationRulePatch) -> Answer<AutomationRule> {
        let route = "PATCH /api/v1/accounts/:account/automation_rules/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/automation_rules/{id}")).body(patch);
        explained(self.scope.ask(call, move |body| about(body, id)), Class::Server, MISSING)
    }

    /// `DELETE automation_rules/:id`.
    ///
    /// # Errors
    /// As [`AutomationRules::show`].
    pub fn delete(&self, id: AutomationRuleId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/automation_rules/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/automation_rules/{id}"));
        explained(self.scope.ask(call, scope::nothing), Class::Server, MISSING)
    }
}

fn about(body: Body, id: AutomationRuleId) -> Option<AutomationRule> {
    scope::payload::<AutomationRule>(body).filter(|rule| rule.id == id)
}

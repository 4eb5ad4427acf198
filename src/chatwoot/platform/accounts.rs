//! Accounts.

use super::{Platform, ROOT};
use crate::chatwoot::{
    decode,
    http::Call,
    marker,
    outcome::Failure,
    types::{Account, AccountId, AccountPatch, AccountState},
};
use reqwest::Method;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

/// What a new account is made of; everything else follows by `PATCH` (P1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    pub name: String,
    /// Text of the [marker](marker::Marker), under [`marker::KEY`].
    pub marker: String,
}

const ONE: &str = "GET /accounts/:id";

fn path(id: AccountId) -> String {
    format!("{ROOT}/accounts/{id}")
}

impl Platform {
    /// `POST /accounts`. Not repeatable (P1); goes out on a connection of its own, so that nothing below repeats it.
    ///
    /// # Errors
    /// [`Failure::fate`] tells what may have happened. An answer without a readable account is ambiguous.
    pub async fn create_account(&self, new: &NewAccount) -> Result<Account, Failure> {
        let body = json!({"name": new.name, "custom_attributes": {marker::KEY: new.marker}});
        let call = Call::new(Method::POST, "POST /accounts", format!("{ROOT}/accounts")).body(&body).fresh();
        self.http.ask(call, |body| decode::account(body.bytes())).await
    }

    /// `GET /accounts/:id`.
    ///
    /// # Errors
    /// As all; an answer about another account is `Unexpected`.
    pub async fn account(&self, id: AccountId) -> Result<Account, Failure> {
        self.one_account(Call::new(Method::GET, ONE, path(id)), id).await
    }

    /// `PATCH /accounts/:id`. Repeatable.
    ///
    /// # Errors
    /// As [`Platform::account`].
    pub async fn update_account(&self, id: AccountId, patch: &AccountPatch) -> Result<Account, Failure> {
        let call = Call::new(Method::PATCH, "PATCH /accounts/:id", path(id)).body(&Wire(patch));
        self.one_account(call, id).await
    }

    /// `DELETE /accounts/:id`: only asks for it, and the account answers until the job has run (P27). Repeatable.
    ///
    /// # Errors
    /// As all.
    pub async fn delete_account(&self, id: AccountId) -> Result<(), Failure> {
        self.delete(Call::new(Method::DELETE, "DELETE /accounts/:id", path(id))).await
    }

    /// To be asked after a [`NotFound`](crate::chatwoot::outcome::Class::NotFound): whether that was Chatwoot's own
    /// word. False where it proves nothing.
    ///
    /// # Errors
    /// No conclusion can be drawn.
    pub async fn account_vanished(&self, id: AccountId) -> Result<bool, Failure> {
        self.refuses_strangers(ONE, path(id)).await
    }

    async fn one_account(&self, call: Call, id: AccountId) -> Result<Account, Failure> {
        self.http.ask(call, |body| decode::account(body.bytes()).filter(|account| account.id == id)).await
    }
}

/// A patch as Chatwoot reads it: absent keys are left alone; booleans are real ones, because `"false"` enables (P9).
struct Wire<'a>(&'a AccountPatch);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Wire(patch) = self;
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in [
            ("name", &patch.name),
            ("locale", &patch.locale),
            ("domain", &patch.domain),
            ("support_email", &patch.support_email),
        ] {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        match patch.state {
            Some(AccountState::Active) => map.serialize_entry("status", "active")?,
            Some(AccountState::Suspended) => map.serialize_entry("status", "suspended")?,
            Some(AccountState::Unknown) | None => {}
        }
        if !patch.features.is_empty() {
            map.serialize_entry("features", &patch.features)?;
        }
        for (key, value) in [("limits", &patch.limits), ("custom_attributes", &patch.custom_attributes)] {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn wire(patch: &AccountPatch) -> serde_json::Value {
        serde_json::to_value(Wire(patch)).unwrap()
    }

    #[test]
    fn an_empty_patch_changes_nothing() {
        assert_eq!(wire(&AccountPatch::default()), json!({}));
    }

    #[test]
    fn every_field_goes_out_under_chatwoots_name_and_in_its_type() {
        let patch = AccountPatch {
            name: Some("Acme".into()),
            locale: Some("pt_BR".into()),
            domain: Some(String::new()),
            support_email: Some("help@acme.example".into()),
            state: Some(AccountState::Suspended),
            features: BTreeMap::from([("sla".into(), true), ("crm".into(), false)]),
            limits: Some(json!({"agents": 10}).as_object().unwrap().clone()),
            custom_attributes: Some(json!({}).as_object().unwrap().clone()),
        };
        let expected = json!({
            "name": "Acme", "locale": "pt_BR", "domain": "", "support_email": "help@acme.example",
            "status": "suspended", "features": {"sla": true, "crm": false},
            "limits": {"agents": 10}, "custom_attributes": {},
        });
        assert_eq!(wire(&patch), expected);
    }

    #[test]
    fn an_unknown_state_is_never_sent() {
        let patch = AccountPatch { state: Some(AccountState::Unknown), ..Default::default() };
        assert_eq!(wire(&patch), json!({}));
    }
}

//! Customers, by themselves (§4).

use super::{Identity, Place, flat};
use crate::chatwoot::{
    application::Answer,
    http::{Body, Call},
    outcome::{Class, Failure},
    tenant::visitor::{Visitor, VisitorFields},
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The customers of an API inbox.
#[derive(Clone)]
pub struct Contacts {
    pub(super) place: Place,
}

/// A customer to be made, or found.
#[derive(Clone, Debug, Default)]
pub struct NewVisitor {
    pub fields: VisitorFields,
    pub identity: Option<Identity>,
    /// The `contact_identifier` to be used; Chatwoot makes one where none is given.
    pub source_id: Option<SecretString>,
}

impl Contacts {
    /// `POST contacts`: finds or makes. An address that is there comes back untouched; else a contact of the account is
    /// matched by identifier, e-mail or phone number, **in that order**, and gets an address here without any change to
    /// it; else one is made, with a random name where none is given. With a `source_id` it is repeatable.
    ///
    /// # Errors
    /// As all; an answer without a `source_id` is `Unexpected`.
    pub fn create(&self, new: &NewVisitor) -> Answer<Visitor> {
        let route = "POST /public/api/v1/inboxes/:inbox/contacts";
        let mut body = with_identity(&new.fields, new.identity.as_ref());
        if let (Some(source_id), Value::Object(body)) = (&new.source_id, &mut body) {
            body.insert("source_id".to_owned(), source_id.expose_secret().into());
        }
        let call = self.place.call(Method::POST, route, "/contacts").body(&body).fresh();
        self.ask(call, |body| flat::<Visitor>(body).filter(|visitor| visitor.source_id.is_some()))
    }

    /// `GET contacts/:contact`. A proven identity marks the person as verified, and an inbox that insists on proof
    /// answers 500 without one.
    ///
    /// # Errors
    /// As all.
    pub fn show(&self, contact: &SecretString, identity: Option<&Identity>) -> Answer<Visitor> {
        let route = "GET /public/api/v1/inboxes/:inbox/contacts/:contact";
        let secret = |secret: Option<&SecretString>| secret.map(|text| text.expose_secret().to_owned());
        let pairs = [
            ("identifier", secret(identity.map(|identity| &identity.identifier))),
            ("identifier_hash", secret(identity.and_then(|identity| identity.hash.as_ref()))),
        ];
        let one = self.one(contact);
        one.ask(one.place.call(Method::GET, route, "").query(pairs), flat)
    }

    /// `PATCH contacts/:contact`. Blank values change nothing, and neither does the identifier, which only goes with its
    /// proof. Repeatable. An e-mail or phone number that is another contact's **merges** the two, and the other one
    /// stays: the id in the answer is then another.
    ///
    /// # Errors
    /// As [`Contacts::show`].
    pub fn update(
        &self,
        contact: &SecretString,
        fields: &VisitorFields,
        identity: Option<&Identity>,
    ) -> Answer<Visitor> {
        let route = "PATCH /public/api/v1/inboxes/:inbox/contacts/:contact";
        let one = self.one(contact);
        one.ask(one.place.call(Method::PATCH, route, "").body(&with_identity(fields, identity)), flat)
    }

    fn one(&self, contact: &SecretString) -> Self {
        let mut contacts = self.place.clone();
        // Writing to memory does not fail.
        let _ = contacts.path.write_str("/contacts");
        Self { place: contacts.below(contact.expose_secret()) }
    }

    fn ask<T: Send + 'static>(
        &self,
        call: Call,
        decode: impl FnOnce(Body) -> Option<T> + Send + 'static,
    ) -> Answer<T> {
        let answer = self.place.ask(call, decode);
        Box::pin(async move {
            answer.await.map_err(|failure| match failure.class {
                Class::Server => Failure {
                    detail: Some("an identity hash that is wrong, or missing where the inbox insists on one, does this"),
                    ..failure
                },
                _ => failure,
            })
        })
    }
}

fn with_identity(fields: &VisitorFields, identity: Option<&Identity>) -> Value {
    let mut body = json!(fields);
    if let (Some(identity), Value::Object(body)) = (identity, &mut body) {
        body.insert("identifier".to_owned(), identity.identifier.expose_secret().into());
        if let Some(hash) = &identity.hash {
            body.insert("identifier_hash".to_owned(), hash.expose_secret().into());
        }
    }
    body
}

//! Contacts (§3.2).

mod lists;

pub use lists::{ContactPage, ContactQuery};

use super::{
    Answer, explained,
    scope::{self, Scope},
};
use crate::chatwoot::{
    outcome::Class,
    tenant::{
        contact::{Contact, ContactFields, ContactInbox, MadeContact, NewContact},
        conversation::Conversation,
        ids::ContactId,
    },
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// The contacts of an account.
#[derive(Clone)]
pub struct Contacts {
    pub(super) scope: Scope,
}

impl Contacts {
    /// `GET contacts/:id`, with the person's addresses.
    ///
    /// # Errors
    /// As all; an answer about somebody else is `Unexpected`.
    pub fn show(&self, id: ContactId) -> Answer<Contact> {
        let route = "GET /api/v1/accounts/:account/contacts/:id";
        let call = self.scope.call(Method::GET, route, format_args!("/contacts/{id}"));
        let query = [("include_contact_inboxes", Some("true".to_owned()))];
        self.scope.ask(call.query(query).personal(), move |body| about(body, id))
    }

    /// `POST contacts`. E-mail, identifier and phone number are unique, so that with one of them a repeat makes no second
    /// contact but is refused.
    ///
    /// # Errors
    /// As all; 422 "… has already been taken", "Email Invalid email", "Phone number should be in e164 format".
    pub fn create(&self, new: &NewContact) -> Answer<MadeContact> {
        #[derive(Deserialize)]
        struct Made {
            contact: Contact,
            contact_inbox: Option<ContactInbox>,
        }
        let route = "POST /api/v1/accounts/:account/contacts";
        let call = self.scope.call(Method::POST, route, "/contacts").body(new).personal().fresh();
        self.scope.ask(call, |body| {
            let made: Made = scope::payload(body)?;
            let source_id = made.contact_inbox.and_then(|address| address.source_id);
            Some(MadeContact { contact: made.contact, source_id })
        })
    }

    /// `PATCH contacts/:id`. Attributes are merged. Repeatable.
    ///
    /// # Errors
    /// As [`Contacts::create`] and [`Contacts::show`].
    pub fn update(&self, id: ContactId, fields: &ContactFields) -> Answer<Contact> {
        let route = "PATCH /api/v1/accounts/:account/contacts/:id";
        let call = self.scope.call(Method::PATCH, route, format_args!("/contacts/{id}"));
        self.scope.ask(call.body(fields).personal(), move |body| about(body, id))
    }

    /// `DELETE contacts/:id`: for administrators. The person is gone at once, conversations and messages follow later.
    ///
    /// # Errors
    /// As all; 422 while the person is online, whose sentence carries the name and is not passed on.
    pub fn delete(&self, id: ContactId) -> Answer<()> {
        let route = "DELETE /api/v1/accounts/:account/contacts/:id";
        let call = self.scope.call(Method::DELETE, route, format_args!("/contacts/{id}")).personal();
        let online = "the contact is online now; try again when they have left";
        explained(self.scope.ask(call, scope::nothing), Class::Invalid, online)
    }

    /// `POST contacts/:id/destroy_custom_attributes`: removes these keys, which a merge cannot. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn destroy_custom_attributes(&self, id: ContactId, keys: &[String]) -> Answer<()> {
        let route = "POST /api/v1/accounts/:account/contacts/:id/destroy_custom_attributes";
        let tail = format_args!("/contacts/{id}/destroy_custom_attributes").to_string();
        let call = self.scope.call(Method::POST, route, tail).body(&json!({"custom_attributes": keys}));
        self.scope.ask(call.personal(), scope::nothing)
    }

    /// `GET contacts/:id/conversations`: the twenty that were active last; an agent sees those of their inboxes.
    ///
    /// # Errors
    /// As all.
    pub fn conversations(&self, id: ContactId) -> Answer<Vec<Conversation>> {
        let route = "GET /api/v1/accounts/:account/contacts/:id/conversations";
        let call = self.scope.call(Method::GET, route, format_args!("/contacts/{id}/conversations"));
        self.scope.ask(call.personal().list(), scope::payload)
    }

    /// `GET contacts/:id/labels`.
    ///
    /// # Errors
    /// As all.
    pub fn labels(&self, id: ContactId) -> Answer<Vec<String>> {
        let route = "GET /api/v1/accounts/:account/contacts/:id/labels";
        let call = self.scope.call(Method::GET, route, format_args!("/contacts/{id}/labels"));
        self.scope.ask(call.personal(), scope::payload)
    }

    /// `POST contacts/:id/labels`: **replaces** the contact's labels by these. Repeatable.
    ///
    /// # Errors
    /// As all.
    pub fn set_labels(&self, id: ContactId, labels: &[String]) -> Answer<Vec<String>> {
        let route = "POST /api/v1/accounts/:account/contacts/:id/labels";
        let call = self.scope.call(Method::POST, route, format_args!("/contacts/{id}/labels"));
        self.scope.ask(call.body(&json!({"labels": labels})).personal(), scope::payload)
    }
}

fn about(body: crate::chatwoot::http::Body, id: ContactId) -> Option<Contact> {
    scope::payload::<Contact>(body).filter(|contact| contact.id == id)
}

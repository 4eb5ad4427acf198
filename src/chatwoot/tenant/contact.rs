//! A customer (§3.2). Everything about one is personal data: `Debug` shows the id alone.

use super::{
    ids::{ContactId, InboxId},
    words::words,
};
use crate::chatwoot::{loose, types::Map};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A contact as every endpoint but the Client API's shows it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Contact {
    pub id: ContactId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub phone_number: Option<String>,
    /// The application's own name for the person; compared with regard to case.
    #[serde(default, deserialize_with = "loose::text")]
    pub identifier: Option<String>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub blocked: bool,
    /// `online` or `offline`.
    #[serde(default, deserialize_with = "loose::text")]
    pub availability_status: Option<String>,
    #[serde(default, deserialize_with = "loose::map")]
    pub additional_attributes: Map,
    #[serde(default, deserialize_with = "loose::map")]
    pub custom_attributes: Map,
    /// Seconds since 1970.
    #[serde(default, deserialize_with = "loose::time")]
    pub last_activity_at: Option<i64>,
    /// Seconds since 1970.
    #[serde(default, deserialize_with = "loose::time")]
    pub created_at: Option<i64>,
    /// Where the person can be written to; only where it was asked for.
    #[serde(default, deserialize_with = "loose::rows", skip_serializing_if = "Vec::is_empty")]
    pub contact_inboxes: Vec<ContactInbox>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A contact's address in an inbox.
#[derive(Clone, Deserialize, Serialize)]
pub struct ContactInbox {
    /// In an API inbox the Client API's `contact_identifier`, and whoever knows it can write as the person (§4).
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub source_id: Option<SecretString>,
    #[serde(default, deserialize_with = "loose::part")]
    pub inbox: Option<InboxStub>,
}

impl fmt::Debug for ContactInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactInbox").field("inbox", &self.inbox).finish_non_exhaustive()
    }
}

/// An inbox as a contact's addresses name it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InboxStub {
    pub id: InboxId,
    #[serde(default, deserialize_with = "loose::plain")]
    pub name: String,
    #[serde(default, deserialize_with = "loose::text")]
    pub channel_type: Option<String>,
}

/// What a contact is made of or changed to; `None` leaves a field alone, `""` clears e-mail, phone number and identifier.
///
/// Unique in an account: e-mail (without regard to case), identifier and phone number (`+` and digits).
#[derive(Clone, Default, Serialize)]
pub struct ContactFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Merged since 4.2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_attributes: Option<Map>,
    /// Merged: keys stay until [`destroy_custom_attributes`](crate::chatwoot::application::Contacts::destroy_custom_attributes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Map>,
}

impl fmt::Debug for ContactFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactFields").finish_non_exhaustive()
    }
}

/// A contact to be made.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewContact {
    #[serde(flatten)]
    pub fields: ContactFields,
    /// Also gives the person an address in this inbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<InboxId>,
    /// That address; Chatwoot makes one for API inboxes and web widgets where none is given.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub source_id: Option<SecretString>,
}

/// Writes a secret into a request.
pub(in crate::chatwoot) fn exposed<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(serializer)
}

/// What a `POST` made.
#[derive(Clone, Debug)]
pub struct MadeContact {
    pub contact: Contact,
    /// The person's address in the inbox that was asked for.
    pub source_id: Option<SecretString>,
}

words! {
    /// What contacts are listed by.
    SortBy, "sort key":
    Name = "name",
    Email = "email",
    PhoneNumber = "phone_number",
    LastActivityAt = "last_activity_at",
    /// The order in which least moves.
    CreatedAt = "created_at",
    /// Since 4.14; before that it is [`SortBy::Company`].
    CompanyName = "company_name",
    Company = "company",
    City = "city",
    Country = "country",
}

/// A key and a direction: `name`, or `-name` for descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.by)
    }
}

impl std::str::FromStr for Sort {
    type Err = super::words::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        key.parse().map(|by| Self { by, descending })
    }
}

//! What is reported, a row for each contact, and for each account without one.

use super::{
    Looked,
    accounts::Place,
    person::{Became, Found},
};
use crate::cli::{
    exit,
    inside::rows::{Column, text},
};
use serde::Serialize;

/// What became, or would become, of somebody in an account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Namespace and name of the ChatwootAccount.
    account: String,
    account_id: Option<i64>,
    contact: Option<i64>,
    name: Option<String>,
    conversations: Option<usize>,
    result: Outcome,
    message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// Nobody there has the address.
    Nobody,
    /// Would be deleted.
    Found,
    /// Gone, conversations included.
    Erased,
    /// The contact is gone, not all conversations are yet.
    Queued,
    Kept,
    /// The account could not be looked into.
    NotLookedInto,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Found => "found",
            Self::Erased => "erased",
            Self::Queued => "queued",
            Self::Kept => "kept",
            Self::NotLookedInto => "not-looked-into",
        }
    }
}

pub const COLUMNS: &[Column<Row>] = &[
    ("account", |row| row.account.clone()),
    ("account_id", |row| number(row.account_id)),
    ("contact", |row| number(row.contact)),
    ("name", |row| text(row.name.as_deref())),
    ("conversations", |row| number(row.conversations)),
    ("result", |row| row.result.word().to_owned()),
    ("message", |row| text(row.message.as_deref())),
];

fn number<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Row {
    fn of(place: &Place, result: Outcome) -> Self {
        Self {
            account: place.name.clone(),
            account_id: place.id.map(|id| id.0),
            contact: None,
            name: None,
            conversations: None,
            result,
            message: None,
        }
    }

    fn about(place: &Place, found: &Found, result: Outcome) -> Self {
        Self {
            contact: Some(found.contact.id.0),
            name: Some(found.contact.name.clone()),
            conversations: Some(found.conversations.len()),
            ..Self::of(place, result)
        }
    }

    pub fn nobody(place: &Place) -> Self {
        Self::of(place, Outcome::Nobody)
    }

    pub fn missed(place: &Place, why: &str) -> Self {
        Self { message: Some(why.to_owned()), ..Self::of(place, Outcome::NotLookedInto) }
    }

    pub fn would_go(looked: &Looked) -> Vec<Self> {
        match &looked.found {
            Err(why) => vec![Self::missed(&looked.place, why)],
            Ok((_, found)) if found.is_empty() => vec![Self::nobody(&looked.place)],
            Ok((_, found)) => {
                found.iter().map(|one| Self::about(&looked.place, one, Outcome::Found)).collect()
            }
        }
    }

    pub fn erased(place: &Place, found: &Found, became: Became) -> Self {
        match became {
            Became::Erased => Self::about(place, found, Outcome::Erased),
            Became::Queued(left) => {
                let shown: Vec<String> = left.iter().take(20).map(ToString::to_string).collect();
                let more = if left.len() > shown.len() { " and more" } else { "" };
                let text = format!(
                    "the contact is gone; conversations {}{more} are still there, and Chatwoot's Sidekiq removes them: \
                     conversations show says when one is",
                    shown.join(", ")
                );
                Self { message: Some(text), ..Self::about(place, found, Outcome::Queued) }
            }
            Became::Kept(why) => Self { message: Some(why), ..Self::about(place, found, Outcome::Kept) },
        }
    }

    pub fn is_worth_a_line(&self) -> bool {
        self.result != Outcome::Nobody
    }

    /// The exit code if this were all.
    pub fn code(&self) -> u8 {
        match self.result {
            Outcome::Nobody | Outcome::Erased => exit::FINE,
            Outcome::Queued | Outcome::Found => exit::SOMETHING,
            Outcome::Kept | Outcome::NotLookedInto => exit::ERROR,
        }
    }

    /// Before somebody is asked.
    pub fn sentence(&self) -> String {
        let Self { account, .. } = self;
        match (self.contact, &self.message) {
            (Some(contact), _) => format!(
                "{account}: contact {contact} ({}) with {} conversations",
                self.name.as_deref().unwrap_or_default(),
                self.conversations.unwrap_or_default()
            ),
            (None, why) => format!("{account}: not looked into: {}", why.as_deref().unwrap_or_default()),
        }
    }
}

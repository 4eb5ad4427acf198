//! `contacts`: an account's customers.

mod change;
mod erase;
mod export;
mod filter;
mod import;
mod look;

use super::{
    exit,
    inside::rows::{Column, map, text, time},
};
use crate::chatwoot::tenant::contact::Contact;
use anyhow::Result;

/// Look at an account's customers, and change them
#[derive(clap::Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// List those who have an e-mail address, a phone number or an identifier
    ///
    /// The others are found by search and by their id.
    List(look::List),
    /// Show one
    Show(look::Show),
    /// Find those whose name, e-mail address, phone number or identifier holds a text
    ///
    /// Chatwoot allows 100 searches a minute for the whole account; each page of fifteen is one.
    Search(look::Search),
    /// Find those that rules mean
    ///
    /// A rule is KEY OPERATOR VALUE in quotes, such as 'email contains @acme.example' or 'last_activity_at days_before 30';
    /// between two stands AND or OR, and AND binds closer. Keys are those of Chatwoot (name, email, phone_number, identifier,
    /// country_code, city, company_name, company, labels, created_at, last_activity_at, blocked) and the account's custom
    /// attributes. Rules are checked before anything is asked; an operator that a key does not have is answered with those it
    /// has.
    Filter(filter::Options),
    /// Change one
    ///
    /// What is not named stays. An empty e-mail address, phone number or identifier is removed.
    Update(change::Update),
    /// Delete one, with all conversations
    ///
    /// Takes an administrator's token. Shows who goes and asks, unless --yes is given. Chatwoot removes the conversations
    /// afterwards, by itself.
    Delete(change::Delete),
    /// List a contact's conversations, at most the twenty latest
    Conversations(look::Conversations),
    /// Write all of them, or those that rules mean, to a file
    ///
    /// The file is there once it is complete, readable for its owner alone, and never written over another.
    Export(export::Options),
    /// Make or change those who stand in a file
    ///
    /// Who has the identifier, e-mail address or phone number of a line is changed where something differs, and nobody is made
    /// twice. What a line does not name stays; attributes are added to those there are.
    Import(import::Options),
    /// Answer a request for erasure: delete a person in every account
    ///
    /// Looks for contacts with exactly this e-mail address in the account of every ChatwootAccount that the operator serves,
    /// shows who goes, and asks, unless --yes is given. Each account is looked into as its automation user, whose token is read
    /// with the platform token; accounts without one as the owner of a token that you give. An account that cannot be looked
    /// into is said, and the exit code is 1 then.
    ///
    /// A contact counts as erased once a look has shown that contact and conversations are gone. Chatwoot removes conversations
    /// by itself, a little later; what is not gone when the time is over is reported as queued.
    Erase(erase::Options),
}

/// # Errors
/// The account cannot be reached, or Chatwoot refuses.
pub async fn run(options: Options) -> Result<u8> {
    match options.what {
        What::List(options) => look::list(options).await?,
        What::Show(options) => look::show(options).await?,
        What::Search(options) => look::search(options).await?,
        What::Filter(options) => filter::run(options).await?,
        What::Update(options) => change::update(options).await?,
        What::Delete(options) => change::delete(options).await?,
        What::Conversations(options) => look::conversations(options).await?,
        What::Export(options) => export::run(options).await?,
        What::Import(options) => return import::run(options).await,
        What::Erase(options) => return erase::run(options).await,
    }
    Ok(exit::FINE)
}

/// How many columns a table has.
const WIDE: usize = 6;

/// What is printed of a contact.
const COLUMNS: &[Column<Contact>] = &[
    ("id", |contact| contact.id.to_string()),
    ("name", |contact| contact.name.clone()),
    ("email", |contact| text(contact.email.as_deref())),
    ("phone_number", |contact| text(contact.phone_number.as_deref())),
    ("identifier", |contact| text(contact.identifier.as_deref())),
    ("last_activity_at", |contact| time(contact.last_activity_at)),
    ("created_at", |contact| time(contact.created_at)),
    ("blocked", |contact| contact.blocked.to_string()),
    ("custom_attributes", |contact| map(&contact.custom_attributes)),
    ("additional_attributes", |contact| map(&contact.additional_attributes)),
];

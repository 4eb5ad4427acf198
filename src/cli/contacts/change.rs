//! Changing and deleting contacts.

use super::{COLUMNS, look::id};
use crate::{
    chatwoot::tenant::{
        contact::{Contact, ContactFields},
        ids::ContactId,
    },
    cli::{
        inside::{self, Attribute, Reached, changed, rows::Rows},
        output::harmless,
    },
};
use anyhow::{Context, Result, bail};
use std::io;

#[derive(clap::Args, Debug)]
pub struct Update {
    /// The contact
    #[arg(value_name = "ID", value_parser = id)]
    contact: ContactId,

    #[command(flatten)]
    fields: Fields,

    /// Set a custom attribute
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Attribute>,

    /// Remove a custom attribute
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
struct Fields {
    /// What the person is called
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Their phone number, with + and the country's code
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    phone_number: Option<String>,

    /// Your application's own name for the person
    #[arg(long, value_name = "TEXT")]
    identifier: Option<String>,

    /// Whether the person can begin conversations
    #[arg(long, value_name = "true|false")]
    blocked: Option<bool>,
}

#[derive(clap::Args, Debug)]
pub struct Delete {
    /// The contact
    #[arg(value_name = "ID", value_parser = id)]
    contact: ContactId,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    inside: inside::Flags,
}

pub async fn update(options: Update) -> Result<()> {
    let Update { contact, fields, set, unset, inside, rows } = options;
    let Fields { name, email, phone_number, identifier, blocked } = fields;
    let nothing = name.is_none() && email.is_none() && phone_number.is_none() && identifier.is_none();
    if nothing && blocked.is_none() && set.is_empty() && unset.is_empty() {
        bail!(
            "contact {contact}: say what to change, such as --name; contacts update --help lists what can be"
        );
    }
    let reached = inside.reach().await?;
    let contacts = reached.account.contacts();
    let failed = |failure| reached.said.error(format!("contact {contact}"), &failure);
    if !unset.is_empty() {
        contacts.destroy_custom_attributes(contact, &unset).await.map_err(failed)?;
    }
    let custom_attributes = (!set.is_empty()).then(|| changed(Default::default(), &set, &[]));
    let fields = ContactFields {
        name,
        email,
        phone_number,
        identifier,
        blocked,
        custom_attributes,
        ..ContactFields::default()
    };
    let after = contacts.update(contact, &fields).await.map_err(failed)?;
    rows.print_one(after, COLUMNS).await
}

pub async fn delete(options: Delete) -> Result<()> {
    let reached = options.inside.reach().await?;
    let who = options.contact;
    let failed = |failure| reached.said.error(format!("contact {who}"), &failure);
    let contact = reached.account.contacts().show(who).await.map_err(failed)?;
    let shown = shown(&contact, &reached);
    if !options.yes {
        eprintln!("{shown} and all conversations will be deleted for good. Type yes to go on:");
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).context("the answer could not be read")?;
        if answer.trim() != "yes" {
            bail!("{shown} was not deleted; only yes, or --yes, does it");
        }
    }
    reached.account.contacts().delete(who).await.map_err(failed)?;
    eprintln!("{shown} is deleted; Chatwoot removes the conversations by itself");
    Ok(())
}

fn shown(contact: &Contact, reached: &Reached) -> String {
    let address = contact.email.as_deref().or(contact.phone_number.as_deref()).unwrap_or("no address");
    let text = format!("contact {} ({}, {address}) of {}", contact.id, contact.name, reached.said.account);
    harmless(&text).into_owned()
}

//! Reading contacts.

use super::{COLUMNS, WIDE};
use crate::{
    chatwoot::{
        application::ContactQuery,
        tenant::{contact::Sort, ids::ContactId},
    },
    cli::{
        conversations,
        inside::{self, rows::Rows},
    },
};
use anyhow::Result;
use futures::{TryStreamExt, stream};

#[derive(clap::Args, Debug)]
pub struct List {
    #[command(flatten)]
    inside: inside::Flags,

    /// Only those with this label; with one of them where it is given several times
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,

    #[command(flatten)]
    order: Order,

    #[command(flatten)]
    rows: Rows,
}

/// In which order, and how many.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Order {
    /// name, email, phone_number, last_activity_at, created_at, company_name, company, city or country; with a minus in front
    /// from the end. By age otherwise
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub sort: Option<Sort>,

    /// At most so many; otherwise all
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(clap::Args, Debug)]
pub struct Show {
    /// The contact
    #[arg(value_name = "ID", value_parser = id)]
    contact: ContactId,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
pub struct Search {
    /// What to look for; identifiers with regard to case
    #[arg(value_name = "TEXT")]
    text: String,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    order: Order,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
pub struct Conversations {
    /// The contact
    #[arg(value_name = "ID", value_parser = id)]
    contact: ContactId,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    rows: Rows,
}

/// A contact's id.
pub fn id(text: &str) -> Result<ContactId, String> {
    let id = text.parse::<i64>().ok().filter(|id| *id > 0);
    id.map(ContactId).ok_or_else(|| "write the contact's id in Chatwoot; contacts search finds it".to_owned())
}

pub async fn list(options: List) -> Result<()> {
    let reached = options.inside.reach().await?;
    let query = ContactQuery { sort: options.order.sort, labels: options.labels, ..ContactQuery::default() };
    let rows = reached.account.contacts().stream(&query);
    let rows = rows.map_err(|failure| reached.said.error("the list of contacts", &failure));
    options.rows.print(rows, options.order.limit, COLUMNS, WIDE).await.map(drop)
}

pub async fn show(options: Show) -> Result<()> {
    let reached = options.inside.reach().await?;
    let contact = reached.account.contacts().show(options.contact).await;
    let what = format!("contact {}", options.contact);
    let contact = contact.map_err(|failure| reached.said.error(what, &failure))?;
    options.rows.print_one(contact, COLUMNS).await
}

pub async fn search(options: Search) -> Result<()> {
    let reached = options.inside.reach().await?;
    let rows = reached.account.contacts().search_stream(&options.text, options.order.sort);
    let rows = rows.map_err(|failure| reached.said.error("the search", &failure));
    options.rows.print(rows, options.order.limit, COLUMNS, WIDE).await.map(drop)
}

pub async fn conversations(options: Conversations) -> Result<()> {
    let reached = options.inside.reach().await?;
    let found = reached.account.contacts().conversations(options.contact).await;
    let what = format!("the conversations of contact {}", options.contact);
    let found = found.map_err(|failure| reached.said.error(what, &failure))?;
    let rows = stream::iter(found.into_iter().map(Ok));
    options.rows.print(rows, None, conversations::COLUMNS, conversations::WIDE).await.map(drop)
}

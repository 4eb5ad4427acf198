//! `conversations`: an account's conversations, as agents see them.

use super::{
    exit,
    inside::{
        self, Attribute, changed,
        rows::{Column, Rows, map, text, time},
    },
};
use crate::{
    chatwoot::{
        application::ConversationQuery,
        tenant::{
            conversation::{AssigneeType, Between, Conversation, NewConversation, Status, StatusFilter},
            ids::{ContactId, ConversationId, InboxId, TeamId},
            message::NewMessage,
        },
        types::UserId,
    },
    runtime::flags::duration,
};
use anyhow::{Result, bail};
use futures::{TryStreamExt, stream};
use jiff::Timestamp;
use std::{collections::BTreeSet, future::ready, time::Duration};

/// Look at an account's conversations, and change them
#[derive(clap::Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// List them, the open ones unless told otherwise
    List(List),
    /// Show one
    Show(One),
    /// Begin one
    Create(Create),
    /// Open, resolve, snooze one, or set it to pending
    Status(SetStatus),
    /// Show the labels of one, or change them
    Label(Label),
    /// Show the custom attributes of one, or change them
    ///
    /// Chatwoot only replaces all of them at once, so they are read first; what somebody else changes in between is lost.
    Attributes(Attributes),
}

#[derive(clap::Args, Debug)]
struct List {
    /// open, resolved, pending, snoozed or all; not looked at with --text
    #[arg(long, value_name = "STATUS")]
    status: Option<StatusFilter>,

    /// Whose: me, unassigned or assigned
    #[arg(long, value_name = "WHOSE")]
    assignee: Option<AssigneeType>,

    /// Only those with a message that holds this text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// Only those of this inbox
    #[arg(long, value_name = "ID")]
    inbox_id: Option<i64>,

    /// Only those of this team
    #[arg(long, value_name = "ID")]
    team_id: Option<i64>,

    /// Only those with this label; with one of them where it is given several times
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,

    /// At most so many; otherwise all
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
struct One {
    /// The conversation's number
    #[arg(value_name = "NUMBER", value_parser = number)]
    conversation: ConversationId,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
struct Create {
    /// The inbox it is in
    #[arg(long, value_name = "ID")]
    inbox_id: i64,

    /// The customer
    #[arg(long, value_name = "ID")]
    contact_id: i64,

    /// open, resolved, pending or snoozed; otherwise as the inbox has it
    #[arg(long, value_name = "STATUS")]
    status: Option<Status>,

    /// Give it to this person
    #[arg(long, value_name = "ID")]
    assignee_id: Option<i64>,

    /// Give it to this team
    #[arg(long, value_name = "ID")]
    team_id: Option<i64>,

    /// Begin with this message to the customer
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,

    /// Set a custom attribute
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Attribute>,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
struct SetStatus {
    #[command(flatten)]
    one: One,

    /// open, resolved, pending or snoozed
    #[arg(value_name = "STATUS")]
    status: Status,

    /// Wake it up after so long; with snoozed. Otherwise at the customer's next message
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    snooze: Option<Duration>,
}

#[derive(clap::Args, Debug)]
struct Label {
    #[command(flatten)]
    one: One,

    /// Add a label
    #[arg(long, value_name = "LABEL")]
    add: Vec<String>,

    /// Take a label away
    #[arg(long, value_name = "LABEL")]
    remove: Vec<String>,
}

#[derive(clap::Args, Debug)]
struct Attributes {
    #[command(flatten)]
    one: One,

    /// Set an attribute: a text of at most 1500 characters, or a number
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Attribute>,

    /// Remove an attribute
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
}

/// A conversation's number in its account.
pub fn number(text: &str) -> Result<ConversationId, String> {
    let number = text.parse::<i64>().ok().filter(|number| *number > 0);
    number.map(ConversationId).ok_or_else(|| "write the number that Chatwoot shows for it".to_owned())
}

/// How many columns a table has.
pub const WIDE: usize = 7;

/// What is printed of a conversation.
pub const COLUMNS: &[Column<Conversation>] = &[
    ("number", |one| one.id.to_string()),
    ("status", |one| one.status.map(|status| status.to_string()).unwrap_or_default()),
    ("inbox_id", |one| one.inbox_id.map(|id| id.to_string()).unwrap_or_default()),
    ("contact", |one| {
        one.meta
            .as_ref()
            .and_then(|meta| meta.sender.as_ref())
            .map(|who| who.name.clone())
            .unwrap_or_default()
    }),
    ("assignee", |one| {
        one.meta
            .as_ref()
            .and_then(|meta| meta.assignee.as_ref())
            .map(|who| who.name.clone())
            .unwrap_or_default()
    }),
    ("labels", |one| one.labels.join(" ")),
    ("last_activity_at", |one| time(one.last_activity_at)),
    ("created_at", |one| time(one.created_at)),
    ("priority", |one| one.priority.map(|priority| priority.to_string()).unwrap_or_default()),
    ("custom_attributes", |one| map(&one.custom_attributes)),
    ("last_message", |one| text(one.messages.last().and_then(|message| message.content.as_deref()))),
];

/// # Errors
/// The account cannot be reached, or Chatwoot refuses.
pub async fn run(options: Options) -> Result<u8> {
    match options.what {
        What::List(options) => list(options).await?,
        What::Show(options) => show(options).await?,
        What::Create(options) => create(options).await?,
        What::Status(options) => status(options).await?,
        What::Label(options) => label(options).await?,
        What::Attributes(options) => attributes(options).await?,
    }
    Ok(exit::FINE)
}

async fn list(options: List) -> Result<()> {
    let reached = options.inside.reach().await?;
    let query = ConversationQuery {
        assignee_type: options.assignee,
        status: options.status,
        q: options.text,
        inbox_id: options.inbox_id.map(InboxId),
        team_id: options.team_id.map(TeamId),
        labels: options.labels,
    };
    let rows = reached.account.conversations().stream(&query);
    let rows = rows.map_err(|failure| reached.said.error("the list of conversations", &failure));
    options.rows.print(rows, options.limit, COLUMNS, WIDE).await.map(drop)
}

async fn show(options: One) -> Result<()> {
    let reached = options.inside.reach().await?;
    let id = options.conversation;
    let shown = reached.account.conversations().show(id).await;
    let shown = shown.map_err(|failure| reached.said.error(format!("conversation {id}"), &failure))?;
    options.rows.print_one(shown, COLUMNS).await
}

async fn create(options: Create) -> Result<()> {
    let reached = options.inside.reach().await?;
    let (inbox_id, contact_id) = (InboxId(options.inbox_id), ContactId(options.contact_id));
    let custom_attributes = (!options.set.is_empty()).then(|| changed(Default::default(), &options.set, &[]));
    let new = NewConversation {
        status: options.status,
        assignee_id: options.assignee_id.map(UserId),
        team_id: options.team_id.map(TeamId),
        message: options.message.map(NewMessage::text),
        custom_attributes,
        ..NewConversation::new(Between::Contact { inbox_id, contact_id, source_id: None })
    };
    let made = reached.account.conversations().create(&new).await;
    let what = format!("a conversation of contact {contact_id} in inbox {inbox_id}");
    let made = made.map_err(|failure| reached.said.error(what, &failure))?;
    options.rows.print_one(made, COLUMNS).await
}

async fn status(options: SetStatus) -> Result<()> {
    let SetStatus { one, status, snooze } = options;
    if snooze.is_some() && status != Status::Snoozed {
        bail!("--for goes with snoozed: only a snoozed conversation wakes up");
    }
    let reached = one.inside.reach().await?;
    let id = one.conversation;
    let until = snooze.map(|snooze| i64::try_from(snooze.as_secs()).unwrap_or(i64::MAX));
    let until = until.map(|seconds| Timestamp::now().as_second().saturating_add(seconds));
    let conversations = reached.account.conversations();
    let set = conversations.set_status(id, status, until).await.and_then(|toggled| toggled.confirm(status));
    set.map_err(|failure| reached.said.error(format!("conversation {id}"), &failure))?;
    eprintln!("conversation {id} of {} is {status}", reached.said.account);
    Ok(())
}

async fn label(options: Label) -> Result<()> {
    let Label { one, add, remove } = options;
    let reached = one.inside.reach().await?;
    let id = one.conversation;
    let failed = |failure| reached.said.error(format!("the labels of conversation {id}"), &failure);
    let conversations = reached.account.conversations();
    let mut labels = conversations.labels(id).await.map_err(failed)?;
    if !add.is_empty() || !remove.is_empty() {
        // Chatwoot replaces all of them.
        let wanted: BTreeSet<String> =
            labels.into_iter().filter(|label| !remove.contains(label)).chain(add).collect();
        let wanted: Vec<String> = wanted.into_iter().collect();
        labels = conversations.set_labels(id, &wanted).await.map_err(failed)?;
    }
    let rows = stream::iter(labels.into_iter().map(Ok));
    one.rows.print(rows, None, &[("label", String::clone)], 1).await.map(drop)
}

async fn attributes(options: Attributes) -> Result<()> {
    let Attributes { one, set, unset } = options;
    let reached = one.inside.reach().await?;
    let id = one.conversation;
    let failed = |failure| reached.said.error(format!("the attributes of conversation {id}"), &failure);
    let conversations = reached.account.conversations();
    let mut attributes = conversations.show(id).await.map_err(failed)?.custom_attributes;
    if !set.is_empty() || !unset.is_empty() {
        let wanted = changed(attributes, &set, &unset);
        attributes = conversations.set_custom_attributes(id, &wanted).await.map_err(failed)?;
    }
    let rows = stream::once(ready(Ok(attributes)));
    one.rows.print(rows, None, &[("attributes", map)], 1).await.map(drop)
}

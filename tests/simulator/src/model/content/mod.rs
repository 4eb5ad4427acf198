//! The rows of tenants, and what Chatwoot itself does with them.

pub mod columns;
pub mod contacts;
pub mod conversations;
pub mod form;
pub mod inboxes;
mod removal;
pub mod rows;
pub mod table;

use super::Sequence;
use rows::{Contact, ContactInbox, Conversation, Inbox, Message, Record};
use std::collections::{BTreeMap, BTreeSet};
use table::Table;

/// A label that got another title; the taggings follow by a job.
#[derive(Clone, Debug)]
pub struct Renaming {
    pub account: i64,
    pub from: String,
    pub to: String,
}

/// Everything tenants have made.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pub inboxes: Table<Inbox>,
    pub channel_ids: Sequence,
    /// (inbox, user).
    pub inbox_members: BTreeSet<(i64, i64)>,
    pub contacts: Table<Contact>,
    pub contact_inboxes: Table<ContactInbox>,
    pub conversations: Table<Conversation>,
    pub messages: Table<Message>,
    pub teams: Table<Record>,
    pub labels: Table<Record>,
    pub webhooks: Table<Record>,
    pub canned_responses: Table<Record>,
    pub attribute_definitions: Table<Record>,
    pub automation_rules: Table<Record>,
    display_ids: BTreeMap<i64, Sequence>,
    renamings: BTreeMap<i64, Renaming>,
    renaming_ids: Sequence,
}

impl Content {
    pub fn next_display_id(&mut self, account: i64) -> i64 {
        self.display_ids.entry(account).or_default().next()
    }

    /// Notes a changed title for the job that rewrites the taggings; returns what the job calls it.
    pub fn note_renaming(&mut self, renaming: Renaming) -> i64 {
        let id = self.renaming_ids.next();
        self.renamings.insert(id, renaming);
        id
    }
}

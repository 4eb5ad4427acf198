//! Somebody in one account: found by their address, deleted, and looked for once more.

use crate::chatwoot::{
    application::{Account, ContactQuery},
    outcome::{Class, Failure},
    tenant::{
        contact::Contact,
        filter::{ContactKey, Filter, Key, Operator, Rule},
        ids::{ContactId, ConversationId},
    },
};
use futures::TryStreamExt;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep_until};

/// As many conversations Chatwoot lists with a contact (chatwoot-api §3.2).
const LISTED: usize = 20;
/// How often is looked whether a conversation is gone.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// A contact with the address, and their conversations.
pub struct Found {
    pub contact: Contact,
    pub conversations: BTreeSet<ConversationId>,
}

/// What became of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// Contact and conversations are gone: that was looked at.
    Erased,
    /// The contact is gone; these conversations were still there when the time was over.
    Queued(BTreeSet<ConversationId>),
    /// Says why they are there still, or why that cannot be told.
    Kept(String),
}

/// Everybody with the address, which is in lower case. Filters pass over people whom Chatwoot does not count as contacts yet,
/// and searches before 4.11 do too; so both are asked.
pub async fn find(account: &Account, email: &str) -> Result<Vec<Found>, String> {
    let said = |failure: Failure| failure.to_string();
    let rule = Rule::new(Key::Standard(ContactKey::Email), Operator::EqualTo, &[email.to_owned()]);
    let filter = Filter::new(rule.map_err(|wrong| wrong.to_string())?);
    let contacts = account.contacts();
    let filtered = contacts.filter_stream(&filter, &ContactQuery::default());
    let mut all: Vec<Contact> = filtered.try_collect().await.map_err(said)?;
    all.extend(contacts.search_stream(email, None).try_collect::<Vec<_>>().await.map_err(said)?);
    let mut known = BTreeSet::new();
    all.retain(|contact| is(contact, email) && known.insert(contact.id));
    let mut found = Vec::new();
    for contact in all {
        let conversations = conversations(account, contact.id).await.map_err(said)?;
        found.push(Found { contact, conversations });
    }
    Ok(found)
}

fn is(contact: &Contact, email: &str) -> bool {
    contact.email.as_ref().is_some_and(|theirs| theirs.to_lowercase() == email)
}

/// All of them: of those with more than are listed with the contact, by each of their addresses.
async fn conversations(account: &Account, id: ContactId) -> Result<BTreeSet<ConversationId>, Failure> {
    let listed = account.contacts().conversations(id).await?;
    let mut all: BTreeSet<_> = listed.iter().map(|one| one.id).collect();
    if listed.len() < LISTED {
        return Ok(all);
    }
    for address in account.contacts().show(id).await?.contact_inboxes {
        let Some(source) = &address.source_id else { continue };
        let mut rows = Box::pin(account.conversations().stream_at(source));
        while let Some(one) = rows.try_next().await? {
            let sender = one.meta.as_ref().and_then(|meta| meta.sender.as_ref());
            if sender.is_none_or(|sender| sender.id == id) {
                all.insert(one.id);
            }
        }
    }
    Ok(all)
}

/// Deletes somebody, and says nothing that a look afterwards has not shown.
pub async fn erase(account: &Account, found: &Found, until: Instant) -> Became {
    let id = found.contact.id;
    let refused = match account.contacts().delete(id).await {
        Ok(()) => None,
        Err(failure) if failure.class == Class::NotFound => None,
        Err(failure) => Some(failure),
    };
    match account.contacts().show(id).await {
        Err(failure) if failure.class == Class::NotFound => {}
        Ok(_) => {
            let why = refused.map_or("Chatwoot still shows them".to_owned(), |failure| failure.to_string());
            return Became::Kept(why);
        }
        Err(failure) => {
            return Became::Kept(format!("whether they are gone cannot be told: {failure}"));
        }
    }
    let mut left = found.conversations.clone();
    loop {
        for conversation in left.clone() {
            match account.conversations().show(conversation).await {
                Ok(_) => {}
                Err(failure) if failure.class == Class::NotFound => {
                    left.remove(&conversation);
                }
                Err(failure) => {
                    return Became::Kept(format!(
                        "the contact is gone; whether conversation {conversation} is cannot be told: {failure}"
                    ));
                }
            }
        }
        let next = Instant::now() + BETWEEN_LOOKS;
        if left.is_empty() {
            return Became::Erased;
        }
        if next > until {
            return Became::Queued(left);
        }
        sleep_until(next).await;
    }
}

//! What the walk has made, and how it goes again.

use super::{Calls, steps::Trouble};
use crate::chatwoot::{
    application::Account,
    outcome::{Class, Failure, Fate},
    tenant::{
        ids::{ContactId, InboxId},
        inbox::{ChannelType, Inbox},
    },
};

/// Something that may have been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made<I> {
    No,
    /// It was asked for, and what came of it is not known.
    Perhaps,
    Yes(I),
}

impl<I> Made<I> {
    /// What an answer to a create says.
    pub fn by<T>(answer: &Result<T, Failure>, id: impl FnOnce(&T) -> I) -> Self {
        match answer {
            Ok(made) => Self::Yes(id(made)),
            Err(failure) if failure.fate() == Fate::Ambiguous => Self::Perhaps,
            Err(_) => Self::No,
        }
    }
}

/// Deletes the contact. One that may have been made is looked for by its identifier, which is nobody else's.
///
/// # Errors
/// A call failed; a contact that is gone already is none.
pub async fn contact<C: Calls>(
    calls: &C,
    account: &Account,
    made: Made<ContactId>,
    called: &str,
) -> Result<(), Trouble> {
    let contacts = account.contacts();
    let ids = match made {
        Made::No => Vec::new(),
        Made::Yes(id) => vec![id],
        Made::Perhaps => {
            let found = calls.make(contacts.search(called, None, 1)).await?.contacts;
            let ours = found.into_iter().filter(|contact| contact.identifier.as_deref() == Some(called));
            ours.map(|contact| contact.id).collect()
        }
    };
    for id in ids {
        gone(calls.make(contacts.delete(id)).await)?;
    }
    Ok(())
}

/// Deletes the inbox. One that may have been made is looked for by its name, which is no other's.
///
/// # Errors
/// As [`contact`].
pub async fn inbox<C: Calls>(
    calls: &C,
    account: &Account,
    made: Made<InboxId>,
    called: &str,
) -> Result<(), Trouble> {
    let inboxes = account.inboxes();
    let ids = match made {
        Made::No => Vec::new(),
        Made::Yes(id) => vec![id],
        Made::Perhaps => {
            let all = calls.make(inboxes.list()).await?.into_iter();
            let is_ours =
                |inbox: &Inbox| inbox.name == called && inbox.channel_type == Some(ChannelType::Api);
            all.filter(is_ours).map(|inbox| inbox.id).collect()
        }
    };
    for id in ids {
        gone(calls.make(inboxes.delete(id)).await)?;
    }
    Ok(())
}

/// What is gone already needs no deletion.
fn gone(answer: Result<(), Failure>) -> Result<(), Trouble> {
    match answer {
        Err(failure) if failure.class != Class::NotFound => Err(failure.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_made_is_looked_for() {
        let by = |answer: Result<i64, Failure>| Made::by(&answer, |id| *id);
        assert_eq!(by(Ok(3)), Made::Yes(3));
        assert_eq!(by(Err(Failure::of(Class::Timeout))), Made::Perhaps);
        assert_eq!(by(Err(Failure::of(Class::Server))), Made::Perhaps);
        assert_eq!(by(Err(Failure::of(Class::NotAllowed))), Made::No);
        assert_eq!(by(Err(Failure::of(Class::Connect))), Made::No);
    }
}

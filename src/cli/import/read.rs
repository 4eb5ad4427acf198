//! Reading what the token may see: accounts, their members, and those people. Within the instance's budget.

use super::{Found, ids::Ids, notes::Notes};
use crate::{
    chatwoot::{
        gate::{Entry, Key, Lane},
        instance::Instance,
        outcome::{Class, Failure},
        platform::{INDEX_LIMIT, IndexError, Platform},
        types::{Account, AccountId, User, UserId},
    },
    cli::doctor::rails::REPAIR,
};
use anyhow::{Result, bail};
use futures::{StreamExt, stream};
use std::{
    cell::Cell,
    collections::BTreeSet,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

/// How often one read is tried that fails in a way that may pass.
const TRIES: u32 = 3;
/// How long Chatwoot may let nobody in.
const PATIENCE: Duration = Duration::from_secs(300);
/// Work that takes longer than this says how far it is.
const LONG: Duration = Duration::from_secs(2);

/// Reads one Chatwoot.
pub struct Reader {
    pub chatwoot: Instance,
    /// Rung when the gate has a turn for somebody.
    pub bell: Arc<Notify>,
    /// Reads at once.
    pub in_flight: usize,
}

/// Why one object could not be read.
enum Lost {
    /// Chatwoot has it no more.
    Gone,
    NotPermitted,
    Unreadable(Failure),
}

impl Reader {
    /// Ids of all accounts the token may see.
    ///
    /// # Errors
    /// The index cannot be used; the message says what to do.
    pub async fn index(&self) -> Result<Ids> {
        match self.chatwoot.ungated().accounts_index(INDEX_LIMIT).await {
            Ok(rows) => Ok(Ids(rows.into_iter().map(|row| row.id.0).collect())),
            Err(IndexError::Broken) => bail!(
                "Chatwoot's list of accounts is broken: a deleted account left its permission behind. Repair it in Chatwoot's \
                 Rails console:\n  {REPAIR}\nor name the accounts with --account-ids"
            ),
            Err(IndexError::Unsupported) => {
                bail!(
                    "Chatwoot lists its accounts since 4.5; upgrade it, or name the accounts with --account-ids"
                )
            }
            Err(IndexError::TooLarge) => {
                bail!(
                    "Chatwoot's list of accounts is too large; name the accounts with --account-ids, some at a time"
                )
            }
            Err(IndexError::Unavailable(failure)) => {
                bail!("Chatwoot's list of accounts cannot be read: {failure}")
            }
        }
    }

    /// These accounts and everybody in them. `named`: somebody asked for just these.
    ///
    /// # Errors
    /// Chatwoot does not answer, or refuses the token. What cannot be read of a single object becomes a note.
    pub async fn read(&self, ids: &Ids, named: bool, notes: &mut Notes) -> Result<Found> {
        let mut found = Found::default();
        let mut members = BTreeSet::new();
        let mut gone = BTreeSet::new();
        let accounts = Progress::new("account", ids.0.len());
        let mut reads = stream::iter(&ids.0)
            .map(|id| async { (*id, self.account(AccountId(*id)).await) })
            .buffer_unordered(self.in_flight);
        let mut rows = Vec::new();
        while let Some((id, read)) = reads.next().await {
            accounts.one_more();
            rows.push((id, read?));
        }
        drop(reads);
        rows.sort_by_key(|(id, _)| *id);
        for (id, read) in rows {
            match read {
                Ok((account, people)) => {
                    match people {
                        Ok(people) => members.extend(people),
                        Err(lost) => lost.tell(&format!("the people of account {id}"), "Account", id, notes),
                    }
                    found.accounts.push(account);
                }
                Err(Lost::Gone) => drop(gone.insert(id)),
                Err(lost) => lost.tell(&format!("account {id}"), "Account", id, notes),
            }
        }
        if !gone.is_empty() {
            let text = format!("accounts {} do not exist", Ids(gone));
            if named { notes.look(text) } else { notes.tell(format!("{text} any more")) }
        }
        found.people = self.people(&members, notes).await?;
        Ok(found)
    }

    async fn people(&self, ids: &BTreeSet<UserId>, notes: &mut Notes) -> Result<Vec<User>> {
        let progress = Progress::new("person", ids.len());
        let mut reads = stream::iter(ids)
            .map(|id| async {
                let key = Key::new("import", "people", id.to_string());
                (id.0, self.ask(&key, async |platform| platform.user(*id).await).await)
            })
            .buffer_unordered(self.in_flight);
        let (mut people, mut lost) = (Vec::new(), Vec::new());
        while let Some((id, read)) = reads.next().await {
            progress.one_more();
            match read? {
                // The token in the answer goes with it.
                Ok(answer) => people.push(answer.into_user()),
                Err(why) => lost.push((id, why)),
            }
        }
        people.sort_by_key(|user| user.id);
        lost.sort_by_key(|(id, _)| *id);
        for (id, why) in lost {
            match why {
                // Chatwoot lists members for a while whom it has deleted (P29).
                Lost::Gone => notes.tell(format!("user {id} does not exist any more")),
                why => why.tell(&format!("user {id}"), "User", id, notes),
            }
        }
        Ok(people)
    }

    async fn account(&self, id: AccountId) -> Result<Result<(Account, Result<Vec<UserId>, Lost>), Lost>> {
        let key = Key::new("import", "accounts", id.to_string());
        let account = match self.ask(&key, async |platform| platform.account(id).await).await? {
            Ok(account) => account,
            Err(lost) => return Ok(Err(lost)),
        };
        let members = self.ask(&key, async |platform| platform.members(id).await).await?;
        let members = members.map(|rows| rows.into_iter().map(|row| row.user).collect());
        Ok(Ok((account, members)))
    }

    /// One read of the platform token's.
    ///
    /// # Errors
    /// The outer one: nothing can be read at all.
    async fn ask<T>(
        &self,
        key: &Key,
        read: impl AsyncFn(&Platform) -> Result<T, Failure>,
    ) -> Result<Result<T, Lost>> {
        Ok(match self.attempt(key, read).await? {
            Ok(answer) => Ok(answer),
            Err(failure) => match failure.class {
                Class::Unauthorized | Class::Redirected => bail!("{failure}"),
                Class::NotFound => Err(Lost::Gone),
                Class::NotPermitted => Err(Lost::NotPermitted),
                _ => Err(Lost::Unreadable(failure)),
            },
        })
    }

    /// One read, tried again where the failure may pass.
    ///
    /// # Errors
    /// The outer one: Chatwoot lets nobody in.
    pub async fn attempt<T>(
        &self,
        key: &Key,
        read: impl AsyncFn(&Platform) -> Result<T, Failure>,
    ) -> Result<Result<T, Failure>> {
        let mut tries = 0;
        loop {
            // Listening begins before asking, so that no turn is missed.
            let mut bell = pin!(self.bell.notified());
            bell.as_mut().enable();
            let Entry::Turn(caller) = self.chatwoot.enter(Lane::Background, key) else {
                if timeout(PATIENCE, bell).await.is_err() {
                    bail!(
                        "Chatwoot has let nobody in for {} minutes; try again later",
                        PATIENCE.as_secs() / 60
                    );
                }
                continue;
            };
            let failure = match caller.call(|platform| read(platform)).await {
                Ok(answer) => return Ok(Ok(answer)),
                Err(failure) => failure,
            };
            drop(caller);
            match failure.class {
                Class::Unauthorized | Class::Redirected | Class::NotFound | Class::NotPermitted => {
                    return Ok(Err(failure));
                }
                // The gate waits as long as Chatwoot asks for.
                Class::RateLimited => {}
                _ if failure.retry_after.is_some() => {}
                Class::Connect | Class::Transport | Class::Timeout | Class::Proxy if tries + 1 < TRIES => {
                    tries += 1
                }
                _ => return Ok(Err(failure)),
            }
        }
    }
}

impl Lost {
    fn tell(self, what: &str, model: &str, id: i64, notes: &mut Notes) {
        match self {
            Lost::Gone => notes.tell(format!("{what} is left out: it does not exist any more")),
            Lost::NotPermitted => notes.look(format!(
                "{what} is left out: the Platform App is not permitted on it; see --rails, or run: \
                 PlatformAppPermissible.find_or_create_by!(platform_app: app, permissible: {model}.find({id}))"
            )),
            Lost::Unreadable(failure) => notes.unknown(format!("{what} cannot be read: {failure}")),
        }
    }
}

/// Says how far it is, where it takes long.
pub struct Progress {
    what: &'static str,
    all: usize,
    done: Cell<usize>,
    told: Cell<Instant>,
}

impl Progress {
    pub fn new(what: &'static str, all: usize) -> Self {
        Self { what, all, done: Cell::new(0), told: Cell::new(Instant::now()) }
    }

    pub fn one_more(&self) {
        self.done.set(self.done.get() + 1);
        if self.told.get().elapsed() > LONG {
            self.told.set(Instant::now());
            eprintln!("{} {} of {}", self.what, self.done.get(), self.all);
        }
    }
}

//! What is inside accounts, as manifests: read with somebody's token, told by each kind, tried by the API server.

mod choose;
mod keys;
mod kinds;
mod tell;
mod trial;

pub use keys::Keys;

use super::{
    Choices,
    manifests::{Home, Imported, Part, object},
    notes::Notes,
    read::{Progress, Reader},
};
use crate::{
    chatwoot::{
        AccessToken,
        application::{Account, Answer},
        gate::Key,
        outcome::{Class, Failure},
        types::AccountId,
    },
    reconcile::{content::Item, world::Caches},
};
use anyhow::Result;
use choose::{Choice, Taken, choose};
use futures::{StreamExt, stream};
use kinds::Kind;
use kube::Client;
use std::collections::BTreeMap;
use tell::{Printed, Told};

/// How much of what is inside accounts is in the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub printed: usize,
    pub left_out: usize,
}

/// Adds manifests of what is inside every account that has an object, or gets one.
///
/// # Errors
/// Chatwoot lets nobody in. What cannot be read of a single account becomes a note.
pub async fn add(
    imported: &mut Imported,
    reader: &Reader,
    keys: &Keys<'_>,
    choices: &Choices,
    caches: &Caches,
    client: &Client,
) -> Result<Sum> {
    let kinds = kinds::all();
    let homes = imported.homes.clone();
    let progress = Progress::new("what is inside account", homes.len());
    let inside = Inside { reader, keys, kinds: &kinds };
    let mut reads = stream::iter(homes.keys())
        .map(|id| async { (*id, inside.lists(*id).await) })
        .buffer_unordered(reader.in_flight);
    let mut found = BTreeMap::new();
    while let Some((id, lists)) = reads.next().await {
        progress.one_more();
        found.insert(id, lists?);
    }
    drop(reads);
    let (mut sum, mut taken) = (Sum::default(), Taken::default());
    for (id, home) in &homes {
        let Some(read) = found.remove(id) else { continue };
        match read {
            Ok(lists) => {
                let choices_made = inside.choose(lists.items, home, caches, &mut taken, &mut imported.notes);
                let choices_made = match inside.parts(*id, &lists.token, choices_made).await? {
                    Ok(choices_made) => choices_made,
                    Err(why) => {
                        why.tell(*id, &mut imported.notes);
                        continue;
                    }
                };
                let told = tell::tell(choices_made, home, choices, client, reader.in_flight).await;
                sum.printed += told.printed.len();
                sum.left_out += told.left_out;
                put(imported, home, told);
            }
            Err(why) => why.tell(*id, &mut imported.notes),
        }
    }
    Ok(sum)
}

fn put(imported: &mut Imported, home: &Home, told: Told) {
    imported.notes.extend(told.notes);
    if told.printed.is_empty() {
        return;
    }
    let namespace = &home.place.namespace;
    let print = |one: Printed| object(one.kind, namespace, &one.name, &one.spec);
    let objects = told.printed.into_iter().map(print);
    // In the instance's own namespace that is the one of the grants: a namespace has one file.
    match imported.parts.iter_mut().find(|part| part.namespace == *namespace) {
        Some(part) => part.objects.extend(objects),
        None => {
            let after = |part: &Part| part.is_tenants() && part.namespace > *namespace;
            let at = imported.parts.iter().position(after).unwrap_or(imported.parts.len());
            imported.parts.insert(at, Part { namespace: namespace.clone(), objects: objects.collect() });
        }
    }
}

/// Why what is inside an account is not known.
enum Closed {
    /// Nobody's token opens it.
    NoToken(String),
    Failed(Failure),
}

impl Closed {
    fn tell(self, id: AccountId, notes: &mut Notes) {
        match self {
            Closed::NoToken(why) => notes.look(format!("what is inside account {id} is left out: {why}")),
            Closed::Failed(failure)
                if matches!(failure.class, Class::Suspended | Class::NotAllowed | Class::Unauthorized) =>
            {
                notes.look(format!("what is inside account {id} is left out: {failure}"));
            }
            Closed::Failed(failure) => {
                notes.unknown(format!("what is inside account {id} cannot be read: {failure}"))
            }
        }
    }
}

/// Everything in an account, a list for each kind, and the token that it was read with.
struct Lists {
    token: AccessToken,
    items: Vec<Vec<Item>>,
}

/// What was chosen of each kind.
type OfKinds<'a> = Vec<(&'a Kind, Choice<'a>)>;

struct Inside<'a> {
    reader: &'a Reader,
    keys: &'a Keys<'a>,
    kinds: &'a [Kind],
}

impl<'a> Inside<'a> {
    async fn lists(&self, id: AccountId) -> Result<Result<Lists, Closed>> {
        let token = match self.keys.token(self.reader, id).await? {
            Ok(token) => token,
            Err(why) => return Ok(Err(Closed::NoToken(why))),
        };
        let Ok(token) = AccessToken::new(&token) else {
            return Ok(Err(Closed::NoToken("what was found is no token".to_owned())));
        };
        let mut items = Vec::new();
        for kind in self.kinds {
            match self.ask(id, &token, |account| (kind.list)(account)).await? {
                Ok(list) => items.push(list),
                Err(failure) => return Ok(Err(Closed::Failed(failure))),
            }
        }
        Ok(Ok(Lists { token, items }))
    }

    fn choose(
        &self,
        items: Vec<Vec<Item>>,
        home: &Home,
        caches: &Caches,
        taken: &mut Taken,
        notes: &mut Notes,
    ) -> OfKinds<'a> {
        let of_kinds = self.kinds.iter().zip(items);
        of_kinds
            .map(|(kind, items)| {
                let held = (kind.held)(caches, &home.place.namespace);
                (kind, choose(kind, items, home, &held, taken, notes))
            })
            .collect()
    }

    /// Reads what lies beside what was chosen.
    async fn parts(
        &self,
        id: AccountId,
        token: &AccessToken,
        mut choices: OfKinds<'a>,
    ) -> Result<Result<OfKinds<'a>, Closed>> {
        for (kind, choice) in &mut choices {
            for one in &mut choice.chosen {
                let thing = one.shown.seen.id;
                for part in kind.parts {
                    let read = self.ask(id, token, |account| (kind.part)(account, thing, part)).await?;
                    match read {
                        Ok(value) => drop(one.shown.parts.insert(part, value)),
                        // It went meanwhile, and then there is nothing beside it.
                        Err(failure) if failure.class == Class::NotFound => {}
                        Err(failure) => return Ok(Err(Closed::Failed(failure))),
                    }
                }
            }
        }
        Ok(Ok(choices))
    }

    async fn ask<T: 'static>(
        &self,
        id: AccountId,
        token: &AccessToken,
        read: impl Fn(&Account) -> Answer<T>,
    ) -> Result<Result<T, Failure>> {
        let key = Key::new("import", "inside", id.to_string());
        self.reader.attempt(&key, async |platform| read(&platform.application(token).account(id)).await).await
    }
}

//! Which things of an account get a manifest, and what it is called.

use super::{
    super::{
        manifests::Home,
        notes::{Notes, shown},
        slug::{free, slug},
    },
    kinds::{Held, Kind},
};
use crate::{
    plan::content::{Naming, Seen, Shown},
    reconcile::content::Item,
    runtime::flags::ObjectName,
};
use std::collections::{BTreeMap, BTreeSet};

/// The operator's names while it makes something, and while it tries whether a first message arrives.
const OWN: &str = "chatwoot-operator-";

/// Something that a manifest is made of.
pub struct Chosen<'a> {
    pub kind: &'a Kind,
    pub place: ObjectName,
    pub shown: Shown,
}

impl Chosen<'_> {
    /// As in sentences, without a key that can hold a secret.
    pub fn called(&self, home: &Home) -> String {
        called(self.kind, &self.shown.seen, home)
    }
}

/// What a namespace's objects and this run have taken of each kind.
#[derive(Default)]
pub struct Taken {
    given: BTreeSet<(&'static str, ObjectName)>,
}

/// What became of an account's list of one kind.
#[derive(Default)]
pub struct Choice<'a> {
    pub chosen: Vec<Chosen<'a>>,
    /// Names of resources that have one of them already, by its id.
    pub bound: BTreeMap<i64, String>,
    pub left_out: usize,
}

/// In order of ids, so that the same things get the same names in every run.
pub fn choose<'a>(
    kind: &'a Kind,
    items: Vec<Item>,
    home: &Home,
    held: &[Held],
    taken: &mut Taken,
    notes: &mut Notes,
) -> Choice<'a> {
    let mut choice = Choice::default();
    let mut items: Vec<Seen> =
        items.into_iter().filter(|item| !item.installation_wide).map(|item| item.seen).collect();
    items.sort_by_key(|seen| seen.id);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for seen in &items {
        *counts.entry(seen.key.clone()).or_default() += 1;
    }
    let read = |one: &'_ &Held| one.read.as_ref().is_some_and(|read| read.account == home.place.name);
    let ours: Vec<&Held> = held.iter().filter(read).collect();
    for seen in items {
        let has = |is: &dyn Fn(&super::kinds::Read) -> bool| {
            ours.iter().find(|one| one.read.as_ref().is_some_and(is)).copied()
        };
        if let Some(bound) = has(&|read| read.id == Some(seen.id)) {
            choice.bound.insert(seen.id, bound.place.name.clone());
            continue;
        }
        // The operator is just making it, or trying something out.
        if seen.key.starts_with(OWN) {
            continue;
        }
        if counts.get(&seen.key).is_some_and(|count| *count > 1) {
            choice.left_out += 1;
            notes.look(format!("{} is left out: the account has several of that name, and none of them would be taken over; give it \
                 another in Chatwoot", called(kind, &seen, home)));
            continue;
        }
        let place = match has(&|read| read.id.is_none() && read.key == seen.key) {
            Some(named) if named.read.as_ref().is_some_and(|read| read.observes) => named.place.clone(),
            Some(named) => {
                choice.left_out += 1;
                notes.tell(format!(
                    "{} is left out: {} {} names it",
                    called(kind, &seen, home),
                    kind.of.kind,
                    named.place
                ));
                continue;
            }
            None => name(kind, &seen, home, held, taken),
        };
        taken.given.insert((kind.of.kind, place.clone()));
        choice.chosen.push(Chosen { kind, place, shown: Shown { seen, parts: BTreeMap::new() } });
    }
    choice
}

/// By its key; by its id where the key can hold a secret.
fn name(kind: &Kind, seen: &Seen, home: &Home, held: &[Held], taken: &Taken) -> ObjectName {
    let plain = || format!("{}-{}", kind.of.noun.replace(' ', "-"), seen.id);
    let said = slug(&seen.key).filter(|_| !matches!(kind.of.naming, Naming::Fingerprint(_)));
    let place = |name: &str| ObjectName { namespace: home.place.namespace.clone(), name: name.to_owned() };
    let is_free = |name: &str| {
        let place = place(name);
        !held.iter().any(|one| one.place == place) && !taken.given.contains(&(kind.of.kind, place))
    };
    place(&free(&said.unwrap_or_else(plain), seen.id, is_free))
}

fn called(kind: &Kind, seen: &Seen, home: &Home) -> String {
    let key = match kind.of.naming {
        Naming::Fingerprint(_) => String::new(),
        Naming::Key | Naming::Temporary(_) => format!(" {}", shown(&seen.key)),
    };
    format!("{} {}{key} of ChatwootAccount {}", kind.of.noun, seen.id, home.place)
}

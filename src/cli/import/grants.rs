//! The grants that the manifests need, and not a right more.

use super::{Choices, known::Known, people::Person};
use crate::{
    api::{
        account::AccountSpec,
        common::{LocalInstanceRef, NamespaceSelector},
        grant::{Adoptable, GrantSpec, Privilege},
    },
    plan::email::Email,
};
use std::collections::{BTreeMap, BTreeSet};

/// Caps of the definition.
const DOMAINS: usize = 100;
const IDS: usize = 5000;

/// Nobody has an address here (RFC 2606): for a namespace without people, because a grant must list a domain.
const NOBODY: &str = "nobody.invalid";

/// What one namespace's manifests ask for.
#[derive(Default)]
pub struct Needs {
    accounts: BTreeSet<i64>,
    /// People by their address' domain.
    people: BTreeMap<String, BTreeSet<i64>>,
    allow: BTreeSet<Privilege>,
}

impl Needs {
    pub fn account(&mut self, id: i64, spec: &AccountSpec) {
        self.accounts.insert(id);
        let set = [
            (!spec.features.is_empty(), Privilege::Features),
            (!spec.limits.is_empty(), Privilege::Limits),
            (spec.state.is_some(), Privilege::State),
            (!spec.custom_attributes.is_empty(), Privilege::CustomAttributes),
        ];
        self.allow.extend(set.into_iter().filter(|(is_set, _)| *is_set).map(|(_, privilege)| privilege));
    }

    pub fn person(&mut self, person: &Person) {
        self.people.entry(person.email.domain().to_owned()).or_default().insert(person.user.id.0);
    }

    /// One grant, or several where one cannot hold it all. One that is there already is printed with what is missing added:
    /// a grant in use that shrinks freezes what it allowed.
    pub fn grants(self, namespace: &str, known: &Known, choices: &Choices) -> Vec<(String, GrantSpec)> {
        let mut grants = Vec::new();
        let mut names = (1_u32..).map(|number| match number {
            1 => format!("import-{namespace}"),
            number => format!("import-{namespace}-{number}"),
        });
        for part in self.parts() {
            let fresh = GrantSpec {
                instance_ref: LocalInstanceRef { name: choices.instance.name.clone() },
                namespaces: NamespaceSelector { names: vec![namespace.to_owned()], selector: None },
                ..part
            };
            let named = names.by_ref().find_map(|name| match known.grants.get(&name) {
                None => Some((name, fresh.clone())),
                Some(stored) => Some((name, joined(stored, &fresh)?)),
            });
            grants.extend(named);
        }
        grants
    }

    fn parts(self) -> Vec<GrantSpec> {
        let allow: Vec<Privilege> = self.allow.into_iter().collect();
        let mut parts: Vec<GrantSpec> = Vec::new();
        let accounts: Vec<i64> = self.accounts.into_iter().collect();
        for ids in accounts.chunks(IDS) {
            let adoptable = Adoptable { accounts: ids.to_vec(), users: Vec::new() };
            parts.push(GrantSpec { allow: allow.clone(), adoptable, ..GrantSpec::default() });
        }
        let mut at = 0;
        for (domain, ids) in &self.people {
            let mut left: Vec<i64> = ids.iter().copied().collect();
            while !left.is_empty() {
                if parts.len() <= at {
                    parts.push(GrantSpec::default());
                }
                let Some(part) = parts.get_mut(at) else { break };
                let room = IDS.saturating_sub(part.adoptable.users.len());
                if room == 0 || part.email_domains.len() >= DOMAINS {
                    at += 1;
                    continue;
                }
                part.email_domains.push(domain.clone());
                part.adoptable.users.extend(left.drain(..left.len().min(room)));
            }
        }
        for part in &mut parts {
            part.adoptable.users.sort_unstable();
            if part.email_domains.is_empty() {
                part.email_domains.push(NOBODY.to_owned());
            }
        }
        parts
    }
}

/// `stored` and what `fresh` has more; `None` where it is another's, or cannot hold both.
fn joined(stored: &GrantSpec, fresh: &GrantSpec) -> Option<GrantSpec> {
    if stored.instance_ref != fresh.instance_ref
        || stored.namespaces != fresh.namespaces
        || !stored.plans.is_empty()
    {
        return None;
    }
    let mut spec = stored.clone();
    add(&mut spec.email_domains, &fresh.email_domains);
    add(&mut spec.allow, &fresh.allow);
    add(&mut spec.adoptable.accounts, &fresh.adoptable.accounts);
    add(&mut spec.adoptable.users, &fresh.adoptable.users);
    if spec.email_domains.len() > 1 {
        spec.email_domains.retain(|domain| domain != NOBODY);
    }
    let fits = spec.email_domains.len() <= DOMAINS
        && spec.adoptable.accounts.len() <= IDS
        && spec.adoptable.users.len() <= IDS;
    fits.then_some(spec)
}

fn add<T: Clone + PartialEq + Ord>(to: &mut Vec<T>, more: &[T]) {
    let all: BTreeSet<T> = to.iter().chain(more).cloned().collect();
    *to = all.into_iter().collect();
}

/// Domains that several namespaces may claim addresses of, with how many.
pub fn shared_domains<'a>(people: impl Iterator<Item = (&'a str, &'a Email)>) -> Vec<(String, usize)> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (namespace, email) in people {
        all.entry(email.domain()).or_default().insert(namespace);
    }
    all.into_iter().filter(|(_, of)| of.len() > 1).map(|(domain, of)| (domain.to_owned(), of.len())).collect()
}

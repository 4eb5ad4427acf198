//! Who depends on what: a change to one object leads to exactly the objects that must look again.

use crate::chatwoot::gate::Key;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

/// An instance by namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey {
    pub namespace: String,
    pub name: String,
}

impl std::fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Something an object depends on, or claims.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ref {
    Instance(InstanceKey),
    /// A plan beside an instance.
    Plan(InstanceKey, String),
    /// A ChatwootAccount by namespace and name.
    Account(String, String),
    Secret(String, String),
    Namespace(String),
    /// Claims: an e-mail address, an account id, a user id of an instance.
    Email(InstanceKey, String),
    AccountId(InstanceKey, i64),
    UserId(InstanceKey, i64),
    /// Ids that would be taken over were they free.
    AdoptsAccount(InstanceKey, i64),
    AdoptsUser(InstanceKey, i64),
}

/// The references of every object, both ways.
#[derive(Debug, Default)]
pub struct References(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    of: HashMap<Key, BTreeSet<Ref>>,
    to: HashMap<Ref, BTreeSet<Key>>,
}

impl References {
    /// Replaces what `who` refers to, and returns what it no longer refers to.
    pub fn set(&self, who: &Key, refs: BTreeSet<Ref>) -> Vec<Ref> {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = inner.of.get(who).cloned().unwrap_or_default();
        for gone in old.difference(&refs) {
            if let Some(keys) = inner.to.get_mut(gone) {
                keys.remove(who);
                if keys.is_empty() {
                    inner.to.remove(gone);
                }
            }
        }
        for new in refs.difference(&old) {
            inner.to.entry(new.clone()).or_default().insert(who.clone());
        }
        let lost = old.difference(&refs).cloned().collect();
        if refs.is_empty() {
            inner.of.remove(who);
        } else {
            inner.of.insert(who.clone(), refs);
        }
        lost
    }

    /// Who refers to `what`.
    pub fn to(&self, what: &Ref) -> Vec<Key> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        inner.to.get(what).map(|keys| keys.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("ChatwootUser", "acme", name)
    }

    fn secret(name: &str) -> Ref {
        Ref::Secret("acme".into(), name.into())
    }

    #[test]
    fn a_change_leads_to_exactly_those_that_refer() {
        let references = References::default();
        references.set(&key("a"), BTreeSet::from([secret("one"), secret("two")]));
        references.set(&key("b"), BTreeSet::from([secret("two")]));
        assert_eq!(references.to(&secret("one")), [key("a")]);
        assert_eq!(references.to(&secret("two")), [key("a"), key("b")]);
    }

    #[test]
    fn a_reference_that_was_dropped_leads_nowhere_and_is_told() {
        let references = References::default();
        references.set(&key("a"), BTreeSet::from([secret("one"), secret("two")]));
        assert_eq!(references.set(&key("a"), BTreeSet::from([secret("two")])), [secret("one")]);
        assert!(references.to(&secret("one")).is_empty());
        references.set(&key("a"), BTreeSet::new());
        assert!(references.to(&secret("two")).is_empty());
    }
}

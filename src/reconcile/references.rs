//! Who depends on what: a change to one object leads to exactly the objects that must look again.

use crate::{api::common::InstanceBinding, chatwoot::gate::Key};
use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    sync::{Arc, PoisonError, RwLock},
};

/// An instance by namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey {
    pub namespace: String,
    pub name: String,
}

impl From<&InstanceBinding> for InstanceKey {
    fn from(binding: &InstanceBinding) -> Self {
        Self { namespace: binding.namespace.clone(), name: binding.name.clone() }
    }
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
    /// The content of a ChatwootAccount: whoever is part of it refers to it by the account's namespace and name.
    AccountContent(String, String),
    /// The same, from a part of it that is being deleted and still waits for the operator.
    ContentLeaving(String, String),
    Secret(String, String),
    Namespace(String),
    /// A ChatwootUser by namespace and name.
    User(String, String),
    /// Something inside an account, by kind, namespace and name.
    Content(&'static str, String, String),
    /// Everything of a kind that is for the whole installation: kind and instance.
    InstallationContent(&'static str, InstanceKey),
    /// An id inside an account, or without one in the instance: kind, instance, account, id.
    ContentId(&'static str, InstanceKey, Option<i64>, i64),
    /// A key that is unique in an account: kind, namespace and name of the ChatwootAccount, key.
    ContentKey(&'static str, String, String, String),
    /// Claims: an e-mail address, an account id, a user id of an instance.
    Email(InstanceKey, String),
    AccountId(InstanceKey, i64),
    UserId(InstanceKey, i64),
    /// Ids that would be taken over were they free.
    AdoptsAccount(InstanceKey, i64),
    AdoptsUser(InstanceKey, i64),
}

impl Ref {
    /// Where that lies in Kubernetes; claims lie nowhere.
    fn namespace(&self) -> Option<&str> {
        match self {
            Self::Instance(key) | Self::Plan(key, _) => Some(&key.namespace),
            Self::Account(namespace, _)
            | Self::AccountContent(namespace, _)
            | Self::ContentLeaving(namespace, _)
            | Self::User(namespace, _)
            | Self::Content(_, namespace, _)
            | Self::Secret(namespace, _)
            | Self::Namespace(namespace) => Some(namespace),
            Self::Email(..)
            | Self::AccountId(..)
            | Self::UserId(..)
            | Self::AdoptsAccount(..)
            | Self::AdoptsUser(..)
            | Self::InstallationContent(..)
            | Self::ContentId(..)
            | Self::ContentKey(..) => None,
        }
    }
}

/// The references of every object, both ways. Ten thousand people are in few accounts and one instance: every name is
/// kept once, however many refer to it.
#[derive(Debug, Default)]
pub struct References(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// In order.
    of: HashMap<Arc<Key>, Box<[Arc<Ref>]>>,
    to: HashMap<Arc<Ref>, Owners>,
}

/// Who refers to something; mostly one, such as to an address or an id.
#[derive(Debug)]
enum Owners {
    One(Arc<Key>),
    Many(BTreeSet<Arc<Key>>),
}

impl References {
    /// Replaces what `who` refers to, and returns what it no longer refers to.
    pub fn set(&self, who: &Key, refs: BTreeSet<Ref>) -> Vec<Ref> {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if inner.of.get(who).is_some_and(|old| old.iter().map(Arc::as_ref).eq(&refs)) {
            return Vec::new();
        }
        let (who, old) =
            inner.of.remove_entry(who).unwrap_or_else(|| (Arc::new(who.clone()), Box::default()));
        let lost: Vec<Ref> =
            (old.iter()).map(Arc::as_ref).filter(|was| !refs.contains(was)).cloned().collect();
        for gone in &lost {
            inner.strike(gone, &who);
        }
        let refs: Box<[Arc<Ref>]> = refs.into_iter().map(|what| inner.add(what, &who)).collect();
        if !refs.is_empty() {
            inner.of.insert(who, refs);
        }
        lost
    }

    /// Who refers to anything that lies in this namespace, or to the namespace itself.
    pub fn into_namespace(&self, namespace: &str) -> BTreeSet<Key> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let inside = inner.to.iter().filter(|(what, _)| what.namespace() == Some(namespace));
        let owners = inside.flat_map(|(_, owners)| match owners {
            Owners::One(who) => vec![who.clone()],
            Owners::Many(all) => all.iter().cloned().collect(),
        });
        owners.map(|who| Key::clone(&who)).collect()
    }

    /// Whether anybody refers to `what`.
    pub fn has(&self, what: &Ref) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).to.contains_key(what)
    }

    /// Who refers to `what`.
    pub fn to(&self, what: &Ref) -> Vec<Key> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match inner.to.get(what) {
            None => Vec::new(),
            Some(Owners::One(who)) => vec![Key::clone(who)],
            Some(Owners::Many(all)) => all.iter().map(|who| Key::clone(who)).collect(),
        }
    }
}

impl Inner {
    fn add(&mut self, what: Ref, who: &Arc<Key>) -> Arc<Ref> {
        let what = match self.to.get_key_value(&what) {
            Some((known, _)) => known.clone(),
            None => Arc::new(what),
        };
        match self.to.entry(what.clone()) {
            Entry::Vacant(free) => {
                free.insert(Owners::One(who.clone()));
            }
            Entry::Occupied(mut owners) => owners.get_mut().add(who),
        }
        what
    }

    fn strike(&mut self, what: &Ref, who: &Key) {
        let nobody_left = match self.to.get_mut(what) {
            Some(Owners::One(only)) => **only == *who,
            Some(Owners::Many(all)) => {
                all.remove(who);
                all.is_empty()
            }
            None => false,
        };
        if nobody_left {
            self.to.remove(what);
        }
    }
}

impl Owners {
    fn add(&mut self, who: &Arc<Key>) {
        match self {
            Self::One(only) if only == who => {}
            Self::One(only) => *self = Self::Many(BTreeSet::from([only.clone(), who.clone()])),
            Self::Many(all) => {
                all.insert(who.clone());
            }
        }
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
        references.set(&key("a"), BTreeSet::from([secret("two"), secret("three")]));
        assert_eq!(references.to(&secret("two")), [key("a"), key("b")]);
        assert_eq!(references.to(&secret("three")), [key("a")]);
        references.set(&key("a"), BTreeSet::new());
        assert_eq!(references.to(&secret("two")), [key("b")]);
    }

    #[test]
    fn a_namespace_leads_to_whoever_refers_to_something_in_it() {
        let references = References::default();
        let account = Ref::Account("bpo".into(), "main".into());
        references.set(&key("a"), BTreeSet::from([account.clone(), secret("one")]));
        references.set(&key("b"), BTreeSet::from([account]));
        references.set(&key("c"), BTreeSet::from([Ref::Namespace("acme".into())]));
        assert_eq!(references.into_namespace("bpo"), BTreeSet::from([key("a"), key("b")]));
        assert_eq!(references.into_namespace("acme"), BTreeSet::from([key("a"), key("c")]));
        assert!(references.into_namespace("evil").is_empty());
    }

    #[test]
    fn a_reference_that_was_dropped_leads_nowhere_and_is_told() {
        let references = References::default();
        references.set(&key("a"), BTreeSet::from([secret("one"), secret("two")]));
        assert_eq!(references.set(&key("a"), BTreeSet::from([secret("two")])), [secret("one")]);
        assert!(references.to(&secret("one")).is_empty() && !references.has(&secret("one")));
        assert!(references.has(&secret("two")));
        references.set(&key("a"), BTreeSet::new());
        assert!(references.to(&secret("two")).is_empty() && !references.has(&secret("two")));
    }
}

//! What a pump knows of one kind: the objects that parse, and the names of those that do not.

use kube::{
    Resource,
    runtime::{
        reflector::{ObjectRef, Store, store::Writer},
        watcher::Event,
    },
};
use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::watch;

/// An object that exists but does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub uid: Option<String>,
    pub resource_version: Option<String>,
    /// The parser's words, cut to 300 characters.
    pub why: String,
}

pub(crate) type UnreadableSet<K> = HashMap<ObjectRef<K>, Unreadable>;

/// Read access to one kind's cache. Cheap to clone.
///
/// # Guarantees
/// An object is in [`store`](Self::store) or in the unreadable set, never in both: one that no longer parses leaves the
/// store, because its last good version is not what its author wants any more. Where the absence of an object would
/// lead to action, ask [`is_unreadable`](Self::is_unreadable) or [`any_unreadable`](Self::any_unreadable) first, and
/// [`is_unseen`](Self::is_unseen) or [`any_unseen`](Self::any_unseen): where the operator may not look, anything may be.
pub struct Cache<K: Resource<DynamicType = ()> + 'static> {
    pub(crate) store: Store<K>,
    pub(crate) unreadable: Arc<RwLock<UnreadableSet<K>>>,
    /// Namespaces that should be watched and may not be.
    pub(crate) unseen: Arc<RwLock<BTreeSet<String>>>,
    pub(crate) ready: watch::Receiver<bool>,
}

impl<K: Resource<DynamicType = ()> + 'static> Clone for Cache<K> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            unreadable: self.unreadable.clone(),
            unseen: self.unseen.clone(),
            ready: self.ready.clone(),
        }
    }
}

impl<K> Cache<K>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
    ObjectRef<K>: Hash + Eq,
{
    /// A cache that holds these objects, is ready, and never changes: a snapshot, for whoever plans without watching.
    pub fn fixed(objects: impl IntoIterator<Item = K>) -> Self {
        let mut writer = Writer::default();
        writer.apply_watcher_event(&Event::Init);
        objects.into_iter().for_each(|object| writer.apply_watcher_event(&Event::InitApply(object)));
        writer.apply_watcher_event(&Event::InitDone);
        let ready = watch::channel(true).1;
        Self { store: writer.as_reader(), unreadable: Arc::default(), unseen: Arc::default(), ready }
    }

    /// kube's own store of the objects that parse.
    pub fn store(&self) -> &Store<K> {
        &self.store
    }

    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        self.store.get(&key(Some(namespace), name))
    }

    /// Every object that parses, in no order.
    pub fn all(&self) -> Vec<Arc<K>> {
        self.store.state()
    }

    /// True when an object of this name exists but does not parse.
    pub fn is_unreadable(&self, namespace: &str, name: &str) -> bool {
        self.unreadable(namespace, name).is_some()
    }

    pub fn unreadable(&self, namespace: &str, name: &str) -> Option<Unreadable> {
        self.peek(|set| set.get(&key(Some(namespace), name)).cloned())
    }

    /// True when any object of this kind does not parse, wherever it is.
    pub fn any_unreadable(&self) -> bool {
        self.peek(|set| !set.is_empty())
    }

    /// Names of the unreadable objects of one namespace.
    pub fn unreadable_in(&self, namespace: &str) -> Vec<String> {
        let here = |key: &&ObjectRef<K>| key.namespace.as_deref() == Some(namespace);
        self.peek(|set| set.keys().filter(here).map(|key| key.name.clone()).collect())
    }

    /// Namespaces with objects that do not parse.
    pub fn unreadable_namespaces(&self) -> BTreeSet<String> {
        self.peek(|set| set.keys().filter_map(|key| key.namespace.clone()).collect())
    }

    /// Every object that does not parse, as `namespace/name` and the parser's words, in order.
    pub fn all_unreadable(&self) -> Vec<(String, String)> {
        let shown = |(key, bad): (&ObjectRef<K>, &Unreadable)| {
            (format!("{}/{}", key.namespace.as_deref().unwrap_or_default(), key.name), bad.why.clone())
        };
        let mut all: Vec<_> = self.peek(|set| set.iter().map(shown).collect());
        all.sort();
        all
    }

    /// True while objects of this namespace should be seen and may not be: what the cache holds of it is its last word.
    pub fn is_unseen(&self, namespace: &str) -> bool {
        self.unseen.read().unwrap_or_else(PoisonError::into_inner).contains(namespace)
    }

    /// A namespace of which [`is_unseen`](Self::is_unseen) holds, if there is one.
    pub fn any_unseen(&self) -> Option<String> {
        self.unseen.read().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// True once the first list is in, of every namespace that may be listed, and everything that follows has been told.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Waits for [`is_ready`](Self::is_ready); false when the pump ended before.
    pub async fn ready(&self) -> bool {
        self.ready.clone().wait_for(|ready| *ready).await.is_ok()
    }

    fn peek<T>(&self, look: impl FnOnce(&UnreadableSet<K>) -> T) -> T {
        look(&self.unreadable.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The key of an object by its name; `namespace` is `None` for cluster-scoped kinds.
#[must_use]
pub fn key<K: Resource<DynamicType = ()>>(namespace: Option<&str>, name: &str) -> ObjectRef<K> {
    let mut key = ObjectRef::new(name);
    key.namespace = namespace.map(str::to_owned);
    key
}

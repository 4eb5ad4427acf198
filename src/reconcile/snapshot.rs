//! A cache that no watch feeds: filled once, then changed by hand. For whoever plans what would be done.

use super::{
    cache::{Cache, Unreadable, UnreadableSet, key},
    stored::strip,
};
use kube::{
    Resource,
    core::{DeserializeGuard, error_boundary::InvalidObject},
    runtime::{
        reflector::{ObjectRef, store::Writer},
        watcher::Event,
    },
};
use std::{
    hash::Hash,
    sync::{Arc, RwLock},
};
use tokio::sync::watch;

pub struct Snapshot<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    cache: Cache<K>,
}

impl<K> Snapshot<K>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
    ObjectRef<K>: Hash + Eq,
{
    /// What one list showed; ready at once.
    pub fn new(listed: impl IntoIterator<Item = DeserializeGuard<K>>) -> Self {
        let mut writer = Writer::default();
        let mut unreadable = UnreadableSet::new();
        writer.apply_watcher_event(&Event::Init);
        for DeserializeGuard(object) in listed {
            match object {
                Ok(mut object) => {
                    strip(&mut object);
                    writer.apply_watcher_event(&Event::InitApply(object));
                }
                Err(InvalidObject { error, metadata }) => {
                    let name =
                        key(metadata.namespace.as_deref(), metadata.name.as_deref().unwrap_or_default());
                    let why = error.chars().take(300).collect();
                    let bad =
                        Unreadable { uid: metadata.uid, resource_version: metadata.resource_version, why };
                    unreadable.insert(name, bad);
                }
            }
        }
        writer.apply_watcher_event(&Event::InitDone);
        let ready = watch::channel(true).1;
        let unreadable = Arc::new(RwLock::new(unreadable));
        let cache = Cache { store: writer.as_reader(), unreadable, unseen: Arc::default(), ready };
        Self { writer, cache }
    }

    pub fn cache(&self) -> Cache<K> {
        self.cache.clone()
    }

    /// Puts `object` in, and returns what was there under its name.
    pub fn put(&mut self, object: K) -> Option<Arc<K>> {
        let name = key(object.meta().namespace.as_deref(), object.meta().name.as_deref().unwrap_or_default());
        let old = self.cache.store.get(&name);
        self.writer.apply_watcher_event(&Event::Apply(object));
        old
    }

    pub fn remove(&mut self, object: &K) {
        self.writer.apply_watcher_event(&Event::Delete(object.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::account::{AccountSpec, ChatwootAccount};

    fn account(name: &str, title: &str) -> ChatwootAccount {
        let spec = AccountSpec { name: title.into(), ..AccountSpec::default() };
        let mut account = ChatwootAccount::new(name, spec);
        account.metadata.namespace = Some("acme".into());
        account
    }

    #[test]
    fn it_shows_what_was_listed_what_was_put_and_what_does_not_parse() {
        let listed: DeserializeGuard<ChatwootAccount> =
            serde_json::from_value(serde_json::to_value(account("one", "One")).unwrap()).unwrap();
        let bad: DeserializeGuard<ChatwootAccount> = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "bad", "namespace": "acme"}, "spec": {"name": 7}
        }))
        .unwrap();
        let mut snapshot = Snapshot::new([listed, bad]);
        let cache = snapshot.cache();
        assert!(cache.is_ready() && cache.is_unreadable("acme", "bad"));
        assert_eq!(cache.get("acme", "one").unwrap().spec.name, "One");
        assert_eq!(snapshot.put(account("one", "Two")).unwrap().spec.name, "One");
        assert_eq!(cache.get("acme", "one").unwrap().spec.name, "Two");
        snapshot.remove(&account("one", "Two"));
        assert!(cache.get("acme", "one").is_none());
    }
}

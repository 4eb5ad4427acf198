//! Whether the cache has caught up with what this process wrote itself.

use kube::Resource;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The versions of objects that this process has replaced and not yet seen replaced in its cache.
///
/// A pass on such a version would plan from the past: its writes would end as conflicts, but its reads and calls would
/// be wasted. Versions are compared for equality only, as the API server wants it.
#[derive(Debug, Default)]
pub struct Freshness(Mutex<HashMap<String, Vec<String>>>);

impl Freshness {
    /// Notes the versions that a pass has replaced ([`Stored::replaced`](super::stored::Stored::replaced)).
    pub fn note<K: Resource>(&self, object: &K, replaced: &[String]) {
        if let Some(uid) = &object.meta().uid
            && !replaced.is_empty()
        {
            self.with(|known| known.entry(uid.clone()).or_default().extend_from_slice(replaced));
        }
    }

    /// True when this copy is one that this process has replaced: look again in a moment.
    pub fn is_stale<K: Resource>(&self, object: &K) -> bool {
        let meta = object.meta();
        let (Some(uid), Some(version)) = (&meta.uid, &meta.resource_version) else { return false };
        self.with(|known| {
            let stale = known.get(uid).is_some_and(|replaced| replaced.contains(version));
            if !stale {
                // The cache has gone past everything that was noted.
                known.remove(uid);
            }
            stale
        })
    }

    /// The object is gone for good.
    pub fn forget<K: Resource>(&self, object: &K) {
        if let Some(uid) = &object.meta().uid {
            self.with(|known| known.remove(uid));
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Vec<String>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;

    fn object(uid: &str, version: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.uid = Some(uid.to_owned());
        object.metadata.resource_version = Some(version.to_owned());
        object
    }

    #[test]
    fn a_copy_is_stale_until_the_cache_has_passed_every_own_write() {
        let freshness = Freshness::default();
        freshness.note(&object("a", "3"), &["1".into(), "2".into()]);
        assert!(freshness.is_stale(&object("a", "1")) && freshness.is_stale(&object("a", "2")));
        assert!(!freshness.is_stale(&object("b", "1")), "another object");
        assert!(!freshness.is_stale(&object("a", "3")));
        assert!(freshness.0.lock().unwrap().is_empty(), "nothing is kept about an object at rest");
    }

    #[test]
    fn nothing_is_kept_about_an_object_that_is_gone() {
        let freshness = Freshness::default();
        freshness.note(&object("a", "2"), &["1".into()]);
        freshness.forget(&object("a", "2"));
        assert!(freshness.0.lock().unwrap().is_empty());
    }
}

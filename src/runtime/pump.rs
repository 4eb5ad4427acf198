//! One pump per watched kind: from the watch into the cache, then telling what changed.
//!
//! Not kube's `Controller`: there a change that happened during a relist is lost, deletions in the gap are never told,
//! and one failing watch delays the triggers of all.

use super::{
    health::{Pulse, Wait},
    watches::Seen,
};
use crate::api::common::RESTORE_STATUS_ANNOTATION;
use crate::reconcile::{
    cache::{Cache, Unreadable, UnreadableSet, key},
    stored::{kind_name, strip, strip_but},
};
use futures::{Stream, StreamExt};
use kube::{
    Resource,
    core::{DeserializeGuard, ObjectMeta, error_boundary::InvalidObject},
    runtime::{
        reflector::{ObjectRef, store::Writer},
        watcher::{self, Event},
    },
};
use std::{
    collections::HashMap,
    fmt::Debug,
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// What a watch taught, told only after the cache holds it.
#[derive(Debug)]
pub enum Change<'a, K: Resource<DynamicType = ()>> {
    New(&'a K),
    /// Same uid, another resourceVersion.
    Changed {
        old: &'a K,
        new: &'a K,
    },
    /// The object is gone; this is the last version that was in the cache. A new object of the same name is a `Gone`
    /// and then a `New`.
    Gone(&'a K),
    /// The object exists but does not parse, and has left the cache; `old` is what was there. Absence of this object
    /// means nothing from now on.
    Unreadable {
        key: &'a ObjectRef<K>,
        found: &'a Unreadable,
        old: Option<&'a K>,
    },
    /// An unreadable object parses again and is in the cache.
    ReadableAgain(&'a K),
    /// An unreadable object was deleted.
    UnreadableGone(&'a ObjectRef<K>),
}

/// What a pump reports about itself; `kind` is the label.
#[derive(Clone)]
pub struct PumpHooks {
    /// A list or watch failed and is tried again.
    pub failed: Arc<dyn Fn(&'static str) + Send + Sync>,
    /// How many objects do not parse now.
    pub unreadable: Arc<dyn Fn(&'static str, usize) + Send + Sync>,
}

/// Feeds one kind's cache.
pub struct Pump<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    cache: Cache<K>,
    /// Unreadable objects of the list that is coming in.
    listed: UnreadableSet<K>,
    ready: watch::Sender<bool>,
    wait: Option<Wait>,
    pulse: Pulse,
    hooks: PumpHooks,
    /// Of these objects the cache keeps what tells whether a backup tool has just put them back.
    is_bare: fn(&K) -> bool,
}

impl<K> Pump<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
{
    /// `wait` is done after the first list; `pulse` ticks at least every [`Pulse::EVERY`].
    pub fn new(wait: Wait, pulse: Pulse, hooks: PumpHooks) -> Self {
        let writer = Writer::default();
        let (ready, readiness) = watch::channel(false);
        let cache = Cache {
            store: writer.as_reader(),
            unreadable: Arc::new(RwLock::new(HashMap::new())),
            ready: readiness,
        };
        let is_bare = |_: &K| false;
        Self { writer, cache, listed: HashMap::new(), ready, wait: Some(wait), pulse, hooks, is_bare }
    }

    /// Keeps the annotation of backup tools of those objects; of ten thousand it would take five megabytes.
    pub fn marking(self, is_bare: fn(&K) -> bool) -> Self {
        Self { is_bare, ..self }
    }

    pub fn cache(&self) -> Cache<K> {
        self.cache.clone()
    }

    /// Runs as long as `events` does, which for a watch is for ever; stop it by dropping it.
    ///
    /// `tell` is called in the order of events and must not block.
    pub async fn run(mut self, events: impl Stream<Item = Seen<K>>, mut tell: impl FnMut(Change<'_, K>)) {
        let mut events = pin!(events);
        let mut still_here = interval(Pulse::EVERY);
        still_here.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => self.take(event, &mut tell),
                    Some(Err(error)) => self.failed(&error),
                    None => return self.pulse.finish(),
                },
                _ = still_here.tick() => {}
            }
            self.pulse.tick();
        }
    }

    fn take(&mut self, event: Event<DeserializeGuard<K>>, tell: &mut impl FnMut(Change<'_, K>)) {
        match event {
            Event::Init => {
                self.listed.clear();
                self.writer.apply_watcher_event(&Event::Init);
            }
            Event::InitApply(DeserializeGuard(Ok(mut object))) => {
                self.strip(&mut object);
                self.writer.apply_watcher_event(&Event::InitApply(object));
            }
            Event::InitApply(DeserializeGuard(Err(bad))) => {
                self.listed.insert(key_of(&bad.metadata), Unreadable::from(bad));
            }
            Event::InitDone => self.relisted(tell),
            Event::Apply(DeserializeGuard(Ok(object))) => self.applied(object, tell),
            Event::Apply(DeserializeGuard(Err(bad))) => self.unreadable(bad, tell),
            Event::Delete(object) => self.deleted(&key_of(object.meta()), tell),
        }
    }

    fn strip(&self, object: &mut K) {
        if (self.is_bare)(object) {
            strip_but(object, RESTORE_STATUS_ANNOTATION);
        } else {
            strip(object);
        }
    }

    /// The whole list is in: whatever differs from before the gap is told now.
    fn relisted(&mut self, tell: &mut impl FnMut(Change<'_, K>)) {
        let before = self.cache.store.state();
        let mut before: HashMap<_, _> = before.into_iter().map(|old| (key_of(old.meta()), old)).collect();
        self.writer.apply_watcher_event(&Event::InitDone);
        let bad = std::mem::take(&mut self.listed);
        let mut bad_before = self.set_unreadable(|set| std::mem::replace(set, bad.clone()));

        for new in self.cache.store.state() {
            let key = key_of(new.meta());
            if bad_before.remove(&key).is_some() {
                tell(Change::ReadableAgain(&new));
            } else {
                compare(before.remove(&key).as_deref(), &new, tell);
            }
        }
        for (key, found) in &bad {
            if bad_before.remove(key).as_ref() != Some(found) {
                report::<K>(key, found);
                tell(Change::Unreadable { key, found, old: before.remove(key).as_deref() });
            }
        }
        before.values().for_each(|old| tell(Change::Gone(old)));
        bad_before.keys().for_each(|key| tell(Change::UnreadableGone(key)));

        // Only now: whoever waits for readiness relies on what the changes have built.
        self.ready.send_replace(true);
        if let Some(wait) = self.wait.take() {
            wait.done();
        }
    }

    fn applied(&mut self, mut object: K, tell: &mut impl FnMut(Change<'_, K>)) {
        self.strip(&mut object);
        let key = key_of(object.meta());
        let old = self.cache.store.get(&key);
        self.writer.apply_watcher_event(&Event::Apply(object));
        let was_unreadable = self.set_unreadable(|set| set.remove(&key)).is_some();
        let Some(new) = self.cache.store.get(&key) else { return };
        if was_unreadable {
            tell(Change::ReadableAgain(&new));
        } else {
            compare(old.as_deref(), &new, tell);
        }
    }

    fn unreadable(&mut self, bad: InvalidObject, tell: &mut impl FnMut(Change<'_, K>)) {
        let key = key_of(&bad.metadata);
        let found = Unreadable::from(bad);
        let old = self.forget(&key);
        if self.set_unreadable(|set| set.insert(key.clone(), found.clone())).as_ref() != Some(&found) {
            report::<K>(&key, &found);
            tell(Change::Unreadable { key: &key, found: &found, old: old.as_deref() });
        }
    }

    fn deleted(&mut self, key: &ObjectRef<K>, tell: &mut impl FnMut(Change<'_, K>)) {
        if let Some(old) = self.forget(key) {
            tell(Change::Gone(&old));
        }
        if self.set_unreadable(|set| set.remove(key)).is_some() {
            tell(Change::UnreadableGone(key));
        }
    }

    fn forget(&mut self, key: &ObjectRef<K>) -> Option<Arc<K>> {
        let old = self.cache.store.get(key)?;
        self.writer.apply_watcher_event(&Event::Delete((*old).clone()));
        Some(old)
    }

    fn set_unreadable<T>(&self, change: impl FnOnce(&mut UnreadableSet<K>) -> T) -> T {
        let mut set = self.cache.unreadable.write().unwrap_or_else(PoisonError::into_inner);
        let (before, answer) = (set.len(), change(&mut set));
        if set.len() != before {
            (self.hooks.unreadable)(kind_name::<K>(), set.len());
        }
        answer
    }

    fn failed(&self, error: &watcher::Error) {
        (self.hooks.failed)(kind_name::<K>());
        // "Expired" is how a watch ordinarily ends after a long pause: a new list follows.
        if matches!(error, watcher::Error::WatchError(status) if status.code == 410) {
            tracing::debug!(kind = kind_name::<K>(), "the watch has expired, listing again");
            return;
        }
        let hint = hint(error);
        tracing::warn!(kind = kind_name::<K>(), %error, hint, "the watch failed and is tried again");
        if let Some(wait) = &self.wait {
            wait.because(match hint {
                Some(hint) => format!("{error} ({hint})"),
                None => error.to_string(),
            });
        }
    }
}

/// True when the object's own pass must look: the operator's status writes are not news.
#[must_use]
pub fn is_news<K: Resource>(old: &K, new: &K) -> bool {
    let (old, new) = (old.meta(), new.meta());
    old.generation != new.generation
        || old.deletion_timestamp != new.deletion_timestamp
        // A map that came with our finalizer, and of which nothing is kept, is no news either.
        || !annotations(old).eq(annotations(new))
        || old.labels != new.labels
        // A replaced manifest strips ours; our own adding of it is no news.
        || old.finalizers.iter().flatten().any(|one| !new.finalizers.iter().flatten().any(|other| other == one))
}

/// Those that somebody may have changed: the one of backup tools comes with our finalizer.
fn annotations(meta: &ObjectMeta) -> impl Iterator<Item = (&String, &String)> {
    meta.annotations.iter().flatten().filter(|(key, _)| *key != RESTORE_STATUS_ANNOTATION)
}

/// What to do about the two errors that do not pass by themselves.
fn hint(error: &watcher::Error) -> Option<&'static str> {
    let (watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause)) = error else {
        return None;
    };
    match cause {
        kube::Error::Api(status) if status.is_not_found() => Some("install the chart's CRDs"),
        kube::Error::Api(status) if status.is_forbidden() => {
            Some("give the operator's service account the chart's roles")
        }
        _ => None,
    }
}

fn compare<K: Resource<DynamicType = ()>>(old: Option<&K>, new: &K, tell: &mut impl FnMut(Change<'_, K>)) {
    match old {
        None => tell(Change::New(new)),
        Some(old) if old.meta().uid != new.meta().uid => {
            tell(Change::Gone(old));
            tell(Change::New(new));
        }
        Some(old) if old.meta().resource_version != new.meta().resource_version => {
            tell(Change::Changed { old, new });
        }
        Some(_) => {}
    }
}

fn key_of<K: Resource<DynamicType = ()>>(meta: &ObjectMeta) -> ObjectRef<K> {
    key(meta.namespace.as_deref(), meta.name.as_deref().unwrap_or_default())
}

fn report<K: Resource<DynamicType = ()>>(key: &ObjectRef<K>, found: &Unreadable) {
    let why = &found.why;
    tracing::warn!(kind = kind_name::<K>(), object = %key, why, "the object does not parse and is left alone");
}

impl From<InvalidObject> for Unreadable {
    fn from(bad: InvalidObject) -> Self {
        let why = bad.error.chars().take(300).collect();
        Self { uid: bad.metadata.uid, resource_version: bad.metadata.resource_version, why }
    }
}

#[cfg(test)]
mod tests;

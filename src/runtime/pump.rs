//! One pump per watched kind: from the watch into the cache, then telling what changed.
//!
//! Not kube's `Controller`: there a change that happened during a relist is lost, deletions in the gap are never told,
//! and one failing watch delays the triggers of all.

use super::{
    health::{Pulse, Wait},
    scope::Place,
    watches::{Seen, is_forbidden},
};
use crate::api::common::RESTORE_STATUS_ANNOTATION;
use crate::reconcile::{
    cache::{Cache, Unreadable, UnreadableSet, key},
    stored::{kind_name, strip, strip_but},
};
use futures::{
    Stream, StreamExt,
    stream::{BoxStream, select_all},
};
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
    sync::{Arc, PoisonError},
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

/// Told of a kind and a namespace that should be watched and may not be, or (`true`) may be again. By then the cache says
/// so, and everything has been told.
pub type SightObserver = Arc<dyn Fn(&'static str, &str, bool) + Send + Sync>;

/// What a pump reports about itself; `kind` is the label.
#[derive(Clone)]
pub struct PumpHooks {
    /// A list or watch failed and is tried again.
    pub failed: Arc<dyn Fn(&'static str) + Send + Sync>,
    /// How many objects do not parse now.
    pub unreadable: Arc<dyn Fn(&'static str, usize) + Send + Sync>,
    pub sight: SightObserver,
}

/// One watch of several that feed one cache.
pub struct Source<K: Resource<DynamicType = ()> + Clone + 'static> {
    pub place: Place,
    pub events: BoxStream<'static, Seen<K>>,
}

/// What one watch has brought.
struct Part<K: Resource<DynamicType = ()> + Clone + 'static> {
    /// The list that is coming in.
    listed: HashMap<ObjectRef<K>, K>,
    /// Unreadable objects of it.
    bad: UnreadableSet<K>,
    sight: Sight,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Nothing has come yet.
    Unknown,
    Seen,
    /// The operator may not look there.
    Unseen,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Default for Part<K> {
    fn default() -> Self {
        Self { listed: HashMap::new(), bad: HashMap::new(), sight: Sight::Unknown }
    }
}

/// Feeds one kind's cache, from one watch of the whole cluster or from one for each namespace. A list replaces what was
/// there of its own place only, and a watch that fails holds up no other.
pub struct Pump<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    cache: Cache<K>,
    parts: HashMap<Place, Part<K>>,
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
    /// `wait` is done after the first list of every place that may be listed; `pulse` ticks at least every
    /// [`Pulse::EVERY`].
    pub fn new(wait: Wait, pulse: Pulse, hooks: PumpHooks) -> Self {
        let mut writer = Writer::default();
        // Lists are compared here, part by part; for kube's store this is one that is whole from the start.
        writer.apply_watcher_event(&Event::Init);
        writer.apply_watcher_event(&Event::InitDone);
        let (ready, readiness) = watch::channel(false);
        let cache = Cache {
            store: writer.as_reader(),
            unreadable: Arc::default(),
            unseen: Arc::default(),
            ready: readiness,
        };
        let is_bare = |_: &K| false;
        Self { writer, cache, parts: HashMap::new(), ready, wait: Some(wait), pulse, hooks, is_bare }
    }

    /// Keeps the annotation of backup tools of those objects; of ten thousand it would take five megabytes.
    pub fn marking(self, is_bare: fn(&K) -> bool) -> Self {
        Self { is_bare, ..self }
    }

    pub fn cache(&self) -> Cache<K> {
        self.cache.clone()
    }

    /// As [`merge`](Self::merge), with one watch of everything.
    pub async fn run(
        self,
        events: impl Stream<Item = Seen<K>> + Send + 'static,
        tell: impl FnMut(Change<'_, K>),
    ) {
        self.merge([Source { place: None, events: events.boxed() }], tell).await;
    }

    /// Runs as long as the sources do, which for watches is for ever; stop it by dropping it.
    ///
    /// `tell` is called in the order of events and must not block.
    pub async fn merge(
        mut self,
        sources: impl IntoIterator<Item = Source<K>>,
        mut tell: impl FnMut(Change<'_, K>),
    ) {
        let tagged = sources.into_iter().map(|Source { place, events }| {
            self.parts.insert(place.clone(), Part::default());
            events.map(move |event| (place.clone(), event))
        });
        let mut events = select_all(tagged.collect::<Vec<_>>());
        let mut still_here = interval(Pulse::EVERY);
        still_here.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some((place, Ok(event))) => self.take(&place, event, &mut tell),
                    Some((place, Err(error))) => self.failed(&place, &error),
                    None => return self.pulse.finish(),
                },
                _ = still_here.tick() => {}
            }
            self.pulse.tick();
        }
    }

    fn take(
        &mut self,
        place: &Place,
        event: Event<DeserializeGuard<K>>,
        tell: &mut impl FnMut(Change<'_, K>),
    ) {
        match event {
            Event::Init => {
                let part = self.parts.entry(place.clone()).or_default();
                part.listed.clear();
                part.bad.clear();
            }
            Event::InitApply(DeserializeGuard(Ok(mut object))) => {
                self.strip(&mut object);
                let part = self.parts.entry(place.clone()).or_default();
                part.listed.insert(key_of(object.meta()), object);
            }
            Event::InitApply(DeserializeGuard(Err(bad))) => {
                let part = self.parts.entry(place.clone()).or_default();
                part.bad.insert(key_of(&bad.metadata), Unreadable::from(bad));
            }
            Event::InitDone => self.relisted(place, tell),
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

    /// The whole list of a place is in: whatever differs from before the gap is told now.
    fn relisted(&mut self, place: &Place, tell: &mut impl FnMut(Change<'_, K>)) {
        let part = self.parts.entry(place.clone()).or_default();
        let (listed, bad) = (std::mem::take(&mut part.listed), std::mem::take(&mut part.bad));
        let was_unseen = std::mem::replace(&mut part.sight, Sight::Seen) == Sight::Unseen;
        let here = |key: &ObjectRef<K>| place.is_none() || key.namespace.as_deref() == place.as_deref();

        let before = self.cache.store.state().into_iter().map(|old| (key_of(old.meta()), old));
        let mut before: HashMap<_, _> = before.filter(|(key, _)| here(key)).collect();
        for (_, old) in before.iter().filter(|(key, _)| !listed.contains_key(key)) {
            self.writer.apply_watcher_event(&Event::Delete(K::clone(old)));
        }
        let names: Vec<_> = listed.keys().cloned().collect();
        for (key, new) in listed {
            if before.get(&key).is_none_or(|old| !same_version(&**old, &new)) {
                self.writer.apply_watcher_event(&Event::Apply(new));
            }
        }
        let mut bad_before = self.set_unreadable(|set| {
            let before: UnreadableSet<K> = set.extract_if(|key, _| here(key)).collect();
            set.extend(bad.iter().map(|(key, found)| (key.clone(), found.clone())));
            before
        });

        for key in names {
            let Some(new) = self.cache.store.get(&key) else { continue };
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
        if was_unseen {
            self.set_sight(place, true);
        }
        self.answered();
    }

    /// Readiness is when every place has answered, were it that nobody may look there. Only after everything has been told:
    /// whoever waits for it relies on what the changes have built.
    fn answered(&mut self) {
        if self.parts.values().any(|part| part.sight == Sight::Unknown) {
            return;
        }
        self.ready.send_replace(true);
        if let Some(wait) = self.wait.take() {
            wait.done();
        }
    }

    fn set_sight(&self, place: &Place, seen: bool) {
        let Some(namespace) = place.as_deref() else { return };
        let mut unseen = self.cache.unseen.write().unwrap_or_else(PoisonError::into_inner);
        if seen {
            unseen.remove(namespace);
        } else {
            unseen.insert(namespace.to_owned());
        }
        drop(unseen);
        (self.hooks.sight)(kind_name::<K>(), namespace, seen);
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

    fn failed(&mut self, place: &Place, error: &watcher::Error) {
        (self.hooks.failed)(kind_name::<K>());
        // "Expired" is how a watch ordinarily ends after a long pause: a new list follows.
        if matches!(error, watcher::Error::WatchError(status) if status.code == 410) {
            tracing::debug!(kind = kind_name::<K>(), "the watch has expired, listing again");
            return;
        }
        if let (Some(namespace), true) = (place, is_forbidden(error)) {
            return self.not_permitted(place, namespace, error);
        }
        let (hint, namespace) = (hint(error), place.as_deref());
        tracing::warn!(kind = kind_name::<K>(), namespace, %error, hint, "the watch failed and is tried again");
        if let Some(wait) = &self.wait {
            wait.because(match hint {
                Some(hint) => format!("{error} ({hint})"),
                None => error.to_string(),
            });
        }
    }

    /// Said once: a namespace that is not there yet has no Role either, and may be long in coming.
    fn not_permitted(&mut self, place: &Place, namespace: &str, error: &watcher::Error) {
        let part = self.parts.entry(place.clone()).or_default();
        if std::mem::replace(&mut part.sight, Sight::Unseen) != Sight::Unseen {
            tracing::warn!(
                kind = kind_name::<K>(), namespace, %error,
                "the namespace is left alone: it is not there, or the operator's service account lacks the chart's Role in it"
            );
            self.set_sight(place, false);
        }
        self.answered();
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

fn same_version<K: Resource>(old: &K, new: &K) -> bool {
    let (old, new) = (old.meta(), new.meta());
    old.uid == new.uid && old.resource_version == new.resource_version
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

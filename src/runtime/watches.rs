//! The watches that pumps are fed from.

use futures::{Stream, TryStreamExt};
use kube::{
    Api, Resource,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// One item of a watch.
pub type Seen<K> = watcher::Result<Event<DeserializeGuard<K>>>;

/// Watches whole objects. Backs off by itself after errors, at most 30 s.
pub fn objects<K>(api: Api<DeserializeGuard<K>>, labels: Option<&str>) -> impl Stream<Item = Seen<K>> + Send
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    watcher(api, config(labels)).default_backoff()
}

/// Watches metadata only: the API server does not even send the rest, so a Secret's values never come here.
///
/// The guard comes after the watch, because `Api<DeserializeGuard<PartialObjectMeta<_>>>` would fetch whole objects
/// (`Resource::metadata_api` is not passed on by the guard). Metadata always parses.
pub fn metadata<K>(
    api: Api<PartialObjectMeta<K>>,
    labels: Option<&str>,
) -> impl Stream<Item = Seen<PartialObjectMeta<K>>> + Send
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    watcher(api, config(labels)).default_backoff().map_ok(|event| match event {
        Event::Init => Event::Init,
        Event::InitApply(meta) => Event::InitApply(DeserializeGuard(Ok(meta))),
        Event::InitDone => Event::InitDone,
        Event::Apply(meta) => Event::Apply(DeserializeGuard(Ok(meta))),
        Event::Delete(meta) => Event::Delete(DeserializeGuard(Ok(meta))),
    })
}

/// Small pages: while a list comes in, old and new objects are both in memory.
fn config(labels: Option<&str>) -> watcher::Config {
    let config = watcher::Config::default().page_size(50);
    match labels {
        Some(labels) => config.labels(labels),
        None => config,
    }
}

#[cfg(test)]
mod tests;

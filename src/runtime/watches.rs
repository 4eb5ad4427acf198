//! The watches that pumps are fed from.

use futures::{Stream, StreamExt, TryStreamExt, stream::unfold};
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
use tokio::sync::{Semaphore, SemaphorePermit};

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

/// A watch of one namespace that begins anew when it may no longer go on.
///
/// What was missed meanwhile has to be listed. And only a list says whether the namespace can be seen: a watch that goes on
/// after its rights were gone for a while says nothing until something happens.
pub fn renewed<K, S>(start: impl Fn() -> S + Send) -> impl Stream<Item = Seen<K>> + Send
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
    S: Stream<Item = Seen<K>> + Send,
{
    let begin = Box::pin(start());
    unfold((begin, start), async |(mut watch, start)| {
        let item = watch.next().await?;
        if let Err(error @ watcher::Error::WatchStartFailed(_)) = &item
            && is_forbidden(error)
        {
            watch = Box::pin(start());
        }
        Some((item, (watch, start)))
    })
}

/// How many first lists a process lets come in at the same time.
const AT_ONCE: usize = 64;

/// The turns of this process.
pub static STARTS: Semaphore = Semaphore::const_new(AT_ONCE);

/// A watch that begins when it has one of `starts`, and gives it back when its first list is in. Several kinds in hundreds of namespaces, all listed in one moment, make the API
/// server turn clients away, and whoever wants to lead is among them.
pub fn in_turn<K, S>(watch: S, starts: &'static Semaphore) -> impl Stream<Item = Seen<K>> + Send
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
    S: Stream<Item = Seen<K>> + Send,
{
    let begin = (Box::pin(watch), None::<SemaphorePermit<'static>>, false);
    unfold(begin, async move |(mut watch, mut turn, mut begun)| {
        if !begun {
            // It is never closed.
            turn = starts.acquire().await.ok();
            begun = true;
        }
        let item = watch.next().await?;
        // One that fails waits by itself before it tries again.
        if matches!(item, Ok(Event::InitDone) | Err(_)) {
            turn = None;
        }
        Some((item, (watch, turn, begun)))
    })
}

/// Whether rights are missing, which does not pass by itself.
#[must_use]
pub fn is_forbidden(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause)) = error else {
        return false;
    };
    matches!(cause, kube::Error::Api(status) if status.is_forbidden())
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

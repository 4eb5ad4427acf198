//! Asking the operator for a look, and waiting for its answer.

use super::{
    kinds::{KindName, refused},
    standing::Standing,
};
use crate::{api::common::RECONCILE_ANNOTATION, runtime::flags::ObjectName};
use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream::select_all};
use jiff::Timestamp;
use kube::{
    Api, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// What goes into the annotation: different with every request.
pub fn stamp() -> String {
    format!("{:.9}", Timestamp::now())
}

/// Sets annotations on the object that was read, and on no other of its name.
///
/// # Errors
/// The API server refuses; the message says which object and what to do.
pub async fn annotate(
    kind: KindName,
    api: &Api<DynamicObject>,
    object: &DynamicObject,
    annotations: &[(&str, &str)],
) -> Result<()> {
    let values: Map<String, Value> =
        annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    let patch = json!({"metadata": {"uid": object.uid(), "annotations": values}});
    let who = name_of(object);
    api.patch(&who.name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .map(drop)
        .map_err(|error| refused(kind.kind(), &who, error))
}

pub fn name_of(object: &DynamicObject) -> ObjectName {
    ObjectName { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

/// What waiting for many came to.
pub struct Answers {
    /// In order of namespace and name.
    pub answered: Vec<Standing>,
    /// Those that had not answered when the time was over.
    pub silent: Vec<ObjectName>,
}

/// How long those that have answered, and are at work for it, are waited for once all have answered.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// Waits until every one of `asked` has answered the request `stamp`, and a little for those whose answer leads to work;
/// one that is deleted meanwhile is left out. `progress` is told every second how many have answered.
///
/// # Errors
/// They cannot be watched.
pub async fn answers(
    apis: Vec<Api<DynamicObject>>,
    asked: BTreeSet<(String, String)>,
    stamp: &str,
    patience: Duration,
    progress: impl Fn(usize),
) -> Result<Answers> {
    let mut until = Instant::now() + patience;
    let mut pending = asked;
    let mut answered: BTreeMap<(String, String), Standing> = BTreeMap::new();
    let mut all_answered = false;
    let watch = |api: Api<DynamicObject>| {
        watcher(api, watcher::Config::default().page_size(100)).default_backoff().boxed()
    };
    let mut events = select_all(apis.into_iter().map(watch));
    let mut every_second = interval(Duration::from_secs(1));
    every_second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !pending.is_empty() {
        let event = tokio::select! {
            event = timeout_at(until, events.try_next()) => event,
            _ = every_second.tick() => {
                progress(answered.len());
                continue;
            }
        };
        let object = match event {
            Err(_) => break,
            Ok(Ok(Some(watcher::Event::Apply(object) | watcher::Event::InitApply(object)))) => object,
            Ok(Ok(Some(watcher::Event::Delete(object)))) => {
                let key = (object.namespace().unwrap_or_default(), object.name_any());
                pending.remove(&key);
                answered.remove(&key);
                continue;
            }
            Ok(Ok(Some(watcher::Event::Init | watcher::Event::InitDone))) => continue,
            Ok(Ok(None)) => bail!("the watch ended; run the command again"),
            // The stream pauses and tries again by itself.
            Ok(Err(error)) => {
                if let watcher::Error::InitialListFailed(kube::Error::Api(status)) = &error
                    && status.is_forbidden()
                {
                    bail!("you may not watch these objects ({}); use --wait=false", status.message);
                }
                continue;
            }
        };
        let standing = Standing::of(&object);
        if standing.handled.as_deref() == Some(stamp) {
            let key = (standing.namespace.clone(), standing.name.clone());
            let settled = !standing.is_at_work;
            if pending.contains(&key) {
                answered.insert(key.clone(), standing);
            }
            if settled {
                pending.remove(&key);
            }
        }
        if !all_answered && pending.iter().all(|key| answered.contains_key(key)) {
            all_answered = true;
            until = until.min(Instant::now() + SETTLES_WITHIN);
        }
    }
    progress(answered.len());
    pending.retain(|key| !answered.contains_key(key));
    let silent = pending.into_iter().map(|(namespace, name)| ObjectName { namespace, name }).collect();
    Ok(Answers { answered: answered.into_values().collect(), silent })
}

/// Waits until one object has answered the request `stamp` and is not at work any more, and returns how it stands then,
/// or when the time was over. `None`: it has not answered at all.
///
/// # Errors
/// It cannot be watched, or is gone.
pub async fn settled(
    api: Api<DynamicObject>,
    who: &ObjectName,
    stamp: &str,
    patience: Duration,
    progress: impl Fn(&Standing),
) -> Result<Option<Standing>> {
    let until = Instant::now() + patience;
    let mut seen = None;
    let mut versions = watcher::watch_object(api, &who.name).default_backoff().boxed();
    while let Ok(version) = timeout_at(until, versions.next()).await {
        match version {
            Some(Ok(Some(object))) => {
                let standing = Standing::of(&object);
                if standing.handled.as_deref() != Some(stamp) {
                    continue;
                }
                if !standing.is_at_work {
                    return Ok(Some(standing));
                }
                if seen.as_ref() != Some(&standing) {
                    progress(&standing);
                }
                seen = Some(standing);
            }
            Some(Ok(None)) => bail!("{who} was deleted while it was waited for"),
            Some(Err(_)) => {}
            None => break,
        }
    }
    Ok(seen)
}

/// Adds the request for a look to other annotations.
pub fn look(stamp: &str) -> (&'static str, &str) {
    (RECONCILE_ANNOTATION, stamp)
}

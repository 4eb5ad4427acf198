mod merged;

use super::*;
use crate::runtime::health::Health;
use futures::channel::mpsc;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;
use std::{sync::Mutex, time::Duration};

/// A pump fed by hand. What it tells is noted as one word per change.
struct Bench {
    feed: mpsc::UnboundedSender<Seen<ConfigMap>>,
    told: Arc<Mutex<Vec<String>>>,
    failures: Arc<Mutex<usize>>,
    unreadable: Arc<Mutex<usize>>,
    cache: Cache<ConfigMap>,
    health: Health,
}

impl Bench {
    fn new() -> Self {
        let (feed, events) = mpsc::unbounded();
        let (told, failures, unreadable) =
            (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<_>>::default(), Arc::<Mutex<_>>::default());
        let (failed, bad) = (failures.clone(), unreadable.clone());
        let hooks = PumpHooks {
            failed: Arc::new(move |_| *failed.lock().unwrap() += 1),
            unreadable: Arc::new(move |_, count| *bad.lock().unwrap() = count),
            sight: Arc::new(|_, _, _| panic!("a watch of everything has no place that cannot be seen")),
        };
        let health = Health::default();
        let pulse = health.pulse("pump", Duration::from_secs(30));
        let pump = Pump::new(health.wait_for("config maps"), pulse, hooks);
        let (cache, notes, seen) = (pump.cache(), told.clone(), pump.cache());
        tokio::spawn(pump.run(events, move |change| notes.lock().unwrap().push(word(&change, &seen))));
        Self { feed, told, failures, unreadable, cache, health }
    }

    /// Feeds the events and gives what was told about them.
    async fn after(
        &self,
        events: impl IntoIterator<Item = Event<DeserializeGuard<ConfigMap>>>,
    ) -> Vec<String> {
        events.into_iter().for_each(|event| self.feed.unbounded_send(Ok(event)).unwrap());
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let mut told = std::mem::take(&mut *self.told.lock().unwrap());
        told.sort();
        told
    }
}

/// The change, and whether the cache already holds what is told.
fn word(change: &Change<'_, ConfigMap>, cache: &Cache<ConfigMap>) -> String {
    let name = |o: &ConfigMap| o.metadata.name.clone().unwrap();
    let version = |o: &ConfigMap| o.metadata.resource_version.clone().unwrap();
    let stored = |n: &str| cache.get("acme", n).map(|o| version(&o)).unwrap_or_default();
    match change {
        Change::New(o) => format!("new {}@{} (cache {})", name(o), version(o), stored(&name(o))),
        Change::Changed { old, new } => {
            format!("changed {}@{}->{} (cache {})", name(new), version(old), version(new), stored(&name(new)))
        }
        Change::Gone(o) => format!("gone {}@{}", name(o), version(o)),
        Change::Unreadable { key, found, old } => {
            assert!(cache.is_unreadable("acme", &key.name) && cache.get("acme", &key.name).is_none());
            format!(
                "unreadable {} {} (was {})",
                key.name,
                found.uid.as_deref().unwrap(),
                old.map(version).unwrap_or_default()
            )
        }
        Change::ReadableAgain(o) => {
            assert!(!cache.is_unreadable("acme", &name(o)));
            format!("readable {}@{} (cache {})", name(o), version(o), stored(&name(o)))
        }
        Change::UnreadableGone(key) => format!("unreadable gone {}", key.name),
    }
}

fn good(name: &str, uid: &str, version: &str) -> DeserializeGuard<ConfigMap> {
    guarded(name, uid, version, json!({"k": "v"}))
}

fn bad(name: &str, uid: &str, version: &str) -> DeserializeGuard<ConfigMap> {
    guarded(name, uid, version, json!("not a map"))
}

fn guarded(name: &str, uid: &str, version: &str, data: serde_json::Value) -> DeserializeGuard<ConfigMap> {
    guarded_in("acme", name, uid, version, data)
}

fn guarded_in(
    namespace: &str,
    name: &str,
    uid: &str,
    version: &str,
    data: serde_json::Value,
) -> DeserializeGuard<ConfigMap> {
    let metadata = json!({"name": name, "namespace": namespace, "uid": uid, "resourceVersion": version});
    serde_json::from_value(json!({"metadata": metadata, "data": data})).unwrap()
}

fn list(objects: Vec<DeserializeGuard<ConfigMap>>) -> Vec<Event<DeserializeGuard<ConfigMap>>> {
    let apply = objects.into_iter().map(Event::InitApply);
    [Event::Init].into_iter().chain(apply).chain([Event::InitDone]).collect()
}

#[tokio::test]
async fn readiness_comes_with_the_first_whole_list() {
    let bench = Bench::new();
    let mut events = list(vec![good("a", "1", "1")]);
    let done = events.pop().unwrap();
    assert!(bench.after(events).await.is_empty());
    assert!(!bench.cache.is_ready() && bench.health.ready().is_err());
    assert_eq!(bench.after([done]).await, ["new a@1 (cache 1)"]);
    assert!(bench.cache.ready().await && bench.health.ready().is_ok());
}

#[tokio::test]
async fn changes_are_told_when_the_cache_holds_them() {
    let bench = Bench::new();
    bench.after(list(vec![good("a", "1", "1")])).await;
    assert_eq!(bench.after([Event::Apply(good("a", "1", "2"))]).await, ["changed a@1->2 (cache 2)"]);
    assert!(
        bench.after([Event::Apply(good("a", "1", "2"))]).await.is_empty(),
        "the same version again is no change"
    );
    assert_eq!(bench.after([Event::Delete(good("a", "1", "3"))]).await, ["gone a@2"]);
    assert_eq!(bench.after([Event::Apply(good("b", "2", "4"))]).await, ["new b@4 (cache 4)"]);
}

#[tokio::test]
async fn what_happened_while_the_watch_was_down_is_told_by_the_next_list() {
    let bench = Bench::new();
    let first = ["same", "changed", "deleted", "recreated"];
    bench.after(list(first.iter().map(|n| good(n, n, "1")).collect())).await;
    let told = bench
        .after(list(vec![
            good("same", "same", "1"),
            good("changed", "changed", "2"),
            good("recreated", "other", "3"),
            good("added", "added", "4"),
        ]))
        .await;
    assert_eq!(
        told,
        [
            "changed changed@1->2 (cache 2)",
            "gone deleted@1",
            "gone recreated@1",
            "new added@4 (cache 4)",
            "new recreated@3 (cache 3)",
        ]
    );
}

#[tokio::test]
async fn a_list_that_breaks_off_changes_nothing_and_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.after(list(vec![good("a", "1", "1")])).await;
    let mut broken = list(vec![good("b", "2", "2"), bad("c", "3", "3")]);
    broken.pop();
    assert!(bench.after(broken).await.is_empty());
    bench.feed.unbounded_send(Err(watcher::Error::NoResourceVersion)).unwrap();
    assert!(bench.after(list(vec![good("a", "1", "1")])).await.is_empty());
    assert!(bench.cache.get("acme", "b").is_none() && !bench.cache.any_unreadable());
    assert_eq!(*bench.failures.lock().unwrap(), 1);
}

#[tokio::test]
async fn an_unreadable_object_wedges_nothing_and_is_known_by_name() {
    let bench = Bench::new();
    let told = bench.after(list(vec![good("a", "1", "1"), bad("b", "2", "2")])).await;
    assert_eq!(told, ["new a@1 (cache 1)", "unreadable b 2 (was )"]);
    assert!(bench.cache.is_ready() && bench.cache.is_unreadable("acme", "b"));
    assert!(!bench.cache.is_unreadable("other", "b") && bench.cache.any_unreadable());
    assert_eq!(bench.cache.unreadable_in("acme"), ["b"]);
    assert_eq!(*bench.unreadable.lock().unwrap(), 1);
    assert!(bench.after(list(vec![good("a", "1", "1"), bad("b", "2", "2")])).await.is_empty());
    assert_eq!(bench.after([Event::Apply(good("b", "2", "3"))]).await, ["readable b@3 (cache 3)"]);
    assert_eq!(*bench.unreadable.lock().unwrap(), 0);
}

#[tokio::test]
async fn an_object_that_stops_parsing_leaves_the_cache_and_is_not_called_gone() {
    let bench = Bench::new();
    bench.after(list(vec![good("a", "1", "1"), good("b", "2", "2")])).await;
    assert_eq!(bench.after([Event::Apply(bad("a", "1", "3"))]).await, ["unreadable a 1 (was 1)"]);
    let told = bench.after(list(vec![bad("a", "1", "3"), bad("b", "2", "4")])).await;
    assert_eq!(told, ["unreadable b 2 (was 2)"]);
    assert_eq!(bench.after([Event::Delete(bad("a", "1", "5"))]).await, ["unreadable gone a"]);
    assert_eq!(bench.after(list(vec![])).await, ["unreadable gone b"]);
    assert!(!bench.cache.any_unreadable());
}

#[tokio::test]
async fn the_cache_holds_no_managed_fields_and_nobody_elses_annotations() {
    let bench = Bench::new();
    let object = serde_json::from_value(json!({"metadata": {
        "name": "a", "namespace": "acme", "uid": "1", "resourceVersion": "1",
        "managedFields": [{"manager": "kubectl"}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "argocd.argoproj.io/tracking-id": "a"},
    }}));
    bench.after(list(vec![object.unwrap()])).await;
    let meta = bench.cache.get("acme", "a").unwrap().metadata.clone();
    assert_eq!(meta.managed_fields, None);
    // Empty and not absent: a patch that adds an annotation must know that the map is there.
    assert_eq!(meta.annotations, Some(std::collections::BTreeMap::new()));
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_alive() {
    let bench = Bench::new();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(bench.health.alive().is_ok());
}

#[test]
fn own_status_writes_are_no_news() {
    let object =
        |text: serde_json::Value| serde_json::from_value::<ConfigMap>(json!({"metadata": text})).unwrap();
    let old = object(json!({"generation": 1, "resourceVersion": "1", "labels": {"a": "b"}}));
    assert!(!is_news(&old, &object(json!({"generation": 1, "resourceVersion": "2", "labels": {"a": "b"}}))));
    for news in [
        json!({"generation": 2, "labels": {"a": "b"}}),
        json!({"generation": 1, "labels": {}}),
        json!({"generation": 1, "labels": {"a": "b"}, "annotations": {"x": "y"}}),
        json!({"generation": 1, "labels": {"a": "b"}, "deletionTimestamp": "2026-01-01T00:00:00Z"}),
    ] {
        assert!(is_news(&old, &object(news.clone())), "{news}");
    }
}

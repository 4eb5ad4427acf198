use crate::gadget::{Gadget, cluster, create, install, set_size};
use anyhow::{Result, bail};
use chatwoot_operator::{
    reconcile::cache::Cache,
    runtime::{
        health::Health,
        metrics::Metrics,
        pump::{Change, Pump},
        watches::{Seen, metadata, objects},
    },
};
use chatwoot_stage::{Cable, State};
use control_plane::{ControlPlane, Options};
use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::watcher::Event,
};
use serde_json::json;
use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

const LABEL: &str = "chatwoot.dev/watch=true";

/// A pump on a real watch, and what it told: one word per change, of objects in the namespace only.
struct Bench<K: Resource<DynamicType = ()> + Clone + 'static> {
    cache: Cache<K>,
    told: mpsc::UnboundedReceiver<String>,
    /// How many whole lists have come in.
    lists: Arc<AtomicUsize>,
    metrics: Metrics,
    task: JoinHandle<()>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Drop for Bench<K> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<K> Bench<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
{
    fn start(events: impl Stream<Item = Seen<K>> + Send + 'static) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let (metrics, health, lists) = (Metrics::default(), Health::default(), Arc::<AtomicUsize>::default());
        let pulse = health.pulse("pump", Duration::from_secs(30));
        let pump = Pump::new(health.wait_for("the first list"), pulse, metrics.pump_hooks());
        let (cache, counted) = (pump.cache(), lists.clone());
        let events = events.inspect(move |event| {
            if matches!(event, Ok(Event::InitDone)) {
                counted.fetch_add(1, SeqCst);
            }
        });
        let task = tokio::spawn(pump.run(events, move |change| {
            let _ = tell.send(word(&change));
        }));
        Self { cache, told, lists, metrics, task }
    }

    async fn next(&mut self) -> Result<String> {
        match timeout(Duration::from_secs(60), self.told.recv()).await {
            Ok(Some(word)) => Ok(word),
            Ok(None) => bail!("the pump has ended"),
            Err(_) => bail!("nothing was told for a minute"),
        }
    }

    async fn next_few(&mut self, count: usize) -> Result<Vec<String>> {
        let mut words = vec![];
        for _ in 0..count {
            words.push(self.next().await?);
        }
        words.sort();
        Ok(words)
    }
}

fn word<K: Resource<DynamicType = ()>>(change: &Change<'_, K>) -> String {
    match change {
        Change::New(object) => format!("new {}", object.name_any()),
        Change::Changed { new, .. } => format!("changed {}", new.name_any()),
        Change::Gone(object) => format!("gone {}", object.name_any()),
        Change::Unreadable { key, .. } => format!("unreadable {}", key.name),
        Change::ReadableAgain(object) => format!("readable {}", object.name_any()),
        Change::UnreadableGone(key) => format!("unreadable gone {}", key.name),
    }
}

fn gadgets(client: &Client, namespace: &str) -> Bench<Gadget> {
    Bench::start(objects(Api::namespaced(client.clone(), namespace), None))
}

#[tokio::test]
async fn an_object_that_does_not_parse_holds_nobody_up() -> Result<()> {
    let client = cluster().await?.client()?;
    let namespace = cluster().await?.namespace("unreadable").await?;
    set_size(&client, &namespace, "odd", json!("huge")).await?;
    create(&client, &namespace, "fine", 1).await?;
    let mut bench = gadgets(&client, &namespace);
    assert_eq!(bench.next_few(2).await?, ["new fine", "unreadable odd"]);
    assert!(bench.cache.ready().await);
    assert!(bench.cache.is_unreadable(&namespace, "odd") && bench.cache.get(&namespace, "odd").is_none());
    assert!(bench.metrics.page()?.contains("unreadable_objects{kind=\"Gadget\"} 1"));

    set_size(&client, &namespace, "odd", json!(3)).await?;
    assert_eq!(bench.next().await?, "readable odd");
    set_size(&client, &namespace, "fine", json!({"not": "a number"})).await?;
    assert_eq!(bench.next().await?, "unreadable fine");
    assert!(
        bench.cache.get(&namespace, "fine").is_none(),
        "its last good version is not what is wanted any more"
    );
    let api: Api<Gadget> = Api::namespaced(client, &namespace);
    // The answer of a delete is the object, which does not parse here either; what counts is that it was asked for.
    let _ = api.delete("fine", &DeleteParams::default()).await;
    assert_eq!(bench.next().await?, "unreadable gone fine");
    Ok(())
}

/// More than one page, so that the list is not one answer.
#[tokio::test]
async fn a_long_list_is_told_whole() -> Result<()> {
    let client = cluster().await?.client()?;
    let namespace = cluster().await?.namespace("pages").await?;
    let made = futures::stream::iter(0..230).map(|n| {
        let (client, namespace) = (&client, &namespace);
        async move { create(client, namespace, &format!("g{n:03}"), 1).await }
    });
    made.buffer_unordered(16).collect::<Vec<_>>().await.into_iter().collect::<Result<Vec<_>>>()?;
    let mut bench = gadgets(&client, &namespace);
    let words = bench.next_few(230).await?;
    assert_eq!((words[0].as_str(), words[229].as_str()), ("new g000", "new g229"));
    assert_eq!(bench.cache.all().len(), 230);
    Ok(())
}

/// While the wire is cut objects change, go and come, and then the old place in the watch is too old to go on from.
#[tokio::test]
async fn nothing_that_happens_while_the_watch_is_down_is_missed() -> Result<()> {
    let cluster = ControlPlane::start(Options::default()).await?;
    install(&cluster).await?;
    let client = cluster.client()?;
    let namespace = cluster.namespace("gap").await?;
    for name in ["same", "changed", "deleted", "recreated"] {
        create(&client, &namespace, name, 1).await?;
    }
    let cable = Cable::to(&cluster).await?;
    let mut bench = gadgets(&cable.client()?, &namespace);
    bench.next_few(4).await?;
    let before = bench.lists.load(SeqCst);

    cable.set(State::Cut);
    let api: Api<Gadget> = Api::namespaced(client.clone(), &namespace);
    set_size(&client, &namespace, "changed", json!(2)).await?;
    for name in ["deleted", "recreated"] {
        api.delete(name, &DeleteParams::default()).await?;
    }
    for name in ["recreated", "added"] {
        create(&client, &namespace, name, 3).await?;
    }
    cluster.stop_api_server().await?;
    cluster.start_api_server().await?;
    cable.set(State::Whole);

    let told = bench.next_few(5).await?;
    assert_eq!(told, ["changed changed", "gone deleted", "gone recreated", "new added", "new recreated"]);
    assert!(bench.lists.load(SeqCst) > before, "the test is about a new list, and there was none");
    assert_eq!(bench.cache.get(&namespace, "recreated").unwrap().spec.size, 3);
    set_size(&client, &namespace, "same", json!(4)).await?;
    assert_eq!(bench.next().await?, "changed same");
    Ok(())
}

#[tokio::test]
async fn of_secrets_only_labelled_ones_are_seen_and_never_their_values() -> Result<()> {
    let client = cluster().await?.client()?;
    let namespace = cluster().await?.namespace("secrets").await?;
    let api: Api<Secret> = Api::namespaced(client.clone(), &namespace);
    let secret = |name: &str, labels: serde_json::Value| {
        serde_json::from_value::<Secret>(json!({"metadata": {"name": name, "labels": labels},
            "stringData": {"token": "s3cret-value"}}))
    };
    let watched = json!({"chatwoot.dev/watch": "true"});
    api.create(&PostParams::default(), &secret("ours", watched.clone())?).await?;
    api.create(&PostParams::default(), &secret("private", json!({}))?).await?;
    let mut bench =
        Bench::start(metadata::<Secret>(Api::namespaced(client.clone(), &namespace), Some(LABEL)));
    assert_eq!(bench.next().await?, "new ours");
    assert!(!format!("{:?}", bench.cache.all()).contains("s3cret"));

    let data = Patch::Merge(json!({"stringData": {"token": "another"}}));
    api.patch("ours", &PatchParams::default(), &data).await?;
    assert_eq!(bench.next().await?, "changed ours", "a new value shows as a new version");
    let label = Patch::Merge(json!({"metadata": {"labels": watched}}));
    api.patch("private", &PatchParams::default(), &label).await?;
    assert_eq!(bench.next().await?, "new private");
    let unlabel = Patch::Merge(json!({"metadata": {"labels": null}}));
    api.patch("ours", &PatchParams::default(), &unlabel).await?;
    assert_eq!(bench.next().await?, "gone ours");
    Ok(())
}

use crate::gadget::{Gadget, GadgetStatus, cluster, create, set_size};
use anyhow::Result;
use chatwoot_operator::{
    reconcile::{
        cache::key,
        stored::{Stored, Wrote},
    },
    runtime::{
        clients::clients,
        health::Health,
        metrics::Metrics,
        pump::{Change, Pump, is_news},
        queue::{Queue, Requeue},
        watches::objects,
    },
};
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// Watch, queue and write put together as the operator does.
#[tokio::test]
async fn one_apply_is_one_pass_and_what_the_pass_writes_is_none() -> Result<()> {
    let cluster = cluster().await?;
    let namespace = cluster.namespace("queue").await?;
    let clients = clients(cluster.config()?)?;
    let (health, metrics, stop) = (Health::default(), Metrics::default(), CancellationToken::new());

    let queue = Queue::<Gadget>::new(16, metrics.pass_observer());
    let pulse = health.pulse("pump", Duration::from_secs(30));
    let pump = Pump::new(health.wait_for("gadgets"), pulse, metrics.pump_hooks());
    let (cache, wakes) = (pump.cache(), queue.clone());
    let watched = objects::<Gadget>(Api::namespaced(clients.patient, &namespace), None);
    let pumping = tokio::spawn(pump.run(watched, move |change| {
        let news = match change {
            Change::New(object) | Change::ReadableAgain(object) => Some(object),
            Change::Changed { old, new } => is_news(old, new).then_some(new),
            Change::Gone(_) | Change::Unreadable { .. } | Change::UnreadableGone(_) => None,
        };
        if let Some(object) = news {
            wakes.wake(key(object.metadata.namespace.as_deref(), &object.name_any()));
        }
    }));

    let (passed, mut passes) = mpsc::unbounded_channel();
    let (client, observe) = (clients.exact.clone(), metrics.write_observer());
    let pass = move |object: Arc<Gadget>| {
        let mut stored = Stored::new(client.clone(), (*object).clone(), observe.clone());
        let passed = passed.clone();
        async move {
            let status = GadgetStatus { seen: Some(object.spec.size), note: None };
            let wrote = match object.status.as_ref() == Some(&status) {
                true => None,
                false => Some(stored.write_status(status).await),
            };
            let _ = passed.send((object.name_any(), object.spec.size, wrote));
            Requeue::OnWake
        }
    };
    let (worker, stopping) = (queue.clone(), stop.clone());
    let pulse = health.pulse("queue", Duration::from_secs(30));
    let working = tokio::spawn(async move { worker.run(pass, pulse, stopping).await });

    create(&clients.exact, &namespace, "before", 1).await?;
    assert!(cache.ready().await);
    queue.attach(cache);
    let mut next = async || timeout(Duration::from_secs(30), passes.recv()).await;
    assert_eq!(next().await?, Some(("before".into(), 1, Some(Wrote::Yes))));
    create(&clients.exact, &namespace, "after", 7).await?;
    assert_eq!(next().await?, Some(("after".into(), 7, Some(Wrote::Yes))));
    set_size(&clients.exact, &namespace, "before", json!(2)).await?;
    assert_eq!(next().await?, Some(("before".into(), 2, Some(Wrote::Yes))));

    // A label is news, so this pass is the next one: the three status writes before it have caused none.
    let api: Api<Gadget> = Api::namespaced(clients.exact.clone(), &namespace);
    let label = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    api.patch("after", &PatchParams::default(), &label).await?;
    assert_eq!(next().await?, Some(("after".into(), 7, None)));

    stop.cancel();
    working.await?;
    pumping.abort();
    let page = metrics.page()?;
    assert!(page.contains("passes_total{kind=\"Gadget\",outcome=\"settled\"} 4"), "{page}");
    let writes = "kubernetes_writes_total{kind=\"Gadget\",verb=\"update_status\",outcome=\"ok\"} 3";
    assert!(page.contains(writes), "{page}");
    Ok(())
}

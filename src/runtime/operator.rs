//! The running operator: watches, then the lead, then work.

use super::{
    clients::clients,
    contents::ContentQueues,
    health::{Health, Pulse},
    leader::{self, Election},
    metrics::Metrics,
    options::RunOptions,
    pumps::{Pumps, hooks},
    queue::{Queue, Requeue},
    scope::Scope,
    scraped::{Row, Scraped},
    server, shutdown, walks, wiring,
};
use crate::{
    api::{
        account::ChatwootAccount, grant::ChatwootGrant, instance::ChatwootInstance, plan::ChatwootPlan,
        user::ChatwootUser,
    },
    chatwoot::gate::Key,
    reconcile::{
        account, account_index, cache,
        driver::{Kind, pass},
        events::Recorders,
        installation::{self, Kept},
        instance,
        references::InstanceKey,
        settings::Settings,
        sweep, verify,
        world::{Caches, Observers, Parts, World},
    },
};
use anyhow::Context;
use kube::{Client, Config, runtime::events::Reporter};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Passes of one kind at once. The gate bounds what reaches Chatwoot; this only bounds memory.
pub(super) const AT_ONCE: usize = 128;
/// A loop that has not ticked for so long hangs.
pub(super) const HUNG: Duration = Duration::from_secs(60);
/// How often a missing installation is looked for.
const INSTALLATION_RETRY: Duration = Duration::from_secs(10);

/// Every kind's work queue.
#[derive(Clone)]
struct Queues {
    accounts: Queue<ChatwootAccount>,
    users: Queue<ChatwootUser>,
    instances: Queue<ChatwootInstance>,
    grants: Queue<ChatwootGrant>,
    plans: Queue<ChatwootPlan>,
    contents: ContentQueues,
}

impl Queues {
    fn new(metrics: &Metrics) -> Self {
        Self {
            accounts: Queue::new(AT_ONCE, metrics.pass_observer()),
            users: Queue::new(AT_ONCE, metrics.pass_observer()),
            instances: Queue::new(AT_ONCE, metrics.pass_observer()),
            grants: Queue::new(AT_ONCE, metrics.pass_observer()),
            plans: Queue::new(AT_ONCE, metrics.pass_observer()),
            contents: ContentQueues::new(metrics),
        }
    }

    fn wake(&self, key: &Key, world: Option<&Arc<World>>) {
        let (namespace, name) = (Some(key.namespace.as_str()), key.name.as_str());
        match key.kind {
            account::KIND => self.accounts.wake(cache::key(namespace, name)),
            wiring::USER => self.users.wake(cache::key(namespace, name)),
            instance::KIND => self.instances.wake(cache::key(namespace, name)),
            wiring::GRANT => self.grants.wake(cache::key(namespace, name)),
            wiring::PLAN => self.plans.wake(cache::key(namespace, name)),
            account_index::KIND => {
                let instance = InstanceKey { namespace: key.namespace.clone(), name: key.name.clone() };
                if let Some(world) = world
                    && let Some(handle) = world.instances.handle(&instance)
                {
                    handle.index.woken();
                    sweep::wake_concerned(&handle, world);
                }
                // The sweep is told to the instance, whose condition says how the index stands.
                self.instances.wake(cache::key(namespace, name));
            }
            verify::KIND => {
                if let Some(world) = world {
                    world.walks.woken(key);
                }
            }
            _ => self.contents.wake(key),
        }
    }

    fn attach(&self, caches: &Caches) {
        self.instances.attach(caches.instances.clone());
        self.grants.attach(caches.grants.clone());
        self.plans.attach(caches.plans.clone());
        self.accounts.attach(caches.accounts.clone());
        self.users.attach(caches.users.clone());
        self.contents.attach(&caches.contents);
    }

    fn detach(&self) {
        self.accounts.detach();
        self.users.detach();
        self.contents.detach();
        self.instances.detach();
        self.grants.detach();
        self.plans.detach();
    }
}

/// Runs the operator until it is told to stop.
///
/// # Errors
/// When the API server's address, the listener or the signals cannot be set up. Afterwards it goes on by itself.
pub async fn run(options: RunOptions, config: Config) -> anyhow::Result<()> {
    let stop = shutdown::on_signal().context("signal handlers cannot be installed")?;
    let scope = options.scope(&config);
    let clients = clients(config).context("the Kubernetes client cannot be built; check the kubeconfig")?;
    let health = Health::default();
    let metrics = Metrics::default();
    let queues = Queues::new(&metrics);
    let (lead, leading) = watch::channel(false);
    metrics.follow_lead(leading.clone());

    let world_slot: Arc<OnceLock<Arc<World>>> = Arc::default();
    let wake = {
        let (queues, slot) = (queues.clone(), world_slot.clone());
        Arc::new(move |key: Key| queues.wake(&key, slot.get()))
    };
    let hooks = hooks(&health, &metrics, &world_slot);
    let pumps = Pumps::new(&health, &hooks, &scope, options.watch_secrets);
    let world = Arc::new(World::new(Parts {
        client: clients.exact.clone(),
        caches: pumps.caches(),
        settings: settings(&options, &scope),
        observers: observers(&metrics, &health),
        recorders: Recorders::new(
            clients.exact.clone(),
            Reporter { controller: "chatwoot-operator".into(), instance: Some(leader::identity()) },
        ),
        wake,
        stop: stop.clone(),
        leading: leading.clone(),
    }));
    let _ = world_slot.set(world.clone());
    scrape(&metrics, &world);

    let mut tasks = JoinSet::new();
    pumps.start(&mut tasks, &clients.patient, &scope, &world);
    let listener = (options.listen.bind().await)
        .with_context(|| format!("cannot listen on {}; choose another --listen", options.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, namespace = scope.own_namespace, "serving /livez, /readyz and /metrics");
    let served = CancellationToken::new();
    tasks.spawn(discard(server::serve(listener, health.clone(), metrics.clone(), served.clone())));

    let ended = CancellationToken::new();
    let election = start_election(&options, &scope, clients.lease, lead, &health, ended.clone());
    let mut work = JoinSet::new();
    start_workers(&mut work, &queues, &world, &health, &stop);
    work.spawn(walks::run(world.clone(), health.pulse("walks of first messages", HUNG), stop.clone()));
    terms(&options, &scope, &world, &queues, leading, &stop).await;

    tracing::info!("stopping: finishing the passes that run");
    queues.detach();
    while work.join_next().await.is_some() {}
    // Given back only now, so that the next leader never meets a pass of ours.
    ended.cancel();
    let _ = election.await;
    served.cancel();
    tasks.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

/// Leads whenever this process may, until it stops.
async fn terms(
    options: &RunOptions,
    scope: &Scope,
    world: &Arc<World>,
    queues: &Queues,
    mut leading: watch::Receiver<bool>,
    stop: &CancellationToken,
) {
    if !all_ready(&world.caches, stop).await {
        return;
    }
    tracing::info!("all caches are filled");
    let kept = Kept {
        namespace: scope.own_namespace.clone(),
        secret: options.installation_secret.clone(),
        id: options.installation_id.clone(),
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            led = leading.wait_for(|leads| *leads) => if led.is_err() { return },
        }
        tracing::info!("leading");
        // Not the accounts': an id that could not be stored yet must survive, and their claims carry nonces.
        world.users.clear();
        world.automation.clear();
        world.lists.clear();
        world.namespaces.forget(world.clock());
        world.walks.begin();
        tokio::select! {
            () = stop.cancelled() => return,
            () = keep_installation(&kept, world, queues) => {}
            lost = leading.wait_for(|leads| !*leads) => if lost.is_err() { return },
        }
        tracing::warn!("the lead is lost; standing by");
        world.walks.pause();
        queues.detach();
    }
}

/// Work begins once the installation is known. Without it nothing can be marked, so it is looked for until it is there, and
/// instances say what is missing. Never returns.
async fn keep_installation(kept: &Kept, world: &Arc<World>, queues: &Queues) {
    loop {
        let found = installation::read_or_make(kept, world).await;
        if let Err(why) = &found {
            tracing::error!(why, "the installation is not known, so nothing can be done");
        }
        let known = found.is_ok();
        world.set_installation(found);
        queues.attach(&world.caches);
        if known {
            return std::future::pending().await;
        }
        tokio::time::sleep(INSTALLATION_RETRY).await;
    }
}

async fn all_ready(caches: &Caches, stop: &CancellationToken) -> bool {
    let ready = async {
        caches.namespaces.ready().await
            && caches.instances.ready().await
            && caches.grants.ready().await
            && caches.plans.ready().await
            && caches.accounts.ready().await
            && caches.users.ready().await
            && caches.contents.ready().await
            && secrets_ready(caches).await
    };
    tokio::select! {
        () = stop.cancelled() => false,
        ready = ready => ready,
    }
}

async fn secrets_ready(caches: &Caches) -> bool {
    for cache in &caches.secrets {
        if !cache.ready().await {
            return false;
        }
    }
    true
}

fn start_election(
    options: &RunOptions,
    scope: &Scope,
    client: Client,
    lead: watch::Sender<bool>,
    health: &Health,
    ended: CancellationToken,
) -> tokio::task::JoinHandle<()> {
    if options.leader_election {
        let election = Election {
            namespace: scope.own_namespace.clone(),
            name: "chatwoot-operator".to_owned(),
            identity: leader::identity(),
        };
        tokio::spawn(discard(leader::lead(client, election, lead, health.pulse("election", HUNG), ended)))
    } else {
        tokio::spawn(leader::lead_alone(lead, ended))
    }
}

async fn discard<T>(work: impl Future<Output = T>) {
    let _ = work.await;
}

fn start_workers(
    work: &mut JoinSet<()>,
    queues: &Queues,
    world: &Arc<World>,
    health: &Health,
    stop: &CancellationToken,
) {
    worker(work, &queues.instances, world, health, stop);
    worker(work, &queues.grants, world, health, stop);
    worker(work, &queues.plans, world, health, stop);
    worker(work, &queues.accounts, world, health, stop);
    worker(work, &queues.users, world, health, stop);
    queues.contents.start(work, world, health, stop);
}

pub(super) fn worker<K: Kind>(
    work: &mut JoinSet<()>,
    queue: &Queue<K>,
    world: &Arc<World>,
    health: &Health,
    stop: &CancellationToken,
) {
    let pulse: Pulse = health.pulse(format!("queue of {}", crate::reconcile::stored::kind_name::<K>()), HUNG);
    let (queue, world, stop) = (queue.clone(), world.clone(), stop.clone());
    work.spawn(async move {
        let run = move |object: Arc<K>| {
            let world = world.clone();
            async move { pass(object, world).await.map_or(Requeue::OnWake, Requeue::After) }
        };
        queue.run(run, pulse, stop).await;
    });
}

fn settings(options: &RunOptions, scope: &Scope) -> Settings {
    Settings {
        namespace: scope.own_namespace.clone(),
        instance_namespaces: scope.instance_namespaces().map(str::to_owned).collect(),
        served: scope.served().cloned(),
        pictured: false,
        default_instance: options
            .default_instance
            .as_ref()
            .map(|given| InstanceKey { namespace: given.namespace.clone(), name: given.name.clone() }),
        settle_margin: options.settle_margin,
        grace: options.stalled_after,
        revoke_after: options.revoke_after,
        patience: options.stalled_after,
    }
}

fn observers(metrics: &Metrics, health: &Health) -> Observers {
    let (unread, health) = (metrics.clone(), health.clone());
    let namespace = move |name: &str, wrong: Option<&str>| {
        health.remark(format!("namespace {name}"), wrong.map(str::to_owned));
        if let Some(wrong) = wrong {
            unread.namespace_error();
            tracing::warn!(
                namespace = name,
                wrong,
                "nothing is done for this namespace until it has been read"
            );
        }
    };
    let (fuel, orphan, event_error) = (metrics.clone(), metrics.clone(), metrics.clone());
    let (first_ready, request, walk) = (metrics.clone(), metrics.clone(), metrics.clone());
    Observers {
        writes: metrics.write_observer(),
        fuel: Arc::new(move |kind| fuel.pass(kind, "unfinished")),
        orphan: Arc::new(move || orphan.orphan()),
        event_error: Arc::new(move || event_error.event_error()),
        namespace: Arc::new(namespace),
        first_ready: Arc::new(move |kind, age| first_ready.first_ready(kind, age)),
        request: Arc::new(move |instance, route, class, took| request.request(instance, route, class, took)),
        walk: Arc::new(move |instance, result, took| walk.walk(instance, result, took)),
    }
}

/// Gauges that are computed when somebody asks.
fn scrape(metrics: &Metrics, world: &Arc<World>) {
    let gates = world.clone();
    metrics.at_scrape(Scraped::GateQueue, move || {
        let lanes = |handle: Arc<crate::reconcile::instances::Handle>| {
            let (name, snapshot) = (handle.key.to_string(), handle.chatwoot.snapshot());
            [("change", snapshot.waiting_changes), ("background", snapshot.waiting_background)].map(
                |(lane, waiting)| Row {
                    labels: vec![name.clone().into(), lane.into()],
                    value: waiting as f64,
                },
            )
        };
        gates.instances.all().into_iter().flat_map(lanes).collect()
    });
    let breakers = world.clone();
    metrics.at_scrape(Scraped::BreakerOpen, move || {
        let row = |handle: Arc<crate::reconcile::instances::Handle>| Row {
            labels: vec![handle.key.to_string().into()],
            value: f64::from(u8::from(handle.chatwoot.snapshot().breaker_open)),
        };
        breakers.instances.all().into_iter().map(row).collect()
    });
    let unowned = world.clone();
    metrics.at_scrape(Scraped::UnownedAccounts, move || {
        let row = |handle: Arc<crate::reconcile::instances::Handle>| {
            let found = sweep::unowned(&handle, &unowned)?;
            Some(Row { labels: vec![handle.key.to_string().into()], value: found.len() as f64 })
        };
        unowned.instances.all().into_iter().filter_map(row).collect()
    });
    let walks = world.clone();
    metrics.at_scrape(Scraped::VerifiedAccounts, move || super::census::verified(&walks));
    let checks = world.clone();
    metrics.at_scrape(Scraped::OldestCheckSeconds, move || super::census::oldest_checks(&checks));
    let objects = world.clone();
    metrics.at_scrape(Scraped::Objects, move || super::census::objects(&objects));
}

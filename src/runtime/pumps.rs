//! The watches of every kind, and the pumps they feed.

use super::{
    contents::ContentPumps,
    health::Health,
    metrics::Metrics,
    operator::HUNG,
    pump::{Change, Pump, PumpHooks, Source},
    scope::{Place, Scope, api},
    watches::{STARTS, Seen, in_turn, metadata, objects, renewed},
    wiring,
};
use crate::{
    api::{
        account::ChatwootAccount, grant::ChatwootGrant, instance::ChatwootInstance, plan::ChatwootPlan,
        user::ChatwootUser,
    },
    reconcile::{
        cache::Cache,
        driver::is_bare,
        world::{Caches, World},
    },
};
use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{
    Api, Client,
    core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta},
};
use serde::de::DeserializeOwned;
use std::{
    fmt::Debug,
    sync::{Arc, OnceLock},
};
use tokio::task::JoinSet;

/// What pumps tell, besides metrics: whom to look at when a namespace can be seen again, and what `/readyz` remarks.
pub fn hooks(health: &Health, metrics: &Metrics, world: &Arc<OnceLock<Arc<World>>>) -> PumpHooks {
    let counted = metrics.pump_hooks();
    let (count, health, world) = (counted.sight.clone(), health.clone(), world.clone());
    let sight = move |kind: &'static str, namespace: &str, seen: bool| {
        count(kind, namespace, seen);
        let wrong = "not there, or the operator lacks the chart's Role there; it is left alone";
        health.remark(format!("{kind}s of namespace {namespace}"), (!seen).then(|| wrong.to_owned()));
        if let (true, Some(world)) = (seen, world.get()) {
            world.wake_namespace(namespace);
        }
    };
    PumpHooks { sight: Arc::new(sight), ..counted }
}

/// The watches, before they run.
pub struct Pumps {
    accounts: Pump<ChatwootAccount>,
    users: Pump<ChatwootUser>,
    contents: ContentPumps,
    instances: Pump<ChatwootInstance>,
    grants: Pump<ChatwootGrant>,
    plans: Pump<ChatwootPlan>,
    /// A confined operator watches none: a Role permits reading one by its name, and no more.
    namespaces: Option<Pump<PartialObjectMeta<Namespace>>>,
    secrets: Vec<Pump<PartialObjectMeta<Secret>>>,
}

impl Pumps {
    pub fn new(health: &Health, hooks: &PumpHooks, scope: &Scope, watch_secrets: bool) -> Self {
        let secrets = if watch_secrets { wiring::SECRET_LABELS.as_slice() } else { &[] };
        Self {
            accounts: pump(health, hooks, "ChatwootAccounts").marking(is_bare),
            users: pump(health, hooks, "ChatwootUsers").marking(is_bare),
            contents: ContentPumps::new(health, hooks),
            instances: pump(health, hooks, "ChatwootInstances"),
            grants: pump(health, hooks, "ChatwootGrants"),
            plans: pump(health, hooks, "ChatwootPlans"),
            namespaces: scope.served().is_none().then(|| pump(health, hooks, "Namespaces")),
            secrets: (secrets.iter())
                .map(|labels| pump(health, hooks, &format!("Secrets with {labels}")))
                .collect(),
        }
    }

    pub fn caches(&self) -> Caches {
        Caches {
            accounts: self.accounts.cache(),
            users: self.users.cache(),
            contents: self.contents.caches(),
            instances: self.instances.cache(),
            grants: self.grants.cache(),
            plans: self.plans.cache(),
            namespaces: self.namespaces.as_ref().map_or_else(|| Cache::fixed([]), Pump::cache),
            secrets: self.secrets.iter().map(Pump::cache).collect(),
        }
    }

    pub fn start(self, tasks: &mut JoinSet<()>, client: &Client, scope: &Scope, world: &Arc<World>) {
        let (offers, tenants) = (scope.offers(), scope.tenants());
        start(tasks, self.accounts, watches(client, &tenants), world, wiring::account_changed);
        start(tasks, self.users, watches(client, &tenants), world, wiring::user_changed);
        self.contents.start(tasks, client, &tenants, world);
        start(tasks, self.instances, watches(client, &offers), world, wiring::instance_changed);
        start(tasks, self.grants, watches(client, &offers), world, wiring::grant_changed);
        start(tasks, self.plans, watches(client, &offers), world, wiring::plan_changed);
        if let Some(pump) = self.namespaces {
            let watch = Source { place: None, events: metadata(Api::all(client.clone()), None).boxed() };
            start(tasks, pump, vec![watch], world, wiring::namespace_changed);
        }
        for (pump, labels) in self.secrets.into_iter().zip(wiring::SECRET_LABELS) {
            let watch = |place: &Place| {
                let api = api::<PartialObjectMeta<Secret>>(client, place);
                source(place, move || metadata(api.clone(), Some(labels)))
            };
            start(tasks, pump, tenants.iter().map(watch).collect(), world, wiring::secret_changed);
        }
    }
}

pub(super) fn pump<K>(health: &Health, hooks: &PumpHooks, what: &str) -> Pump<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
{
    let pulse = health.pulse(format!("watch of {what}"), HUNG);
    Pump::new(health.wait_for(format!("the first list of {what}")), pulse, hooks.clone())
}

/// A watch of whole objects for each place.
pub(super) fn watches<K>(client: &Client, places: &[Place]) -> Vec<Source<K>>
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
    DeserializeGuard<K>: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let watch = |place: &Place| {
        let api = api::<DeserializeGuard<K>>(client, place);
        source(place, move || objects(api.clone(), None))
    };
    places.iter().map(watch).collect()
}

fn source<K, S>(place: &Place, start: impl Fn() -> S + Send + 'static) -> Source<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
    S: Stream<Item = Seen<K>> + Send + 'static,
{
    let events = if place.is_some() { in_turn(renewed(start), &STARTS).boxed() } else { start().boxed() };
    Source { place: place.clone(), events }
}

pub(super) fn start<K>(
    tasks: &mut JoinSet<()>,
    pump: Pump<K>,
    sources: Vec<Source<K>>,
    world: &Arc<World>,
    tell: fn(&World, &Change<'_, K>),
) where
    K: kube::Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
{
    let world = world.clone();
    tasks.spawn(pump.merge(sources, move |change| tell(&world, &change)));
}

//! The operator in thought: the production plans run over a picture of the cluster, until nothing is left to do.

use super::{
    content::{self, ContentSnapshots},
    copies::Copies,
    hands::{Rehearsed, Rehearsing, Shared, Snapshots},
    sheet::Sheet,
};
use crate::{
    api::{
        account::ChatwootAccount, grant::ChatwootGrant, instance::ChatwootInstance, plan::ChatwootPlan,
        user::ChatwootUser,
    },
    chatwoot::gate::Key,
    cli::installed::Installed,
    plan::status::ready_reason,
    reconcile::{
        account,
        driver::pass_with,
        events::Recorders,
        installation::{self, Kept},
        instance,
        memory::Remembered,
        snapshot::Snapshot,
        stored,
        world::{Caches, Observers, Parts, World},
    },
    runtime::{
        pump::Change,
        scope::{Place, Scope, api},
        wiring,
    },
};
use anyhow::{Context, Result, anyhow};
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DynamicObject, ListParams},
    core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta},
    runtime::events::Reporter,
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Passes over one object; two or three are usual.
const ENOUGH: usize = 8;

/// Those who are to be looked at, in the order in which their kinds depend on each other.
#[derive(Default)]
struct Woken {
    keys: Mutex<BTreeSet<(u8, Key)>>,
    deaf: AtomicBool,
    bell: Arc<Notify>,
}

impl Woken {
    fn wake(&self, key: Key) {
        if !self.deaf.load(Ordering::Relaxed) {
            self.lock().insert((rank(key.kind), key));
        }
        self.bell.notify_waiters();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<(u8, Key)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Key> {
        self.lock().pop_first().map(|(_, key)| key)
    }

    /// Wakes that come during `work` go nowhere.
    fn muted<T>(&self, work: impl FnOnce() -> T) -> T {
        self.deaf.store(true, Ordering::Relaxed);
        let done = work();
        self.deaf.store(false, Ordering::Relaxed);
        done
    }
}

fn rank(kind: &str) -> u8 {
    let before = [instance::KIND, wiring::GRANT, wiring::PLAN, account::KIND, wiring::USER];
    let inside = || content::rank(kind).map(|at| before.len() + at);
    let at = before.iter().position(|one| *one == kind).or_else(inside);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// What became of one object.
#[derive(Clone, Debug, Default)]
pub struct Acted {
    pub sheet: Sheet,
    /// Nothing could be decided, because its instance or namespace is not known.
    pub undecided: bool,
    /// Reason of Ready as it is stored now.
    pub before: Option<String>,
    passes: usize,
}

/// The operator in thought.
pub struct Rehearsal {
    pub world: Arc<World>,
    pub snapshots: Snapshots,
    copies: Copies,
    woken: Arc<Woken>,
    shared: Arc<Shared>,
    pub acted: BTreeMap<Key, Acted>,
}

impl Rehearsal {
    /// Lists everything once. `client` should be one that cannot write, and keeps what is done to Secrets in `copies`.
    ///
    /// # Errors
    /// Something cannot be listed.
    pub async fn new(client: &Client, copies: Copies, installed: &Installed) -> Result<Self> {
        let snapshots = snapshots(client, &installed.scope).await?;
        let woken = Arc::new(Woken::default());
        let to_wake = woken.clone();
        let world = Arc::new(World::new(Parts {
            client: client.clone(),
            caches: Caches {
                accounts: snapshots.accounts.cache(),
                users: snapshots.users.cache(),
                contents: snapshots.contents.caches(),
                instances: snapshots.instances.cache(),
                grants: snapshots.grants.cache(),
                plans: snapshots.plans.cache(),
                namespaces: snapshots.namespaces.cache(),
                // Whoever is looked at reads their Secrets.
                secrets: Vec::new(),
            },
            settings: installed.settings.clone(),
            observers: nobody(),
            // Its client refuses to write, so events go nowhere.
            recorders: Recorders::new(
                client.clone(),
                Reporter { controller: "chatwoot-operator-plan".into(), instance: None },
            ),
            wake: Arc::new(move |key| to_wake.wake(key)),
            stop: CancellationToken::new(),
            leading: watch::channel(true).1,
        }));
        let rehearsal =
            Self { world, snapshots, copies, woken, shared: Arc::default(), acted: BTreeMap::new() };
        rehearsal.learn_references();
        Ok(rehearsal)
    }

    /// Rung when somebody is woken: also when an instance's gate has a turn for those who wait there.
    pub fn bell(&self) -> Arc<Notify> {
        self.woken.bell.clone()
    }

    /// Who refers to whom, as the watches would have told it.
    fn learn_references(&self) {
        let (world, caches) = (&self.world, &self.world.caches);
        self.woken.muted(|| {
            caches.instances.all().iter().for_each(|one| wiring::instance_changed(world, &Change::New(one)));
            caches.accounts.all().iter().for_each(|one| wiring::account_changed(world, &Change::New(one)));
            caches.users.all().iter().for_each(|one| wiring::user_changed(world, &Change::New(one)));
            content::learn(world);
        });
    }

    /// Reads the installation's Secret; where there is none yet, and may be none, one is imagined, and the answer is
    /// false. To be called before anything is looked at.
    ///
    /// # Errors
    /// Why neither can be done, and what to do.
    pub async fn read_installation(&self, installed: &Installed) -> Result<bool, String> {
        let kept = Kept {
            namespace: installed.settings.namespace.clone(),
            secret: installed.installation_secret.clone(),
            id: None,
        };
        let found = installation::read(&kept, &self.world).await;
        let known = found.as_ref().map(Option::is_some).map_err(Clone::clone);
        self.world.set_installation(found.map(|found| found.unwrap_or_else(installation::imagined)));
        known
    }

    /// Puts an object as it would be into the picture, and has everybody looked at whom that concerns.
    pub fn put<K: Rehearsed>(&mut self, object: K) {
        let old = K::snapshot(&mut self.snapshots).put(object.clone());
        match old {
            Some(old) => K::changed(&self.world, &Change::Changed { old: &old, new: &object }),
            None => K::changed(&self.world, &Change::New(&object)),
        }
        self.look_at(&object);
    }

    /// As [`Rehearsal::put`], of an object as the API server told it.
    ///
    /// # Errors
    /// It is none that the operator would understand.
    pub fn put_untyped<K: Rehearsed>(&mut self, object: DynamicObject) -> Result<Key> {
        let object = serde_json::to_value(object)?;
        let mut object: K = serde_json::from_value(object).context("the operator would not understand it")?;
        stored::strip(&mut object);
        let key = key_of(&object);
        self.put(object);
        Ok(key)
    }

    /// Has an object looked at and compared with Chatwoot, as at its drift slot.
    pub fn look_at<K: Rehearsed>(&self, object: &K) {
        let uid = object.uid().unwrap_or_default();
        let memories = K::memories(&self.world);
        let remembered: Remembered<K::Memory> =
            Remembered { next_check: Some(Duration::ZERO), ..memories.take(&uid) };
        memories.put(&uid, remembered);
        self.woken.wake(key_of(object));
    }

    /// One pass over one object, compared with Chatwoot; nobody else is looked at because of it.
    pub async fn look_only_at<K: Rehearsed>(&mut self, object: &K) {
        self.woken.deaf.store(true, Ordering::Relaxed);
        self.look_at(object);
        self.perform(&key_of(object)).await;
        self.woken.deaf.store(false, Ordering::Relaxed);
    }

    /// Runs passes until nobody is left to look at. `progress` is told what comes next.
    pub async fn run(&mut self, progress: impl Fn(&Key)) {
        while let Some(key) = self.woken.next() {
            progress(&key);
            self.perform(&key).await;
        }
    }

    fn perform<'a>(&'a mut self, key: &'a Key) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            match key.kind {
                instance::KIND => self.perform_one::<ChatwootInstance>(key).await,
                wiring::GRANT => self.perform_one::<ChatwootGrant>(key).await,
                wiring::PLAN => self.perform_one::<ChatwootPlan>(key).await,
                account::KIND => self.perform_one::<ChatwootAccount>(key).await,
                wiring::USER => self.perform_one::<ChatwootUser>(key).await,
                _ => content::perform(self, key).await,
            }
        })
    }

    pub(super) async fn perform_one<K: Rehearsed>(&mut self, key: &Key) {
        let cache = K::snapshot(&mut self.snapshots).cache();
        let Some(object) = cache.get(&key.namespace, &key.name) else { return };
        self.know_instance(&*object).await;
        let acted = self.acted.entry(key.clone()).or_default();
        if acted.passes == 0 {
            acted.before = ready_reason(object.conditions()).map(str::to_owned);
        }
        acted.passes += 1;
        if acted.passes > ENOUGH {
            acted.sheet.note("it does not come to rest; please report this");
            return;
        }
        let shared = self.shared.clone();
        let hands = |stored, machine: &K::Machine, world: &Arc<World>| {
            Rehearsing::<K>::new(stored, machine, world, &shared)
        };
        let Some((_, used)) = pass_with(object.clone(), self.world.clone(), hands).await else {
            acted.undecided = true;
            return;
        };
        acted.undecided = false;
        let Some(mut used) = used else { return };
        acted.sheet.then(std::mem::take(&mut used.sheet));
        self.copies.news().into_iter().for_each(|news| acted.sheet.note(news));
        let after = used.as_mut().object().clone();
        drop(used);
        self.take_in(&*object, after);
    }

    /// An object has become `after`, as a watch would tell: one that nothing holds any more is gone.
    fn take_in<K: Rehearsed>(&mut self, before: &K, after: K) {
        if after.meta().deletion_timestamp.is_some() && after.finalizers().is_empty() {
            K::snapshot(&mut self.snapshots).remove(&after);
            K::changed(&self.world, &Change::Gone(&after));
        } else {
            K::snapshot(&mut self.snapshots).put(after.clone());
            K::changed(&self.world, &Change::Changed { old: before, new: &after });
        }
    }

    /// Nothing can be said of a dependent before its instance has been looked at.
    async fn know_instance<K: Rehearsed>(&mut self, object: &K) {
        let Some(key) = object.instance(&self.world) else { return };
        let Some(instance) = self.world.instance(&key) else { return };
        if self.world.entry(&key).is_some() {
            return;
        }
        // Its dependents are looked at because something concerns them, not because they are told of it.
        self.look_only_at(&*instance).await;
    }
}

/// The key under which an object is woken.
pub fn key_of<K: Rehearsed>(object: &K) -> Key {
    Key::new(K::KIND, object.namespace().unwrap_or_default(), object.name_any())
}

/// Namespaces last: an object that was listed lies in the namespace that was read after it.
async fn snapshots(client: &Client, scope: &Scope) -> Result<Snapshots> {
    let (offers, tenants) = (scope.offers(), scope.tenants());
    Ok(Snapshots {
        instances: Snapshot::new(list::<ChatwootInstance>(client, &offers).await?),
        grants: Snapshot::new(list::<ChatwootGrant>(client, &offers).await?),
        plans: Snapshot::new(list::<ChatwootPlan>(client, &offers).await?),
        accounts: Snapshot::new(list::<ChatwootAccount>(client, &tenants).await?),
        users: Snapshot::new(list::<ChatwootUser>(client, &tenants).await?),
        contents: ContentSnapshots::list(client, &tenants).await?,
        namespaces: Snapshot::new(namespaces(client, scope).await?),
    })
}

pub(super) async fn list<K>(client: &Client, places: &[Place]) -> Result<Vec<DeserializeGuard<K>>>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
    DeserializeGuard<K>: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let mut found = Vec::new();
    for place in places {
        let api: Api<DeserializeGuard<K>> = api(client, place);
        let mut page = ListParams::default().limit(500);
        loop {
            let list = api.list(&page).await.map_err(|error| unlisted(&K::plural(&()), place, error))?;
            let next = list.metadata.continue_.filter(|token| !token.is_empty());
            found.extend(list.items);
            match next {
                Some(token) => page = page.continue_token(&token),
                None => break,
            }
        }
    }
    Ok(found)
}

type ReadNamespace = DeserializeGuard<PartialObjectMeta<Namespace>>;

/// All of them; or those that a confined operator serves, as far as they exist.
async fn namespaces(client: &Client, scope: &Scope) -> Result<Vec<ReadNamespace>> {
    let guarded = |found| DeserializeGuard(Ok(found));
    let Some(served) = scope.served() else {
        let api: Api<PartialObjectMeta<Namespace>> = Api::all(client.clone());
        let list =
            api.list(&ListParams::default()).await.map_err(|error| unlisted("namespaces", &None, error))?;
        return Ok(list.items.into_iter().map(guarded).collect());
    };
    let api: Api<Namespace> = Api::all(client.clone());
    let mut found = Vec::new();
    for name in served {
        let one = api.get_metadata_opt(name).await;
        let one = one.map_err(|error| unlisted("the namespace", &Some(name.as_str().into()), error))?;
        found.extend(one.map(guarded));
    }
    Ok(found)
}

fn unlisted(what: &str, place: &Place, error: kube::Error) -> anyhow::Error {
    match (error, place) {
        (kube::Error::Api(status), _) if status.is_not_found() => {
            anyhow!(
                "the cluster does not know {what}; install the chart, or its definitions: chatwoot-operator crds | kubectl apply -f -"
            )
        }
        (kube::Error::Api(status), None) if status.is_forbidden() => {
            anyhow!(
                "{what} cannot be listed in all namespaces ({}); run this as a platform admin, or, where the operator is confined \
                 to some namespaces, say so with --operator-namespace, or with --watch-namespaces as it has it",
                status.message
            )
        }
        (kube::Error::Api(status), Some(namespace)) if status.is_forbidden() => {
            anyhow!(
                "{what} of namespace {namespace} cannot be read ({}); this needs to read all that the operator watches",
                status.message
            )
        }
        (error, _) => anyhow::Error::new(error).context(format!("{what} cannot be listed")),
    }
}

fn nobody() -> Observers {
    Observers {
        writes: Arc::new(|_, _, _| {}),
        fuel: Arc::new(|_| {}),
        orphan: Arc::new(|| {}),
        event_error: Arc::new(|| {}),
        namespace: Arc::new(|_, _| {}),
        first_ready: Arc::new(|_, _| {}),
        request: Arc::new(|_, _, _, _| {}),
    }
}

/// A namespace that exists only in the manifests.
pub fn imagined_namespace(name: &str, labels: BTreeMap<String, String>) -> PartialObjectMeta<Namespace> {
    let mut namespace = PartialObjectMeta::default();
    namespace.metadata.name = Some(name.to_owned());
    namespace.metadata.uid = Some(format!("imagined-{name}"));
    namespace.metadata.labels = Some(labels);
    namespace
}

#[cfg(test)]
mod tests;

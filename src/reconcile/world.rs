//! Everything a pass may look at.

use super::{
    account_index::Clock,
    automation::Tokens,
    cache::Cache,
    content::{self, ContentMemory, registry::ContentCaches},
    events::Recorders,
    instances::{Entry, Instances},
    memory::Memories,
    namespaces::Namespaces,
    references::{InstanceKey, Ref, References},
    settings::Settings,
    stored::WriteObserver,
    tenancy::{Tenancies, Tenancy},
    user::UserMemory,
    verify::Walks,
};
use crate::{
    api::{
        account::ChatwootAccount, account::InstanceBinding, common::InstanceRef, grant::ChatwootGrant,
        instance::ChatwootInstance, plan::ChatwootPlan, user::ChatwootUser,
    },
    chatwoot::{
        gate::{Key, Leave},
        marker::Installation,
    },
    plan::{Moment, create},
};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{Client, core::PartialObjectMeta};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The caches of every watched kind.
#[derive(Clone)]
pub struct Caches {
    pub accounts: Cache<ChatwootAccount>,
    pub users: Cache<ChatwootUser>,
    pub contents: ContentCaches,
    pub instances: Cache<ChatwootInstance>,
    pub grants: Cache<ChatwootGrant>,
    pub plans: Cache<ChatwootPlan>,
    pub namespaces: Cache<PartialObjectMeta<Namespace>>,
    /// Metadata of labelled Secrets, one cache per label; none where they are not watched.
    pub secrets: Vec<Cache<PartialObjectMeta<Secret>>>,
}

/// Told of every exchange: instance, route, class, duration.
pub type RequestObserver = Arc<dyn Fn(&str, &'static str, &'static str, Duration) + Send + Sync>;

/// Told of a namespace and why it cannot be read; without a reason it can.
pub type NamespaceObserver = Arc<dyn Fn(&str, Option<&str>) + Send + Sync>;

/// Told of every walk of a customer's first message: instance, result, duration.
pub type WalkObserver = Arc<dyn Fn(&str, &'static str, Duration) + Send + Sync>;

/// Who is told what happens, for metrics.
#[derive(Clone)]
pub struct Observers {
    pub writes: WriteObserver,
    /// A plan did not come to an end.
    pub fuel: Arc<dyn Fn(&'static str) + Send + Sync>,
    /// An id that nothing can hold any more.
    pub orphan: Arc<dyn Fn() + Send + Sync>,
    pub event_error: Arc<dyn Fn() + Send + Sync>,
    pub namespace: NamespaceObserver,
    /// Kind, and time from creation to first Ready.
    pub first_ready: Arc<dyn Fn(&'static str, Duration) + Send + Sync>,
    pub request: RequestObserver,
    /// Told of every walk: instance, result, duration.
    pub walk: WalkObserver,
}

/// Everything a pass may look at.
pub struct World {
    /// Sends each request once.
    pub client: Client,
    pub caches: Caches,
    pub references: References,
    pub instances: Instances,
    pub tenancies: Tenancies,
    pub namespaces: Namespaces,
    pub settings: Settings,
    pub observers: Observers,
    pub recorders: Recorders,
    /// Has an object looked at.
    pub wake: Arc<dyn Fn(Key) + Send + Sync>,
    pub accounts: Memories<create::Memory>,
    pub users: Memories<UserMemory>,
    /// Of the operator's own users in accounts.
    pub automation: Tokens,
    /// Of customers' first messages through accounts.
    pub walks: Walks,
    pub contents: Memories<ContentMemory>,
    pub lists: content::Lists,
    /// Versions of Secrets as this process wrote them last, so that its own writes are no news to it.
    pub own_secrets: Mutex<HashMap<(String, String), String>>,
    /// Of instances, grants and plans.
    pub others: Memories<()>,
    pub stop: CancellationToken,
    pub leading: watch::Receiver<bool>,
    installation: RwLock<Option<Result<Installation, String>>>,
    began: Instant,
}

/// What [`World`] is made of, besides what it makes itself.
pub struct Parts {
    pub client: Client,
    pub caches: Caches,
    pub settings: Settings,
    pub observers: Observers,
    pub recorders: Recorders,
    pub wake: Arc<dyn Fn(Key) + Send + Sync>,
    pub stop: CancellationToken,
    pub leading: watch::Receiver<bool>,
}

impl World {
    pub fn new(parts: Parts) -> Self {
        let Parts { client, caches, settings, observers, recorders, wake, stop, leading } = parts;
        Self {
            client,
            caches,
            references: References::default(),
            instances: Instances::default(),
            tenancies: Tenancies::default(),
            namespaces: Namespaces::default(),
            settings,
            observers,
            recorders,
            wake,
            accounts: Memories::default(),
            users: Memories::default(),
            automation: Tokens::default(),
            walks: Walks::default(),
            contents: Memories::default(),
            lists: content::Lists::default(),
            own_secrets: Mutex::default(),
            others: Memories::default(),
            stop,
            leading,
            installation: RwLock::new(None),
            began: Instant::now(),
        }
    }

    /// Monotonic time since this process began.
    pub fn clock(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn moment(&self) -> Moment {
        Moment {
            now: jiff::Timestamp::now(),
            clock: self.clock(),
            nonce: format!("{:016x}", rand::random::<u64>()),
            stopping: self.stop.is_cancelled() || !*self.leading.borrow(),
        }
    }

    /// Whether this process may begin anything, as something to hand on: it leads, and is not going. A pass that waits for
    /// the request budget may have decided before the lead was lost.
    pub fn leave(&self) -> Leave {
        let (stop, leading) = (self.stop.clone(), self.leading.clone());
        Arc::new(move || *leading.borrow() && !stop.is_cancelled())
    }

    /// The clock as something to hand on.
    pub fn clock_fn(&self) -> Clock {
        let began = self.began;
        Arc::new(move || began.elapsed())
    }

    /// Id and key of this installation, once they have been read.
    pub fn installation(&self) -> Option<Installation> {
        self.look_at_installation()?.ok()
    }

    /// What reading the installation came to; `None` before the first try.
    pub fn look_at_installation(&self) -> Option<Result<Installation, String>> {
        self.installation.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_installation(&self, installation: Result<Installation, String>) {
        *self.installation.write().unwrap_or_else(PoisonError::into_inner) = Some(installation);
    }

    /// The instance a resource means: what its status is bound to, else its spec, else the operator's default.
    pub fn instance_of(
        &self,
        namespace: &str,
        bound: Option<&InstanceBinding>,
        named: Option<&InstanceRef>,
    ) -> Option<InstanceKey> {
        if let Some(bound) = bound {
            return Some(bound.into());
        }
        match named {
            Some(named) => Some(InstanceKey {
                namespace: named.namespace.clone().unwrap_or_else(|| namespace.to_owned()),
                name: named.name.clone(),
            }),
            None => self.settings.default_instance.clone(),
        }
    }

    /// The instance's resource, where it exists and its namespace is honoured.
    pub fn instance(&self, key: &InstanceKey) -> Option<Arc<ChatwootInstance>> {
        if !self.settings.instance_namespaces.contains(&key.namespace) {
            return None;
        }
        self.caches.instances.get(&key.namespace, &key.name)
    }

    /// What the process knows of an instance; `None` until its first pass has ended.
    pub fn entry(&self, key: &InstanceKey) -> Option<Entry> {
        self.instances.get(key)
    }

    /// Something besides its own spec needs the operator's own user in the account of this resource.
    pub fn wants_automation(&self, namespace: &str, name: &str) -> bool {
        self.references.has(&Ref::AccountContent(namespace.to_owned(), name.to_owned()))
    }

    pub fn tenancy(&self, key: &InstanceKey) -> Arc<Tenancy> {
        self.tenancies.of(key, || Tenancy {
            grants: (self.caches.grants.all().into_iter())
                .filter(|grant| {
                    grant.metadata.namespace.as_deref() == Some(&key.namespace)
                        && grant.spec.instance_ref.name == key.name
                })
                .collect(),
            unreadable_grant: !self.caches.grants.unreadable_in(&key.namespace).is_empty(),
            plans: (self.caches.plans.all().into_iter())
                .filter(|plan| {
                    plan.metadata.namespace.as_deref() == Some(&key.namespace)
                        && plan.spec.instance_ref.name == key.name
                })
                .filter_map(|plan| Some((plan.metadata.name.clone()?, plan)))
                .collect(),
            unreadable_plans: self.caches.plans.unreadable_in(&key.namespace),
        })
    }

    /// Labels of a namespace, where they are known: a confined operator knows none.
    pub fn labels(&self, namespace: &str) -> Option<BTreeMap<String, String>> {
        if self.settings.is_confined() {
            return None;
        }
        Some(self.listed(namespace)?.metadata.labels.clone().unwrap_or_default())
    }

    /// What was last heard of a namespace's UID. Good enough for what is proven by its own UID as well; see
    /// [`Namespaces`] for what is not.
    pub fn namespace_uid(&self, namespace: &str) -> Option<String> {
        self.listed_uid(namespace).or_else(|| self.namespaces.latest(namespace))
    }

    /// As the watch of namespaces has it, where there is one.
    pub fn listed_uid(&self, namespace: &str) -> Option<String> {
        self.listed(namespace)?.metadata.uid.clone()
    }

    fn listed(&self, namespace: &str) -> Option<Arc<PartialObjectMeta<Namespace>>> {
        self.caches.namespaces.store().get(&super::cache::key(None, namespace))
    }

    /// True while what lies beside the instances of this namespace should be seen and may not be.
    pub fn offers_unseen(&self, namespace: &str) -> bool {
        self.caches.instances.is_unseen(namespace)
            || self.caches.grants.is_unseen(namespace)
            || self.caches.plans.is_unseen(namespace)
    }

    /// True while this kind's objects in the namespace should be seen and may not be.
    pub fn is_unseen(&self, kind: &str, namespace: &str) -> bool {
        if kind == super::account::KIND {
            self.caches.accounts.is_unseen(namespace)
        } else if kind == super::user::KIND {
            self.caches.users.is_unseen(namespace)
        } else {
            content::registry::is_unseen(&self.caches, kind, namespace)
        }
    }

    /// Version of a labelled Secret; `None` where there is none, or it is not labelled, or Secrets are not watched.
    pub fn secret_version(&self, namespace: &str, name: &str) -> Option<String> {
        let found = self.caches.secrets.iter().find_map(|cache| cache.get(namespace, name))?;
        found.metadata.resource_version.clone()
    }

    /// Notes the version of a Secret that this process has written.
    pub fn wrote_secret(&self, namespace: &str, name: &str, version: Option<String>) {
        let mut own = self.own_secrets.lock().unwrap_or_else(PoisonError::into_inner);
        match version {
            Some(version) => own.insert((namespace.to_owned(), name.to_owned()), version),
            None => own.remove(&(namespace.to_owned(), name.to_owned())),
        };
    }

    pub fn is_own_secret_version(&self, namespace: &str, name: &str, version: Option<&str>) -> bool {
        let own = self.own_secrets.lock().unwrap_or_else(PoisonError::into_inner);
        version.is_some() && own.get(&(namespace.to_owned(), name.to_owned())).map(String::as_str) == version
    }

    /// Has everything looked at that lies in a namespace, or refers to something there.
    pub fn wake_namespace(&self, namespace: &str) {
        for who in self.references.into_namespace(namespace) {
            (self.wake)(who);
        }
    }

    /// Has everything looked at that refers to `what`.
    pub fn wake_all(&self, what: &Ref) {
        for who in self.references.to(what) {
            if matches!(what, Ref::Instance(_)) {
                self.wake_dependent(who);
            } else {
                (self.wake)(who);
            }
        }
    }

    /// Has somebody looked at who refers to an instance: what concerns an account's instance concerns what is inside, too.
    pub fn wake_dependent(&self, who: Key) {
        if who.kind == super::account::KIND {
            self.wake_all(&Ref::AccountContent(who.namespace.clone(), who.name.clone()));
        }
        (self.wake)(who);
    }
}

//! Hands that read for real and write in thought.

use super::{
    content::{ContentSnapshots, Thoughts},
    sheet::Sheet,
};
use crate::{
    api::conditions::Condition,
    chatwoot::types::{Account, Map, User},
    reconcile::{
        account_index::{Census, Silence},
        driver::{Hands, Kind},
        instances::Handle,
        references::InstanceKey,
        snapshot::Snapshot,
        stored::Stored,
        world::World,
    },
    runtime::pump::Change,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;
use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::sync::Mutex;

/// What a kind adds to planning: which of its effects are writes to Chatwoot, and what they would teach.
///
/// Writes to its own Kubernetes object need no word here: [`Stored`] imagines those.
pub trait Rehearsed: Kind<Hands: Sync> {
    const KIND: &'static str;

    /// What one pass imagines: the remote object as its writes would have left it.
    type Imagined: Send;

    fn imagine(machine: &Self::Machine, world: &Arc<World>) -> Self::Imagined;

    /// What `effect` would have taught if it is a write; otherwise the effect itself, to be carried out.
    fn pretend(
        imagined: &mut Self::Imagined,
        effect: EffectOf<Self>,
        sheet: &mut Sheet,
        mind: Mind<'_, Self>,
    ) -> impl Future<Output = Result<LessonOf<Self>, EffectOf<Self>>> + Send;

    /// What a read has shown; what an earlier pass changed in thought is put in its place.
    fn noticed(imagined: &mut Self::Imagined, lesson: &mut LessonOf<Self>, shared: &Shared);

    fn conditions(&self) -> &[Condition];

    /// The id in Chatwoot, where it is recorded and real.
    fn id(&self) -> Option<i64>;

    /// The instance it means.
    fn instance(&self, world: &World) -> Option<InstanceKey>;

    fn snapshot(snapshots: &mut Snapshots) -> &mut Snapshot<Self>;

    /// Whom a change concerns, by the operator's own rules.
    fn changed(world: &World, change: &Change<'_, Self>);
}

pub type EffectOf<K> = <<K as Kind>::Machine as crate::plan::Machine>::Effect;
pub type LessonOf<K> = <<K as Kind>::Machine as crate::plan::Machine>::Lesson;

/// Everything Kubernetes holds, as it would be.
pub struct Snapshots {
    pub instances: Snapshot<crate::api::instance::ChatwootInstance>,
    pub grants: Snapshot<crate::api::grant::ChatwootGrant>,
    pub plans: Snapshot<crate::api::plan::ChatwootPlan>,
    pub accounts: Snapshot<crate::api::account::ChatwootAccount>,
    pub users: Snapshot<crate::api::user::ChatwootUser>,
    pub contents: ContentSnapshots,
    pub namespaces: Snapshot<PartialObjectMeta<Namespace>>,
}

/// What is there to think with.
pub struct Mind<'a, K: Rehearsed> {
    pub shared: &'a Shared,
    /// The production hands, for what they know.
    pub real: &'a K::Hands,
}

type Looked = Result<Arc<Census>, Silence>;

/// What all passes share besides the world.
#[derive(Default)]
pub struct Shared {
    indices: Mutex<HashMap<InstanceKey, Looked>>,
    /// Accounts and people as they were read, or as our writes would have left them.
    accounts: Remotes<Account>,
    people: Remotes<User>,
    /// What administrators of accounts set themselves, by the account's id.
    settings: Remotes<Map>,
    /// Changes inside accounts.
    pub thoughts: Thoughts,
}

type Remotes<T> = std::sync::Mutex<HashMap<(InstanceKey, i64), T>>;

/// Ids that are only imagined; Chatwoot's own are far below.
const FIRST_IMAGINED: i64 = i64::MAX / 2;

/// Whether Chatwoot has never heard of this id.
pub fn is_imagined(id: i64) -> bool {
    id >= FIRST_IMAGINED
}

/// An id for something that would be made.
pub fn next_imagined() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(FIRST_IMAGINED);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Shared {
    pub fn account(&self, instance: &InstanceKey, id: i64) -> Option<Account> {
        lock(&self.accounts).get(&(instance.clone(), id)).cloned()
    }

    pub fn keep_account(&self, instance: &InstanceKey, account: &Account) {
        lock(&self.accounts).insert((instance.clone(), account.id.0), account.clone());
    }

    pub fn person(&self, instance: &InstanceKey, id: i64) -> Option<User> {
        lock(&self.people).get(&(instance.clone(), id)).cloned()
    }

    pub fn keep_person(&self, instance: &InstanceKey, person: &User) {
        lock(&self.people).insert((instance.clone(), person.id.0), person.clone());
    }

    pub fn settings(&self, instance: &InstanceKey, account: i64) -> Option<Map> {
        lock(&self.settings).get(&(instance.clone(), account)).cloned()
    }

    pub fn keep_settings(&self, instance: &InstanceKey, account: i64, settings: &Map) {
        lock(&self.settings).insert((instance.clone(), account), settings.clone());
    }

    /// The account index of an instance, read once.
    pub async fn index(&self, handle: &Handle, installation: &str, world: &World) -> Looked {
        let mut indices = self.indices.lock().await;
        if let Some(known) = indices.get(&handle.key) {
            return known.clone();
        }
        let looked = read_index(handle, installation, world).await;
        indices.insert(handle.key.clone(), looked.clone());
        looked
    }
}

fn lock<T>(remotes: &Remotes<T>) -> std::sync::MutexGuard<'_, HashMap<(InstanceKey, i64), T>> {
    remotes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the account index past the gate: it is one call.
pub async fn read_index(handle: &Handle, installation: &str, world: &World) -> Looked {
    use crate::chatwoot::platform::{INDEX_LIMIT, IndexError};
    if !handle.known().version.has_account_index() {
        return Err(Silence::Unsupported);
    }
    let asked_at = world.clock();
    match handle.chatwoot.ungated().accounts_index(INDEX_LIMIT).await {
        Ok(rows) => Ok(Arc::new(Census::new(asked_at, installation, rows))),
        Err(IndexError::Unsupported) => Err(Silence::Unsupported),
        Err(IndexError::Broken) => Err(Silence::Broken),
        Err(IndexError::TooLarge) => Err(Silence::TooLarge),
        Err(IndexError::Unavailable(failure)) => Err(Silence::Unavailable(failure)),
    }
}

/// One pass' hands: the production ones for reads, imagination for writes.
pub struct Rehearsing<K: Rehearsed> {
    real: K::Hands,
    imagined: K::Imagined,
    shared: Arc<Shared>,
    pub sheet: Sheet,
}

impl<K: Rehearsed> Rehearsing<K> {
    pub fn new(stored: Stored<K>, machine: &K::Machine, world: &Arc<World>, shared: &Arc<Shared>) -> Self {
        Self {
            real: K::hands(stored.rehearse(), machine, world),
            imagined: K::imagine(machine, world),
            shared: shared.clone(),
            sheet: Sheet::default(),
        }
    }
}

impl<K: Rehearsed> AsMut<Stored<K>> for Rehearsing<K> {
    fn as_mut(&mut self) -> &mut Stored<K> {
        self.real.as_mut()
    }
}

impl<K: Rehearsed> Hands<K::Machine> for Rehearsing<K> {
    async fn act(&mut self, effect: EffectOf<K>) -> LessonOf<K> {
        let mind = Mind { shared: &self.shared, real: &self.real };
        match K::pretend(&mut self.imagined, effect, &mut self.sheet, mind).await {
            Ok(lesson) => lesson,
            Err(read) => {
                let mut lesson = self.real.act(read).await;
                K::noticed(&mut self.imagined, &mut lesson, &self.shared);
                lesson
            }
        }
    }
}

//! Everything inside accounts, by one generic reconciler: a kind says what it asks for and how Chatwoot is called.

mod announce;
mod beside;
mod connection;
mod hands;
mod inside;
mod lists;
mod names;
mod observe;
mod others;
pub mod place;
pub mod recorded;
pub mod registry;
pub mod told;
mod values;

pub use beside::Look;
pub use hands::ContentHands;
pub use inside::{Halt, Inside};
pub use lists::Lists;

use super::{
    cache::Cache,
    driver::Kind,
    memory::{Memories, Remembered},
    stored::Stored,
    surroundings,
    world::{Caches, World},
};
use crate::{
    api::content::{ConnectionSecret, ContentDeletionPolicy, ContentStatus, Within},
    chatwoot::{
        application::{Account, Answer},
        gate::Key,
        outcome::{Class, Failure},
        platform::Platform,
        types::Map,
    },
    plan::{
        Moment,
        content::{Facts, Named, Names, Seen, Telling, Trait, Untold, Wish},
        grants::Need,
        status::Verdict,
    },
};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::{
    Resource, ResourceExt,
    core::object::{HasSpec, HasStatus},
};
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Debug, future::Future, sync::Arc, time::Duration};

/// Something in an account, and the secrets that came with it.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub seen: Seen,
    /// For the connection Secret, by its keys.
    pub connection: BTreeMap<&'static str, SecretString>,
    /// Values of secret fields as Chatwoot shows them. The planner sees keyed hashes of them.
    pub secrets: Secrets,
    /// Every account sees it: it belongs to the installation.
    pub installation_wide: bool,
}

/// How a kind that can belong to the whole installation is written: by the Platform API, because inside accounts such things
/// are there to look at.
pub struct InstallationWide {
    pub create: fn(&Platform, Map) -> Answer<Item>,
    pub patch: fn(&Platform, i64, Map) -> Answer<Item>,
    /// With the secrets that lists do not show.
    pub show: fn(&Platform, i64) -> Answer<Item>,
    pub delete: fn(&Platform, i64) -> Answer<()>,
}

/// Values of secret fields, by field.
pub type Secrets = BTreeMap<&'static str, SecretString>;

impl From<Seen> for Item {
    fn from(seen: Seen) -> Self {
        Self { seen, ..Self::default() }
    }
}

impl Item {
    fn sealed(self, kind: &Trait) -> Self {
        Self { seen: self.seen.sealed(kind), ..self }
    }
}

/// A kind inside accounts.
pub trait Content:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasSpec<Spec: Serialize>
    + HasStatus<Status = ContentStatus>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    const TRAIT: &'static Trait;

    /// Parts that a manifest of one that is there can declare.
    const TOLD_PARTS: &'static [&'static str] = &[];

    fn cache(caches: &Caches) -> &Cache<Self>;

    fn within(&self) -> &Within;

    fn deletion_policy(&self) -> ContentDeletionPolicy;

    /// Where ways to connect are written.
    fn connection(&self) -> Option<&ConnectionSecret> {
        None
    }

    /// How it is written, where the spec wants it for the whole installation and not for the account.
    fn installation_wide(&self) -> Option<&'static InstallationWide> {
        None
    }

    /// What a grant must allow beside the account.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Other resources of the namespace that the spec names.
    fn named(&self) -> Vec<Named> {
        Vec::new()
    }

    /// The key the spec asks for, as Chatwoot stores it.
    fn key(&self) -> String;

    /// What the spec asks for, in Chatwoot's words.
    ///
    /// # Errors
    /// What it names that is not there yet, or asks for that cannot be.
    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict>;

    /// What a manifest of one that is there declares: [`Content::wish`] the other way round. What comes out is compared with
    /// what is there before anybody sees it.
    ///
    /// # Errors
    /// Why no manifest can.
    fn told(within: Within, shown: &mut Telling<'_>) -> Result<Self::Spec, Untold>;

    /// Everything of this kind in the account: one request, as each of those that only give an answer.
    fn list(account: &Account) -> Answer<Vec<Item>>;

    fn create(account: &Account, fields: Map) -> Answer<Item>;

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item>;

    /// As [`Content::create`], for a kind with secret fields: their values stand in `secrets` alone.
    fn create_with(account: &Account, fields: Map, _secrets: Secrets) -> Answer<Item> {
        Self::create(account, fields)
    }

    /// As [`Content::patch`], for a kind with secret fields: values of those that change; or for one that has to read first
    /// what it changes.
    fn patch_with(
        inside: &mut Inside<'_>,
        id: i64,
        fields: Map,
        _secrets: Secrets,
    ) -> impl Future<Output = Result<Item, Failure>> + Send {
        async move { inside.call(|account| Self::patch(account, id, fields)).await }
    }

    fn delete(account: &Account, id: i64) -> Answer<()>;

    /// What lies beside the object itself, where one request tells it.
    fn part(_: &Account, _id: i64, _part: &'static str) -> Answer<Value> {
        answer(Err(no_such_part()))
    }

    /// What lies beside the object itself; only asked for parts that [`Content::wish`] names.
    /// One that takes many requests gives way between them.
    fn read_part(
        inside: &mut Inside<'_>,
        id: i64,
        part: &'static str,
    ) -> impl Future<Output = Result<Value, Halt>> + Send {
        async move { Ok(inside.call(|account| Self::part(account, id, part)).await?) }
    }

    /// Makes the part `wanted`; gives what it is then. As with [`Content::read_part`]; what was done before it was cut off
    /// is found done by whoever goes on.
    fn write_part(
        _: &mut Inside<'_>,
        _id: i64,
        _part: &'static str,
        _wanted: Value,
    ) -> impl Future<Output = Result<Value, Halt>> + Send {
        async { Err(no_such_part().into()) }
    }
}

fn no_such_part() -> Failure {
    Failure { detail: Some("this kind has no such part"), ..Failure::of(Class::Invalid) }
}

/// Fields of a wish as the type that a method takes.
///
/// # Errors
/// `Invalid` where they are not of that shape: a defect of the kind's wish, and nothing is sent.
pub fn typed<T: DeserializeOwned>(fields: Map) -> Result<T, Failure> {
    let shape = "the fields are not of the shape that this request takes";
    serde_json::from_value(Value::Object(fields))
        .map_err(|_| Failure { detail: Some(shape), ..Failure::of(Class::Invalid) })
}

/// The ids that a part is to hold.
pub fn ids(wanted: &Value) -> impl Iterator<Item = i64> {
    wanted.as_array().into_iter().flatten().filter_map(Value::as_i64)
}

/// An answer that is one already, or a refusal without a request.
pub fn answer<T: Send + 'static>(call: Result<Answer<T>, Failure>) -> Answer<T> {
    call.unwrap_or_else(|failure| Box::pin(async move { Err(failure) }))
}

/// What this process remembers of one between passes.
#[derive(Clone, Debug, Default)]
pub struct ContentMemory {
    /// The request noted in its status, and when this process first saw that.
    requested: Option<(Timestamp, Duration)>,
    /// Versions of the Secrets it reads and writes, as the last pass began with.
    secrets: Option<BTreeMap<String, Option<String>>>,
    /// One of them has changed, and no pass has come to look at it yet.
    secret_news: bool,
}

impl<C: Content> Kind for C {
    type Machine = Facts;
    type Hands = ContentHands<C>;
    type Memory = ContentMemory;

    fn memories(world: &World) -> &Memories<ContentMemory> {
        &world.contents
    }

    fn observe(
        object: &Self,
        world: &Arc<World>,
        remembered: &mut Remembered<ContentMemory>,
        at: &Moment,
    ) -> Option<Facts> {
        observe::facts(object, world, remembered, at)
    }

    fn hands(stored: Stored<Self>, machine: &Facts, world: &Arc<World>) -> ContentHands<C> {
        ContentHands::new(stored, machine, world)
    }

    fn give_up_turn(machine: &Facts, world: &World) {
        let key = Key::new(machine.kind.kind, &machine.object.namespace, &machine.object.name);
        let account = world.caches.accounts.get(&machine.object.namespace, &machine.account);
        let instance = account.and_then(|account| place::instance_of(world, &account));
        let instance = instance.or_else(|| recorded::instance(&machine.status));
        if let Some(handle) = instance.and_then(|key| world.instances.handle(&key)) {
            surroundings::forget_turn(&handle, &key);
        }
    }

    fn remember(machine: &Facts, remembered: &mut Remembered<ContentMemory>) {
        remembered.write_errors = machine.write_errors();
        remembered.own.secret_news &= !machine.has_seen_secrets();
    }

    fn interval(machine: &Facts) -> Duration {
        machine.around.interval
    }

    /// All of a kind in an account are compared together, because one list shows them all.
    fn slot(object: &Self, _: &str) -> String {
        let namespace = object.namespace().unwrap_or_default();
        format!("{namespace}/{}/{}", object.within().account, Self::TRAIT.kind)
    }

    fn announce(object: &Self, old: &ContentStatus, new: &ContentStatus, world: &World) {
        announce::transition(object, old, new, world);
    }
}

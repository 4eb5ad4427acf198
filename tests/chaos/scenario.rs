//! The scenario: what one platform and two tenant teams apply, in namespaces of its own and with a Chatwoot of its own.
//!
//! 49 objects and the Secrets they read: an instance, two plans, two grants, eight accounts in two namespaces, 25 people
//! with one to three memberships, some across the namespaces, some with passwords that are generated or given, and in two
//! of the accounts labels, teams, inboxes, bots and webhooks that refer to people and to each other.

mod author;
mod furniture;

use crate::support::{Place, Setup, Stage};
use anyhow::{Context, Result};
use author::{Author, Manifests};
use chatwoot_simulator::Options;
use chatwoot_stage::Kind;
use futures::future::try_join_all;
use kube::{
    Client, ResourceExt,
    api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// One object's kind, namespace and name.
pub type Name = (Kind, String, String);

/// What was applied, and as which generation.
pub type Applied = BTreeMap<Name, i64>;

/// The kinds that it has in the platform's namespace.
pub const PLATFORM: [Kind; 3] = [Kind::Instance, Kind::Grant, Kind::Plan];
/// The kinds that it has in the tenants'.
pub const TENANTS: [Kind; 7] =
    [Kind::Account, Kind::User, Kind::Label, Kind::Team, Kind::Inbox, Kind::AgentBot, Kind::Webhook];

/// What its authors do with it, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chapter {
    /// Everything is applied at once.
    Create,
    /// Nearly everything is changed at once, and what is inside one account is deleted.
    Change,
    /// The tenants delete all they have.
    Delete,
}

impl Chapter {
    pub const ALL: [Self; 3] = [Self::Create, Self::Change, Self::Delete];
}

/// One run of the scenario.
pub struct Scenario {
    pub stage: Stage,
    /// Namespace of the instance; those of the tenants begin with it and a hyphen.
    pub home: String,
    timeout: &'static str,
    /// By uid, every object that was ever seen.
    known: Mutex<BTreeMap<String, Value>>,
    applied: Mutex<Applied>,
}

impl Scenario {
    /// Namespaces and a Chatwoot; nothing is applied yet. `timeout`: what the operator waits for an answer of Chatwoot.
    pub async fn new(place: &Arc<Place>, home: &str, timeout: &'static str) -> Result<Self> {
        let setup = Setup {
            simulator: Options { latency: 2, ..Options::default() },
            home: Some(home.to_owned()),
            ..Setup::default()
        };
        let stage = Stage::empty(place.clone(), setup).await?;
        for tenant in ["acme", "bpo"] {
            place.make_home(&format!("{home}-{tenant}")).await?;
        }
        let (known, applied) = (Mutex::default(), Mutex::default());
        Ok(Self { stage, home: home.to_owned(), timeout, known, applied })
    }

    /// Does what this chapter says, all of it at once, so in no order.
    pub async fn play(&self, chapter: Chapter) -> Result<()> {
        let client = &self.stage.admin;
        if chapter == Chapter::Delete {
            return self.delete(self.applied().into_keys().filter(is_tenants).collect()).await;
        }
        let Manifests { objects, secrets } = self.manifests(chapter);
        let of_secrets = secret_resource();
        let secrets = secrets.iter().map(|secret| apply(client, &of_secrets, secret));
        let objects = objects.iter().map(|(kind, object)| async move {
            let stored = apply(client, &kind.resource(), object).await?;
            let (namespace, name) = (stored.namespace().unwrap_or_default(), stored.name_any());
            anyhow::Ok(((*kind, namespace, name), stored.metadata.generation.unwrap_or_default()))
        });
        let (_, stored) = futures::try_join!(try_join_all(secrets), try_join_all(objects))?;
        lock(&self.applied).extend(stored);
        let removed = self.author(chapter).removed();
        if chapter == Chapter::Change { self.delete(removed).await } else { Ok(()) }
    }

    async fn delete(&self, names: Vec<Name>) -> Result<()> {
        try_join_all(names.iter().map(|name| delete(&self.stage.admin, name))).await?;
        lock(&self.applied).retain(|name, _| !names.contains(name));
        Ok(())
    }

    /// Every object of the group chatwoot.dev that is meant to be there.
    pub fn applied(&self) -> Applied {
        lock(&self.applied).clone()
    }

    /// Adds to the objects that are known, and returns all of them.
    pub fn remember(&self, objects: &[Value]) -> Vec<Value> {
        let mut known = lock(&self.known);
        for object in objects {
            known.insert(object["metadata"]["uid"].to_string(), object.clone());
        }
        known.values().cloned().collect()
    }

    /// People whose password is made by the operator.
    pub fn generated(&self) -> Vec<Name> {
        let is_one = |number: usize| (Kind::User, format!("{}-acme", self.home), format!("person-{number}"));
        (0..author::GENERATED).map(is_one).collect()
    }

    pub fn namespaces(&self) -> [String; 3] {
        [self.home.clone(), format!("{}-acme", self.home), format!("{}-bpo", self.home)]
    }

    fn manifests(&self, chapter: Chapter) -> Manifests {
        let (url, token) = (self.stage.chatwoot.url(), self.stage.chatwoot.token());
        self.author(chapter).write(url, token, self.timeout)
    }

    fn author(&self, chapter: Chapter) -> Author {
        let [home, acme, bpo] = self.namespaces();
        Author { home, acme, bpo, changed: chapter == Chapter::Change }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tenants', as opposed to the platform's.
pub fn is_tenants((kind, ..): &Name) -> bool {
    TENANTS.contains(kind)
}

/// `v1/Secret` without its type, so that it is handled as the others are.
pub fn secret_resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Secret"))
}

async fn apply(client: &Client, resource: &ApiResource, object: &Value) -> Result<DynamicObject> {
    let metadata = &object["metadata"];
    let (namespace, name) = (metadata["namespace"].as_str(), metadata["name"].as_str());
    let (namespace, name) = namespace.zip(name).context("an object without a name")?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
    let params = PatchParams::apply("author").force();
    let stored = api.patch(name, &params, &Patch::Apply(object)).await;
    stored.with_context(|| format!("cannot apply {object}"))
}

async fn delete(client: &Client, (kind, namespace, name): &Name) -> Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind.resource());
    api.delete(name, &DeleteParams::default()).await?;
    Ok(())
}

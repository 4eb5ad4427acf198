//! What there is in Kubernetes and Chatwoot after a run, with everything left out that two good runs may differ in.
//!
//! Numbers and uids are replaced by what they stand for, so that "the same but renumbered" is equality. What is secret is
//! replaced by whether it is the right one. Each thing stands under a key; two things under one key are a double.

mod chatwoot;
mod differences;
mod objects;

pub use differences::differences;

use crate::{
    scenario::{Scenario, secret_resource},
    support::Stage,
};
use anyhow::Result;
use chatwoot_simulator::State;
use chatwoot_stage::Kind;
use futures::future::try_join_all;
use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Everything there is, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture(BTreeMap<String, Vec<Value>>);

impl Picture {
    /// Takes it.
    pub async fn of(scenario: &Scenario) -> Result<Self> {
        let objects = objects(scenario).await?;
        let state = scenario.stage.chatwoot.state().await?;
        Ok(Self::from(&scenario.home, &scenario.remember(&objects), &objects, &state))
    }

    /// `objects`: of Kubernetes, as JSON; `home` is what their namespaces begin with. `known`: these, and those that were
    /// there before, whose traces may be left.
    pub fn from(home: &str, known: &[Value], objects: &[Value], state: &State) -> Self {
        let names = Names::of(home, known);
        let mut picture = Self::default();
        for object in objects {
            picture.add(objects::key(&names, object), objects::content(&names, object, state));
        }
        chatwoot::add(&mut picture, &names, state);
        picture
    }

    fn add(&mut self, key: String, content: Value) {
        self.0.entry(key).or_default().push(content);
    }

    /// How many keys begin with `word`, doubles counted.
    pub fn count(&self, word: &str) -> usize {
        self.0.iter().filter(|(key, _)| key.starts_with(word)).map(|(_, all)| all.len()).sum()
    }
}

/// What numbers and uids stand for.
pub struct Names {
    home: String,
    /// uid → `ChatwootAccount S-acme/acme-1`
    by_uid: HashMap<String, String>,
    accounts: HashMap<i64, String>,
    people: HashMap<i64, String>,
}

impl Names {
    fn of(home: &str, objects: &[Value]) -> Self {
        let mut names = Self {
            home: home.to_owned(),
            by_uid: HashMap::new(),
            accounts: HashMap::new(),
            people: HashMap::new(),
        };
        for object in objects {
            let key = objects::key(&names, object);
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            names.by_uid.insert(uid.to_owned(), key.clone());
            let Some(id) = object["status"]["id"].as_i64() else { continue };
            match object["kind"].as_str() {
                Some("ChatwootAccount") => names.accounts.insert(id, key),
                Some("ChatwootUser") => names.people.insert(id, key),
                _ => None,
            };
        }
        names
    }

    /// The text with this run's namespaces called as every run's.
    fn neutral(&self, text: &str) -> String {
        text.replace(&self.home, "S")
    }

    fn account(&self, id: i64) -> String {
        self.accounts.get(&id).cloned().unwrap_or_else(|| "an account nobody recorded".to_owned())
    }

    fn person(&self, id: i64) -> String {
        self.people.get(&id).cloned().unwrap_or_else(|| "somebody nobody recorded".to_owned())
    }

    fn of_uid(&self, uid: &str) -> String {
        self.by_uid.get(uid).cloned().unwrap_or_else(|| "no object".to_owned())
    }
}

/// Everything in the scenario's namespaces that it or the operator made.
pub async fn objects(scenario: &Scenario) -> Result<Vec<Value>> {
    let namespaces = scenario.namespaces();
    let kinds: Vec<(String, ApiResource)> = Kind::ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), kind.resource()))
        .chain([("Secret".to_owned(), secret_resource())])
        .collect();
    let lists = namespaces.iter().flat_map(|namespace| {
        kinds.iter().map(move |(kind, resource)| list(&scenario.stage, namespace, kind, resource))
    });
    Ok(try_join_all(lists).await?.into_iter().flatten().collect())
}

async fn list(stage: &Stage, namespace: &str, kind: &str, resource: &ApiResource) -> Result<Vec<Value>> {
    let api: Api<DynamicObject> = Api::namespaced_with(stage.admin.clone(), namespace, resource);
    let found = api.list(&ListParams::default()).await?;
    let with_kind = |object: DynamicObject| {
        let mut value = serde_json::to_value(object)?;
        // Items of a list do not say what they are.
        value["kind"] = Value::String(kind.to_owned());
        Ok(value)
    };
    found.items.into_iter().map(with_kind).collect()
}

//! What there is in Kubernetes and Chatwoot after a run, with everything left out that two good runs may differ in.
//!
//! Numbers and uids are replaced by what they stand for, so that "the same but renumbered" is equality. What is secret is
//! replaced by whether it is the right one. Each thing stands under a key; two things under one key are a double.

mod chatwoot;
mod differences;
mod objects;
mod secrets;
mod settings;

pub use differences::differences;

use crate::{
    scenario::{Name, PLATFORM, Scenario, TENANTS, secret_resource},
    support::Stage,
};
use anyhow::Result;
use chatwoot_simulator::State;
use futures::future::try_join_all;
use kube::{
    Api, ResourceExt,
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
        settings::add(&mut picture, &names, state);
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
    /// By kind and id, what is inside accounts.
    inside: HashMap<(String, i64), String>,
}

impl Names {
    fn of(home: &str, objects: &[Value]) -> Self {
        let mut names = Self {
            home: home.to_owned(),
            by_uid: HashMap::new(),
            accounts: HashMap::new(),
            people: HashMap::new(),
            inside: HashMap::new(),
        };
        for object in objects {
            let key = objects::key(&names, object);
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            names.by_uid.insert(uid.to_owned(), key.clone());
            if let Some(user) = object["status"]["automation"]["userId"].as_i64() {
                names.people.insert(user, format!("the operator's user in {key}"));
            }
            let Some(id) = object["status"]["id"].as_i64() else { continue };
            match object["kind"].as_str() {
                Some("ChatwootAccount") => names.accounts.insert(id, key),
                Some("ChatwootUser") => names.people.insert(id, key),
                Some(kind) => names.inside.insert((kind.to_owned(), id), key),
                None => None,
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

    fn inside(&self, kind: &str, id: i64) -> String {
        let found = self.inside.get(&(kind.to_owned(), id));
        found.cloned().unwrap_or_else(|| format!("a {kind} nobody recorded"))
    }

    /// An address, where that of the operator's user in an account tells whose it is instead of which number it has.
    fn address(&self, email: &str) -> String {
        let number = email.strip_prefix("chatwoot-operator+").and_then(|rest| rest.split('@').next());
        match number.and_then(|number| number.parse().ok()) {
            Some(account) => format!("chatwoot-operator+{}", self.account(account)),
            None => email.to_owned(),
        }
    }

    fn of_uid(&self, uid: &str) -> String {
        self.by_uid.get(uid).cloned().unwrap_or_else(|| "no object".to_owned())
    }
}

/// Everything in the scenario's namespaces that it or the operator made.
pub async fn objects(scenario: &Scenario) -> Result<Vec<Value>> {
    let [home, acme, bpo] = scenario.namespaces();
    let lists = [(&home, &PLATFORM[..]), (&acme, &TENANTS[..]), (&bpo, &TENANTS[..])];
    let lists = lists.into_iter().flat_map(|(namespace, kinds)| {
        let secrets = list(&scenario.stage, namespace, "Secret".to_owned(), secret_resource());
        let kinds = kinds.iter();
        kinds
            .map(move |kind| list(&scenario.stage, namespace, kind.name().to_owned(), kind.resource()))
            .chain([secrets])
    });
    Ok(try_join_all(lists).await?.into_iter().flatten().collect())
}

/// What the tenants have.
pub async fn tenants(scenario: &Scenario) -> Result<Vec<Name>> {
    let [_, acme, bpo] = scenario.namespaces();
    let lists = [acme, bpo].into_iter().flat_map(|namespace| TENANTS.map(|kind| (kind, namespace.clone())));
    let lists = lists.map(|(kind, namespace)| async move {
        let api: Api<DynamicObject> =
            Api::namespaced_with(scenario.stage.admin.clone(), &namespace, &kind.resource());
        let found = api.list_metadata(&ListParams::default()).await?;
        anyhow::Ok(
            found.items.iter().map(|one| (kind, namespace.clone(), one.name_any())).collect::<Vec<_>>(),
        )
    });
    Ok(try_join_all(lists).await?.into_iter().flatten().collect())
}

async fn list(stage: &Stage, namespace: &str, kind: String, resource: ApiResource) -> Result<Vec<Value>> {
    let api: Api<DynamicObject> = Api::namespaced_with(stage.admin.clone(), namespace, &resource);
    let found = api.list(&ListParams::default()).await?;
    let with_kind = |object: DynamicObject| {
        let mut value = serde_json::to_value(object)?;
        // Items of a list do not say what they are.
        value["kind"] = Value::String(kind.clone());
        Ok(value)
    };
    found.items.into_iter().map(with_kind).collect()
}

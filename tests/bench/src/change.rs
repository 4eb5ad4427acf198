//! Changing objects, as their authors do, and seeing that the change has been carried out.

use crate::objects;
use anyhow::{Context, Result, bail};
use chatwoot_stage::{Kind, News, Operator, Seen};
use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// No change takes longer, unless something is wrong.
const STUCK_AFTER: Duration = Duration::from_secs(180);

/// Gives an object a new name to have in Chatwoot. Returns the generation that asks for it.
///
/// # Errors
/// The API server refuses.
pub async fn rename(client: &Client, object: &Seen, name: &str) -> Result<i64> {
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), &object.namespace, &object.kind.resource());
    let patch = Patch::Merge(json!({"spec": {"name": name}}));
    let stored =
        api.patch(&object.name, &PatchParams::default(), &patch).await.context("a change was refused")?;
    Ok(stored.metadata.generation.unwrap_or_default())
}

/// Stores a new object. Returns its uid.
///
/// # Errors
/// The API server refuses.
pub async fn create(client: &Client, (kind, object): (Kind, Value)) -> Result<String> {
    let object: DynamicObject = serde_json::from_value(object)?;
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &kind.resource());
    let stored = api.create(&PostParams::default(), &object).await.context("an apply was refused")?;
    stored.metadata.uid.context("the API server gave no uid")
}

/// Changes that are waited for.
pub struct Pending {
    news: News,
    /// By uid: the generation that has to be Ready.
    waiting: BTreeMap<String, i64>,
}

impl Pending {
    pub fn of(client: &Client) -> Self {
        Self { news: News::of(client, &[Kind::Account, Kind::User]), waiting: BTreeMap::new() }
    }

    /// Gives every one of `objects` a new name.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn rename(&mut self, client: &Client, objects: &[Seen], round: usize) -> Result<()> {
        for object in objects {
            let generation = rename(client, object, &objects::new_name(object, round)).await?;
            self.waiting.insert(object.uid.clone(), generation);
        }
        Ok(())
    }

    /// Waits until all are Ready; returns when the last one was.
    ///
    /// # Errors
    /// They are not for minutes, or the operator ends.
    pub async fn all_ready(&mut self, operator: &mut Operator) -> Result<Instant> {
        let mut moved = Instant::now();
        while !self.waiting.is_empty() {
            let seen = tokio::select! {
                seen = tokio::time::timeout(STUCK_AFTER, self.news.next()) => seen,
                error = operator.died() => return Err(error),
            };
            let Ok(seen) = seen else {
                bail!(
                    "nothing became Ready for {STUCK_AFTER:?}; {} changes are waited for",
                    self.waiting.len()
                )
            };
            if self.waiting.get(&seen.uid).is_some_and(|wanted| seen.is_ready() && seen.generation >= *wanted)
            {
                self.waiting.remove(&seen.uid);
                moved = Instant::now();
            }
        }
        Ok(moved)
    }
}

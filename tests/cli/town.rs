//! A Chatwoot that people have used for years, and how objects made from it stand.

use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Control, Role};
use futures::TryStreamExt;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How much there is. Ids count from 1 in the order in which things are made.
#[derive(Debug, Default)]
pub struct Town {
    pub accounts: usize,
    pub people: usize,
    pub memberships: usize,
}

impl Town {
    /// An account that the first Platform App is permitted on.
    pub async fn account(&mut self, chatwoot: &Control, name: &str) -> Result<i64> {
        self.accounts += 1;
        let made = Act::CreateAccount { name: name.to_owned(), attributes: Default::default(), app: Some(1) };
        chatwoot.act(made).await?.id.context("no id")
    }

    /// Somebody in these accounts.
    pub async fn person(
        &mut self,
        chatwoot: &Control,
        name: &str,
        email: &str,
        roles: &[(i64, Role)],
    ) -> Result<i64> {
        self.people += 1;
        self.memberships += roles.len();
        let (name, email) = (name.to_owned(), email.to_owned());
        let made = Act::CreateUser { name, email, attributes: Default::default(), app: Some(1) };
        let user = chatwoot.act(made).await?.id.context("no id")?;
        for (account, role) in roles {
            chatwoot.act(Act::AddMember { account: *account, user, role: Some(*role) }).await?;
        }
        Ok(user)
    }
}

/// Ready is True for this reason, and the status speaks for the latest spec.
pub fn is_ready_with(object: &Value, reason: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ready = conditions.iter().find(|one| one["type"] == "Ready");
    ready.is_some_and(|one| one["status"] == "True" && one["reason"] == reason)
        && object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

/// Waits until there are `count` objects of a kind and all of them are as they should be, and returns them.
///
/// # Errors
/// They are not within `patience`; the message has one that is not.
pub async fn settled(
    client: &Client,
    kind: &str,
    count: usize,
    is: impl Fn(&Value) -> bool,
    patience: Duration,
) -> Result<Vec<Value>> {
    let until = Instant::now() + patience;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("chatwoot.dev", "v1alpha1", kind));
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let mut objects = BTreeMap::new();
    let mut open = 0;
    let mut news = Box::pin(watcher(api, watcher::Config::default()).default_backoff().applied_objects());
    while open > 0 || objects.len() < count {
        let Ok(next) = timeout_at(until, news.try_next()).await else { break };
        let Ok(Some(object)) = next else { continue };
        let object = serde_json::to_value(&object)?;
        let name = (object["metadata"]["namespace"].to_string(), object["metadata"]["name"].to_string());
        let stands = is(&object);
        open += usize::from(!stands);
        if let Some((_, before)) = objects.insert(name, (object, stands)) {
            open -= usize::from(!before);
        }
    }
    let not_yet = objects.values().find(|(_, stands)| !stands).map(|(object, _)| format!("{object:#}"));
    ensure!(
        open == 0 && objects.len() == count,
        "after {patience:?} {open} of {} {kind}s ({count} were expected) are not as they should be, such as {}",
        objects.len(),
        not_yet.unwrap_or_default()
    );
    Ok(objects.into_values().map(|(object, _)| object).collect())
}

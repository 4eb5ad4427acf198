//! One object that a test is about: what its author does to it, and what becomes of it.

use super::{LONG, PATIENCE, Place, Stage, rules};
use anyhow::{Context, Result, ensure};
use control_plane::{wait_for, wait_gone};
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// An object of the group chatwoot.dev, and who acts on it.
#[derive(Clone)]
pub struct Subject {
    place: Arc<Place>,
    chatwoot: chatwoot_simulator::Control,
    api: Api<DynamicObject>,
    kind: &'static str,
    pub namespace: String,
    pub name: String,
}

impl Subject {
    pub fn new(stage: &Stage, client: Client, kind: &'static str, namespace: &str, name: &str) -> Self {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("chatwoot.dev", "v1alpha1", kind));
        Self {
            place: stage.place.clone(),
            chatwoot: stage.chatwoot.control().clone(),
            api: Api::namespaced_with(client, namespace, &resource),
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// `kubectl apply` of this spec: what is left out is taken away.
    pub async fn apply(&self, spec: Value) -> Result<Value> {
        let object = json!({
            "apiVersion": "chatwoot.dev/v1alpha1", "kind": self.kind,
            "metadata": {"name": self.name}, "spec": spec
        });
        let params = PatchParams::apply("author").force();
        let stored = self.api.patch(&self.name, &params, &Patch::Apply(&object)).await;
        Ok(serde_json::to_value(stored.with_context(|| format!("cannot apply {object}"))?)?)
    }

    /// `kubectl patch --type merge`.
    pub async fn merge(&self, change: Value) -> Result<Value> {
        let stored = self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(&change)).await;
        Ok(serde_json::to_value(stored.with_context(|| format!("cannot change {} to {change}", self.name))?)?)
    }

    /// Changes fields of the spec.
    pub async fn set(&self, spec: Value) -> Result<Value> {
        self.merge(json!({"spec": spec})).await
    }

    pub async fn annotate(&self, key: &str, value: &str) -> Result<Value> {
        self.merge(json!({"metadata": {"annotations": {key: value}}})).await
    }

    /// Answers the question that stands open, as `resolve` does.
    pub async fn resolve(&self, answer: &str) -> Result<()> {
        let object = self.until("asks a question", |o| o["status"]["decision"]["token"].is_string()).await?;
        let token = object["status"]["decision"]["token"].as_str().context("no token")?.to_owned();
        self.annotate("chatwoot.dev/resolve", &format!("{token}/{answer}")).await.map(drop)
    }

    /// `kubectl delete`, without waiting.
    pub async fn delete(&self) -> Result<()> {
        self.api.delete(&self.name, &DeleteParams::default()).await?;
        Ok(())
    }

    pub async fn get(&self) -> Result<Value> {
        Ok(serde_json::to_value(self.api.get(&self.name).await?)?)
    }

    pub async fn gone(&self) -> Result<()> {
        self.gone_within(PATIENCE).await
    }

    /// As [`Subject::gone`], for what takes the operator its time.
    pub async fn gone_at_last(&self) -> Result<()> {
        self.gone_within(LONG).await
    }

    async fn gone_within(&self, within: Duration) -> Result<()> {
        match wait_gone(&self.api, &self.name, within).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Waits for `holds`, and sees to it that every version on the way keeps the rules of every status.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        self.until_within(PATIENCE, what, holds).await
    }

    /// As [`Subject::until`], for what takes the operator its time.
    pub async fn at_last(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        self.until_within(LONG, what, holds).await
    }

    async fn until_within(
        &self,
        within: Duration,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let seen: Mutex<(Vec<String>, Value)> = Mutex::default();
        let fits = |object: &DynamicObject| {
            let Ok(object) = serde_json::to_value(object) else { return false };
            let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            seen.0.extend(rules::broken(&object).into_iter().map(|wrong| format!("{wrong}: {object}")));
            let step = rules::broken_step(&seen.1, &object);
            seen.0.extend(step.into_iter().map(|wrong| format!("{wrong}: {object}")));
            let fits = holds(&object);
            seen.1 = object;
            fits
        };
        let found = match wait_for(&self.api, &self.name, fits, within).await {
            Ok(found) => serde_json::to_value(found)?,
            Err(error) => return Err(self.explain(error.context(format!("waited until it {what}"))).await),
        };
        let (broken, _) = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        ensure!(broken.is_empty(), "{} {}: {}", self.kind, self.name, broken.join("\n"));
        Ok(found)
    }

    /// Waits until Ready has this reason for the latest generation.
    pub async fn reason(&self, reason: &str) -> Result<Value> {
        self.until(&format!("is {reason}"), |object| is(object, reason)).await
    }

    /// As [`Subject::reason`], for what takes the operator its time.
    pub async fn reason_at_last(&self, reason: &str) -> Result<Value> {
        self.at_last(&format!("is {reason}"), |object| is(object, reason)).await
    }

    /// Waits until it is Stalled with this reason: a person must act, and is told what to type.
    pub async fn stalled(&self, reason: &str) -> Result<Value> {
        let stalled = |object: &Value| is(object, reason) && condition(object, "Stalled")["status"] == "True";
        let object = self.at_last(&format!("is Stalled with {reason}"), stalled).await?;
        ensure!(condition(&object, "Stalled")["reason"] == reason, "Stalled has another reason: {object}");
        ensure!(condition(&object, "Ready")["status"] == "False", "Stalled and yet Ready: {object}");
        Ok(object)
    }

    /// Waits until it is Ready, and returns it.
    pub async fn ready(&self) -> Result<Value> {
        self.reason("Succeeded").await
    }

    /// What went wrong, with what a person would look at next.
    async fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        if let Err(ended) = self.place.check().await {
            return error.context(ended);
        }
        let journal = match self.chatwoot.journal(&Default::default()).await {
            Ok(entries) => {
                let line = |e: &chatwoot_simulator::Entry| {
                    format!(
                        "{} {} {:?} {:?} {}",
                        e.method,
                        e.path,
                        e.status,
                        e.end,
                        e.fault.as_deref().unwrap_or("")
                    )
                };
                entries.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Err(error) => format!("{error:#}"),
        };
        let log = self.place.last_words().await;
        error.context(format!("Chatwoot was asked:\n{journal}\nthe operator said last:\n{log}\n"))
    }
}

/// Whether Ready has this reason, for the latest generation.
pub fn is(object: &Value, reason: &str) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"]
        && condition(object, "Ready")["reason"] == reason
}

/// The condition of that type, or null.
pub fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    conditions.iter().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

/// What the condition of that type tells people.
pub fn message<'a>(object: &'a Value, kind: &str) -> &'a str {
    condition(object, kind)["message"].as_str().unwrap_or_default()
}

/// The recorded id.
pub fn id(object: &Value) -> Result<i64> {
    object["status"]["id"].as_i64().with_context(|| format!("no id in {object}"))
}

//! Waiting for an object to become what a test expects, on a watch.

use anyhow::{Result, anyhow};
use futures::TryStreamExt;
use kube::runtime::{WatchStreamExt, watcher::watch_object};
use kube::{Api, Resource};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::Instant;

/// Waits until the object exists and `predicate` holds, and returns it as it was then.
///
/// # Errors
/// It did not within `timeout`: the message has the object as last seen, values of Secrets left out.
pub async fn wait_for<K>(
    api: &Api<K>,
    name: &str,
    predicate: impl Fn(&K) -> bool,
    timeout: Duration,
) -> Result<K>
where
    K: Resource + Clone + Debug + Serialize + DeserializeOwned + Send + 'static,
{
    let found = observe(api, name, |object| object.is_some_and(&predicate), timeout).await?;
    found.ok_or_else(|| anyhow!("{} was reported as found and is not there", place(api, name)))
}

/// Waits until there is no object of that name.
///
/// # Errors
/// As [`wait_for`]; the finalizers in the message are the usual reason.
pub async fn wait_gone<K>(api: &Api<K>, name: &str, timeout: Duration) -> Result<()>
where
    K: Resource + Clone + Debug + Serialize + DeserializeOwned + Send + 'static,
{
    observe(api, name, |object| object.is_none(), timeout).await.map(drop)
}

async fn observe<K>(
    api: &Api<K>,
    name: &str,
    done: impl Fn(Option<&K>) -> bool,
    timeout: Duration,
) -> Result<Option<K>>
where
    K: Resource + Clone + Debug + Serialize + DeserializeOwned + Send + 'static,
{
    let deadline = Instant::now() + timeout;
    let mut seen: Option<Option<K>> = None;
    let mut trouble = None;
    let mut states = Box::pin(watch_object(api.clone(), name).default_backoff());
    loop {
        match tokio::time::timeout_at(deadline, states.try_next()).await {
            Ok(Ok(Some(state))) if done(state.as_ref()) => return Ok(state),
            Ok(Ok(Some(state))) => seen = Some(state),
            // The watch is opened again after a pause.
            Ok(Err(error)) => trouble = Some(error),
            Ok(Ok(None)) => return Err(anyhow!("the watch on {} ended", place(api, name))),
            Err(_) => break,
        }
    }
    let last = match seen {
        Some(Some(object)) => format!("last seen:\n{}", readable(&object)),
        Some(None) => "there is no such object".to_owned(),
        None => "it was never seen".to_owned(),
    };
    let trouble = trouble.map(|error| format!("\nlast error of the watch: {error}")).unwrap_or_default();
    Err(anyhow!(
        "{} did not become what was waited for within {timeout:?}; {last}{trouble}",
        place(api, name)
    ))
}

fn place<K: Resource>(api: &Api<K>, name: &str) -> String {
    format!("{}/{name}", api.resource_url())
}

/// An object for a person to read: without managed fields, and without what a Secret keeps.
fn readable(object: &impl Serialize) -> String {
    let mut value = serde_json::to_value(object).unwrap_or_else(|error| json!(error.to_string()));
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    for field in ["data", "stringData"] {
        let kept = value.get("kind").is_none_or(|kind| kind != "Secret");
        let Some(entries) = value.get_mut(field).and_then(Value::as_object_mut).filter(|_| !kept) else {
            continue;
        };
        entries.values_mut().for_each(|entry| *entry = json!("(hidden)"));
    }
    serde_saphyr::to_string(&value).unwrap_or_else(|_| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::readable;
    use serde_json::json;

    #[test]
    fn what_a_secret_keeps_is_never_printed() {
        let text =
            readable(&json!({ "kind": "Secret", "metadata": {"name": "a"}, "data": {"token": "c2VjcmV0"} }));
        assert!(text.contains("token") && !text.contains("c2VjcmV0"), "{text}");
    }

    #[test]
    fn what_a_config_map_keeps_is_printed_and_its_managers_are_not() {
        let object =
            json!({ "kind": "ConfigMap", "metadata": {"managedFields": ["noise"]}, "data": {"a": "words"} });
        let text = readable(&object);
        assert!(text.contains("words") && !text.contains("noise"), "{text}");
    }
}

//! What the API server would make of a manifest: defaults filled in, rules checked, nothing stored.

use super::manifests::Manifest;

use anyhow::{Context, Result};
use kube::{
    Client,
    api::{DynamicObject, Patch, PatchParams},
};
use serde_json::{Map, Value, json};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Who a manifest is applied by where nobody has applied it yet.
const KUBECTL: &str = "kubectl";

/// What applying a manifest would come to.
pub enum Applied {
    /// How it stands now, where it exists, and how it would be stored.
    Stored { old: Option<Box<DynamicObject>>, new: Box<DynamicObject> },
    /// Refused, in the API server's own words.
    Refused(String),
}

/// Has the API server apply `manifest` without storing anything.
///
/// An object that `kubectl apply` has written is patched as kubectl would (fields left out since are removed); any other
/// is applied on the server's side, by the manager that applied it before.
/// `elsewhere`: validate it in this namespace, because its own exists in the manifests only.
///
/// # Errors
/// The API server does not answer.
pub async fn try_it(client: &Client, manifest: &Manifest, elsewhere: Option<&str>) -> Result<Applied> {
    let api = manifest.kind.api(client, Some(elsewhere.unwrap_or(&manifest.namespace)));
    let what = format!("{} {}/{}", manifest.kind.kind(), manifest.namespace, manifest.name);
    let old = match elsewhere {
        Some(_) => None,
        None => api.get_opt(&manifest.name).await.with_context(|| format!("{what} cannot be read"))?,
    };
    let mut wanted = manifest.object.clone();
    if let Some(elsewhere) = elsewhere {
        wanted.metadata.namespace = Some(elsewhere.to_owned());
    }
    let last =
        old.as_ref().and_then(|old| old.metadata.annotations.as_ref()?.get(LAST_APPLIED)?.parse().ok());
    let tried = match (&old, last) {
        (Some(_), Some(last)) => {
            let patch = Patch::Merge(as_kubectl(&last, &serde_json::to_value(&wanted)?));
            let params = PatchParams { dry_run: true, ..PatchParams::default() };
            api.patch(&manifest.name, &params, &patch).await
        }
        _ => {
            let manager = old.as_ref().and_then(applier).unwrap_or(KUBECTL);
            let params = PatchParams { dry_run: true, ..PatchParams::apply(manager).force() };
            api.patch(&manifest.name, &params, &Patch::Apply(&wanted)).await
        }
    };
    match tried {
        Ok(mut new) => {
            new.metadata.namespace = Some(manifest.namespace.clone());
            Ok(Applied::Stored { old: old.map(Box::new), new: Box::new(new) })
        }
        Err(kube::Error::Api(status)) => Ok(Applied::Refused(status.message.clone())),
        Err(error) => Err(error).with_context(|| format!("{what} could not be tried")),
    }
}

/// The one who applied it on the server's side.
fn applier(object: &DynamicObject) -> Option<&str> {
    let entries = object.metadata.managed_fields.iter().flatten();
    let mut by_apply = entries.filter(|entry| entry.operation.as_deref() == Some("Apply"));
    by_apply.next()?.manager.as_deref()
}

/// What `kubectl apply` sends for custom resources: everything the manifest says, and `null` for what it said last time
/// and does not say any more.
fn as_kubectl(last: &Value, wanted: &Value) -> Value {
    let part = |pointer: &str| {
        let of = |object: &Value| object.pointer(pointer).cloned().unwrap_or_else(|| json!({}));
        three_way(&of(last), &of(wanted))
    };
    let metadata = json!({"labels": part("/metadata/labels"), "annotations": part("/metadata/annotations")});
    json!({"metadata": metadata, "spec": part("/spec")})
}

/// Lists are replaced whole.
fn three_way(last: &Value, wanted: &Value) -> Value {
    let (Value::Object(last), Value::Object(wanted)) = (last, wanted) else { return wanted.clone() };
    let mut patch = Map::new();
    for (key, value) in wanted {
        patch.insert(key.clone(), three_way(last.get(key).unwrap_or(&Value::Null), value));
    }
    for key in last.keys().filter(|key| !wanted.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// Where an object can be judged although its namespace does not exist yet: every cluster has this one.
pub const ELSEWHERE: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_manifest_does_not_say_any_more_is_removed_and_what_others_wrote_stays() {
        let last = json!({
            "kind": "ChatwootAccount",
            "metadata": {"name": "main", "namespace": "acme", "annotations": {}, "labels": {"team": "a"}},
            "spec": {"name": "A", "locale": "en", "limits": {"agents": 1, "inboxes": 2}}
        });
        let wanted = json!({"metadata": {"name": "main"}, "spec": {"name": "B", "limits": {"agents": 1}}});
        assert_eq!(
            as_kubectl(&last, &wanted),
            json!({
                "metadata": {"labels": {"team": null}, "annotations": {}},
                "spec": {"name": "B", "locale": null, "limits": {"agents": 1, "inboxes": null}}
            })
        );
    }
}

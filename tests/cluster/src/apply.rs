//! Applying manifests.

use crate::control_plane::ControlPlane;
use crate::wait;
use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::{self, Scope};
use kube::{Api, Client, ResourceExt};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The field manager of everything a test applies.
const MANAGER: &str = "control-plane-for-tests";

const DEFINITION: &str = "CustomResourceDefinition";
const DEFINITION_WITHIN: Duration = Duration::from_secs(60);

impl ControlPlane {
    /// Applies every document of `yaml` as the administrator; see [`apply`].
    ///
    /// # Errors
    /// As [`apply`].
    pub async fn apply(&self, namespace: &str, yaml: &str) -> Result<Vec<DynamicObject>> {
        apply(&self.client()?, namespace, yaml).await
    }

    /// Waits until a definition is served; see [`established`].
    ///
    /// # Errors
    /// As [`established`].
    pub async fn established(&self, crd: &str) -> Result<()> {
        established(&self.client()?, crd).await
    }
}

/// Applies every document of `yaml` in order, on the server's side and over other managers' fields, and returns
/// the objects as stored. Namespaced objects that name no namespace go to `namespace`. After a definition it
/// waits until that is served, so that its objects may follow in the same text.
///
/// # Errors
/// The text is not YAML, an object has no name or an unknown kind, or the API server refuses it. What came before
/// the failing document stays.
pub async fn apply(client: &Client, namespace: &str, yaml: &str) -> Result<Vec<DynamicObject>> {
    let mut applied = Vec::new();
    for document in documents(yaml)? {
        let object: DynamicObject = serde_json::from_value(document)?;
        let (kind, name) = names(&object)?;
        let stored = apply_one(client, namespace, object)
            .await
            .with_context(|| format!("cannot apply {kind} {name}"))?;
        if kind == DEFINITION {
            established(client, &name).await?;
        }
        applied.push(stored);
    }
    Ok(applied)
}

/// Waits until a definition is established, discovery names it, and its objects can be listed: right after it is
/// established the API server still answers 429 "storage is (re)initializing".
///
/// # Errors
/// There is no such definition, or it is not served within a minute.
pub async fn established(client: &Client, crd: &str) -> Result<()> {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let definition = wait::wait_for(&definitions, crd, is_established, DEFINITION_WITHIN).await?;
    let spec = definition.spec;
    let version =
        spec.versions.iter().find(|version| version.served).context("no version of it is served")?;
    let kind = GroupVersionKind::gvk(&spec.group, &version.name, &spec.names.kind);
    let listed = async {
        loop {
            // Nothing tells when the API server has set up the storage; asking does.
            let error = match can_list(client, &kind).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !is_passing(&error) {
                return Err(anyhow!(error).context(format!("cannot list the objects of {crd}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEFINITION_WITHIN, listed)
        .await
        .unwrap_or_else(|_| bail!("{crd} is established, but its objects cannot be listed after a minute"))
}

/// Applies definitions, all at once, and waits for them. Whether one of them was not there before.
pub(crate) async fn definitions(client: &Client, yaml: &str) -> Result<bool> {
    let present: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut names_of_all = Vec::new();
    let mut new = false;
    for document in documents(yaml)? {
        let object: DynamicObject = serde_json::from_value(document)?;
        let (kind, name) = names(&object)?;
        anyhow::ensure!(kind == DEFINITION, "{kind} {name} is not a {DEFINITION}; use apply for it");
        new |= present.get_metadata_opt(&name).await?.is_none();
        apply_one(client, "default", object).await.with_context(|| format!("cannot apply {kind} {name}"))?;
        names_of_all.push(name);
    }
    for name in names_of_all {
        established(client, &name).await?;
    }
    Ok(new)
}

/// As [`definitions`] for `.yaml`, `.yml` and `.json` files and the folders of such.
pub(crate) async fn files(client: &Client, paths: &[PathBuf]) -> Result<()> {
    for path in paths {
        let listed = if path.is_dir() { manifests(path)? } else { vec![path.clone()] };
        for file in listed {
            let read = std::fs::read_to_string(&file);
            let yaml = read.with_context(|| format!("cannot read {}", file.display()))?;
            definitions(client, &yaml).await.with_context(|| format!("in {}", file.display()))?;
        }
    }
    Ok(())
}

fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
    anyhow::ensure!(!files.is_empty(), "no .yaml, .yml or .json file in {}", folder.display());
    files.sort();
    Ok(files)
}

async fn apply_one(client: &Client, namespace: &str, object: DynamicObject) -> Result<DynamicObject> {
    let types = object.types.clone().context("it has no apiVersion and kind")?;
    let kind = GroupVersionKind::try_from(types)?;
    let (resource, capabilities) = discovery::pinned_kind(client, &kind)
        .await
        .with_context(|| format!("the API server does not know {}", kind.api_version()))?;
    let api: Api<DynamicObject> = match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.namespace().unwrap_or_else(|| namespace.to_owned());
            Api::namespaced_with(client.clone(), &namespace, &resource)
        }
    };
    let params = PatchParams::apply(MANAGER).force();
    Ok(api.patch(&object.name_any(), &params, &Patch::Apply(&object)).await?)
}

fn documents(yaml: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).context("this is not YAML")?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

fn names(object: &DynamicObject) -> Result<(String, String)> {
    let kind = object.types.as_ref().context("a document has no apiVersion and kind")?.kind.clone();
    let name = object.metadata.name.clone().with_context(|| format!("a {kind} has no metadata.name"))?;
    Ok((kind, name))
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    let conditions =
        definition.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True")
}

async fn can_list(client: &Client, kind: &GroupVersionKind) -> kube::Result<()> {
    let (resource, _) = discovery::pinned_kind(client, kind).await?;
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    api.list(&kube::api::ListParams::default().limit(1)).await.map(drop)
}

/// Whether an error is one that a definition gives only while it is being set up.
fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 404 | 429 | 503),
        kube::Error::Discovery(_) => true,
        _ => false,
    }
}

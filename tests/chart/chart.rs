//! What these tests share: rendering the chart, and a control plane it is installed on.

use anyhow::{Context, Result, bail};
use control_plane::{ControlPlane, Options};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::sync::OnceCell;

/// Name and namespace of the release, as the documentation has them.
pub const RELEASE: &str = "chatwoot-operator";
pub const NAMESPACE: &str = "chatwoot-system";

/// Tells `helm template` that the cluster knows ServiceMonitors.
pub const WITH_SERVICE_MONITORS: [&str; 2] = ["--api-versions", "monitoring.coreos.com/v1/ServiceMonitor"];

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn folder() -> PathBuf {
    repository().join("charts/chatwoot-operator")
}

/// What `helm template` prints for `values`, in `namespace`.
///
/// # Errors
/// Helm refuses; the message is what it says.
pub async fn template(namespace: &str, values: &Value, more: &[&str]) -> Result<String> {
    let chart = folder();
    ControlPlane::shared()
        .await?
        .helm(["template", RELEASE, "--namespace", namespace, "--values", "-"])
        .args(more)
        .args([&chart])
        .stdin(values.to_string())
        .run()
        .await
}

/// The objects of the chart for `values`.
///
/// # Errors
/// As [`template`].
pub async fn render(values: Value) -> Result<Objects> {
    Objects::parse(&template(NAMESPACE, &values, &WITH_SERVICE_MONITORS).await?)
}

/// What helm says against `values`.
///
/// # Errors
/// It says nothing and renders them.
pub async fn refusal(values: Value) -> Result<String> {
    match template(NAMESPACE, &values, &[]).await {
        Ok(_) => bail!("{values} was rendered without complaint"),
        Err(error) => Ok(error.to_string()),
    }
}

/// Manifests, taken apart.
#[derive(Debug)]
pub struct Objects(Vec<Value>);

impl Objects {
    pub fn parse(yaml: &str) -> Result<Self> {
        let all: Vec<Value> = serde_saphyr::from_multiple(yaml).context("this is not YAML")?;
        Ok(Self(all.into_iter().filter(|object| !object.is_null()).collect()))
    }

    pub fn all(&self) -> &[Value] {
        &self.0
    }

    pub fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.0.iter().filter(|object| object["kind"] == kind).collect()
    }

    /// The one object of that kind.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn one(&self, kind: &str) -> Result<&Value> {
        match self.of_kind(kind).as_slice() {
            [one] => Ok(one),
            several => bail!("{} objects of kind {kind} instead of one", several.len()),
        }
    }

    /// The object of that kind and name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, kind: &str, name: &str) -> Result<&Value> {
        let found = self.of_kind(kind).into_iter().find(|object| object["metadata"]["name"] == name);
        found.with_context(|| format!("no {kind} {name}"))
    }
}

/// A control plane with the chart installed at its defaults, one for all tests that only use what is installed.
///
/// It is not the shared one: the definitions belong to the whole cluster, and other tests have theirs there.
pub async fn installed() -> Result<&'static ControlPlane> {
    static INSTALLED: OnceCell<ControlPlane> = OnceCell::const_new();
    INSTALLED
        .get_or_try_init(|| async {
            let plane = ControlPlane::start(Options::default()).await?;
            helm(&plane, &folder(), "install", &json!({})).await?;
            wait_for_kinds(&plane).await?;
            Ok(plane)
        })
        .await
}

/// `helm install` or `helm upgrade` of the chart in `folder` with exactly these values.
pub async fn helm(plane: &ControlPlane, folder: &Path, verb: &str, values: &Value) -> Result<String> {
    let call = plane.helm([verb, RELEASE, "--namespace", NAMESPACE, "--values", "-"]);
    let call = if verb == "install" { call.args(["--create-namespace"]) } else { call };
    call.args([folder]).stdin(values.to_string()).run().await
}

/// Waits until objects of every kind can be written.
pub async fn wait_for_kinds(plane: &ControlPlane) -> Result<()> {
    for plural in kinds() {
        plane.established(&format!("{plural}.chatwoot.dev")).await?;
    }
    Ok(())
}

/// The resources of the group chatwoot.dev.
pub fn kinds() -> Vec<String> {
    [&PLATFORMS.map(str::to_owned)[..], &tenants_kinds()].concat()
}

/// Those that platform admins write.
pub const PLATFORMS: [&str; 3] = ["chatwootinstances", "chatwootgrants", "chatwootplans"];

/// Those that tenants write: every other one that is shipped.
pub fn tenants_kinds() -> Vec<String> {
    let all =
        chatwoot_operator::api::schema::all().into_iter().map(|definition| definition.spec.names.plural);
    all.filter(|plural| !PLATFORMS.contains(&plural.as_str())).collect()
}

/// A definition that takes anything, for kinds of other projects.
pub fn anything_goes(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{
                "name": version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
            }]
        }
    })
}

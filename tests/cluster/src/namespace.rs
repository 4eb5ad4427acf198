//! A namespace per test, so that tests share a control plane without seeing one another.

use crate::control_plane::ControlPlane;
use crate::wait::wait_gone;
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

/// The name of a namespace that is one test's own. It stays until the control plane ends, for a person to look at
/// after a failure; [`Namespace::delete`] removes it earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

impl ControlPlane {
    /// Makes a namespace `prefix-XXXXXXXX` that nobody else has.
    ///
    /// # Errors
    /// The API server refuses the name or does not answer.
    pub async fn namespace(&self, prefix: &str) -> Result<Namespace> {
        self.namespace_with_labels(prefix, &[]).await
    }

    /// As [`ControlPlane::namespace`], with labels for namespace selectors.
    ///
    /// # Errors
    /// As [`ControlPlane::namespace`].
    pub async fn namespace_with_labels(&self, prefix: &str, labels: &[(&str, &str)]) -> Result<Namespace> {
        let name = format!("{prefix}-{:08x}", rand::random::<u32>());
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        let wanted: v1::Namespace =
            serde_json::from_value(json!({ "metadata": { "name": name, "labels": labels } }))?;
        let namespaces: Api<v1::Namespace> = Api::all(self.client()?);
        let made = namespaces.create(&PostParams::default(), &wanted).await;
        made.with_context(|| format!("cannot make namespace {name}"))?;
        Ok(Namespace(name))
    }
}

impl Namespace {
    /// Deletes the namespace with all that is in it and waits until it is gone, which takes about five seconds.
    ///
    /// # Errors
    /// Something in it has a finalizer that nobody removes within `timeout`; the message has the namespace's
    /// conditions, which name it.
    pub async fn delete(self, client: Client, timeout: Duration) -> Result<()> {
        let namespaces: Api<v1::Namespace> = Api::all(client);
        namespaces.delete(&self, &DeleteParams::default()).await?;
        wait_gone(&namespaces, &self, timeout).await
    }
}

impl Deref for Namespace {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Namespace {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

//! Installing the chart.

use crate::{Kind, repository};
use anyhow::{Context, Result};
use control_plane::{ControlPlane, service_account_user};
use std::path::PathBuf;

/// Name and namespace of the release, as the documentation has them.
pub const RELEASE: &str = "chatwoot-operator";
pub const NAMESPACE: &str = "chatwoot-system";

/// Installs the chart, waits until its kinds are served, and returns a kubeconfig with a token of its ServiceAccount.
///
/// No replica is asked for: without nodes none would start, and the operator is a process beside the cluster.
///
/// # Errors
/// Helm refuses, or a definition is not served within a minute.
pub async fn install(cluster: &ControlPlane) -> Result<PathBuf> {
    let chart = repository().join("charts/chatwoot-operator");
    let install = ["install", RELEASE, "--namespace", NAMESPACE, "--create-namespace", "--set", "replicas=0"];
    cluster.helm(install).args([&chart]).run().await?;
    for kind in Kind::ALL {
        cluster.established(&kind.definition()).await?;
    }
    let kubeconfig = cluster.kubeconfig_for_service_account(NAMESPACE, RELEASE).await;
    kubeconfig.context("the chart made no ServiceAccount of that name")
}

/// The operator's name in the audit log.
#[must_use]
pub fn operator_user() -> String {
    service_account_user(NAMESPACE, RELEASE)
}

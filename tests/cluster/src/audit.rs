//! Who asked the API server for what.

use crate::control_plane::ControlPlane;
use anyhow::{Context, Result};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// One request, as the API server's audit log has it. Of a watch there are two: when it began and when it ended.
///
/// Recorded are all requests for chatwoot.dev, Secrets, Leases and Events, every write to anything else, and all that the
/// operator asks for as the chart installs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The user, or whom an administrator acted as; a service account as [`service_account_user`] writes it.
    ///
    /// [`service_account_user`]: crate::service_account_user
    pub user: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for what is not namespaced, and for requests across all namespaces.
    pub namespace: String,
    /// Empty for lists, watches, and creates whose name the server chooses.
    pub name: String,
    /// The HTTP status.
    pub code: u16,
    pub dry_run: bool,
    /// When the stage was reached.
    pub time: Timestamp,
    pub stage: Stage,
}

/// How far a request had come when it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Stage {
    /// A watch was opened.
    ResponseStarted,
    ResponseComplete,
    /// The API server failed inside.
    Panic,
}

impl AuditEntry {
    /// Whether it was meant to change something, successful or not.
    #[must_use]
    pub fn is_write(&self) -> bool {
        let verb =
            matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection");
        verb && !self.dry_run && self.stage == Stage::ResponseComplete
    }

    /// Whether the API server did as asked.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// `secrets`, or `chatwootaccounts/status`.
    #[must_use]
    pub fn target(&self) -> String {
        let Self { resource, subresource, .. } = self;
        if subresource.is_empty() { resource.clone() } else { format!("{resource}/{subresource}") }
    }
}

impl ControlPlane {
    /// Every request recorded so far, in the order in which they were answered. Whatever was answered before this
    /// call is in it.
    ///
    /// # Errors
    /// The API server does not answer, or the log cannot be read.
    pub async fn audit(&self) -> Result<Vec<AuditEntry>> {
        let fence = format!("audit-fence-{:016x}", rand::random::<u64>());
        Api::<Secret>::namespaced(self.client()?, "default").get_opt(&fence).await?;

        let deadline = Instant::now() + Duration::from_secs(10);
        let log = self.folder().audit_log();
        loop {
            let text = tokio::fs::read_to_string(&log).await.context("cannot read the audit log")?;
            if let Some(end) = text.find(&fence) {
                // The line of the fence itself may still be on its way, and nobody wants it.
                let whole =
                    text.get(..end).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
                return text.get(..whole).unwrap_or_default().lines().filter_map(entry).collect();
            }
            anyhow::ensure!(Instant::now() < deadline, "the audit log does not show a request made 10 s ago");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The writes of one user, dry runs left out, refused ones not.
    ///
    /// # Errors
    /// As [`ControlPlane::audit`].
    pub async fn writes_by(&self, user: &str) -> Result<Vec<AuditEntry>> {
        let all = self.audit().await?;
        Ok(all.into_iter().filter(|entry| entry.user == user && entry.is_write()).collect())
    }

    /// How many writes of one user went to what, as in `{"chatwootaccounts/status": 3, "secrets": 1}`.
    ///
    /// # Errors
    /// As [`ControlPlane::audit`].
    pub async fn count_writes_by(&self, user: &str) -> Result<BTreeMap<String, usize>> {
        let mut counts = BTreeMap::new();
        for entry in self.writes_by(user).await? {
            *counts.entry(entry.target()).or_default() += 1;
        }
        Ok(counts)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    stage: Stage,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    user: User,
    impersonated_user: Option<User>,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
    stage_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    resource: String,
    namespace: String,
    name: String,
    api_group: String,
    subresource: String,
}

#[derive(Deserialize)]
struct ResponseStatus {
    code: Option<u16>,
}

/// `None` for another call's fence.
fn entry(line: &str) -> Option<Result<AuditEntry>> {
    let line: Line = match serde_json::from_str(line).context("cannot read a line of the audit log") {
        Ok(line) => line,
        Err(error) => return Some(Err(error)),
    };
    let object = line.object_ref.unwrap_or_default();
    if object.name.starts_with("audit-fence-") {
        return None;
    }
    Some(Ok(AuditEntry {
        user: line.impersonated_user.unwrap_or(line.user).username,
        verb: line.verb,
        group: object.api_group,
        resource: object.resource,
        subresource: object.subresource,
        namespace: object.namespace,
        name: object.name,
        code: line.response_status.and_then(|status| status.code).unwrap_or_default(),
        dry_run: line.request_uri.contains("dryRun=All"),
        time: line.stage_timestamp,
        stage: line.stage,
    }))
}

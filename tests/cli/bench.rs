//! What every test here needs: a control plane of its own, a simulator, an operator to start and stop, and the program
//! under test as a process.
//!
//! Not the shared control plane: an operator looks at every namespace, and two of them would contradict each other.

use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Filter, Options as Chatwoot, Simulator};
use control_plane::{ControlPlane, Options, Supervised, service_account_user};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_chatwoot-operator");
/// Where operator and instance live.
pub const HOME: &str = "chat";
pub const TENANT: &str = "acme";
pub const SECOND: Duration = Duration::from_secs(1);

pub struct Bench {
    pub plane: ControlPlane,
    pub chatwoot: Simulator,
    /// A platform admin who is not the cluster's, so that the audit log tells their requests apart.
    admin: PathBuf,
    folder: tempfile::TempDir,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl Bench {
    pub async fn new() -> Result<Self> {
        Self::with(Chatwoot::default()).await
    }

    /// Namespaces, instance, token and a grant that gives the tenant everything.
    pub async fn with(options: Chatwoot) -> Result<Self> {
        let crds = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("crds")];
        let plane = ControlPlane::start(Options { crds, ..Options::default() }).await?;
        let chatwoot = Simulator::start(options).await?;
        let folder = tempfile::tempdir()?;
        plane
            .apply(
                HOME,
                &format!(
                    "
apiVersion: v1
kind: Namespace
metadata: {{name: {HOME}}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: {TENANT}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: admin}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: admin-of-this-test}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects:
- {{kind: ServiceAccount, name: admin, namespace: {HOME}}}
- {{kind: ServiceAccount, name: chatwoot-operator, namespace: {HOME}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: platform-app, labels: {{chatwoot.dev/watch: 'true'}}}}
stringData: {{token: {}}}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootInstance
metadata: {{name: main}}
spec:
  url: {}
  platformTokenSecretRef: {{name: platform-app}}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootGrant
metadata: {{name: acme}}
spec:
  instanceRef: {{name: main}}
  namespaces: {{names: [{TENANT}]}}
  emailDomains: ['*']
  allow: [Features, Limits, State, CustomAttributes, Delete, Credentials]
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootGrant
metadata: {{name: acme-pro}}
spec:
  instanceRef: {{name: main}}
  namespaces: {{names: [{TENANT}]}}
  emailDomains: ['*']
  plans: [pro]
  allow: [CustomAttributes]
",
                    chatwoot.token(),
                    chatwoot.url()
                ),
            )
            .await?;
        let admin = plane.kubeconfig_for_service_account(HOME, "admin").await?;
        Ok(Self { plane, chatwoot, admin, folder })
    }

    pub fn admin_name() -> String {
        service_account_user(HOME, "admin")
    }

    /// Starts the operator; it ends with the value returned.
    pub fn operator(&self) -> Result<Supervised> {
        let mut command = Command::new(PROGRAM);
        command
            .args(["run", "--listen=127.0.0.1:0"])
            .args(["--settle-margin=200ms", "--stalled-after=1s", "--log-level=info"])
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("POD_NAMESPACE", HOME);
        Supervised::start(&command, &self.folder.path().join("operator.log"))
    }

    /// Runs the program as the admin, with `input` on its standard input.
    pub async fn run(&self, words: &[&str], input: &str) -> Result<Ended> {
        self.run_as(PROGRAM, words, input).await
    }

    /// As [`Bench::run`], called by another name.
    pub async fn run_as(&self, program: impl AsRef<Path>, words: &[&str], input: &str) -> Result<Ended> {
        use tokio::io::AsyncWriteExt;
        let mut child = tokio::process::Command::new(program.as_ref())
            .args(words)
            .env("KUBECONFIG", &self.admin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        stdin.write_all(input.as_bytes()).await?;
        drop(stdin);
        let output = tokio::time::timeout(60 * SECOND, child.wait_with_output()).await??;
        Ok(Ended {
            code: output.status.code().context("it was killed")?,
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    /// `plan` of a manifest.
    pub async fn plan(&self, manifest: &str, more: &[&str]) -> Result<Ended> {
        let words = ["plan", "-f", "-", "-n", TENANT, "--operator-namespace", HOME];
        self.run(&[&words, more].concat(), manifest).await
    }

    pub async fn apply(&self, manifest: &str) -> Result<()> {
        self.plane.kubectl(["apply", "-f", "-"]).stdin(manifest).run().await.map(drop)
    }

    pub async fn ready(&self, what: &str) -> Result<()> {
        self.plane
            .kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "-n", TENANT, what])
            .run()
            .await
            .map(drop)
    }

    /// Waits until Ready has this reason.
    pub async fn reason(&self, what: &str, reason: &str) -> Result<()> {
        let path = r#"jsonpath={.status.conditions[?(@.type=="Ready")].reason}"#;
        self.plane
            .kubectl(["wait", &format!("--for={path}={reason}"), "--timeout=60s", "-n", TENANT, what])
            .run()
            .await
            .map(drop)
    }

    /// Writes that Chatwoot was asked for since `seq`, as `METHOD route` and body.
    pub async fn writes_since(&self, seq: u64) -> Result<Vec<(String, Value)>> {
        let entries = self.chatwoot.journal(&Filter { since: seq, ..Filter::default() }).await?;
        let writes = entries.into_iter().filter(|entry| entry.method != "GET");
        Ok(writes
            .map(|entry| {
                let route = entry.route.replace("/platform/api/v1", "");
                (route, serde_json::from_str(&entry.body).unwrap_or_default())
            })
            .collect())
    }

    /// # Errors
    /// The admin has written something, in Kubernetes or in Chatwoot, since `seq`.
    pub async fn nothing_was_written(&self, seq: u64) -> Result<()> {
        let mut written = self.plane.writes_by(&Self::admin_name()).await?;
        // A question about rights is asked by creating it, and stored nowhere.
        written.retain(|entry| entry.group != "authorization.k8s.io");
        ensure!(written.is_empty(), "written to Kubernetes: {written:?}");
        let written = self.writes_since(seq).await?;
        ensure!(written.is_empty(), "written to Chatwoot: {written:?}");
        Ok(())
    }
}

//! A control plane with the chart installed, and the operator that runs there.

use super::{
    operator::{Operator, Start},
    stage::merge,
    tenant,
};
use anyhow::{Context, Result, ensure};
use control_plane::{ControlPlane, Options, service_account_user};
use kube::Client;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// Name and namespace of the release, as the documentation has them.
const RELEASE: &str = "chatwoot-operator";
pub const OPERATOR_NAMESPACE: &str = "chatwoot-system";
/// The operator's default instance is `main` of this namespace.
pub const DEFAULT_HOME: &str = "chat-default";
/// Namespaces whose instances count; each test takes one. Only the operator must know them from the start.
const HOMES: usize = 400;

/// A control plane and its operator.
pub struct Place {
    // The operator ends first.
    operator: Mutex<Option<Operator>>,
    pub plane: ControlPlane,
    arguments: Vec<String>,
    kubeconfig: PathBuf,
    homes: AtomicUsize,
}

impl Place {
    /// The one that ordinary tests share: they have instances, tenants and Chatwoots of their own in it.
    ///
    /// # Errors
    /// It did not come up, or the operator has ended since; the message has its last words.
    pub async fn shared() -> Result<Arc<Self>> {
        static SHARED: OnceCell<Arc<Place>> = OnceCell::const_new();
        let place = SHARED
            .get_or_try_init(|| async { anyhow::Ok(Arc::new(Self::start(json!({})).await?)) })
            .await?
            .clone();
        place.check().await?;
        Ok(place)
    }

    /// One for a test that stops or kills the operator, or changes what all of it stands on.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn own() -> Result<Arc<Self>> {
        Self::own_with(json!({})).await
    }

    /// As [`Place::own`], with these values of the chart over the usual ones.
    pub async fn own_with(values: Value) -> Result<Arc<Self>> {
        Ok(Arc::new(Self::start(values).await?))
    }

    async fn start(more: Value) -> Result<Self> {
        let place = Self::unattended(more).await?;
        place.start_operator().await?;
        Ok(place)
    }

    /// One whose operators the test starts itself, with what [`Place::deployed`] says.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn unattended(more: Value) -> Result<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let plane =
            ControlPlane::start(Options { crds: vec![repository.join("crds")], ..Options::default() })
                .await?;
        let homes: Vec<String> = (0..HOMES).map(home).chain([DEFAULT_HOME.to_owned()]).collect();
        let mut values = json!({
            "crds": {"install": false},
            "defaultInstance": format!("{DEFAULT_HOME}/main"),
            "instanceNamespaces": homes
        });
        merge(&mut values, more);
        plane
            .helm([
                "install",
                RELEASE,
                "--namespace",
                OPERATOR_NAMESPACE,
                "--create-namespace",
                "--values",
                "-",
            ])
            .args([repository.join("charts/chatwoot-operator")])
            .stdin(values.to_string())
            .run()
            .await?;
        tenant::roles_are_filled(&plane).await?;
        let deployed = plane
            .kubectl(["get", "deployment", RELEASE, "-n", OPERATOR_NAMESPACE, "-o", "json"])
            .run()
            .await?;
        let deployed: Value = serde_json::from_str(&deployed)?;
        let pod = &deployed["spec"]["template"]["spec"];
        let arguments = serde_json::from_value(pod["containers"][0]["args"].clone())?;
        let account = pod["serviceAccountName"].as_str().context("the pod names no service account")?;
        let kubeconfig = plane.kubeconfig_for_service_account(OPERATOR_NAMESPACE, account).await?;
        Ok(Self { operator: Mutex::new(None), plane, arguments, kubeconfig, homes: AtomicUsize::new(0) })
    }

    /// The arguments of the chart's Deployment, and a kubeconfig with the token of its service account.
    pub fn deployed(&self) -> (&[String], &Path) {
        (&self.arguments, &self.kubeconfig)
    }

    /// Starts the operator, with exactly the chart's arguments and permissions.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start_operator(&self) -> Result<()> {
        *self.operator.lock().await = Some(self.launch("operator.log").await?);
        Ok(())
    }

    /// A second replica beside the first.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn another_operator(&self) -> Result<Operator> {
        self.launch("another-operator.log").await
    }

    async fn launch(&self, log: &str) -> Result<Operator> {
        let (arguments, kubeconfig) = self.deployed();
        Operator::start(Start {
            arguments,
            kubeconfig,
            namespace: OPERATOR_NAMESPACE,
            log: &self.plane.dir().join(log),
        })
        .await
    }

    /// SIGKILL.
    pub async fn kill_operator(&self) {
        if let Some(operator) = self.operator.lock().await.take() {
            operator.kill();
        }
    }

    /// SIGTERM, and waits until it is gone.
    pub async fn stop_operator(&self) -> Result<()> {
        let operator = self.operator.lock().await.take();
        Ok(tokio::task::spawn_blocking(move || drop(operator)).await?)
    }

    /// That the operator runs, where it should.
    ///
    /// # Errors
    /// It has ended; the message has its last words.
    pub async fn check(&self) -> Result<()> {
        match &mut *self.operator.lock().await {
            Some(operator) => operator.check(),
            None => Ok(()),
        }
    }

    pub async fn operator(&self) -> MutexGuard<'_, Option<Operator>> {
        self.operator.lock().await
    }

    /// What the operator said last, for messages.
    pub async fn last_words(&self) -> String {
        self.operator
            .lock()
            .await
            .as_ref()
            .map_or_else(|| "(it does not run)".to_owned(), Operator::last_words)
    }

    /// Everything that every operator of this place has printed.
    pub async fn log(&self) -> Result<String> {
        self.operator.lock().await.as_ref().context("the operator does not run")?.log()
    }

    /// The operator's name in the audit log.
    pub fn operator_user(&self) -> String {
        service_account_user(OPERATOR_NAMESPACE, RELEASE)
    }

    pub fn admin(&self) -> Result<Client> {
        self.plane.client()
    }

    /// A namespace for one test's instance.
    pub async fn home(&self) -> Result<String> {
        let number = self.homes.fetch_add(1, Ordering::Relaxed);
        ensure!(
            number < HOMES,
            "the operator knows {HOMES} namespaces, and more tests want one; raise HOMES"
        );
        let home = home(number);
        self.make_home(&home).await?;
        Ok(home)
    }

    pub async fn make_home(&self, name: &str) -> Result<()> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.plane.apply("default", &namespace.to_string()).await.map(drop)
    }

    /// The operator's writes to one object that the API server accepted, as `patch chatwootaccounts`; events apart.
    pub async fn writes_to(&self, namespace: &str, name: &str) -> Result<Vec<String>> {
        let writes = self.plane.writes_by(&self.operator_user()).await?;
        let about =
            writes.into_iter().filter(|w| w.namespace == namespace && w.name == name && w.succeeded());
        Ok(about.map(|write| format!("{} {}", write.verb, write.target())).collect())
    }
}

fn home(number: usize) -> String {
    format!("chat-{number:03}")
}

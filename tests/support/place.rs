//! A control plane with the chart installed, and the operator that runs there.

use super::{
    LONG, Tenant,
    operator::{Operator, Start},
    stage::merge,
    tenant,
};
use anyhow::{Context, Result, ensure};
use control_plane::{ControlPlane, Options, service_account_user, wait_gone};
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, api::DeleteParams};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
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

/// Namespaces there are: those whose instances count, of which each test takes one, and those for tenants. Only the operator
/// must know them from the start; tenants' only where it is confined.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    homes: usize,
    tenants: usize,
}

/// For all tests that share a place.
const FOR_ALL: Room = Room { homes: 400, tenants: 430 };
/// For a place that one test has, or a few.
const FOR_ONE: Room = Room { homes: 8, tenants: 12 };

/// `CHATWOOT_E2E_SCOPE=namespaced`: every operator is confined to its tests' namespaces, with Roles only.
fn is_confined_by_choice() -> bool {
    std::env::var("CHATWOOT_E2E_SCOPE").is_ok_and(|scope| scope == "namespaced")
}

/// A control plane and its operator.
pub struct Place {
    // The operator ends first.
    operator: Mutex<Option<Operator>>,
    pub plane: ControlPlane,
    /// The operator has Roles in the namespaces that are there from the start, and nothing else.
    pub confined: bool,
    /// The chart's Roles for tenant teams, with [`ANY_TENANT`] as their namespace.
    team_roles: String,
    arguments: Vec<String>,
    kubeconfig: PathBuf,
    room: Room,
    homes: AtomicUsize,
    tenants: AtomicUsize,
}

impl Place {
    /// The one that ordinary tests share: they have instances, tenants and Chatwoots of their own in it.
    ///
    /// # Errors
    /// It did not come up, or the operator has ended since; the message has its last words.
    pub async fn shared() -> Result<Arc<Self>> {
        static SHARED: OnceCell<Arc<Place>> = OnceCell::const_new();
        let place = SHARED
            .get_or_try_init(|| async {
                // Boxed, or it would be part of every test's future, and some await many at once.
                let place = Box::pin(Self::start(json!({}), FOR_ALL, is_confined_by_choice()));
                anyhow::Ok(Arc::new(place.await?))
            })
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
        Ok(Arc::new(Box::pin(Self::start(values, FOR_ONE, is_confined_by_choice())).await?))
    }

    /// One where the operator is confined, whatever is chosen for the others.
    pub async fn confined() -> Result<Arc<Self>> {
        Ok(Arc::new(Box::pin(Self::start(json!({}), FOR_ONE, true)).await?))
    }

    async fn start(more: Value, room: Room, confined: bool) -> Result<Self> {
        let place = Self::installed(more, room, confined).await?;
        place.start_operator().await?;
        if let Some(operator) = &mut *place.operator.lock().await {
            operator.leads().await?;
        }
        Ok(place)
    }

    /// One whose operators the test starts itself, with what [`Place::deployed`] says.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn unattended(more: Value) -> Result<Self> {
        Self::installed(more, FOR_ALL, false).await
    }

    async fn installed(more: Value, room: Room, confined: bool) -> Result<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let plane =
            ControlPlane::start(Options { crds: vec![repository.join("crds")], ..Options::default() })
                .await?;
        let homes: Vec<String> = (0..room.homes).map(home).chain([DEFAULT_HOME.to_owned()]).collect();
        let tenants: Vec<String> = (0..room.tenants).map(tenant_namespace).collect();
        let mut values = json!({
            "crds": {"install": false},
            "defaultInstance": format!("{DEFAULT_HOME}/main"),
            "instanceNamespaces": homes
        });
        if confined {
            let served = homes.iter().chain(&tenants);
            let made = served.map(|name| make_namespace(&plane, name, json!({})));
            let _: Vec<()> = stream::iter(made).buffer_unordered(16).try_collect().await?;
            // Teams get the chart's Roles as they come: in hundreds of namespaces they would be most of what is installed.
            let rbac = json!({"scope": "Namespaced", "tenantRoles": {"create": false}});
            merge(&mut values, json!({"rbac": rbac, "watchNamespaces": tenants}));
        }
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
        if !confined {
            tenant::roles_are_filled(&plane).await?;
        }
        let team_roles = if confined {
            team_roles(&plane, &repository.join("charts/chatwoot-operator")).await?
        } else {
            String::new()
        };
        let deployed = plane
            .kubectl(["get", "deployment", RELEASE, "-n", OPERATOR_NAMESPACE, "-o", "json"])
            .run()
            .await?;
        let deployed: Value = serde_json::from_str(&deployed)?;
        let pod = &deployed["spec"]["template"]["spec"];
        let arguments = serde_json::from_value(pod["containers"][0]["args"].clone())?;
        let account = pod["serviceAccountName"].as_str().context("the pod names no service account")?;
        let kubeconfig = plane.kubeconfig_for_service_account(OPERATOR_NAMESPACE, account).await?;
        let (operator, taken) = (Mutex::new(None), || AtomicUsize::new(0));
        Ok(Self {
            operator,
            plane,
            confined,
            team_roles,
            arguments,
            kubeconfig,
            room,
            homes: taken(),
            tenants: taken(),
        })
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
        let known = self.room.homes;
        ensure!(
            number < known,
            "the operator knows {known} namespaces, and more tests want one; make more room"
        );
        let home = home(number);
        self.make_home(&home).await?;
        Ok(home)
    }

    pub async fn make_home(&self, name: &str) -> Result<()> {
        make_namespace(&self.plane, name, json!({})).await
    }

    /// A tenant team in a namespace with these labels, which the operator serves.
    pub async fn tenant(&self, labels: &[(&str, &str)]) -> Result<Tenant> {
        if !self.confined {
            return Tenant::new(&self.plane, labels).await;
        }
        let (number, known) = (self.tenants.fetch_add(1, Ordering::Relaxed), self.room.tenants);
        ensure!(
            number < known,
            "the operator serves {known} tenants, and more tests want one; make more room"
        );
        let name = tenant_namespace(number);
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        make_namespace(&self.plane, &name, json!(labels)).await?;
        self.team(&name).await
    }

    /// A tenant team in a namespace that is there already.
    pub async fn team(&self, namespace: &str) -> Result<Tenant> {
        if self.confined {
            // Roles cannot be added to Kubernetes' own, so the team is bound to the chart's as well.
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "chatwoot"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": format!("{RELEASE}-edit")},
                "subjects": [{"kind": "ServiceAccount", "name": "team", "namespace": namespace}]
            });
            let roles = self.team_roles.replace(ANY_TENANT, namespace);
            self.plane.apply(namespace, &format!("{roles}\n---\n{binding}")).await?;
        }
        Tenant::in_namespace(&self.plane, namespace).await
    }

    /// Deletes a namespace and makes it again, as for somebody else; a confined operator gets its rights back in it. What is
    /// in it must let go first: with the namespace go the Role and the right to.
    pub async fn again(&self, namespace: &str) -> Result<Tenant> {
        let roles = self.chart_roles(namespace).await?;
        let namespaces: Api<Namespace> = Api::all(self.admin()?);
        namespaces.delete(namespace, &DeleteParams::default()).await?;
        wait_gone(&namespaces, namespace, LONG).await?;
        self.make_home(namespace).await?;
        if !roles.is_empty() {
            self.plane.apply(namespace, &roles.join("\n---\n")).await?;
        }
        self.team(namespace).await
    }

    /// The chart's Roles and their bindings in a namespace, to be applied anew.
    pub async fn chart_roles(&self, namespace: &str) -> Result<Vec<String>> {
        if !self.confined {
            return Ok(Vec::new());
        }
        let manifest = self.plane.helm(["get", "manifest", RELEASE, "--namespace", OPERATOR_NAMESPACE]);
        let all = manifest.run().await?;
        let of_role = |text: &&str| {
            text.contains("\nkind: Role") && text.contains(&format!("\n  namespace: {namespace}\n"))
        };
        Ok(all.split("\n---\n").filter(of_role).map(str::to_owned).collect())
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

fn tenant_namespace(number: usize) -> String {
    format!("tenant-{number:03}")
}

/// Stands for any tenant's namespace in a manifest.
const ANY_TENANT: &str = "any-tenant";

async fn team_roles(plane: &ControlPlane, chart: &Path) -> Result<String> {
    let values = json!({
        "rbac": {"scope": "Namespaced"}, "watchNamespaces": [ANY_TENANT], "instanceNamespaces": [ANY_TENANT]
    });
    let template = ["template", RELEASE, "--show-only", "templates/tenant-roles.yaml", "--values", "-"];
    plane.helm(template).args([chart]).stdin(values.to_string()).run().await
}

async fn make_namespace(plane: &ControlPlane, name: &str, labels: Value) -> Result<()> {
    let metadata = json!({"name": name, "labels": labels});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    plane.apply("default", &namespace.to_string()).await.map(drop)
}

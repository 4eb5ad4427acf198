//! A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager on loopback ports,
//! in about three seconds, without root, containers or an installed cluster.
//!
//! The programs are built from Go modules into the user's cache, once. Everything that is started ends with the
//! process that started it, however that ends.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let cluster = control_plane::ControlPlane::shared().await?;
//! let namespace = cluster.namespace("greeting").await?;
//! let manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: greeting}, data: {text: hello}}";
//! cluster.apply(&namespace, manifest).await?;
//! print!("{}", cluster.kubectl(["get", "configmaps", "-n", &namespace]).run().await?);
//! # Ok(()) }
//! ```

mod apply;
mod audit;
mod certificates;
mod components;
mod control_plane;
mod events;
mod folder;
mod identity;
mod kubeconfig;
mod namespace;
mod start;
mod supervised;
mod tool;
mod tools;
mod upkeep;
mod wait;

pub use apply::{apply, established};
pub use audit::{AuditEntry, Stage};
pub use control_plane::{ControlPlane, FOLDER_VARIABLE, Options};
pub use events::SeenEvent;
pub use identity::service_account_user;
pub use namespace::Namespace;
pub use supervised::Supervised;
pub use tool::Tool;
pub use tools::Tools;
pub use wait::{wait_for, wait_gone};

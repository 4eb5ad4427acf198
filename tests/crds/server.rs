//! The API server that judges, with the definitions installed.

use chatwoot_operator::api::{GROUP, VERSION, schema};
use control_plane::ControlPlane;
use kube::{
    Api,
    api::{ApiResource, DynamicObject, GroupVersionKind, PostParams},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// The shared control plane, after every definition is served.
pub async fn cluster() -> &'static ControlPlane {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let cluster = ControlPlane::shared().await.expect("the control plane starts");
    INSTALLED
        .get_or_init(|| async {
            let text: String =
                schema::all().iter().map(|crd| format!("---\n{}", schema::yaml(crd).unwrap())).collect();
            cluster.install_crds(&text).await.expect("the API server accepts the definitions");
        })
        .await;
    cluster
}

/// Objects of a kind as the API server shows them, whatever our types make of them.
pub fn api(cluster: &ControlPlane, kind: &str, namespace: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, VERSION, kind));
    Api::namespaced_with(cluster.client().unwrap(), namespace, &resource)
}

/// An object that has not been stored.
pub fn object(kind: &str, name: &str, spec: Value) -> DynamicObject {
    serde_json::from_value(json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": kind, "metadata": {"name": name}, "spec": spec
    }))
    .unwrap()
}

/// Parameters that judge without storing.
pub fn dry_run() -> PostParams {
    PostParams { dry_run: true, ..PostParams::default() }
}

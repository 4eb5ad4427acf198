//! A resource of no importance.

use anyhow::{Context, Result};
use control_plane::ControlPlane;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, CustomResource, CustomResourceExt,
    api::{DynamicObject, PostParams},
    core::ApiResource,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// `size` is a number here and anything at all in the cluster, so that an object can exist that does not parse.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, JsonSchema)]
#[kube(
    group = "runtime.test.chatwoot.dev",
    version = "v1",
    kind = "Gadget",
    namespaced,
    status = "GadgetStatus"
)]
pub struct GadgetSpec {
    pub size: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
pub struct GadgetStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The shared control plane, with gadgets.
pub async fn cluster() -> Result<&'static ControlPlane> {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let cluster = ControlPlane::shared().await?;
    INSTALLED.get_or_try_init(|| install(cluster)).await?;
    Ok(cluster)
}

pub async fn install(cluster: &ControlPlane) -> Result<()> {
    let mut crd: Value = serde_json::to_value(Gadget::crd())?;
    let size = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size";
    let size = crd.pointer_mut(size).context("the derived schema has another shape")?;
    *size = json!({"x-kubernetes-preserve-unknown-fields": true});
    let crd: CustomResourceDefinition = serde_json::from_value(crd)?;
    cluster.install_crds(&serde_json::to_string(&crd)?).await
}

pub async fn create(client: &Client, namespace: &str, name: &str, size: i64) -> Result<Gadget> {
    let api: Api<Gadget> = Api::namespaced(client.clone(), namespace);
    Ok(api.create(&PostParams::default(), &Gadget::new(name, GadgetSpec { size })).await?)
}

/// Makes or changes a gadget without going through the type; `size` may be nonsense.
pub async fn set_size(client: &Client, namespace: &str, name: &str, size: Value) -> Result<()> {
    let resource = ApiResource::erase::<Gadget>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let apply = kube::api::PatchParams::apply("somebody").force();
    let object = json!({"apiVersion": resource.api_version, "kind": resource.kind,
        "metadata": {"name": name}, "spec": {"size": size}});
    api.patch(name, &apply, &kube::api::Patch::Apply(object)).await?;
    Ok(())
}

//! A tenant who may do all that Kubernetes' role edit allows in a namespace, and who runs an account in Chatwoot, tries to
//! reach, hold up, or find out about others. Asserted is what Chatwoot and Kubernetes saw.

mod adoption;
mod automation;
mod deletion;
mod emails;
mod hostile_instance;
mod markers;
mod memberships;
mod privileges;
mod probing;
mod reaching;
mod secrets;
mod wedging;

use crate::support::{Stage, Tenant};
use anyhow::{Context, Result, ensure};
use kube::Client;
use serde_json::{Value, json};

/// `verb` on a path of the API server, as the tenant.
async fn request(client: &Client, verb: &str, path: &str, body: &Value) -> kube::Result<Value> {
    let kind = if verb == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = http::Request::builder().method(verb).uri(path).header("content-type", kind);
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    client.request(request.body(body).map_err(kube::Error::HttpError)?).await
}

/// # Errors
/// The API server let it pass, or refused it for another reason than who asks.
fn forbidden(answer: kube::Result<Value>) -> Result<()> {
    let refused = answer.err().context("it was let pass")?;
    ensure!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{refused}");
    Ok(())
}

/// Path of the tenant's own objects of a kind of ours.
fn own(tenant: &Tenant, plural: &str) -> String {
    format!("/apis/chatwoot.dev/v1alpha1/namespaces/{}/{plural}", tenant.namespace)
}

/// A whole object for a POST.
fn object(stage: &Stage, kind: &str, metadata: Value, mut spec: Value) -> Value {
    spec["instanceRef"] = json!({"name": "main", "namespace": stage.home});
    json!({"apiVersion": "chatwoot.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
}

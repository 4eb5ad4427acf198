//! Stopping the operator at one of its writes: a policy of the API server that refuses it.

use super::{PATIENCE, Place};
use anyhow::{Result, ensure};
use k8s_openapi::api::{admissionregistration::v1::ValidatingAdmissionPolicy, core::v1::ConfigMap};
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Which writes to ChatwootAccounts are refused.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// Names of accounts; and the CEL condition that must hold for a write to pass.
    pub accounts: &'static str,
    pub unless: &'static str,
}

/// Refuses those writes from now on; returns when the API server does so.
pub async fn refuse(place: &Place, name: &str, refused: Refused) -> Result<()> {
    let Refused { accounts, unless } = refused;
    // A ConfigMap of the policy's name is refused as well: that is how to see that the policy is in force.
    let expression = format!(
        "object.kind == 'ConfigMap' ? object.metadata.name != '{name}' : (object.metadata.name != '{accounts}' || ({unless}))"
    );
    let rule = |groups: &str, resources: &[&str], operations: &[&str]| json!({"apiGroups": [groups], "apiVersions": ["*"], "operations": operations, "resources": resources});
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [
                rule("chatwoot.dev", &["chatwootaccounts", "chatwootaccounts/status"], &["UPDATE"]),
                rule("", &["configmaps"], &["CREATE"]),
            ]},
            "validations": [{"expression": expression, "message": "refused by the test"}]
        }
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}
    });
    place.plane.apply("default", &format!("{policy}\n---\n{binding}")).await?;
    in_force(place, name, true).await
}

/// Lets them pass again; returns when the API server does so.
pub async fn allow(place: &Place, name: &str) -> Result<()> {
    let policies: Api<ValidatingAdmissionPolicy> = Api::all(place.admin()?);
    policies.delete(name, &DeleteParams::default()).await?;
    in_force(place, name, false).await
}

async fn in_force(place: &Place, name: &str, expected: bool) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(place.admin()?, "default");
    let probe: ConfigMap = serde_json::from_value(json!({"metadata": {"name": name}}))?;
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let deadline = Instant::now() + PATIENCE;
    while maps.create(&dry, &probe).await.is_err() != expected {
        ensure!(Instant::now() < deadline, "policy {name} does not come into force or out of it");
        // Nothing tells when the API server has taken a policy up; asking does.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

//! What a tenant with Kubernetes' role "edit" can do: its own accounts, their people and what is inside, and nothing beyond.

use crate::chart::{PLATFORMS, installed, tenants_kinds};
use crate::permissions::may;
use anyhow::{Context, Result, bail};
use control_plane::{ControlPlane, Namespace, wait_for};
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client, core::GroupVersionKind};
use serde_json::{Value, json};
use std::time::Duration;

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

/// A service account with one of Kubernetes' own roles in a namespace of its own.
async fn tenant(plane: &ControlPlane, role: &str) -> Result<(Client, Namespace)> {
    // Kubernetes fills its roles a moment after ours are there.
    let roles: Api<ClusterRole> = Api::all(plane.client()?);
    let filled = |role: &ClusterRole| {
        let rules = role.rules.iter().flatten();
        rules.flat_map(|rule| rule.resources.iter().flatten()).any(|resource| resource == "chatwootaccounts")
    };
    wait_for(&roles, role, filled, Duration::from_secs(30)).await?;

    let namespace = plane.namespace(role).await?;
    let objects = format!(
        "{}\n---\n{}",
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant"}}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": namespace.as_ref()}]
        })
    );
    plane.apply(&namespace, &objects).await?;
    Ok((plane.client_as(&namespace, "tenant").await?, namespace))
}

fn api(client: &Client, namespace: &str, kind: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("chatwoot.dev", "v1alpha1", kind);
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk(&kind))
}

fn object(kind: &str, spec: Value) -> Result<DynamicObject> {
    Ok(serde_json::from_value(json!({
        "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind, "metadata": {"name": "mine"}, "spec": spec
    }))?)
}

fn account() -> Result<DynamicObject> {
    object("ChatwootAccount", json!({"instanceRef": {"name": "main"}, "name": "Mine"}))
}

/// That a request was refused for want of permission, and not for another reason.
fn forbidden<T>(answer: kube::Result<T>) -> Result<()> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(()),
        Err(other) => Err(other).context("refused for another reason"),
        Ok(_) => bail!("it was let through"),
    }
}

#[tokio::test]
async fn an_editor_is_permitted_tenants_kinds_in_its_namespace_and_nothing_else() -> Result<()> {
    let plane = installed().await?;
    for (role, may_write) in [("edit", true), ("admin", true), ("view", false)] {
        let (client, own) = tenant(plane, role).await?;
        let foreign = plane.namespace("foreign").await?;
        for resource in &tenants_kinds() {
            for (verbs, allowed) in [(&READ[..], true), (&WRITE[..], may_write)] {
                for verb in verbs {
                    let mine = may(&client, &own, verb, "chatwoot.dev", resource).await?;
                    assert_eq!(mine, allowed, "{role}: {verb} {resource}");
                    let status = format!("{resource}/status");
                    assert!(
                        !may(&client, &own, verb, "chatwoot.dev", &status).await?,
                        "{role}: {verb} {status}"
                    );
                    let beyond = may(&client, &foreign, verb, "chatwoot.dev", resource).await?;
                    assert!(!beyond, "{role}: {verb} {resource} of somebody else");
                }
            }
        }
        for resource in PLATFORMS.into_iter().chain(["chatwootgrants/status"]) {
            for verb in READ.iter().chain(&WRITE) {
                assert!(
                    !may(&client, &own, verb, "chatwoot.dev", resource).await?,
                    "{role}: {verb} {resource}"
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_editors_requests_end_as_its_permissions_say() -> Result<()> {
    let plane = installed().await?;
    let (client, own) = tenant(plane, "edit").await?;
    let foreign = plane.namespace("foreign").await?;
    let post = PostParams::default();

    // A status that comes along is dropped, not believed: ids are the operator's word.
    let accounts = api(&client, &own, "ChatwootAccount");
    let mut forged = account()?;
    forged.data["status"] = json!({"id": 42, "observedGeneration": 1});
    let made = accounts.create(&post, &forged).await?;
    assert_eq!(made.data["status"].get("id"), None);
    assert_eq!(made.data["status"]["observedGeneration"], -1);
    let user = json!({"instanceRef": {"name": "main"}, "email": "me@own.example", "name": "Me",
        "memberships": [{"account": "mine", "role": "Agent"}]});
    api(&client, &own, "ChatwootUser").create(&post, &object("ChatwootUser", user)?).await?;
    let label = json!({"account": "mine", "title": "vip"});
    api(&client, &own, "ChatwootLabel").create(&post, &object("ChatwootLabel", label)?).await?;
    let rename = Patch::Merge(json!({"spec": {"name": "Renamed"}, "status": {"id": 42}}));
    let renamed = accounts.patch("mine", &PatchParams::default(), &rename).await?;
    assert_eq!(renamed.data["spec"]["name"], "Renamed");
    assert_eq!(renamed.data["status"].get("id"), None);

    let status = Patch::Merge(json!({"status": {"id": 42}}));
    forbidden(accounts.patch_status("mine", &PatchParams::default(), &status).await)?;
    forbidden(accounts.replace_status("mine", &post, &made).await)?;
    forbidden(api(&client, &foreign, "ChatwootAccount").create(&post, &account()?).await)?;
    forbidden(api(&client, &foreign, "ChatwootAccount").list(&Default::default()).await)?;
    for (kind, spec) in [
        ("ChatwootInstance", json!({"url": "http://evil.example", "platformTokenSecretRef": {"name": "t"}})),
        (
            "ChatwootGrant",
            json!({"instanceRef": {"name": "main"}, "namespaces": {"selector": {}}, "emailDomains": ["*"]}),
        ),
        ("ChatwootPlan", json!({"instanceRef": {"name": "main"}})),
    ] {
        forbidden(api(&client, &own, kind).create(&post, &object(kind, spec)?).await).context(kind)?;
        forbidden(api(&client, &own, kind).list(&Default::default()).await).context(kind)?;
    }
    accounts.delete("mine", &Default::default()).await?;
    Ok(())
}

//! With `rbac.scope: Namespaced` the operator may do what it does in the namespaces it serves, and nothing of the cluster.

use crate::chart::{NAMESPACE, PLATFORMS, RELEASE, folder, helm, render, tenants_kinds, wait_for_kinds};
use crate::permissions::{at_home, line, may, ours, permitted};
use anyhow::{Context, Result};
use control_plane::{ControlPlane, Options};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the operator may do where it serves tenants besides our own kinds: group, resource, verbs.
const TENANTS: [(&str, &str, &[&str]); 4] = [
    ("", "secrets", &["get", "create", "update", "delete"]),
    ("", "secrets", &["list", "watch"]),
    ("events.k8s.io", "events", &["create", "patch"]),
    // In this namespace there is one such object: itself.
    ("", "namespaces", &["get"]),
];

fn tenants(namespace: &str) -> BTreeSet<String> {
    let name = |resource: &str| if resource == "namespaces" { namespace.to_owned() } else { String::new() };
    let row = |(group, resource, verbs): &(&str, &str, &[&str])| {
        verbs.iter().map(|verb| line(group, resource, verb, &name(resource))).collect::<Vec<_>>()
    };
    let kinds = tenants_kinds();
    let own = kinds.iter().flat_map(|kind| ours(kind, &["get", "list", "watch", "patch"]));
    TENANTS.iter().flat_map(row).chain(own).collect()
}

/// And where instances count.
fn offers() -> BTreeSet<String> {
    let read = PLATFORMS.iter().flat_map(|kind| ours(kind, &["get", "list", "watch"]));
    let mend = line("chatwoot.dev", "chatwootinstances", "patch", "");
    read.chain([mend, line("", "configmaps", "get", "")]).collect()
}

fn values() -> Value {
    json!({"rbac": {"scope": "Namespaced"}, "watchNamespaces": ["acme", "bpo"], "instanceNamespaces": ["chat"]})
}

#[tokio::test]
async fn every_served_namespace_has_a_role_of_its_own_and_the_cluster_none() -> Result<()> {
    let rendered = render(values()).await?;
    for kind in ["ClusterRole", "ClusterRoleBinding"] {
        assert!(rendered.of_kind(kind).is_empty(), "{kind}");
    }
    let served = format!("{RELEASE}-served");
    let of = |kind: &str, name: &str, namespace: &str| {
        let all = rendered.of_kind(kind).into_iter();
        let mut found =
            all.filter(|o| o["metadata"]["name"] == name && o["metadata"]["namespace"] == namespace);
        found.next().cloned().with_context(|| format!("no {kind} {name} in {namespace}"))
    };
    for (namespace, expected) in
        [("acme", tenants("acme")), ("bpo", tenants("bpo")), ("chat", &tenants("chat") | &offers())]
    {
        assert_eq!(permitted(&of("Role", &served, namespace)?), expected, "{namespace}");
        let binding = of("RoleBinding", &served, namespace)?;
        let subject = json!([{"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}]);
        assert_eq!((&binding["subjects"], &binding["roleRef"]["kind"]), (&subject, &json!("Role")));
        assert_eq!(binding["roleRef"]["name"], json!(served));
        // Tenants' roles, for the admin to bind.
        let write = permitted(&of("Role", &format!("{RELEASE}-edit"), namespace)?);
        assert!(write.contains("create chatwootusers chatwoot.dev"), "{write:?}");
        assert!(write.iter().all(|line| !line.contains("status") && !line.contains("grants")), "{write:?}");
    }
    assert_eq!(permitted(&of("Role", RELEASE, NAMESPACE)?), at_home());
    assert_eq!(rendered.of_kind("RoleBinding").len(), 4, "three that are served, and its own");
    let arguments = &rendered.one("Deployment")?["spec"]["template"]["spec"]["containers"][0]["args"];
    assert!(arguments.to_string().contains("\"--watch-namespaces=acme,bpo\""), "{arguments}");
    Ok(())
}

#[tokio::test]
async fn served_namespaces_follow_the_values() -> Result<()> {
    let by_default = render(json!({"rbac": {"scope": "Namespaced"}, "watchNamespaces": ["acme"]})).await?;
    let namespaces: BTreeSet<_> =
        by_default.of_kind("Role").iter().map(|role| role["metadata"]["namespace"].to_string()).collect();
    assert_eq!(
        namespaces,
        ["\"acme\"".to_owned(), format!("\"{NAMESPACE}\"")].into(),
        "instances are at home"
    );

    let mut unwatched = values();
    unwatched["secrets"] = json!({"watch": false});
    unwatched["rbac"]["tenantRoles"] = json!({"create": false});
    let rendered = render(unwatched).await?;
    assert_eq!(rendered.of_kind("Role").len(), 4);
    for role in rendered.of_kind("Role") {
        assert!(!permitted(role).contains("list secrets"), "{role}");
    }
    // Confined by its flag alone, with the usual roles.
    let flag = render(json!({"watchNamespaces": ["acme"]})).await?;
    assert_eq!(flag.of_kind("ClusterRoleBinding").len(), 1);
    Ok(())
}

/// The API server's word for it, in a cluster where nothing else gives the service account a right.
#[tokio::test]
async fn the_installed_operator_has_no_right_of_the_whole_cluster() -> Result<()> {
    let plane = ControlPlane::start(Options::default()).await?;
    for namespace in ["acme", "bpo", "chat"] {
        plane.kubectl(["create", "namespace", namespace]).run().await?;
    }
    let said = helm(&plane, &folder(), "install", &values()).await?;
    assert!(said.contains("It serves these namespaces and no others: acme, bpo, chat."), "{said}");
    assert!(said.contains("Bind the Role \"chatwoot-operator-edit\""), "{said}");
    wait_for_kinds(&plane).await?;
    let operator = plane.client_as(NAMESPACE, RELEASE).await?;
    for (namespace, verb, group, resource, allowed) in [
        ("acme", "list", "chatwoot.dev", "chatwootaccounts", true),
        ("acme", "update", "chatwoot.dev", "chatwootusers/status", true),
        ("acme", "watch", "chatwoot.dev", "chatwootwebhooks", true),
        ("default", "list", "chatwoot.dev", "chatwootlabels", false),
        ("acme", "watch", "", "secrets", true),
        ("acme", "create", "events.k8s.io", "events", true),
        ("acme", "list", "chatwoot.dev", "chatwootgrants", false),
        ("acme", "get", "", "configmaps", false),
        ("chat", "update", "chatwoot.dev", "chatwootplans/status", true),
        ("chat", "get", "", "configmaps", true),
        (NAMESPACE, "create", "coordination.k8s.io", "leases", true),
        (NAMESPACE, "list", "chatwoot.dev", "chatwootaccounts", false),
        (NAMESPACE, "list", "", "secrets", false),
        ("default", "get", "chatwoot.dev", "chatwootaccounts", false),
        ("default", "get", "", "secrets", false),
        // Without a namespace: in all.
        ("", "list", "chatwoot.dev", "chatwootaccounts", false),
        ("", "list", "chatwoot.dev", "chatwootinstances", false),
        ("", "watch", "", "secrets", false),
        ("", "list", "", "namespaces", false),
        ("", "watch", "", "namespaces", false),
        ("", "create", "events.k8s.io", "events", false),
    ] {
        let answer = may(&operator, namespace, verb, group, resource).await?;
        assert_eq!(answer, allowed, "{verb} {resource} {group} in {namespace:?}");
    }
    reads_served_namespaces_by_name(&operator).await
}

/// A Role can permit reading the namespace it lies in, and the API server takes it so.
async fn reads_served_namespaces_by_name(operator: &Client) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(operator.clone());
    let read = namespaces.get_metadata("acme").await?;
    assert!(read.metadata.uid.is_some());
    for refused in ["default", "nowhere"] {
        let error = namespaces.get_metadata(refused).await.err().context("it may be read")?;
        assert!(matches!(&error, kube::Error::Api(status) if status.is_forbidden()), "{refused}: {error}");
    }
    Ok(())
}

//! The operator may do what it does, and nothing more.

use crate::chart::{NAMESPACE, PLATFORMS, RELEASE, installed, render, tenants_kinds};
use anyhow::Result;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview};
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the operator may do in all namespaces besides our own kinds: group, resources, verbs.
const EVERYWHERE: [(&str, &[&str], &[&str]); 5] = [
    ("", &["secrets"], &["get", "create", "update", "delete"]),
    ("", &["secrets"], &["list", "watch"]),
    ("", &["configmaps"], &["get"]),
    ("", &["namespaces"], &["get", "list", "watch"]),
    ("events.k8s.io", &["events"], &["create", "patch"]),
];

/// And in its own; the last is the only name it is for.
const AT_HOME: [(&str, &str, &[&str], &str); 4] = [
    ("coordination.k8s.io", "leases", &["get", "patch"], "chatwoot-operator"),
    ("coordination.k8s.io", "leases", &["create"], ""),
    ("", "secrets", &["get"], "chatwoot-operator-installation"),
    ("", "secrets", &["create"], ""),
];

/// One line per group, resource, verb and name.
pub fn line(group: &str, resource: &str, verb: &str, name: &str) -> String {
    format!("{verb} {resource} {group} {name}").trim_end().to_owned()
}

fn everywhere() -> BTreeSet<String> {
    let rows = EVERYWHERE.iter().flat_map(|(group, resources, verbs)| {
        resources
            .iter()
            .flat_map(move |resource| verbs.iter().map(move |verb| line(group, resource, verb, "")))
    });
    rows.chain(tenants_kinds().iter().flat_map(|kind| ours(kind, &["get", "list", "watch", "patch"])))
        .chain(ours("chatwootinstances", &["get", "list", "watch", "patch"]))
        .chain(PLATFORMS.iter().flat_map(|kind| ours(kind, &["get", "list", "watch"])))
        .collect()
}

/// What the operator may do with a kind of ours, whose status it writes.
pub fn ours(kind: &str, verbs: &[&str]) -> Vec<String> {
    let object = verbs.iter().map(|verb| line("chatwoot.dev", kind, verb, ""));
    object.chain([line("chatwoot.dev", &format!("{kind}/status"), "update", "")]).collect()
}

pub fn at_home() -> BTreeSet<String> {
    let rows = AT_HOME.iter().flat_map(|(group, resource, verbs, name)| {
        verbs.iter().map(move |verb| line(group, resource, verb, name))
    });
    rows.collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a role permits, line by line; a wildcard stays one and equals nothing we expect.
pub fn permitted(role: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for rule in role["rules"].as_array().into_iter().flatten() {
        let mut names = strings(&rule["resourceNames"]);
        if names.is_empty() {
            names.push("");
        }
        for group in strings(&rule["apiGroups"]) {
            for resource in strings(&rule["resources"]) {
                for verb in strings(&rule["verbs"]) {
                    lines.extend(names.iter().map(|name| line(group, resource, verb, name)));
                }
            }
        }
        for url in strings(&rule["nonResourceURLs"]) {
            lines.insert(url.to_owned());
        }
    }
    lines
}

#[tokio::test]
async fn the_operator_is_permitted_exactly_what_it_does() -> Result<()> {
    let rendered = render(json!({})).await?;
    assert_eq!(permitted(rendered.named("ClusterRole", RELEASE)?), everywhere());
    assert_eq!(permitted(rendered.one("Role")?), at_home());
    assert_eq!(rendered.of_kind("ClusterRole").len(), 3, "the operator's, view and edit");

    let subject = json!([{"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}]);
    for (binding, role) in [("ClusterRoleBinding", "ClusterRole"), ("RoleBinding", "Role")] {
        let binding = rendered.one(binding)?;
        assert_eq!(binding["subjects"], subject);
        assert_eq!(binding["roleRef"]["kind"], role);
        assert_eq!(binding["roleRef"]["name"], RELEASE);
    }
    Ok(())
}

#[tokio::test]
async fn secrets_are_listed_only_while_they_are_watched() -> Result<()> {
    let rendered = render(json!({"secrets": {"watch": false}})).await?;
    let mut expected = everywhere();
    assert!(expected.remove("list secrets") && expected.remove("watch secrets"));
    assert_eq!(permitted(rendered.named("ClusterRole", RELEASE)?), expected);
    Ok(())
}

#[tokio::test]
async fn roles_follow_the_values_they_depend_on() -> Result<()> {
    let alone =
        render(json!({"leaderElection": false, "installation": {"secretName": "who-we-are"}})).await?;
    let lines = permitted(alone.one("Role")?);
    assert_eq!(lines, ["create secrets", "get secrets  who-we-are"].map(str::to_owned).into());

    let without = render(json!({"rbac": {"create": false}})).await?;
    for kind in ["Role", "RoleBinding", "ClusterRoleBinding"] {
        assert!(without.of_kind(kind).is_empty(), "{kind}");
    }
    assert_eq!(without.of_kind("ClusterRole").len(), 2, "those of tenants have a value of their own");

    let named = render(json!({"serviceAccount": {"create": false, "name": "robot"}})).await?;
    assert!(named.of_kind("ServiceAccount").is_empty());
    assert_eq!(named.one("RoleBinding")?["subjects"][0]["name"], "robot");
    let pod = &named.one("Deployment")?["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "robot");
    Ok(())
}

#[tokio::test]
async fn tenants_roles_name_their_own_kinds_only() -> Result<()> {
    let rendered = render(json!({})).await?;
    for (suffix, verbs, aggregated) in [
        ("view", vec!["get", "list", "watch"], vec!["view", "edit", "admin"]),
        ("edit", vec!["create", "update", "patch", "delete", "deletecollection"], vec!["edit", "admin"]),
    ] {
        let role = rendered.named("ClusterRole", &format!("{RELEASE}-{suffix}"))?;
        let kinds = tenants_kinds();
        assert!(
            ["chatwootaccounts", "chatwootusers", "chatwootlabels"]
                .iter()
                .all(|kind| kinds.iter().any(|k| k == kind))
        );
        let expected: BTreeSet<String> = kinds
            .iter()
            .flat_map(|resource| verbs.iter().map(move |verb| line("chatwoot.dev", resource, verb, "")))
            .collect();
        assert_eq!(permitted(role), expected);
        for target in ["view", "edit", "admin"] {
            let label =
                &role["metadata"]["labels"][format!("rbac.authorization.k8s.io/aggregate-to-{target}")];
            assert_eq!(label == "true", aggregated.contains(&target), "{suffix} into {target}");
        }
    }

    let unbound = render(json!({"rbac": {"tenantRoles": {"aggregate": false}}})).await?;
    for role in unbound.of_kind("ClusterRole") {
        assert!(!role["metadata"]["labels"].to_string().contains("aggregate-to"), "{role}");
    }
    let none = render(json!({"rbac": {"tenantRoles": {"create": false}}})).await?;
    assert_eq!(none.of_kind("ClusterRole").len(), 1);
    Ok(())
}

/// Whether the client may do this, by the API server's own word.
pub async fn may(client: &Client, namespace: &str, verb: &str, group: &str, resource: &str) -> Result<bool> {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let attributes = ResourceAttributes {
        namespace: Some(namespace.to_owned()),
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource: Some(subresource.to_owned()),
        ..ResourceAttributes::default()
    };
    let mut review = SelfSubjectAccessReview::default();
    review.spec.resource_attributes = Some(attributes);
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = reviews.create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// The rendered roles are what counts only if nothing else grants the service account more.
#[tokio::test]
async fn the_installed_operator_can_do_its_work_and_no_harm() -> Result<()> {
    let plane = installed().await?;
    let operator = plane.client_as(NAMESPACE, RELEASE).await?;
    for (namespace, verb, group, resource, allowed) in [
        ("default", "list", "chatwoot.dev", "chatwootaccounts", true),
        ("default", "patch", "chatwoot.dev", "chatwootusers", true),
        ("default", "update", "chatwoot.dev", "chatwootwebhooks/status", true),
        ("default", "create", "chatwoot.dev", "chatwootteams", false),
        ("default", "delete", "chatwoot.dev", "chatwootlabels", false),
        ("default", "update", "chatwoot.dev", "chatwootplans/status", true),
        ("default", "delete", "", "secrets", true),
        (NAMESPACE, "create", "coordination.k8s.io", "leases", true),
        ("default", "create", "coordination.k8s.io", "leases", false),
        ("default", "create", "chatwoot.dev", "chatwootaccounts", false),
        ("default", "update", "chatwoot.dev", "chatwootaccounts", false),
        ("default", "delete", "chatwoot.dev", "chatwootusers", false),
        (NAMESPACE, "patch", "chatwoot.dev", "chatwootgrants", false),
        (NAMESPACE, "patch", "chatwoot.dev", "chatwootplans", false),
        ("default", "patch", "", "secrets", false),
        ("default", "list", "", "configmaps", false),
        ("default", "create", "", "pods", false),
        ("default", "list", "", "pods", false),
        (NAMESPACE, "create", "", "serviceaccounts/token", false),
        ("default", "impersonate", "", "users", false),
        ("default", "bind", "rbac.authorization.k8s.io", "clusterroles", false),
    ] {
        let answer = may(&operator, namespace, verb, group, resource).await?;
        assert_eq!(answer, allowed, "{verb} {resource} {group} in {namespace}");
    }
    Ok(())
}

//! Whatever is switched on or off, the API server takes what comes out.

use crate::chart::{Objects, WITH_SERVICE_MONITORS, anything_goes, template};
use anyhow::{Context, Result};
use control_plane::ControlPlane;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn combinations() -> Vec<Value> {
    let everything = json!({
        "fullnameOverride": "cw", "nameOverride": "chat",
        "image": {"repository": "reg.example.com/op", "digest": format!("sha256:{}", "0".repeat(64)), "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "registry"}],
        "replicas": 3,
        "defaultInstance": "chatwoot-system/main",
        "instanceNamespaces": ["chatwoot-system", "chatwoot-eu"],
        "installation": {"secretName": "who.we.are", "id": "0123456789abcdef"},
        "port": 9090, "logLevel": "info,chatwoot_operator=debug",
        "extraEnv": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        "serviceAccount": {"name": "robot", "annotations": {"iam": "role"}},
        "commonLabels": {"team": "platform", "app.kubernetes.io/name": "must-not-win"},
        "commonAnnotations": {"note": "a: b # c"},
        "podLabels": {"pod": "yes", "app.kubernetes.io/instance": "must-not-win"},
        "podAnnotations": {"note": "over the common one"},
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}}]}},
        "resources": {"requests": {"cpu": "10m"}, "limits": {"cpu": 1, "memory": "1Gi"}},
        "podDisruptionBudget": {"maxUnavailable": "50%"},
        "metrics": {
            "service": {"port": 80, "annotations": {"x": "y"}},
            "serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}, "interval": "1m"}},
        "networkPolicy": {
            "enabled": true,
            "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
            "apiServer": {"to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}], "ports": [6443]},
            "chatwoot": {"to": [{"namespaceSelector": {}}], "ports": [3000]}},
    });
    let nothing = json!({
        "leaderElection": false, "secrets": {"watch": false}, "crds": {"install": false},
        "rbac": {"create": false, "tenantRoles": {"create": false}}, "serviceAccount": {"create": false},
        "podSecurityContext": null, "securityContext": null, "resources": null, "topologySpreadConstraints": [],
        "metrics": {"service": {"enabled": false}},
    });
    vec![
        json!({}),
        everything,
        nothing,
        json!({"replicas": 0}),
        json!({"replicas": 2}),
        json!({"replicas": 2, "podDisruptionBudget": {"enabled": false}}),
        json!({"leaderElection": false}),
        json!({"crds": {"keep": false}}),
        json!({"secrets": {"watch": false}}),
        json!({"rbac": {"create": false}}),
        json!({"rbac": {"tenantRoles": {"aggregate": false}}}),
        json!({"serviceAccount": {"create": false, "name": "robot"}}),
        json!({"networkPolicy": {"enabled": true}}),
        json!({"networkPolicy": {"enabled": true, "chatwoot": {"ports": [8443]}}, "metrics": {"service": {"enabled": false}}}),
        json!({"metrics": {"serviceMonitor": {"enabled": true}}}),
        json!({"commonAnnotations": {"a": "1", "b": "true"}, "commonLabels": {"c": "0123"}}),
        json!({"fullnameOverride": "a".repeat(55), "nameOverride": "b".repeat(55)}),
        json!({"podSecurityContext": {"runAsUser": null, "runAsGroup": null}}),
        json!({"test": {"account": "default/main", "credentialsSecret": "alice"}}),
        json!({
            "test": {"account": "default/main", "credentialsSecret": "alice", "ca": {"configMap": "ca", "secret": "ca"}},
            "instanceNamespaces": ["default", "kube-public"], "fullnameOverride": "a".repeat(55), "nameOverride": "b".repeat(55),
            "podSecurityContext": null, "securityContext": null, "resources": null,
            "commonAnnotations": {"note": "a: b # c"}, "commonLabels": {"team": "platform"},
        }),
        json!({
            "test": {"account": "default/main", "credentialsSecret": "alice"}, "rbac": {"create": false},
            "extraEnv": [{"name": "A", "value": "1"}], "imagePullSecrets": [{"name": "registry"}],
            "nodeSelector": {"kubernetes.io/os": "linux"}, "priorityClassName": "system-cluster-critical",
            "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoSchedule"}],
        }),
        json!({"global": {"set": "by a parent chart"}}),
        json!({"watchNamespaces": ["kube-public"]}),
        json!({"rbac": {"scope": "Namespaced"}, "watchNamespaces": ["default", "kube-public"], "crds": {"install": false}}),
        json!({
            "rbac": {"scope": "Namespaced", "tenantRoles": {"create": false}}, "secrets": {"watch": false},
            "watchNamespaces": ["kube-public"], "instanceNamespaces": ["default"], "serviceAccount": {"name": "robot"},
            "fullnameOverride": "a".repeat(55), "commonLabels": {"team": "platform"},
        }),
        json!({"rbac": {"scope": "Namespaced", "create": false}, "watchNamespaces": ["default"]}),
    ]
}

#[tokio::test]
async fn whatever_is_chosen_the_api_server_takes_it() -> Result<()> {
    let plane = ControlPlane::shared().await?;
    let stub = anything_goes("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors");
    plane.apply("default", &stub.to_string()).await?;
    let namespace = &plane.namespace("matrix").await?;

    let tried = combinations().into_iter().map(|values| async move {
        let yaml = template(namespace, &values, &WITH_SERVICE_MONITORS).await?;
        // Strict: a field that the API server does not know is an error, not a warning.
        let applied = plane
            .kubectl(["apply", "--dry-run=server", "--validate=strict", "-f", "-"])
            .stdin(&yaml)
            .run()
            .await
            .with_context(|| format!("with {values}"))?;
        let objects = Objects::parse(&yaml)?;
        assert_eq!(applied.lines().count(), objects.all().len(), "{applied}");
        fits_together(&objects, namespace).with_context(|| format!("with {values}"))
    });
    let done: Vec<()> = stream::iter(tried).buffer_unordered(4).try_collect().await?;
    assert!(done.len() > 15);
    Ok(())
}

/// What holds for every combination: names are unique, labels are complete, and selectors find the pods.
fn fits_together(objects: &Objects, namespace: &str) -> Result<()> {
    let deployment = objects.one("Deployment")?;
    let pod_labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let selects = |selector: &Value| -> Result<bool> {
        let wanted = selector.as_object().context("no selector")?;
        Ok(!wanted.is_empty() && wanted.iter().all(|(key, value)| pod_labels.get(key) == Some(value)))
    };
    let mut names = BTreeSet::new();
    for object in objects.all() {
        let (kind, metadata) = (object["kind"].as_str().context("no kind")?, &object["metadata"]);
        let name = metadata["name"].as_str().context("no name")?;
        assert!(names.insert((kind, metadata["namespace"].as_str(), name)), "{kind} {name} twice");
        let cluster = kind.starts_with("Cluster") || kind == "CustomResourceDefinition";
        let elsewhere = kind.starts_with("Role") && metadata["namespace"] != *namespace;
        if elsewhere {
            let served = ["default", "kube-public"].iter().any(|served| metadata["namespace"] == *served);
            assert!(served, "{kind} {name} in {}", metadata["namespace"]);
        } else {
            assert_eq!(
                metadata.get("namespace"),
                (!cluster).then(|| json!(namespace)).as_ref(),
                "{kind} {name}"
            );
        }
        for label in ["name", "instance", "version", "managed-by"] {
            let value = &metadata["labels"][format!("app.kubernetes.io/{label}")];
            assert!(value.as_str().is_some_and(|value| value != "must-not-win"), "{kind} {name}: {label}");
        }
        let selector = match kind {
            "Service" => &object["spec"]["selector"],
            "Deployment" | "PodDisruptionBudget" => &object["spec"]["selector"]["matchLabels"],
            "NetworkPolicy" => &object["spec"]["podSelector"]["matchLabels"],
            "ServiceMonitor" => {
                let service = &objects.one("Service")?["metadata"]["labels"];
                let wanted = object["spec"]["selector"]["matchLabels"].as_object().context("no selector")?;
                assert!(wanted.iter().all(|(key, value)| service.get(key) == Some(value)), "{wanted:?}");
                continue;
            }
            _ => continue,
        };
        assert!(selects(selector)?, "{kind} {name} selects {selector}, the pods have {pod_labels}");
    }
    Ok(())
}

//! `helm test`: a pod that walks a customer's first message, and may read what it takes for that.

use crate::chart::{NAMESPACE, Objects, installed, render, template};
use crate::permissions::may;
use anyhow::{Context, Result};
use control_plane::ControlPlane;
use serde_json::{Value, json};

fn values() -> Value {
    json!({"test": {"account": "acme/main", "credentialsSecret": "alice"}})
}

fn is_test(object: &Value) -> bool {
    object["metadata"]["annotations"]["helm.sh/hook"] == "test"
}

#[tokio::test]
async fn without_an_account_there_is_nothing_to_test() -> Result<()> {
    let rendered = render(json!({})).await?;
    assert!(rendered.of_kind("Pod").is_empty() && !rendered.all().iter().any(is_test));
    Ok(())
}

#[tokio::test]
async fn the_pod_walks_through_the_named_account_and_goes_with_what_it_may_do() -> Result<()> {
    let rendered = render(values()).await?;
    let pod = rendered.one("Pod")?;
    let container = &pod["spec"]["containers"][0];
    assert_eq!(container["args"], json!(["verify", "acme/main", "--credentials=acme/alice"]));
    assert_eq!((&pod["spec"]["restartPolicy"], container.get("command")), (&json!("Never"), None));
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    let deployment = rendered.one("Deployment")?;
    assert_eq!(container["image"], deployment["spec"]["template"]["spec"]["containers"][0]["image"]);

    // Nothing of it is there but while the test runs, and nothing else is part of the test.
    let tests: Vec<&Value> = rendered.all().iter().filter(|object| is_test(object)).collect();
    let kinds: Vec<&str> = tests.iter().filter_map(|object| object["kind"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("Role")).count(), 4, "{kinds:?}");
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    for object in tests {
        let annotations = &object["metadata"]["annotations"];
        assert_eq!(annotations["helm.sh/hook-delete-policy"], "before-hook-creation,hook-succeeded");
        let comes_first = annotations["helm.sh/hook-weight"] == "-1";
        assert_eq!(comes_first, object["kind"] != "Pod", "{object}");
    }
    Ok(())
}

/// The operator's Service, budget and network policy are not for this pod.
#[tokio::test]
async fn no_selector_of_the_chart_takes_the_pod_for_an_operator() -> Result<()> {
    let mut values = values();
    values["replicas"] = json!(2);
    values["networkPolicy"] = json!({"enabled": true});
    let rendered = render(values).await?;
    let labels = &rendered.one("Pod")?["metadata"]["labels"];
    for (kind, selector) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
    ] {
        let wanted = rendered.one(kind)?.pointer(selector).and_then(Value::as_object).context(kind)?;
        let fits = wanted.iter().all(|(key, value)| labels.get(key) == Some(value));
        assert!(!fits, "{kind} selects the pod of the test: {labels}");
    }
    Ok(())
}

async fn test_parts(plane: &ControlPlane, namespace: &str, tenant: &str) -> Result<()> {
    let values = json!({"test": {"account": format!("{tenant}/main"), "credentialsSecret": "alice"}});
    let rendered = Objects::parse(&template(namespace, &values, &[]).await?)?;
    for object in rendered.all().iter().filter(|object| is_test(object) && object["kind"] != "Pod") {
        plane.apply(namespace, &object.to_string()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_pod_may_read_what_is_named_and_nothing_else() -> Result<()> {
    let plane = installed().await?;
    let (home, tenant) = (plane.namespace("test-home").await?, plane.namespace("test-tenant").await?);
    test_parts(plane, &home, &tenant).await?;
    let client = plane.client_as(&home, "chatwoot-operator-test").await?;
    assert!(may(&client, &home, "get", "chatwoot.dev", "chatwootinstances").await?);
    for (namespace, verb, group, resource) in [
        (home.as_ref(), "get", "", "secrets"),
        (home.as_ref(), "list", "chatwoot.dev", "chatwootinstances"),
        (home.as_ref(), "patch", "chatwoot.dev", "chatwootinstances"),
        // Any: one of them is named.
        (tenant.as_ref(), "get", "", "secrets"),
        (tenant.as_ref(), "get", "chatwoot.dev", "chatwootaccounts"),
        (tenant.as_ref(), "list", "", "secrets"),
        (tenant.as_ref(), "create", "", "pods"),
        (NAMESPACE, "get", "", "secrets"),
    ] {
        assert!(!may(&client, namespace, verb, group, resource).await?, "{verb} {resource} in {namespace}");
    }
    Ok(())
}

#[tokio::test]
async fn the_pod_is_let_into_a_restricted_namespace_too() -> Result<()> {
    let plane = ControlPlane::shared().await?;
    let labels = [("pod-security.kubernetes.io/enforce", "restricted")];
    let namespace = plane.namespace_with_labels("restricted", &labels).await?;
    let pod = Objects::parse(&template(&namespace, &values(), &[]).await?)?.one("Pod")?.to_string();
    let create =
        ["create", "--dry-run=server", "--validate=strict", "--namespace", &namespace, "--filename", "-"];
    plane.kubectl(create).stdin(pod).run().await.map(drop)
}

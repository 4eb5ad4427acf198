//! Every value is documented, and a wrong one is refused with what is wrong about it.

use crate::chart::{folder, refusal};
use anyhow::{Context, Result};
use control_plane::ControlPlane;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

fn yaml(file: &str) -> Result<Value> {
    let text = fs::read_to_string(folder().join(file))?;
    serde_saphyr::from_str(&text).with_context(|| file.to_owned())
}

#[test]
fn the_chart_installs_this_version() -> Result<()> {
    let chart = yaml("Chart.yaml")?;
    for field in ["version", "appVersion"] {
        assert_eq!(chart[field], env!("CARGO_PKG_VERSION"), "{field} in Chart.yaml");
    }
    Ok(())
}

/// Paths of all values, as far down as the schema names them.
fn paths(schema: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{prefix}{name}");
        let described = property["description"].as_str().is_some_and(|text| text.len() > 3);
        assert!(described, "{path} has no description in values.schema.json");
        paths(property, &format!("{path}."), found);
        found.insert(path);
    }
}

#[test]
fn every_value_has_a_default_and_a_description_and_no_other_is_taken() -> Result<()> {
    let schema: Value = serde_json::from_str(&fs::read_to_string(folder().join("values.schema.json"))?)?;
    let values = yaml("values.yaml")?;
    let mut described = BTreeSet::new();
    paths(&schema, "", &mut described);

    for path in &described {
        // Parent charts set the first; the second is rare.
        if ["global", "resources.claims", "imagePullSecrets.name"].contains(&path.as_str()) {
            continue;
        }
        let found = path.split('.').try_fold(&values, |value, name| value.get(name));
        assert!(found.is_some(), "{path} is in values.schema.json and not in values.yaml");
    }
    for name in values.as_object().context("values.yaml is not a map")?.keys() {
        assert!(described.contains(name), "{name} is in values.yaml and not in values.schema.json");
    }
    Ok(())
}

#[test]
fn every_top_level_value_is_explained_where_it_stands() -> Result<()> {
    let text = fs::read_to_string(folder().join("values.yaml"))?;
    // A comment speaks for what follows it, up to the next empty line.
    for paragraph in text.split("\n\n") {
        let value = |line: &str| line.starts_with(|first: char| first.is_ascii_lowercase());
        let first = paragraph.lines().find(|line| value(line) || line.starts_with('#')).unwrap_or_default();
        assert!(!value(first), "no comment above: {first}");
    }
    Ok(())
}

#[tokio::test]
async fn the_chart_passes_helms_own_review() -> Result<()> {
    let chart = folder();
    let said = ControlPlane::shared().await?.helm(["lint", "--strict"]).args([&chart]).run().await?;
    assert!(said.contains("0 chart(s) failed"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_value_is_refused_and_the_message_says_what_is_wrong() -> Result<()> {
    let digest = format!("sha256:{}", "a".repeat(63));
    for (values, said) in [
        (json!({"replica": 2}), "additional properties 'replica' not allowed"),
        (json!({"image": {"tagg": "1"}}), "at '/image': additional properties 'tagg' not allowed"),
        (json!({"image": {"repository": ""}}), "at '/image/repository': minLength"),
        (json!({"image": {"digest": digest}}), "at '/image/digest'"),
        (json!({"image": {"pullPolicy": "Sometimes"}}), "must be one of 'Always', 'IfNotPresent', 'Never'"),
        (json!({"replicas": "two"}), "at '/replicas': got string, want integer"),
        (json!({"replicas": -1}), "at '/replicas': minimum: got -1, want 0"),
        (json!({"replicas": 2, "leaderElection": false}), "set leaderElection: true or replicas: 1"),
        (json!({"defaultInstance": "main"}), "at '/defaultInstance': 'main' does not match"),
        (json!({"instanceNamespaces": ["A_B"]}), "at '/instanceNamespaces/0': 'A_B' does not match"),
        (json!({"instanceNamespaces": ["a", "a"]}), "at '/instanceNamespaces': items at 0 and 1 are equal"),
        (json!({"installation": {"id": "12"}}), "at '/installation/id': '12' does not match"),
        (json!({"installation": {"secretName": ""}}), "at '/installation/secretName': minLength"),
        (json!({"port": 80}), "at '/port': minimum: got 80, want 1,024"),
        (json!({"logLevel": "info; rm"}), "at '/logLevel'"),
        (json!({"terminationGracePeriodSeconds": 30}), "minimum: got 30, want 50"),
        (json!({"rbac": {"scope": "Everything"}}), "must be one of 'Cluster', 'Namespaced'"),
        (
            json!({"rbac": {"scope": "Namespaced"}}),
            "list your tenants' namespaces in watchNamespaces, or set rbac.scope",
        ),
        (json!({"watchNamespaces": ["A_B"]}), "at '/watchNamespaces/0': 'A_B' does not match"),
        (json!({"watchNamespaces": ["a", "a"]}), "at '/watchNamespaces': items at 0 and 1 are equal"),
        (json!({"podDisruptionBudget": {"maxUnavailable": 0}}), "at '/podDisruptionBudget/maxUnavailable'"),
        (json!({"metrics": {"serviceMonitor": {"interval": "30"}}}), "'30' does not match"),
        (
            json!({"networkPolicy": {"chatwoot": {"ports": []}}}),
            "at '/networkPolicy/chatwoot/ports': minItems",
        ),
        (json!({"test": {"account": "main"}}), "at '/test/account': 'main' does not match"),
        (
            json!({"test": {"account": "acme/main"}}),
            "set test.credentialsSecret to the Secret beside the account",
        ),
        (json!({"livenessProbe": {"httpGet": {}}}), "additional properties 'httpGet' not allowed"),
        (
            json!({"metrics": {"serviceMonitor": {"enabled": true}}}),
            "install the Prometheus Operator's CRDs first, or set it to false",
        ),
        (
            json!({"metrics": {"serviceMonitor": {"enabled": true}, "service": {"enabled": false}}}),
            "there is no Service to monitor; set metrics.service.enabled: true",
        ),
    ] {
        let refused = refusal(values.clone()).await?;
        assert!(refused.contains(said), "{values}: {refused}");
    }
    Ok(())
}

//! The pod: what it is told, and that it needs no privilege.

use crate::chart::{Objects, render};
use anyhow::{Context, Result};
use chatwoot_operator::runtime::options::RunOptions;
use clap::{Args, Command, FromArgMatches};
use control_plane::ControlPlane;
use serde_json::{Value, json};

fn pod_spec(rendered: &Objects) -> Result<&Value> {
    Ok(&rendered.one("Deployment")?["spec"]["template"]["spec"])
}

fn arguments(rendered: &Objects) -> Result<Vec<String>> {
    let listed = pod_spec(rendered)?["containers"][0]["args"].as_array().context("no arguments")?;
    Ok(listed.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[tokio::test]
async fn every_flag_is_a_value() -> Result<()> {
    let defaults = arguments(&render(json!({})).await?)?;
    assert_eq!(
        defaults,
        [
            "run",
            "--installation-secret=chatwoot-operator-installation",
            "--leader-election=true",
            "--watch-secrets=true",
            "--listen=:8080",
            "--log-level=info"
        ]
    );
    let all = arguments(
        &render(json!({
            "defaultInstance": "chatwoot-system/main",
            "instanceNamespaces": ["chatwoot-system", "chatwoot-eu"],
            "watchNamespaces": ["acme", "bpo"],
            "installation": {"secretName": "who", "id": "0123456789abcdef"},
            "leaderElection": false,
            "secrets": {"watch": false},
            "port": 9090,
            "logLevel": "info,chatwoot_operator::plan=debug",
        }))
        .await?,
    )?;
    assert_eq!(
        all,
        [
            "run",
            "--default-instance=chatwoot-system/main",
            "--instance-namespaces=chatwoot-system,chatwoot-eu",
            "--watch-namespaces=acme,bpo",
            "--installation-secret=who",
            "--installation-id=0123456789abcdef",
            "--leader-election=false",
            "--watch-secrets=false",
            "--listen=:9090",
            "--log-level=info,chatwoot_operator::plan=debug"
        ]
    );
    Ok(())
}

/// The operator itself reads what the chart tells it, and the chart leaves none of its flags out.
#[tokio::test]
async fn the_operator_understands_what_the_chart_tells_it() -> Result<()> {
    let told = arguments(
        &render(json!({
            "defaultInstance": "chatwoot-system/main",
            "instanceNamespaces": ["chatwoot-eu"],
            "watchNamespaces": ["acme"],
            "installation": {"id": "0123456789abcdef"},
            "secrets": {"watch": false},
            "port": 9090,
        }))
        .await?,
    )?;
    let run = RunOptions::augment_args(Command::new("run"));
    for flag in run.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(|flag| flag.get_long()) {
        let given = told.iter().any(|argument| argument.starts_with(&format!("--{flag}=")));
        assert!(given, "the chart has no value for --{flag}");
    }
    let options = RunOptions::from_arg_matches(&run.try_get_matches_from(told)?)?;
    assert_eq!(options.default_instance.context("no instance")?.to_string(), "chatwoot-system/main");
    assert_eq!(options.instance_namespaces, ["chatwoot-eu"]);
    assert_eq!(options.watch_namespaces, ["acme"]);
    assert_eq!(options.installation_id.as_deref(), Some("0123456789abcdef"));
    assert_eq!(options.installation_secret, "chatwoot-operator-installation");
    assert_eq!(options.listen.to_string(), ":9090");
    assert!(options.leader_election && !options.watch_secrets);
    Ok(())
}

#[tokio::test]
async fn the_pod_knows_its_name_and_is_watched_over() -> Result<()> {
    let rendered =
        render(json!({"extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}]})).await?;
    let spec = pod_spec(&rendered)?;
    let container = &spec["containers"][0];
    let environment = container["env"].as_array().context("no environment")?;
    for (name, field) in [("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace")] {
        let variable = json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}});
        assert!(environment.contains(&variable), "{name}");
    }
    assert!(environment.contains(&json!({"name": "HTTPS_PROXY", "value": "http://proxy:3128"})));
    for (probe, path) in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
        assert_eq!(container[probe]["httpGet"], json!({"path": path, "port": "http"}));
    }
    assert_eq!(container["ports"], json!([{"name": "http", "containerPort": 8080}]));
    assert_eq!(spec["terminationGracePeriodSeconds"], 60);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(spec.get("volumes"), None);
    // The token is mounted where it is needed, not wherever the account is used.
    assert_eq!(spec["automountServiceAccountToken"], true);
    assert_eq!(rendered.one("ServiceAccount")?["automountServiceAccountToken"], false);
    Ok(())
}

#[tokio::test]
async fn a_digest_wins_over_a_tag_and_the_version_is_the_default() -> Result<()> {
    let digest = format!("sha256:{}", "0".repeat(64));
    for (image, expected) in [
        (json!({}), format!("chatwoot-operator:{}", env!("CARGO_PKG_VERSION"))),
        (
            json!({"repository": "reg.example.com:5000/op", "tag": "v9"}),
            "reg.example.com:5000/op:v9".to_owned(),
        ),
        (json!({"tag": "v9", "digest": digest}), format!("chatwoot-operator@{digest}")),
    ] {
        let rendered = render(json!({"image": image})).await?;
        assert_eq!(pod_spec(&rendered)?["containers"][0]["image"], expected);
    }
    Ok(())
}

#[tokio::test]
async fn replicas_are_spread_and_protected_once_there_are_two() -> Result<()> {
    let one = render(json!({})).await?;
    assert!(one.of_kind("PodDisruptionBudget").is_empty(), "it would block every node drain");
    let two = render(json!({"replicas": 2})).await?;
    assert_eq!(two.one("PodDisruptionBudget")?["spec"]["maxUnavailable"], 1);
    let off = render(json!({"replicas": 2, "podDisruptionBudget": {"enabled": false}})).await?;
    assert!(off.of_kind("PodDisruptionBudget").is_empty());

    let selector = &two.one("Deployment")?["spec"]["selector"];
    let spread = &pod_spec(&two)?["topologySpreadConstraints"][0];
    assert_eq!(&spread["labelSelector"], selector);
    let own = json!({"matchLabels": {"a": "b"}});
    let constraint = json!({"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": own});
    let given = render(json!({"topologySpreadConstraints": [constraint]})).await?;
    assert_eq!(pod_spec(&given)?["topologySpreadConstraints"], json!([constraint]));
    Ok(())
}

/// A pod of the Deployment's template, as the Deployment's controller would make it.
fn pod(rendered: &Objects) -> Result<Value> {
    let template = &rendered.one("Deployment")?["spec"]["template"];
    Ok(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "operator", "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    }))
}

#[tokio::test]
async fn the_pod_is_let_into_a_restricted_namespace() -> Result<()> {
    let plane = ControlPlane::shared().await?;
    let labels = [("pod-security.kubernetes.io/enforce", "restricted")];
    let namespace = plane.namespace_with_labels("restricted", &labels).await?;
    let dry_run = |pod: Value| {
        plane
            .kubectl(["create", "--dry-run=server", "--namespace", &namespace, "--filename", "-"])
            .stdin(pod.to_string())
            .run()
    };
    dry_run(pod(&render(json!({})).await?)?).await?;
    // OpenShift chooses the user itself.
    let open_shift = json!({"podSecurityContext": {"runAsUser": null, "runAsGroup": null}});
    let open_shift = pod(&render(open_shift).await?)?;
    assert_eq!(open_shift["spec"]["securityContext"].get("runAsUser"), None);
    dry_run(open_shift).await?;

    // The namespace does refuse what is less strict; otherwise the above would prove nothing.
    for weaker in [
        json!({"securityContext": {"allowPrivilegeEscalation": null}}),
        json!({"securityContext": {"capabilities": null}}),
        json!({"podSecurityContext": {"runAsNonRoot": null}}),
        json!({"podSecurityContext": {"seccompProfile": null}}),
    ] {
        let refused = dry_run(pod(&render(weaker.clone()).await?)?).await.unwrap_err().to_string();
        assert!(refused.contains("violates PodSecurity \"restricted"), "{weaker}: {refused}");
    }
    Ok(())
}

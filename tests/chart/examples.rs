//! Every example can be applied as it stands.

use crate::chart::{Objects, anything_goes, installed, repository};
use anyhow::{Context, Result};
use control_plane::ControlPlane;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// All manifests of a folder and of those below it, in the order kubectl takes them.
fn manifests(folder: &Path) -> Result<Vec<Value>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            all.extend(manifests(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let objects = Objects::parse(&fs::read_to_string(&path)?);
            all.extend_from_slice(objects.with_context(|| path.display().to_string())?.all());
        }
    }
    Ok(all)
}

async fn apply(plane: &ControlPlane, what: &Path, more: &[&str]) -> Result<usize> {
    let said =
        plane.kubectl(["apply", "--validate=strict", "--recursive", "-f"]).args([what]).args(more).run();
    Ok(said.await?.lines().count())
}

#[tokio::test]
async fn every_example_applies_dry_and_for_real() -> Result<()> {
    let plane = installed().await?;
    for example in ["quickstart", "grants", "adopt", "observe"] {
        let folder = repository().join("examples").join(example);
        let count = manifests(&folder)?.len();
        assert!(count > 2, "{example}");
        // A dry run makes no namespaces, so the rest would have nowhere to go.
        apply(plane, &folder.join("00-namespaces.yaml"), &[]).await?;
        assert_eq!(apply(plane, &folder, &["--dry-run=server"]).await?, count, "{example}");
        assert_eq!(apply(plane, &folder, &[]).await?, count, "{example}");
    }
    Ok(())
}

/// A tenant's chart, for two customers who bought the same.
#[tokio::test]
async fn the_chart_of_a_customer_installs_for_one_after_the_other() -> Result<()> {
    let plane = installed().await?;
    let folder = repository().join("examples/saas-tenant");
    let home = r#"{apiVersion: v1, kind: Namespace, metadata: {name: saas-system}}"#;
    plane.apply("default", home).await?;
    for (customer, creates) in [("hooli", true), ("raviga", false)] {
        let values = json!({
            "name": customer, "domain": format!("{customer}.example"), "plan": {"create": creates},
            "instance": {"name": "main", "namespace": "saas-system"}
        });
        let install = ["install", customer, "--namespace", customer, "--create-namespace", "--values", "-"];
        plane.helm(install).args([&folder]).stdin(values.to_string()).run().await?;
        let kinds = "cwa,cwu,cwt,cwx,cwb,cww,cwl";
        let there = plane.kubectl(["get", kinds, "--namespace", customer, "--output", "name"]).run().await?;
        assert_eq!(there.lines().count(), 8, "{there}");
        // Who has no address for a bot has none.
        let without = json!({"bot": {"url": ""}});
        let upgrade = ["upgrade", customer, "--namespace", customer, "--reuse-values", "--values", "-"];
        plane.helm(upgrade).args([&folder]).stdin(without.to_string()).run().await?;
        let bots = plane.kubectl(["get", "cwb", "--namespace", customer, "--output", "name"]).run().await?;
        assert_eq!(bots.lines().count(), 0, "{bots}");
    }
    let beside = plane.kubectl(["get", "cwp,cwg", "--namespace", "saas-system", "--output", "name"]).run();
    assert_eq!(beside.await?.lines().count(), 3);
    Ok(())
}

#[tokio::test]
async fn gitops_examples_apply_where_those_tools_are() -> Result<()> {
    let plane = installed().await?;
    for (group, version, kind, plural) in [
        ("argoproj.io", "v1alpha1", "Application", "applications"),
        ("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories"),
        ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"),
        ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations"),
    ] {
        plane.apply("default", &anything_goes(group, version, kind, plural).to_string()).await?;
    }
    for namespace in ["argocd", "flux-system", "acme"] {
        let manifest = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}");
        plane.apply("default", &manifest).await?;
    }
    let folder = repository().join("examples/gitops");
    let all = manifests(&folder)?;
    assert_eq!(apply(plane, &folder, &[]).await?, all.len());

    // Where they name the chart, it is there, in this version, and takes those values.
    let text = serde_json::to_string(&all)?;
    assert_eq!(text.matches("\"charts/chatwoot-operator\"").count(), 2);
    assert_eq!(text.matches(concat!("\"v", env!("CARGO_PKG_VERSION"), "\"")).count(), 2);
    for values in all.iter().flat_map(|object| {
        [object.pointer("/spec/source/helm/valuesObject"), object.pointer("/spec/values")]
            .into_iter()
            .flatten()
    }) {
        crate::chart::render(values.clone()).await?;
    }
    Ok(())
}

#[test]
fn the_quick_start_shows_every_kind_and_what_it_promises() -> Result<()> {
    let all = manifests(&repository().join("examples/quickstart"))?;
    let of_kind = |kind: &str| all.iter().filter(|object| object["kind"] == kind).collect::<Vec<_>>();
    let kinds: BTreeSet<_> = all.iter().filter_map(|object| object["kind"].as_str()).collect();
    let expected = [
        "Namespace",
        "Secret",
        "ChatwootInstance",
        "ChatwootPlan",
        "ChatwootGrant",
        "ChatwootAccount",
        "ChatwootUser",
    ];
    assert_eq!(kinds, expected.into());

    let namespaces: BTreeSet<_> = of_kind("ChatwootAccount")
        .iter()
        .map(|account| account["metadata"]["namespace"].to_string())
        .collect();
    assert_eq!(namespaces.len(), 2, "two tenants");
    let roles: BTreeSet<_> = of_kind("ChatwootUser")
        .iter()
        .flat_map(|user| user["spec"]["memberships"].as_array().into_iter().flatten())
        .map(|membership| membership["role"].to_string())
        .collect();
    assert_eq!(roles.len(), 2, "administrators and agents");
    let shared = of_kind("ChatwootUser").into_iter().filter(|user| {
        let own = user["metadata"]["namespace"].as_str();
        let memberships = user["spec"]["memberships"].as_array();
        memberships
            .is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["namespace"].as_str() != own))
    });
    assert_eq!(shared.count(), 1, "one person for both tenants, from a third namespace");
    Ok(())
}

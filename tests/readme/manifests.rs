//! Every manifest in the README is one that the API server takes.

use crate::page::{Block, of_language};
use anyhow::{Context, Result, ensure};
use chatwoot_operator::api::schema;
use control_plane::ControlPlane;
use serde_json::Value;
use std::collections::BTreeSet;

fn objects(block: &Block) -> Result<Vec<Value>> {
    let all: Vec<Value> = serde_saphyr::from_multiple(&block.text)?;
    ensure!(!all.is_empty(), "the block is empty");
    Ok(all)
}

/// The shared control plane, after every definition is served.
async fn cluster() -> Result<&'static ControlPlane> {
    let cluster = ControlPlane::shared().await?;
    let definitions: Result<Vec<_>, _> = schema::all().iter().map(schema::yaml).collect();
    cluster.install_crds(&definitions?.join("---\n")).await?;
    Ok(cluster)
}

#[tokio::test]
async fn every_manifest_is_accepted_by_the_api_server() -> Result<()> {
    let blocks = of_language("yaml");
    let all: Vec<_> = blocks
        .iter()
        .map(|block| objects(block).with_context(|| format!("README.md, line {}", block.line)))
        .collect::<Result<_>>()?;
    let cluster = cluster().await?;
    let namespaces: BTreeSet<&str> =
        all.iter().flatten().filter_map(|object| object.pointer("/metadata/namespace")?.as_str()).collect();
    for namespace in namespaces {
        let manifest = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}");
        cluster.apply("default", &manifest).await?;
    }
    for (block, objects) in blocks.iter().zip(&all) {
        let dry_run = ["apply", "--dry-run=server", "--validate=strict", "-o", "name", "-f", "-"];
        let said = cluster.kubectl(dry_run).stdin(block.text.clone()).run().await;
        let said = said.with_context(|| format!("README.md, line {}", block.line))?;
        assert_eq!(said.lines().count(), objects.len(), "README.md, line {}", block.line);
    }
    Ok(())
}

#[test]
fn all_five_resources_are_shown() {
    let shown: BTreeSet<String> = of_language("yaml")
        .iter()
        .flat_map(|block| objects(block).unwrap())
        .filter_map(|object| object.get("kind")?.as_str().map(str::to_owned))
        .collect();
    for crd in schema::all() {
        let kind = crd.spec.names.kind;
        assert!(shown.contains(&kind), "no manifest in the README shows a {kind}");
    }
}

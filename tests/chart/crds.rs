//! The chart's definitions are the generated ones.

use crate::chart::{folder, kinds, render, repository};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

fn texts(folder: &Path) -> Result<BTreeMap<String, String>> {
    let listed = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    listed
        .map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?))
        })
        .collect()
}

#[test]
fn the_chart_carries_the_generated_definitions() -> Result<()> {
    let generated = texts(&repository().join("crds"))?;
    let carried = texts(&folder().join("files/crds"))?;
    assert_eq!(generated.len(), kinds().len());
    for (file, text) in &generated {
        assert!(
            carried.get(file) == Some(text),
            "{file} differs; run: cargo run -- crds --dir charts/chatwoot-operator/files/crds"
        );
    }
    assert_eq!(
        carried.keys().collect::<Vec<_>>(),
        generated.keys().collect::<Vec<_>>(),
        "remove what is not generated"
    );
    Ok(())
}

/// Helm reads and prints the files anew, and must lose nothing: not a −1, a large number, or the locale "no".
#[tokio::test]
async fn what_is_installed_says_the_same_as_the_generated_files() -> Result<()> {
    let rendered = render(json!({})).await?;
    for (file, text) in texts(&folder().join("files/crds"))? {
        let generated: Value = serde_saphyr::from_str(&text)?;
        let name = generated["metadata"]["name"].as_str().context(file)?;
        let ours = rendered.named("CustomResourceDefinition", name)?;
        assert_eq!(ours["spec"], generated["spec"], "{name}");
        assert_eq!(ours["apiVersion"], generated["apiVersion"], "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn definitions_are_kept_unless_told_otherwise_and_left_out_when_told() -> Result<()> {
    for (keep, annotation) in [(true, json!("keep")), (false, Value::Null)] {
        let rendered = render(json!({"crds": {"keep": keep}})).await?;
        let definitions = rendered.of_kind("CustomResourceDefinition");
        assert_eq!(definitions.len(), kinds().len());
        for definition in definitions {
            assert_eq!(definition["metadata"]["annotations"]["helm.sh/resource-policy"], annotation);
        }
    }
    let without = render(json!({"crds": {"install": false}})).await?;
    assert!(without.of_kind("CustomResourceDefinition").is_empty());
    Ok(())
}

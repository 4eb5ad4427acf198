//! What a variant is, and where they are kept.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The operator, wrong in one thing.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Unique, kebab-case.
    pub name: String,
    /// What is wrong, in a sentence.
    pub breaks: String,
    /// A file below `src/`, from the top of the repository.
    pub file: String,
    /// A whole expression, or whole statements with their `;`. Spaces and line ends do not matter.
    pub from: String,
    /// A longer piece of the file that holds `from` once, when the file holds it more often.
    pub within: Option<String>,
    /// What stands there instead.
    pub to: String,
    /// Other variants that are switched on together with this one.
    #[serde(default)]
    pub with: Vec<String>,
    pub binary: Binary,
    /// Tests that must fail, by the names `cargo test` prints.
    pub caught_by: Vec<String>,
}

/// Where a test lives.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Binary {
    /// The operator's own library.
    Unit,
    E2e,
    Restore,
    Cli,
    Runtime,
    Crds,
    Chart,
}

impl Binary {
    /// Of cargo's target.
    #[must_use]
    pub fn target(self) -> &'static str {
        match self {
            Self::Unit => "chatwoot_operator",
            Self::E2e => "e2e",
            Self::Restore => "restore",
            Self::Cli => "cli",
            Self::Runtime => "runtime",
            Self::Crds => "crds",
            Self::Chart => "chart",
        }
    }

    /// Where its tests are written, from the top of the repository.
    #[must_use]
    pub fn folder(self) -> PathBuf {
        match self {
            Self::Unit => "src".into(),
            other => Path::new("tests").join(other.target()),
        }
    }
}

/// All variants of the `*.yaml` files in `folder`, in the order of the files' names.
///
/// # Errors
/// Names the file that cannot be read, and the variant whose name is taken or that names another that is not there.
pub fn all(folder: &Path) -> Result<Vec<Variant>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut variants = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let listed: Vec<Variant> = serde_saphyr::from_str(&text)
            .with_context(|| format!("{} is no list of variants", file.display()))?;
        variants.extend(listed);
    }
    ensure!(!variants.is_empty(), "there is no variant in {}", folder.display());
    let mut names = BTreeSet::new();
    for variant in &variants {
        ensure!(names.insert(variant.name.as_str()), "two variants are called {}", variant.name);
        ensure!(!variant.caught_by.is_empty(), "{} names no test that catches it", variant.name);
    }
    for variant in &variants {
        for other in &variant.with {
            ensure!(
                names.contains(other.as_str()),
                "{} is to go with {other}, which there is not",
                variant.name
            );
        }
    }
    Ok(variants)
}

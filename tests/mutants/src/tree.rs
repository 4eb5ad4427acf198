//! A copy of the repository with every variant in it.

use crate::{place::switched, variant::Variant};
use anyhow::{Context, Result, ensure};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the copy has that the product has not. Variants are switched on for a whole process, and for what it starts.
const SWITCH: &str = r#"//! Which variants are on.

use std::sync::LazyLock;

static ON: LazyLock<Vec<String>> = LazyLock::new(|| {
    std::env::var("CHATWOOT_MUTANTS").unwrap_or_default().split(',').map(str::to_owned).collect()
});

pub fn on(name: &str) -> bool {
    ON.iter().any(|on| on == name)
}
"#;

/// The environment variable that switches variants on, separated by commas.
pub const SWITCHED_ON: &str = "CHATWOOT_MUTANTS";

/// Write the copy of `repository` to `copy`. What is as it should be is not written again, so that cargo need not build it
/// again.
///
/// # Errors
/// When git cannot list the files, a variant does not fit, or a file cannot be written.
pub fn write(repository: &Path, copy: &Path, variants: &[Variant]) -> Result<()> {
    let mut touched: BTreeMap<&str, Vec<&Variant>> = BTreeMap::new();
    for variant in variants {
        touched.entry(&variant.file).or_default().push(variant);
    }
    for file in files(repository)? {
        let content = fs::read(repository.join(&file)).with_context(|| format!("reading {file}"))?;
        let content = match (touched.remove(file.as_str()), file.as_str()) {
            (Some(variants), _) => switched(&String::from_utf8(content)?, &variants)?.into_bytes(),
            (None, "src/lib.rs") => [content, b"\npub mod mutants;\n".to_vec()].concat(),
            (None, _) => content,
        };
        put(&copy.join(&file), &content)?;
        let permissions = fs::metadata(repository.join(&file))?.permissions();
        fs::set_permissions(copy.join(&file), permissions)?;
    }
    ensure!(
        touched.is_empty(),
        "variants name files that are not there: {:?}",
        touched.keys().collect::<Vec<_>>()
    );
    put(&copy.join("src/mutants.rs"), SWITCH.as_bytes())
}

/// What is in the repository or about to be: all but what git ignores.
fn files(repository: &Path) -> Result<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository)
        .output()
        .context("git is needed to list the files of this repository")?;
    ensure!(
        listed.status.success(),
        "git cannot list the files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout)?;
    // A file that was just removed is still listed until that is committed.
    Ok(names.lines().map(str::to_owned).filter(|file| repository.join(file).is_file()).collect())
}

fn put(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let folder: PathBuf = file.parent().map(Path::to_path_buf).unwrap_or_default();
    fs::create_dir_all(&folder)?;
    fs::write(file, content).with_context(|| format!("writing {}", file.display()))
}

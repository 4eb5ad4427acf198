//! `chatwoot-operator crds`: the CustomResourceDefinitions, to the terminal or into a folder.

use crate::api::schema;
use anyhow::{Context, Result};
use std::{fs, io::Write, path::Path};

/// Writes one file per definition into `dir`, or all of them as one YAML stream to standard output.
///
/// # Errors
/// When the folder or standard output cannot be written; the message names the file.
pub fn run(dir: Option<&Path>) -> Result<()> {
    match dir {
        Some(dir) => into(dir),
        None => stream(&mut std::io::stdout().lock()),
    }
}

fn into(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("the folder {} could not be made", dir.display()))?;
    for crd in schema::all() {
        let file = dir.join(schema::file_name(&crd));
        fs::write(&file, schema::yaml(&crd)?)
            .with_context(|| format!("{} could not be written", file.display()))?;
    }
    Ok(())
}

fn stream(out: &mut impl Write) -> Result<()> {
    for crd in schema::all() {
        write!(out, "---\n{}", schema::yaml(&crd)?)
            .context("the definitions could not be written to standard output")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gets_one_file_for_every_kind_and_the_stream_the_same_text() {
        let folder = tempfile::tempdir().unwrap();
        run(Some(&folder.path().join("new"))).unwrap();
        let mut streamed = Vec::new();
        stream(&mut streamed).unwrap();
        let streamed = String::from_utf8(streamed).unwrap();
        let files: Vec<_> =
            fs::read_dir(folder.path().join("new")).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), crate::api::schema::all().len());
        for file in files {
            assert!(streamed.contains(&fs::read_to_string(file).unwrap()));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = run(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}

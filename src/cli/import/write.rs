//! Where the manifests go: to standard output, or into a folder with a file for each namespace.

use super::{
    manifests::{Imported, Part},
    yaml,
};
use crate::cli::output;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{fs, io::ErrorKind, path::Path};

/// How manifests are written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Yaml,
    Json,
}

impl Form {
    fn extension(self) -> &'static str {
        match self {
            Form::Yaml => "yaml",
            Form::Json => "json",
        }
    }

    fn text(self, objects: &[Value]) -> String {
        match self {
            Form::Yaml => objects.iter().map(|object| format!("---\n{}", yaml::document(object))).collect(),
            Form::Json => yaml::json(&json!({"apiVersion": "v1", "kind": "List", "items": objects})),
        }
    }
}

/// To standard output, as one stream or one list.
///
/// # Errors
/// It is closed.
pub fn to_output(imported: &Imported, form: Form) -> Result<()> {
    let all: Vec<Value> = imported.parts.iter().flat_map(|part| part.objects.clone()).collect();
    if all.is_empty() { Ok(()) } else { output::write(&form.text(&all)) }
}

/// Into `folder`, which is made where it is missing. Nothing is written unless everything can be.
///
/// # Errors
/// A file is there with other content, or cannot be written.
pub fn to_folder(imported: &Imported, form: Form, folder: &Path) -> Result<()> {
    let file = |part: &Part| folder.join(format!("{}.{}", part.namespace, form.extension()));
    let mut fresh = Vec::new();
    for part in &imported.parts {
        let (file, text) = (file(part), form.text(&part.objects));
        match fs::read(&file) {
            Ok(there) if there == text.as_bytes() => {}
            Ok(_) => bail!(
                "{} is there with other content, so nothing was written; choose another folder, or remove the file",
                file.display()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => fresh.push((file, text)),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
        }
    }
    fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} could not be made", folder.display()))?;
    for (file, text) in fresh {
        fs::write(&file, text).with_context(|| format!("{} could not be written", file.display()))?;
    }
    Ok(())
}

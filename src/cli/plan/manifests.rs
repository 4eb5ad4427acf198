//! Reading manifests: a file, a folder, or standard input.

use crate::cli::kinds::KindName;
use anyhow::{Context, Result, bail, ensure};
use kube::api::DynamicObject;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

/// What a set of manifests holds.
#[derive(Debug, Default)]
pub struct Manifests {
    /// Objects of this operator's kinds, in the order they were written.
    pub objects: Vec<Manifest>,
    /// Namespaces and their labels.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// Other objects, as `Kind name`: nothing is planned for them.
    pub others: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Manifest {
    pub kind: KindName,
    pub namespace: String,
    pub name: String,
    pub object: DynamicObject,
    /// The file it was read from, for messages.
    pub source: String,
}

/// Reads `from`: `-` is standard input, a folder every `.yaml`, `.yml` and `.json` file in it and below.
/// `namespace`: where objects go that name none.
///
/// # Errors
/// Something cannot be read, is no YAML, or is no object; the message names the file.
pub fn read(from: &Path, namespace: &str) -> Result<Manifests> {
    let mut manifests = Manifests::default();
    if from == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        manifests.take(&text, "standard input", namespace)?;
    } else {
        for file in files(from)? {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            manifests.take(&text, &file.display().to_string(), namespace)?;
        }
    }
    manifests.no_doubles()?;
    Ok(manifests)
}

fn files(from: &Path) -> Result<Vec<PathBuf>> {
    if !from.is_dir() {
        return Ok(vec![from.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![from.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let known =
                |extension: &std::ffi::OsStr| ["yaml", "yml", "json"].iter().any(|one| extension == *one);
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(known) {
                found.push(path);
            }
        }
    }
    ensure!(!found.is_empty(), "{} holds no .yaml, .yml or .json file", from.display());
    found.sort();
    Ok(found)
}

impl Manifests {
    fn take(&mut self, text: &str, source: &str, namespace: &str) -> Result<()> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).with_context(|| format!("{source} is not YAML"))?;
        for (at, document) in documents.into_iter().enumerate() {
            if !document.is_null() {
                self.add(document, source, namespace)
                    .with_context(|| format!("{source}, document {}", at + 1))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, document: Value, source: &str, namespace: &str) -> Result<()> {
        let text =
            |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
        if version == "v1" && kind.ends_with("List") {
            let Some(Value::Array(items)) = document.get("items").cloned() else { return Ok(()) };
            return items.into_iter().try_for_each(|item| self.add(item, source, namespace));
        }
        ensure!(!version.is_empty() && !kind.is_empty(), "it has no apiVersion and kind");
        ensure!(!name.is_empty(), "the {kind} has no metadata.name");
        if version == "v1" && kind == "Namespace" {
            let labels = document.pointer("/metadata/labels").cloned().unwrap_or_default();
            self.namespaces.insert(name, serde_json::from_value(labels).unwrap_or_default());
            return Ok(());
        }
        let Some(kind) = KindName::of(&version, &kind) else {
            self.others.push(format!("{kind} {name}"));
            return Ok(());
        };
        let mut object: DynamicObject = serde_json::from_value(document)
            .with_context(|| format!("the {} {name} is no object of Kubernetes", kind.kind()))?;
        let namespace = object.metadata.namespace.get_or_insert_with(|| namespace.to_owned()).clone();
        self.objects.push(Manifest { kind, namespace, name, object, source: source.to_owned() });
        Ok(())
    }

    fn no_doubles(&self) -> Result<()> {
        let mut seen = BTreeMap::new();
        for one in &self.objects {
            if let Some(first) = seen.insert((one.kind, &one.namespace, &one.name), &one.source) {
                bail!(
                    "{} {}/{} is written twice, in {first} and in {}; keep one",
                    one.kind.kind(),
                    one.namespace,
                    one.name,
                    one.source
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str =
        "apiVersion: chatwoot.dev/v1alpha1\nkind: ChatwootAccount\nmetadata: {name: main}\nspec: {name: A}\n";

    fn parse(text: &str) -> Result<Manifests> {
        let mut manifests = Manifests::default();
        manifests.take(text, "test.yaml", "acme")?;
        manifests.no_doubles()?;
        Ok(manifests)
    }

    #[test]
    fn documents_lists_namespaces_and_strangers_are_told_apart() {
        let text = format!(
            "---\n# nothing\n---\n{ACCOUNT}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: new, labels: {{a: b}}}}\n\
             ---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n\
             ---\n{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{{\"apiVersion\": \"chatwoot.dev/v1alpha1\", \
             \"kind\": \"ChatwootPlan\", \"metadata\": {{\"name\": \"p\", \"namespace\": \"x\"}}}}]}}\n"
        );
        let read = parse(&text).unwrap();
        let names: Vec<_> = read.objects.iter().map(|o| format!("{}/{}", o.namespace, o.name)).collect();
        assert_eq!(names, ["acme/main", "x/p"]);
        assert_eq!(read.others, ["Secret s"]);
        assert_eq!(read.namespaces["new"]["a"], "b");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = |text: &str| format!("{:#}", parse(text).unwrap_err());
        assert!(error("a: [").contains("test.yaml is not YAML"));
        assert!(error("kind: ChatwootAccount").contains("document 1: it has no apiVersion and kind"));
        assert!(
            error(&format!("{ACCOUNT}---\n{ACCOUNT}")).contains("ChatwootAccount acme/main is written twice")
        );
    }

    #[test]
    fn a_folder_is_read_with_all_below_it_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        std::fs::write(folder.path().join("b/z.yml"), ACCOUNT).unwrap();
        std::fs::write(folder.path().join("a.yaml"), ACCOUNT.replace("main", "first")).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no YAML: [").unwrap();
        let read = read(folder.path(), "acme").unwrap();
        assert_eq!(read.objects.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["first", "main"]);
        let empty = tempfile::tempdir().unwrap();
        assert!(super::read(empty.path(), "acme").unwrap_err().to_string().contains("holds no .yaml"));
    }
}

//! The variants fit the code and the tests of today, so that `make mutants` can be run at any time.

#![allow(clippy::unwrap_used)]

use chatwoot_mutants::{
    place,
    variant::{self, Variant},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn variants() -> Vec<Variant> {
    variant::all(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_variant_fits_its_file() {
    let mut files: BTreeMap<String, Vec<Variant>> = BTreeMap::new();
    for variant in variants() {
        files.entry(variant.file.clone()).or_default().push(variant);
    }
    let mut wrong = Vec::new();
    for (file, variants) in files {
        let text = fs::read_to_string(repository().join(&file)).unwrap_or_default();
        if let Err(error) = place::switched(&text, &variants.iter().collect::<Vec<_>>()) {
            wrong.push(format!("{error:#}"));
        }
        let outside = variants.iter().filter(|variant| !variant.file.starts_with("src/"));
        wrong.extend(outside.map(|variant| format!("{}: {file} is not of the operator", variant.name)));
    }
    assert!(wrong.is_empty(), "mend these in tests/mutants/*.yaml:\n{}", wrong.join("\n"));
}

#[test]
fn every_test_that_is_named_is_there() {
    let mut texts = BTreeMap::new();
    let mut wrong = Vec::new();
    for variant in variants() {
        let text = texts
            .entry(variant.binary)
            .or_insert_with(|| sources(&repository().join(variant.binary.folder())));
        for test in &variant.caught_by {
            let function = test.rsplit("::").next().unwrap_or(test);
            if !text.contains(&format!("fn {function}(")) {
                wrong.push(format!("{}: there is no test {test}", variant.name));
            }
        }
    }
    assert!(wrong.is_empty(), "mend these in tests/mutants/*.yaml:\n{}", wrong.join("\n"));
}

fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    all
}

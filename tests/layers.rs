//! Imports point one way. This reads the `use` lines of `src/`, and every other mention of `crate::`, and fails on an edge
//! that is not listed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Who may know whom, besides itself. `src/main.rs` and `src/lib.rs` stand above all of them.
const EDGES: &[(&str, &[&str])] = &[
    ("cli", &["runtime", "reconcile", "plan", "chatwoot", "api"]),
    ("runtime", &["reconcile", "plan", "chatwoot", "api"]),
    ("reconcile", &["plan", "chatwoot", "api"]),
    ("plan", &["chatwoot", "api"]),
    ("chatwoot", &[]),
    ("api", &[]),
];

/// What the planner may know of Chatwoot: words and tables, and nothing that calls.
const PURE: &[&str] =
    &["types", "tenant", "marker", "outcome", "features", "locales", "passwords", "version", "attributes"];

/// Crates that do things; the planner has none of them.
const IMPURE: &[&str] =
    &["tokio", "kube::Api", "kube::Client", "reqwest", "rand", "std::fs", "std::net", "std::time::Instant"];

#[test]
fn every_import_points_the_way_the_house_is_built() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let layer = layer_of(&file);
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("{file}: src/{layer} is no layer; list it here with what it may know"));
            continue;
        };
        for known in mentioned(&text) {
            if known != layer && !allowed.contains(&known.as_str()) {
                wrong.push(format!("{file}: {layer} must not know {known}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_planner_knows_only_chatwoots_words() {
    let mut wrong = Vec::new();
    for (file, text) in sources().into_iter().filter(|(file, _)| layer_of(file) == "plan") {
        for module in heads_after(&text, "crate::chatwoot::") {
            if !PURE.contains(&module.as_str()) {
                wrong.push(format!("{file}: chatwoot::{module} is not pure"));
            }
        }
        for doing in IMPURE {
            if text.contains(&format!("{doing}::")) || text.contains(&format!("use {doing}")) {
                wrong.push(format!("{file}: {doing} does things"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_form_of_them() {
    let text = "use crate::{api::common::Mode, chatwoot::{types::{A, B}, marker}};\n\
                fn f() { crate::plan::next(); }\n// crate::cli::nothing\nuse crate::runtime;\n";
    let seen: Vec<String> = mentioned(&code(text)).into_iter().collect();
    assert_eq!(seen, ["api", "chatwoot", "plan", "runtime"]);
    let inner = "use crate::{\n    chatwoot::{\n        outcome::Class,\n        types::{A, B},\n    },\n};\nuse crate::chatwoot::gate::Key;";
    let seen: Vec<String> = heads_after(&code(inner), "crate::chatwoot::").into_iter().collect();
    assert_eq!(seen, ["gate", "outcome", "types"]);
}

/// Every source file that is no test, by its path below `src/`.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            let is_test = name.ends_with("tests.rs")
                || name.contains("/tests/")
                || name.ends_with("scripted.rs")
                || name.ends_with("properties.rs");
            if name.ends_with(".rs") && name != "main.rs" && name != "lib.rs" && !is_test {
                files.push((name, code(&fs::read_to_string(&path).unwrap())));
            }
        }
    }
    assert!(files.len() > 80, "only {} files were found", files.len());
    files
}

fn layer_of(file: &str) -> String {
    let head = file.split('/').next().unwrap_or_default();
    head.trim_end_matches(".rs").to_owned()
}

/// Source without comments, and without what follows `#[cfg(test)] mod tests {`.
fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    shipped.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The layers that a source names after `crate::`.
fn mentioned(text: &str) -> BTreeSet<String> {
    heads_after(text, "crate::")
}

/// The first names after `prefix`, written out or in braces, also where the prefix itself is spread over braces.
fn heads_after(text: &str, prefix: &str) -> BTreeSet<String> {
    let path: Vec<&str> = prefix.trim_end_matches("::").split("::").collect();
    let mut heads = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let is_word =
            text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        if !is_word {
            walk(&text[at + "crate::".len()..], &path[1..], &mut heads);
        }
    }
    heads
}

/// Follows `path` into the tree of names that `rest` begins with, and collects the names below it.
fn walk(rest: &str, path: &[&str], heads: &mut BTreeSet<String>) {
    for branch in branches(rest) {
        let end = branch.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(branch.len());
        let (name, below) = branch.split_at(end);
        match path.split_first() {
            None => {
                heads.insert(name.to_owned());
            }
            Some((first, further)) if *first == name => {
                if let Some(below) = below.strip_prefix("::") {
                    walk(below, further, heads);
                }
            }
            Some(_) => {}
        }
    }
}

/// The names at the top of `rest`: the elements of a brace, or the one that stands there.
fn branches(rest: &str) -> Vec<&str> {
    let rest = rest.trim_start();
    let Some(inner) = rest.strip_prefix('{') else { return vec![rest] };
    let (mut depth, mut from, mut found) = (0, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(inner[from..at].trim());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(inner[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

//! The chart's values as a table: `values.yaml` says of each what it is for, in the comment above it.

use crate::page::read;
use std::fmt::Write as _;

/// Markdown: one row for every value, with its default, and for every group that is explained.
pub fn reference() -> String {
    table(&read("charts/chatwoot-operator/values.yaml"))
}

fn table(yaml: &str) -> String {
    let mut text = String::from("| Value | Default | Meaning |\n|---|---|---|\n");
    let mut groups: Vec<(usize, &str)> = Vec::new();
    let mut meaning = String::new();
    // Entries of a list are one default together, which is too long for a cell.
    let mut list = None;
    for line in yaml.lines() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        if words.starts_with("- ") || list.is_some_and(|list| indent > list) {
            list = list.or(Some(indent));
            continue;
        }
        list = None;
        if let Some(words) = words.strip_prefix('#') {
            meaning.push_str(words);
            continue;
        }
        let explained = std::mem::take(&mut meaning);
        let Some((key, default)) = words.split_once(':') else { continue };
        groups.retain(|(depth, _)| *depth < indent);
        groups.push((indent, key));
        if default.is_empty() && explained.is_empty() {
            continue;
        }
        let path = groups.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
        let default = if default.is_empty() { String::new() } else { format!("`{}`", default.trim()) };
        let meaning = explained.trim().replace('|', "\\|").replace('<', "&lt;");
        // Writing into a String does not fail.
        let _ = writeln!(text, "| `{path}` | {default} | {meaning} |");
    }
    text
}

#[test]
fn a_value_has_the_comment_above_it_and_the_names_of_its_groups() {
    let yaml = "# About all.\n\n# Who.\na:\n  # One\n  # of two.\n  b: true\n  c: []\n# A <list>\nd:\n  - x: 1\n    y: 2\ne:\n  f: \"\"\n";
    let rows: Vec<_> = table(yaml).lines().skip(2).map(str::to_owned).collect();
    assert_eq!(
        rows,
        [
            "| `a` |  | Who. |",
            "| `a.b` | `true` | One of two. |",
            "| `a.c` | `[]` |  |",
            "| `d` |  | A &lt;list> |",
            "| `e.f` | `\"\"` |  |"
        ]
    );
}

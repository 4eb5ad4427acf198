//! Parts of the pages that the code writes.

use crate::{
    page::{README, REFERENCE, read, repository},
    values,
};
use chatwoot_operator::{api::schema, cli, runtime::options};
use std::fs;

/// Where it stands, its name in the marker, and what belongs there.
type Part = (&'static str, &'static str, String);

fn parts() -> Vec<Part> {
    let health = read("examples/gitops/argocd/health.yaml");
    vec![
        (README, "reasons", schema::reasons()),
        (README, "argocd-health", format!("```yaml\n{}\n```\n", health.trim_end())),
        (REFERENCE, "resources", schema::reference()),
        (REFERENCE, "flags", options::reference()),
        (REFERENCE, "commands", cli::reference()),
        (REFERENCE, "values", values::reference()),
    ]
}

const END: &str = "<!-- end -->";

/// The page with `text` between the markers of `name`.
///
/// # Errors
/// Says which marker is missing.
fn filled(page: &str, name: &str, text: &str) -> Result<String, String> {
    let begin = format!("<!-- generated: {name} -->");
    let (before, rest) = page.split_once(&begin).ok_or_else(|| format!("the marker {begin} is missing"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("no {END} follows {begin}"))?;
    Ok(format!("{before}{begin}\n\n{}\n\n{END}{after}", text.trim_end()))
}

#[test]
fn generated_parts_say_what_the_code_says() {
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for path in [README, REFERENCE] {
        let page = read(path);
        let wanted =
            parts().into_iter().filter(|part| part.0 == path).fold(page.clone(), |page, (_, name, text)| {
                filled(&page, name, &text).unwrap_or_else(|error| panic!("{path}: {error}"))
            });
        if page != wanted && update {
            fs::write(repository().join(path), wanted).unwrap();
        } else if page != wanted {
            let line = page.lines().zip(wanted.lines()).position(|(is, should)| is != should);
            stale.push(format!("{path}, from line {} on", line.map_or(page.lines().count(), |at| at + 1)));
        }
    }
    assert!(
        stale.is_empty(),
        "these no longer say what the code says; run `make docs` and commit the result:\n{}",
        stale.join("\n")
    );
}

#[test]
fn every_marker_is_of_a_part_that_is_generated() {
    for path in [README, REFERENCE] {
        let page = read(path);
        let names: Vec<_> = parts().into_iter().filter(|part| part.0 == path).map(|part| part.1).collect();
        let marked: Vec<_> = page
            .lines()
            .filter_map(|line| line.strip_prefix("<!-- generated: ")?.strip_suffix(" -->"))
            .collect();
        assert_eq!(marked, names, "{path}");
        assert_eq!(page.matches(END).count(), names.len(), "{path}");
    }
}

#[test]
fn a_part_is_replaced_and_nothing_else() {
    let page = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n";
    let filled_once = filled(page, "x", "new\n").unwrap();
    assert_eq!(filled_once, "a\n<!-- generated: x -->\n\nnew\n\n<!-- end -->\nb\n");
    assert_eq!(filled(&filled_once, "x", "new\n").unwrap(), filled_once);
    assert!(filled(page, "y", "").unwrap_err().contains("generated: y"));
}

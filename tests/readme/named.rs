//! Everything the pages name is there: files, headings, tests, make targets, metrics, and the statements for Chatwoot.

use crate::{
    page::{README, REFERENCE, blocks, files, of_language, prose, quoted, read, repository, section},
    walk::ELSEWHERE,
};
use chatwoot_operator::api::conditions::explanation;
use std::{collections::BTreeSet, fs, path::Path};

/// The names of all functions that are tests, in every package.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        for file in files(&repository().join(folder), "rs") {
            let text = fs::read_to_string(&file).unwrap();
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    marked = true;
                }
                if let (true, Some(name)) = (marked, function(line)) {
                    names.insert(name.to_owned());
                    marked = false;
                }
            }
        }
    }
    names
}

/// The function that a line begins.
fn function(line: &str) -> Option<&str> {
    let (_, after) = line.strip_prefix("#[test]").unwrap_or(line).split_once("fn ")?;
    after.split(['(', '<']).next()
}

/// The tests that the rows of a section's table name in their last column, at least so many in each row.
fn proofs<'a>(readme: &'a str, heading: &str, rows: usize, at_least: usize) -> Vec<&'a str> {
    let table = section(readme, heading).lines().filter(|line| line.starts_with('|')).skip(2);
    let named: Vec<Vec<_>> = table.map(|row| quoted(row.rsplit('|').nth(1).unwrap())).collect();
    assert_eq!(named.len(), rows, "rows under {heading}");
    assert!(named.iter().all(|row| row.len() >= at_least), "a row under {heading} names too few tests");
    named.concat()
}

#[test]
fn every_promise_and_every_answer_to_a_threat_names_tests_that_exist() {
    let readme = read(README);
    let tests = tests();
    let promises = proofs(&readme, "### Promises and their tests", 8, 2);
    for name in promises.into_iter().chain(proofs(&readme, "### Threats and answers", 37, 1)) {
        assert!(tests.contains(name), "there is no test `{name}`");
    }
}

#[test]
fn a_command_that_is_run_elsewhere_is_in_the_readme_and_its_test_exists() {
    let commands: String = of_language("sh").into_iter().map(|block| block.text).collect();
    let tests = tests();
    for (command, test) in ELSEWHERE {
        assert!(commands.lines().any(|line| line.trim() == command), "no longer in the README: {command}");
        assert!(tests.contains(test), "there is no test `{test}` that runs {command}");
    }
}

#[test]
fn every_block_is_of_a_kind_that_is_proved() {
    for block in blocks(&read(README)) {
        assert!(
            ["sh", "yaml", "ruby", "text"].contains(&block.language.as_str()),
            "README.md, line {}: ```{} is nothing a test knows; use sh for commands (typed by a test), yaml for manifests \
             (applied), ruby for Chatwoot's console, text for pictures",
            block.line,
            block.language
        );
    }
}

/// Nobody types these in a test, so they are at least the ones that the product itself prints.
#[test]
fn statements_for_chatwoot_are_those_that_the_product_prints() {
    let mut product = read("charts/chatwoot-operator/templates/NOTES.txt");
    for file in files(&repository().join("src"), "rs") {
        product.push_str(&fs::read_to_string(file).unwrap());
    }
    for block in of_language("ruby") {
        for line in block.text.lines() {
            assert!(product.contains(line), "README.md, line {}: the product never says {line}", block.line);
        }
    }
}

#[test]
fn every_make_target_exists_and_explains_itself() {
    let makefile = read("Makefile");
    let readme = read(README);
    let prose = prose(&readme);
    let commands: String = of_language("sh").into_iter().map(|block| block.text).collect();
    let named = quoted(&prose).into_iter().chain(commands.lines());
    let targets: BTreeSet<&str> =
        named.filter_map(|words| words.strip_prefix("make ")?.split_whitespace().next()).collect();
    assert!(targets.contains("demo") && targets.contains("test"));
    for target in targets {
        let explained =
            makefile.lines().any(|line| line.starts_with(&format!("{target}:")) && line.contains("## "));
        assert!(explained, "the Makefile has no target {target} with an explanation");
    }
}

#[test]
fn every_metric_is_counted() {
    let operator = read("src/runtime/operator.rs");
    let gauges = read("src/runtime/scraped.rs");
    let counted = read("src/runtime/metrics.rs");
    let names: BTreeSet<String> = read(README)
        .split("chatwoot_operator_")
        .skip(1)
        .map(|after| after.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect())
        .collect();
    assert!(names.len() > 4);
    for name in names.iter().map(|name| name.strip_suffix("_total").unwrap_or(name)) {
        let gauge = gauges.lines().find_map(|line| {
            let (variant, _) = line.trim().strip_prefix("Self::")?.split_once(&format!(" => \"{name}\""))?;
            Some(format!("Scraped::{variant}"))
        });
        let known = match gauge {
            // A gauge has a name whether or not anybody answers for it.
            Some(gauge) => operator.contains(&gauge) || counted.contains(&format!("at_scrape({gauge}, move")),
            None => counted.contains(&format!("\"{name}\"")),
        };
        assert!(known, "nobody counts chatwoot_operator_{name}");
    }
}

#[test]
fn every_alert_asks_for_reasons_that_exist() {
    let readme = read(README);
    let rows = section(&readme, "### What to watch")
        .lines()
        .filter_map(|row| row.split_once("reason=~\"")?.1.split_once('"'));
    let asked: Vec<&str> = rows.flat_map(|(reasons, _)| reasons.split("\\|")).collect();
    assert!(asked.len() > 5, "{asked:?}");
    for reason in asked {
        let explained = explanation(reason).unwrap_or_else(|| panic!("there is no reason {reason}"));
        assert!(explained.class.stalls(), "{reason} passes by itself; nobody should be woken for it");
    }
}

/// As GitHub makes an anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_');
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(markdown: &str) -> BTreeSet<String> {
    let prose = prose(markdown);
    prose
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    for page in files(repository(), "md") {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&prose(&text)) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if !heading.is_empty() {
                assert!(
                    anchors(&fs::read_to_string(&target).unwrap()).contains(heading),
                    "{}: {link}",
                    page.display()
                );
            }
        }
    }
}

fn links(prose: &str) -> Vec<String> {
    let targets = prose.split("](").skip(1).filter_map(|after| after.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

#[test]
fn the_licence_is_the_one_of_the_packages() {
    assert!(Path::new(repository()).join("LICENSE").is_file());
    assert!(read("Cargo.toml").contains("license = \"Apache-2.0\""));
    assert!(section(&read(README), "## Licence").contains("Apache-2.0"));
    assert!(!read(REFERENCE).is_empty());
}

#[test]
fn names_are_found_where_they_stand() {
    assert_eq!(anchor(" Reasons, and what to do"), "reasons-and-what-to-do");
    assert_eq!(links("see [a](b.md) and [c](#d)"), ["b.md", "#d"]);
    assert_eq!(function("async fn it_holds() -> Result<()> {"), Some("it_holds"));
    assert_eq!(function("#[test] fn it_holds() {"), Some("it_holds"));
    assert_eq!(function("let x = 1;"), None);
}

//! A page of Markdown, taken apart.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub const README: &str = "README.md";
pub const REFERENCE: &str = "docs/reference.md";

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands between two fences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// As the opening fence names it; empty when it names none.
    pub language: String,
    pub text: String,
    /// Where the opening fence stands, from 1.
    pub line: usize,
}

pub fn read(path: &str) -> String {
    let file = repository().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The fenced blocks of a page, in order.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), text: String::new(), line: at + 1 });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert_eq!(open, None, "a fence is never closed");
    blocks
}

/// The blocks of the README in one language.
pub fn of_language(language: &str) -> Vec<Block> {
    blocks(&read(README)).into_iter().filter(|block| block.language == language).collect()
}

/// The page without its fenced blocks.
pub fn prose(markdown: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// What stands `between backticks`.
pub fn quoted(prose: &str) -> Vec<&str> {
    prose.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// The part of a page under a heading, up to the next heading of the same or a higher rank.
pub fn section<'a>(markdown: &'a str, heading: &str) -> &'a str {
    let (_, after) = markdown
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("the README has no line \"{heading}\""));
    let rank = heading.chars().take_while(|c| *c == '#').count();
    let ends = (1..=rank).filter_map(|rank| after.find(&format!("\n{} ", "#".repeat(rank))));
    &after[..ends.min().unwrap_or(after.len())]
}

/// Every file below `folder` that ends with `.extension`, without what cargo built.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            let hidden = name.to_string_lossy().starts_with('.');
            if entry.file_type().unwrap().is_dir() {
                if !hidden && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|own| own == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_page_is_taken_apart() {
    let page = "# A\nuse `x` and `y z`\n```sh\nls\n```\n## B\n```\n|\n```\nend\n";
    let parts: Vec<_> =
        blocks(page).into_iter().map(|block| (block.language, block.text, block.line)).collect();
    assert_eq!(parts, [("sh".into(), "ls\n".into(), 3), (String::new(), "|\n".into(), 7)]);
    assert_eq!(prose(page), "# A\nuse `x` and `y z`\n## B\nend\n");
    assert_eq!(quoted("use `x` and `y z`"), ["x", "y z"]);
    assert_eq!(section("\n## A\none\n### a\ntwo\n## B\n", "## A"), "one\n### a\ntwo");
}

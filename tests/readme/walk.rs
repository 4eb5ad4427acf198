//! Every command of the README, typed in its order by a reader with an empty cluster and a Chatwoot.

use crate::{
    page::{Block, README, blocks, read},
    reader::Reader,
};
use anyhow::{Context, Result, ensure};

/// Commands that are not typed here, because another test does: the line, and that test's name.
pub const ELSEWHERE: [(&str, &str); 2] =
    [("make demo", "make_demo_ends_well"), ("make demo KEEP=1", "make_demo_stays_when_told_to")];

#[tokio::test]
async fn what_the_readme_says_to_type_works_in_its_order() -> Result<()> {
    let all = blocks(&read(README));
    let mut reader = Reader::new().await?;
    let mut typed = 0;
    for (at, block) in all.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        if is_elsewhere(block) {
            continue;
        }
        typed += 1;
        let outcome = reader.types(&block.text).await.and_then(|printed| match all.get(at + 1) {
            Some(next) if next.language == "text" && follows(block, next) => shows(&printed, &next.text),
            _ => Ok(()),
        });
        let words = || format!("README.md, line {}:\n{}{}", block.line, block.text, reader.last_words());
        outcome.with_context(words)?;
    }
    ensure!(typed > 15, "only {typed} blocks of commands were found");
    Ok(())
}

/// Whether another test runs these commands: all of them, or none.
fn is_elsewhere(block: &Block) -> bool {
    let elsewhere = |line: &str| ELSEWHERE.iter().any(|(command, _)| *command == line.trim());
    let count = block.text.lines().filter(|line| elsewhere(line)).count();
    assert!(
        count == 0 || count == block.text.lines().count(),
        "README.md, line {}: some of these commands are run here and some elsewhere; make two blocks of them",
        block.line
    );
    count > 0
}

/// Whether nothing but an empty line stands between two blocks: then the second is what the first prints.
fn follows(block: &Block, next: &Block) -> bool {
    next.line == block.line + block.text.lines().count() + 3
}

fn shows(printed: &str, promised: &str) -> Result<()> {
    for line in promised.lines() {
        ensure!(printed.lines().any(|own| own == line), "it did not print \"{line}\" but:\n{printed}");
    }
    Ok(())
}

//! `mutants`: what `make mutants` runs.

use anyhow::{Context, Result, bail, ensure};
use chatwoot_mutants::{
    runner::Runner,
    tree,
    variant::{self, Variant},
};
use clap::Parser;
use std::path::{Path, PathBuf};

/// Break the operator in one thing at a time, and fail when a test that promises to notice does not.
///
/// Tests that need a control plane attach to the one this runs in.
#[derive(Parser)]
struct Options {
    /// Only variants whose name, or a test of whose, contains one of these
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    only: Vec<String>,
    /// How many variants are tried beside each other
    #[arg(long, value_name = "N", default_value_t = 8)]
    beside: usize,
    /// Where the broken copy and what is built of it are kept
    #[arg(long, value_name = "FOLDER")]
    work: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Options { only, beside, work } = Options::parse();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let all = variant::all(&repository.join("tests/mutants"))?;
    let wanted = |variant: &&Variant| {
        let named = |part: &String| {
            variant.name.contains(part) || variant.caught_by.iter().any(|test| test.contains(part))
        };
        only.is_empty() || only.iter().any(named)
    };
    let chosen: Vec<&Variant> = all.iter().filter(wanted).collect();
    ensure!(!chosen.is_empty(), "no variant and no test of one is called so; there are {}", all.len());

    let work = std::path::absolute(work)?;
    let copy = work.join("tree");
    tree::write(&repository, &copy, &all).context("making the broken copy")?;
    println!("Building one operator with {} faults that are switched off", all.len());
    let runner = Runner::build(&copy, &work.join("build"), &chosen).await?;
    println!("The tests first, with nothing broken");
    let wrong = runner.sound(&chosen, beside + 2).await?;
    ensure!(wrong.is_empty(), "the tests cannot tell anything:\n{}", wrong.join("\n"));
    println!("One fault at a time, {} of them", chosen.len());
    let verdicts = runner.run(&chosen, beside, |verdict| println!("{verdict}")).await?;
    let survived = verdicts.iter().filter(|verdict| !verdict.caught()).count();
    println!("{} of {} broken operators were caught", verdicts.len() - survived, verdicts.len());
    if survived > 0 {
        bail!("{survived} survived: mend the test, or the variant that breaks nothing");
    }
    Ok(())
}

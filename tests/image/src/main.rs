//! `chatwoot-image`: what `make image` runs.

use anyhow::{Result, ensure};
use chatwoot_image::{Recipe, check};
use clap::Parser;
use std::{fs, path::PathBuf};

/// Put a static binary of the operator into an OCI image archive, run it from there, and print the image's digest
#[derive(Parser)]
struct Options {
    /// The operator, built for a musl target
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// What container tools shall call the image
    #[arg(long, value_name = "REPOSITORY:TAG", default_value = concat!("chatwoot-operator:", env!("CARGO_PKG_VERSION")))]
    reference: String,
    /// Where the archive is written; its files go into a folder `root` beside it, which the Dockerfile copies
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

fn main() -> Result<()> {
    let Options { binary, reference, output } = Options::parse();
    let recipe = Recipe { binary, reference, version: env!("CARGO_PKG_VERSION").to_owned() };
    let written = chatwoot_image::write(&recipe, &output)?;
    let root = output.with_file_name("root");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::create_dir_all(&root)?;
    let image = check::unpack(&output, &root)?;
    ensure!(image.digest == written, "wrote {written} and read {}", image.digest);
    let said = check::run(&image, &root, &["--version"])?;
    eprintln!("{} holds {}", output.display(), String::from_utf8_lossy(&said.stdout).trim());
    println!("{written}");
    Ok(())
}

//! `make demo`, as a stranger types it.

use crate::page::repository;
use anyhow::{Result, bail, ensure};
use control_plane::{FOLDER_VARIABLE, Supervised};
use std::{process::Command, time::Duration};
use tokio::time::Instant;

/// It builds what is missing.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

fn make(words: &[&str]) -> Command {
    let mut command = Command::new("make");
    // A stranger has no control plane to share, and no flags of another make.
    for name in [FOLDER_VARIABLE, "KUBECONFIG", "MAKEFLAGS", "MAKELEVEL", "KEEP"] {
        command.env_remove(name);
    }
    command.args(words).current_dir(repository());
    command
}

#[tokio::test]
async fn make_demo_ends_well() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let mut demo = Supervised::start(&make(&["demo"]), &log)?;
    let deadline = Instant::now() + PATIENCE;
    let code = loop {
        if let Some(code) = demo.ended()? {
            break code;
        }
        if Instant::now() > deadline {
            bail!("not done after {PATIENCE:?}:\n{}", std::fs::read_to_string(&log)?);
        }
        // Its end is told to nobody but the shell above it.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let said = std::fs::read_to_string(&log)?;
    ensure!(code == 0, "make demo ended with {code}:\n{said}");
    for proof in ["ten, not eleven", "put right", "all Ready"] {
        ensure!(said.contains(proof), "it did not say \"{proof}\":\n{said}");
    }
    Ok(())
}

/// What it does then is tried beside the demo itself.
#[test]
fn make_demo_passes_on_that_it_shall_stay() {
    let said = |words: &[&str]| String::from_utf8(make(words).output().unwrap().stdout).unwrap();
    assert!(said(&["-n", "demo", "KEEP=1"]).contains("chatwoot-demo --keep\n"));
    assert!(!said(&["-n", "demo"]).contains("--keep"));
}

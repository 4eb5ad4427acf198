//! `make demo`, as a stranger types it.

use crate::page::repository;
use anyhow::{Context, Result, bail, ensure};
use control_plane::{FOLDER_VARIABLE, Supervised};
use std::{process::Command, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// It builds what is missing.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The simulated Chatwoot of the quick start has a port of its own, so there is one demo at a time.
static STAGE: Mutex<()> = Mutex::const_new(());

struct Demo {
    make: Supervised,
    folder: tempfile::TempDir,
}

impl Demo {
    fn start(more: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("make");
        // A stranger has no control plane to share, and no flags of another make.
        for name in [FOLDER_VARIABLE, "KUBECONFIG", "MAKEFLAGS", "MAKELEVEL", "KEEP"] {
            command.env_remove(name);
        }
        command.arg("demo").args(more).current_dir(repository());
        Ok(Self { make: Supervised::start(&command, &folder.path().join("log"))?, folder })
    }

    fn said(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("log"))?)
    }

    /// Waits until it has said this, or has ended; then returns its exit code.
    async fn until(&mut self, words: Option<&str>) -> Result<Option<i32>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.make.ended()?;
            if ended.is_some()
                || words.is_some_and(|words| self.said().is_ok_and(|said| said.contains(words)))
            {
                return Ok(ended);
            }
            if Instant::now() > deadline {
                bail!("not done after {PATIENCE:?}:\n{}", self.said()?);
            }
            // Neither the end of another process group nor a growing file tells anybody.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn make_demo_ends_well() -> Result<()> {
    let _alone = STAGE.lock().await;
    let mut demo = Demo::start(&[])?;
    let code = demo.until(None).await?;
    let said = demo.said()?;
    ensure!(code == Some(0), "make demo ended with {code:?}:\n{said}");
    for proof in ["ten, not eleven", "put right", "all Ready"] {
        ensure!(said.contains(proof), "it did not say \"{proof}\":\n{said}");
    }
    Ok(())
}

#[tokio::test]
async fn make_demo_stays_when_told_to() -> Result<()> {
    let _alone = STAGE.lock().await;
    let mut demo = Demo::start(&["KEEP=1"])?;
    let ended = demo.until(Some("Ctrl-C here ends all of it")).await?;
    let said = demo.said()?;
    ensure!(ended.is_none(), "make demo KEEP=1 ended with {ended:?}:\n{said}");

    // What it prints to type is typed.
    let (_, hints) = said.rsplit_once("Everything is left running").context("no word about staying")?;
    let lines: Vec<&str> = hints.lines().map(str::trim).collect();
    let typed =
        |begin: &str| lines.iter().filter(|line| line.starts_with(begin)).copied().collect::<Vec<_>>();
    let exports = typed("export ").join("\n");
    ensure!(exports.contains("KUBECONFIG="), "it names no KUBECONFIG:\n{hints}");
    let look = typed("kubectl get chatwoot -A").join("\n");
    ensure!(!look.is_empty(), "it does not say how to look:\n{hints}");
    let shell = tokio::process::Command::new("bash").args(["-euc", &format!("{exports}\n{look}")]).output();
    let output = shell.await?;
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{look}: {}", String::from_utf8_lossy(&output.stderr));
    ensure!(table.contains("alice@acme.example"), "the quick start is not there:\n{table}");
    Ok(())
}

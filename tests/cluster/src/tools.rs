//! The programs a control plane consists of, built from Go modules into the user's cache.

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// The folder with etcd, kube-apiserver, kube-controller-manager, kubectl and helm.
#[derive(Clone, Debug)]
pub struct Tools(PathBuf);

impl Tools {
    /// Finds the programs, building them when they are not in the cache: minutes the first time, 10 ms after.
    ///
    /// The cache is `$CHATWOOT_OPERATOR_CACHE`, or `chatwoot-operator` in `$XDG_CACHE_HOME` or `~/.cache`.
    /// Progress goes to standard error.
    ///
    /// # Errors
    /// What the build said last: no Go, a Go that is too old, or why a program could not be built.
    pub async fn find() -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("control-plane/build");
        let mut build = tokio::process::Command::new(&script)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", script.display()))?;
        let progress = build.stderr.take().context("the build has no standard error")?;
        let mut answer = build.stdout.take().context("the build has no standard output")?;
        let mut folder = String::new();
        let (verdict, read) = tokio::join!(relay(progress), answer.read_to_string(&mut folder));
        read.context("cannot read what the build printed")?;
        let status = build.wait().await?;
        if !status.success() {
            bail!("cannot build the control plane: {}", verdict.unwrap_or_else(|| status.to_string()));
        }
        Ok(Self::at(Path::new(folder.trim_end())))
    }

    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// The folder itself, for a `PATH`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        Command::new(self.0.join(program))
    }
}

/// Passes lines on to standard error as they come, all but the script's last word, which it returns: that becomes
/// the error, and is told once.
async fn relay(progress: impl tokio::io::AsyncRead + Unpin) -> Option<String> {
    let mut lines = BufReader::new(progress).lines();
    let mut verdict = None;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(last_word) = line.strip_prefix("control plane: ") {
            verdict = Some(last_word.to_owned());
            continue;
        }
        // Not `eprintln!`: the test harness hides that, and five silent minutes look like a hang.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    verdict
}

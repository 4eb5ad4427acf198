//! Calling kubectl and helm.

use crate::folder::Folder;
use crate::tools::Tools;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// One call of kubectl or helm, as the administrator unless told otherwise. It ends when it is dropped.
#[derive(Debug)]
pub struct Tool {
    command: Command,
    input: Option<String>,
}

impl Tool {
    pub(crate) fn new(tools: &Tools, folder: &Folder, program: &str) -> Self {
        let mut command = Command::from(tools.command(program));
        command
            .env("KUBECONFIG", folder.kubeconfig())
            .envs(homes(folder))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Self { command, input: None }
    }

    /// More arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Self {
        self.command.args(args);
        self
    }

    /// What the program reads from its standard input, for `-f -`.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<String>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Somebody else's kubeconfig, as from
    /// [`kubeconfig_for_service_account`](crate::ControlPlane::kubeconfig_for_service_account).
    #[must_use]
    pub fn kubeconfig(mut self, file: &Path) -> Self {
        self.command.env("KUBECONFIG", file);
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The folder to run in.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it to its end, whatever its status.
    ///
    /// # Errors
    /// The program could not be run or did not read its input.
    pub async fn output(mut self) -> Result<Output> {
        if self.input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child =
            self.command.spawn().with_context(|| format!("cannot run {:?}", self.command.as_std()))?;
        let pipe = child.stdin.take();
        let write = async {
            if let (Some(mut pipe), Some(input)) = (pipe, self.input) {
                // A program that refuses its arguments does not read; what it says then is the better error.
                let _ = pipe.write_all(input.as_bytes()).await;
            }
        };
        let ((), output) = tokio::join!(write, child.wait_with_output());
        Ok(output?)
    }

    /// Runs it and returns its standard output.
    ///
    /// # Errors
    /// It ended with another status than 0; the message has the arguments and its standard error.
    pub async fn run(self) -> Result<String> {
        let call = self.call();
        let output = self.output().await?;
        if !output.status.success() {
            bail!("{call}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("{call} printed something that is not UTF-8"))
    }

    fn call(&self) -> String {
        let command = self.command.as_std();
        let program = Path::new(command.get_program()).file_name().unwrap_or_default();
        std::iter::once(program)
            .chain(command.get_args())
            .map(|part| part.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Where kubectl and helm may keep things: in our folder, because the user's own would remember our ports.
pub(crate) fn homes(folder: &Folder) -> [(&'static str, std::path::PathBuf); 4] {
    let helm = folder.join("helm");
    [
        ("KUBECACHEDIR", folder.join("kubectl-cache")),
        ("HELM_CACHE_HOME", helm.join("cache")),
        ("HELM_CONFIG_HOME", helm.join("config")),
        ("HELM_DATA_HOME", helm.join("data")),
    ]
}

//! The operator as a process of its own.

use super::{LONG, PATIENCE, REVOKE_AFTER, SETTLE_MARGIN, STALLED_AFTER};
use anyhow::{Context, Result, bail, ensure};
use control_plane::Supervised;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

/// One running operator; it ends with this value, as a pod does that is told to: SIGTERM, and SIGKILL after a second.
#[derive(Debug)]
pub struct Operator {
    pub process: Supervised,
    log: PathBuf,
    address: String,
}

/// How to start it.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// Arguments as the chart's Deployment has them.
    pub arguments: &'a [String],
    pub kubeconfig: &'a Path,
    pub namespace: &'a str,
    /// What it prints is appended to this file.
    pub log: &'a Path,
}

impl Operator {
    /// Starts it and returns when it serves its endpoints.
    ///
    /// # Errors
    /// It ended instead; the message has its last words.
    pub async fn start(start: Start<'_>) -> Result<Self> {
        // Settings come from the chart only, and from what is set here.
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatwoot-operator"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHATWOOT_OPERATOR_")) {
            command.env_remove(name);
        }
        command
            .args(start.arguments.iter().filter(|argument| !argument.starts_with("--listen=")))
            .env("KUBECONFIG", start.kubeconfig)
            .env("POD_NAMESPACE", start.namespace)
            .env("CHATWOOT_OPERATOR_LISTEN", "127.0.0.1:0")
            .env("CHATWOOT_OPERATOR_SETTLE_MARGIN", SETTLE_MARGIN)
            .env("CHATWOOT_OPERATOR_STALLED_AFTER", STALLED_AFTER)
            .env("CHATWOOT_OPERATOR_REVOKE_AFTER", REVOKE_AFTER);
        let said_before = std::fs::metadata(start.log).map_or(0, |log| log.len());
        let process = Supervised::start(&command, start.log)?;
        let mut operator = Self { process, log: start.log.to_owned(), address: String::new() };
        let deadline = Instant::now() + PATIENCE;
        loop {
            operator.check()?;
            if let Some(address) = operator.line_since(said_before, "serving")? {
                operator.address = address["address"].as_str().context("no address")?.to_owned();
                return Ok(operator);
            }
            if Instant::now() > deadline {
                bail!("the operator does not serve after {PATIENCE:?}; it said:\n{}", operator.last_words());
            }
            // A process on its way up tells nobody when it is there; its log has to be read.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns when it has said that it leads. Hundreds of namespaces are listed before that on a busy machine.
    ///
    /// # Errors
    /// It has ended, or does not come to lead.
    pub async fn leads(&mut self) -> Result<()> {
        let deadline = Instant::now() + LONG;
        while self.line_since(0, "leading")?.is_none() {
            self.check()?;
            ensure!(Instant::now() < deadline, "not leading after {LONG:?}:\n{}", self.last_words());
            // Its log has to be read; nobody is told.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The first line of the log after `offset` whose message begins like this.
    fn line_since(&self, offset: u64, message: &str) -> Result<Option<Value>> {
        let text = std::fs::read(&self.log)?;
        let text =
            String::from_utf8_lossy(text.get(usize::try_from(offset)?..).unwrap_or_default()).into_owned();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut fits =
            lines.filter(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)));
        Ok(fits.next())
    }

    /// That it runs.
    ///
    /// # Errors
    /// It has ended; the message has its last words.
    pub fn check(&mut self) -> Result<()> {
        if let Some(code) = self.process.ended()? {
            bail!("the operator has ended with status {code}; its last words:\n{}", self.last_words());
        }
        Ok(())
    }

    pub fn last_words(&self) -> String {
        self.process.last_words()
    }

    /// Everything it has printed.
    pub fn log(&self) -> Result<String> {
        std::fs::read_to_string(&self.log).context("cannot read the operator's log")
    }

    /// SIGKILL, as when the node dies.
    pub fn kill(self) {
        self.process.kill();
    }

    /// Returns when `/readyz` says so, on a standby too.
    ///
    /// # Errors
    /// It does not become ready; the message has what it waits for.
    pub async fn is_ready(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.get("/readyz").await?;
            if status == 200 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "not ready after {PATIENCE:?}: {body}");
            // Probes ask; nobody is told.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What one of its endpoints answers: status and body.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: operator\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        Ok((status, body))
    }
}

//! The operator as a process.

use crate::page::{Page, get};
use anyhow::{Context, Result, anyhow};
use control_plane::Supervised;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// How to start it.
#[derive(Clone, Debug)]
pub struct Launch {
    pub program: PathBuf,
    /// Who it is; the context's namespace becomes its own.
    pub kubeconfig: PathBuf,
    /// Loopback port of its endpoints.
    pub port: u16,
    /// The name of its pod. One that is started again under the same name takes its own lead up again at once, as a
    /// container that is restarted in its pod does; under another name it waits until the lead runs out.
    pub pod: String,
    /// More flags of `run`.
    pub flags: Vec<String>,
    /// Where its log lines go, after those of an earlier start.
    pub log: PathBuf,
}

/// A running operator. It ends with this value: SIGTERM, and SIGKILL a second later.
#[derive(Debug)]
pub struct Operator {
    process: Supervised,
    port: u16,
    started: Instant,
}

impl Operator {
    /// Starts it without waiting for anything.
    ///
    /// # Errors
    /// No process could be started, or the log cannot be written.
    pub fn start(launch: &Launch) -> Result<Self> {
        let mut command = Command::new(&launch.program);
        command
            .arg("run")
            .arg(format!("--listen=127.0.0.1:{}", launch.port))
            .args(&launch.flags)
            .env("KUBECONFIG", &launch.kubeconfig)
            .env("POD_NAME", &launch.pod)
            .env_remove("POD_NAMESPACE");
        Ok(Self {
            process: Supervised::start(&command, &launch.log)?,
            port: launch.port,
            started: Instant::now(),
        })
    }

    /// Waits until `/readyz` says yes, and returns how long that took from the start.
    ///
    /// # Errors
    /// It ended, or was not ready `within`; the message has its last log lines, or what it waits for.
    pub async fn ready(&mut self, within: Duration) -> Result<Duration> {
        self.poll("/readyz", within, |page| page.status == 200).await
    }

    /// Waits until it leads, and returns how long that took from the start.
    ///
    /// # Errors
    /// As [`Operator::ready`].
    pub async fn leads(&mut self, within: Duration) -> Result<Duration> {
        let leads = |page: &Page| {
            let gauge = page.text.lines().find_map(|line| line.strip_prefix("chatwoot_operator_leader "));
            gauge.and_then(|value| value.parse().ok()) == Some(1.0)
        };
        self.poll("/metrics", within, leads).await
    }

    async fn poll(&mut self, path: &str, within: Duration, fits: impl Fn(&Page) -> bool) -> Result<Duration> {
        let mut last = "nobody listens".to_owned();
        while self.started.elapsed() < within {
            if let Some(code) = self.process.ended()? {
                return Err(self.epitaph(code));
            }
            match get(self.port, path).await {
                Ok(page) if fits(&page) => return Ok(self.started.elapsed()),
                Ok(page) => last = page.text.lines().next().unwrap_or_default().to_owned(),
                Err(_) => {}
            }
            // An endpoint tells its state when it is asked, and only then.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(anyhow!("{path} of the operator did not say yes within {within:?}; it said: {last}"))
    }

    /// Waits for the process to end by itself, and returns what there is to say about that. Dropping this is harmless.
    pub async fn died(&mut self) -> anyhow::Error {
        match self.end().await {
            Ok(code) => self.epitaph(code),
            Err(error) => error,
        }
    }

    async fn end(&mut self) -> Result<i32> {
        let mut child_ended = signal(SignalKind::child())?;
        loop {
            if let Some(code) = self.process.ended()? {
                return Ok(code);
            }
            child_ended.recv().await.context("no more signals")?;
        }
    }

    fn epitaph(&self, code: i32) -> anyhow::Error {
        anyhow!("the operator ended with status {code}")
    }

    /// The process id, for `/proc`.
    ///
    /// # Errors
    /// It was started only milliseconds ago.
    pub fn pid(&self) -> Result<u32> {
        self.process.pid()
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its last log lines.
    #[must_use]
    pub fn last_words(&self) -> String {
        self.process.last_words()
    }

    /// Tells it to end, as a pod is told, and waits until it has; returns its status. No longer than it takes itself.
    ///
    /// # Errors
    /// It could not be told, or had not been started yet.
    pub async fn terminate(mut self) -> Result<i32> {
        let pid = self.pid()?.to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().context("there is no kill")?;
        anyhow::ensure!(told.success(), "process {pid} cannot be told to end");
        self.end().await
    }

    /// The sum of all its metrics' series that begin like this, such as `chatwoot_operator_leader`.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn sum(&self, series: &str) -> Result<f64> {
        let page = get(self.port, "/metrics").await?;
        let series = page.text.lines().filter(|line| line.starts_with(series));
        Ok(series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Ends it as a crash would, by SIGKILL. Returns when it is gone.
    ///
    /// # Errors
    /// The thread that waits for it failed.
    pub async fn kill(self) -> Result<()> {
        Ok(tokio::task::spawn_blocking(move || self.process.kill()).await?)
    }
}

//! The parts on the stage: API server, Chatwoot, operator.

use crate::quickstart::{Expected, expected};
use crate::tell::Tell;
use anyhow::{Context, Result, anyhow, bail};
use chatwoot_simulator::{Options as Chatwoot, Simulator};
use chatwoot_stage::{Launch, Operator};
use control_plane::{ControlPlane, Options};
use kube::Client;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// What Chatwoot takes for each request, about as a real one does.
const LATENCY_MS: u64 = 20;

/// How long a start may take on a slow machine.
const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// Log lines that are shown when something fails.
const LAST_LINES: usize = 20;

/// All that runs. It ends with this value, the operator first.
pub struct Parts {
    pub operator: Option<Operator>,
    pub launch: Launch,
    pub chatwoot: Simulator,
    pub client: Client,
    pub cluster: ControlPlane,
}

/// Fails while somebody else has the port of the quick start's Chatwoot: before anything is built or started.
pub fn port_is_free() -> Result<()> {
    let Expected { address, .. } = expected()?;
    TcpListener::bind(address).map(drop).with_context(|| {
        format!("{address}, where examples/quickstart expects its Chatwoot, is taken; end the program there (perhaps another demo) and try again")
    })
}

pub async fn api_server(tell: &Tell) -> Result<ControlPlane> {
    let begun = Instant::now();
    let cluster = ControlPlane::start(Options::default()).await?;
    tell.done(&format!(
        "kube-apiserver, etcd and the controllers run at {} after {:.1} s",
        cluster.server(),
        begun.elapsed().as_secs_f32()
    ));
    Ok(cluster)
}

pub async fn chatwoot(tell: &Tell) -> Result<Simulator> {
    let Expected { address, token } = expected()?;
    let options = Chatwoot {
        listen: address,
        platform_tokens: vec![token],
        latency: LATENCY_MS,
        ..Chatwoot::default()
    };
    let version = options.version;
    let simulator = Simulator::start(options).await?;
    tell.done(&format!("Chatwoot {version}, simulated, answers at {}", simulator.url()));
    Ok(simulator)
}

impl Parts {
    /// Starts the operator and waits until it leads.
    ///
    /// # Errors
    /// It ended or did not get ready.
    pub async fn start_operator(&mut self) -> Result<Duration> {
        let mut operator = Operator::start(&self.launch)?;
        let outcome = async {
            operator.ready(STARTED_WITHIN).await?;
            operator.leads(STARTED_WITHIN).await
        };
        let outcome = outcome.await;
        self.operator = Some(operator);
        outcome
    }

    /// The error with the operator's last log lines, which usually say more.
    pub fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        let Some(operator) = &self.operator else { return error };
        let words = operator.last_words();
        let lines: Vec<&str> = words.lines().collect();
        let last =
            lines.iter().skip(lines.len().saturating_sub(LAST_LINES)).copied().collect::<Vec<_>>().join("\n");
        anyhow!("{error:#}\nThe operator's last log lines:\n{last}")
    }

    /// Kills the operator as a crash would.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill_operator(&mut self) -> Result<()> {
        self.operator.take().context("the operator does not run")?.kill().await
    }

    /// Does `work`, unless the operator dies or time runs out first.
    ///
    /// # Errors
    /// Either of those, or the work's own.
    pub async fn meanwhile<T>(
        operator: &mut Option<Operator>,
        within: Duration,
        what: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(operator) = operator else { bail!("the operator does not run") };
        tokio::select! {
            done = work => done,
            error = operator.died() => Err(error),
            () = tokio::time::sleep(within) => Err(anyhow!("waited {within:?} in vain: {what}")),
        }
    }
}

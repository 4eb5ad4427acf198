//! The parts on the stage: API server, Chatwoot, operator.

use crate::quickstart::{Expected, expected};
use crate::tell::Tell;
use anyhow::{Context, Result, anyhow};
use chatwoot_simulator::{Filter, Options as Chatwoot, Simulator};
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

    /// Waits until the operator ends by itself.
    pub async fn operator_died(&mut self) -> anyhow::Error {
        match &mut self.operator {
            Some(operator) => operator.died().await,
            None => anyhow!("the operator does not run"),
        }
    }

    /// Kills the operator as a crash would.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill_operator(&mut self) -> Result<()> {
        self.operator.take().context("the operator does not run")?.kill().await
    }

    /// Waits until Chatwoot has got `count` requests like these.
    ///
    /// # Errors
    /// They did not come `within` that time, or the operator died.
    pub async fn seen_by_chatwoot(
        &mut self,
        requests: &Filter,
        count: usize,
        within: Duration,
    ) -> Result<()> {
        let chatwoot = self.chatwoot.control().clone();
        tokio::select! {
            came = chatwoot.wait(requests, count, within) => came.map(drop),
            error = self.operator_died() => Err(error),
        }
    }
}

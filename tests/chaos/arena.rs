//! Where it all happens: one control plane, the wire to it, and an operator that can be killed.

use crate::{
    board::Board,
    picture::objects,
    proxy::Proxy,
    scenario::Scenario,
    support::{
        Place,
        operator::{Operator, Start},
        place::OPERATOR_NAMESPACE,
    },
};
use anyhow::{Context, Result};
use control_plane::wait_gone;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::DeleteParams};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, RwLock},
};

/// Runs there can be in one arena: the operator must know the namespaces of instances from the start.
const HOMES: usize = 1500;

/// How long clearing away may take, while other runs have the operator killed again and again.
const CLEARED_WITHIN: Duration = Duration::from_secs(600);

/// What the operator waits for an answer of Chatwoot, and what is added to twice that before a lost create is repeated.
/// Together the least that is sound: a create is sent up to 10 s after its claim, and its answer may take the time-out.
const TIMEOUT: &str = "6s";
const SETTLE_MARGIN: &str = "4s";
/// With that margin a lost create is repeated while it may still be carried out.
pub const TOO_SHORT: &str = "1s";

pub struct Arena {
    // The operator ends first.
    operator: Mutex<Option<Operator>>,
    crashing: Mutex<()>,
    pub place: Arc<Place>,
    pub proxy: Proxy,
    pub board: Board,
    arguments: Vec<String>,
    kubeconfig: PathBuf,
    homes: AtomicUsize,
    /// Held for reading by authors at work: while the API server is being restarted they wait, and the operator does not.
    pub served: RwLock<()>,
    restarts: AtomicUsize,
    stood_still: AtomicUsize,
}

impl Arena {
    /// Without an operator yet.
    pub async fn new() -> Result<Self> {
        Self::with(&[]).await
    }

    /// As [`Arena::new`], with more flags of the operator.
    pub async fn with(flags: &[&str]) -> Result<Self> {
        let homes: Vec<String> = (0..HOMES).map(home).collect();
        let values = json!({"leaderElection": false, "replicas": 1, "instanceNamespaces": homes});
        let place = Arc::new(Place::unattended(values).await?);
        let proxy = Proxy::before(&place.plane).await?;
        let (arguments, kubeconfig) = place.deployed();
        let margin = format!("--settle-margin={SETTLE_MARGIN}");
        let flags = flags.iter().map(|flag| (*flag).to_owned());
        let arguments = arguments.iter().cloned().chain([margin]).chain(flags).collect();
        let kubeconfig = proxy.kubeconfig(kubeconfig)?;
        let board = Board::of(&place.admin()?);
        let (operator, crashing, homes) = (Mutex::new(None), Mutex::new(()), AtomicUsize::new(0));
        let (served, restarts, stood_still) = (RwLock::new(()), AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self {
            operator,
            crashing,
            place,
            proxy,
            board,
            arguments,
            kubeconfig,
            homes,
            served,
            restarts,
            stood_still,
        })
    }

    /// Starts the operator; returns when it serves its endpoints.
    pub async fn start(&self) -> Result<()> {
        let start = Start {
            arguments: &self.arguments,
            kubeconfig: &self.kubeconfig,
            namespace: OPERATOR_NAMESPACE,
            log: &self.log(),
        };
        *self.operator.lock().await = Some(Operator::start(start).await?);
        Ok(())
    }

    /// SIGKILL, where one runs; returns when it is gone.
    pub async fn kill(&self) -> Result<()> {
        let Some(operator) = self.operator.lock().await.take() else { return Ok(()) };
        Ok(tokio::task::spawn_blocking(move || operator.kill()).await?)
    }

    /// Kills it and starts another one, as often as it takes: without an API server it may end again, and whoever runs
    /// its container starts it anew.
    pub async fn crash(&self) -> Result<()> {
        const ATTEMPTS: usize = 50;
        let _one_at_a_time = self.crashing.lock().await;
        self.kill().await?;
        for _ in 1..ATTEMPTS {
            if self.start().await.is_ok() {
                return Ok(());
            }
        }
        self.start().await
    }

    /// Kills the API server in the middle of what it does for the operator, and starts it again with the same data.
    pub async fn restart_api_server(self: &Arc<Self>) -> Result<()> {
        let (arena, runtime) = (self.clone(), Handle::current());
        // On a thread of its own, because the future that waits for the server cannot be shown to be Send.
        let restart = move || {
            runtime.block_on(async {
                let _nobody_else = arena.served.write().await;
                arena.place.plane.kill_api_server().await?;
                arena.restarts.fetch_add(1, Ordering::Relaxed);
                arena.place.plane.start_api_server().await
            })
        };
        tokio::task::spawn_blocking(restart).await?
    }

    /// Stops the operator's process as it is, and lets it go on after this time, unless it was killed meanwhile.
    pub async fn stand_still(&self, lasts: Duration) -> Result<()> {
        let Some(pid) =
            self.operator.lock().await.as_ref().map(|operator| operator.process.pid()).transpose()?
        else {
            return Ok(());
        };
        // It may be killed at any time; then there is nobody to stop or to let go on.
        if signal("STOP", pid).await? {
            self.stood_still.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(lasts).await;
            signal("CONT", pid).await?;
        }
        Ok(())
    }

    /// How often the API server was killed, and how often the operator stood still.
    pub fn endured(&self) -> (usize, usize) {
        (self.restarts.load(Ordering::Relaxed), self.stood_still.load(Ordering::Relaxed))
    }

    /// That the operator runs.
    ///
    /// # Errors
    /// It has ended; the message has its last words.
    pub async fn check(&self) -> Result<()> {
        self.operator.lock().await.as_mut().context("the operator does not run")?.check()
    }

    /// Resident memory of the operator, in KiB.
    pub async fn memory(&self) -> Result<u64> {
        let pid = self.operator.lock().await.as_ref().context("the operator does not run")?.process.pid()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
        Ok(number.parse()?)
    }

    /// What all operators of this arena have printed.
    pub fn log(&self) -> PathBuf {
        self.place.plane.dir().join("operator.log")
    }

    /// What the operator said last, for messages.
    pub async fn last_words(&self) -> String {
        let operator = self.operator.lock().await;
        operator.as_ref().map_or_else(|| "(it does not run)".to_owned(), Operator::last_words)
    }

    /// A scenario that is not applied yet.
    pub async fn scenario(&self) -> Result<Scenario> {
        self.scenario_with(TIMEOUT).await
    }

    /// As [`Arena::scenario`], with another time-out of the instance.
    pub async fn scenario_with(&self, timeout: &'static str) -> Result<Scenario> {
        let number = self.homes.fetch_add(1, Ordering::Relaxed);
        anyhow::ensure!(number < HOMES, "more than {HOMES} runs in one arena; raise HOMES");
        Scenario::new(&self.place, &home(number), timeout).await
    }

    /// Deletes all of a scenario, which takes the operator, and lets go of its Chatwoot then. Tenants go first: while
    /// their people are destroyed, the grants that allow it must be there.
    pub async fn clear_away(&self, scenario: Scenario) -> Result<()> {
        let [home, acme, bpo] = scenario.namespaces();
        self.gone(&scenario, &[acme, bpo]).await?;
        self.gone(&scenario, &[home]).await?;
        self.proxy.forget(&scenario.home);
        Ok(())
    }

    /// Deletes these namespaces of a scenario and waits until they are gone.
    ///
    /// # Errors
    /// Something in them stays; the message has what, and what the operator said.
    pub async fn gone(&self, scenario: &Scenario, names: &[String]) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(scenario.stage.admin.clone());
        for name in names {
            namespaces.delete(name, &DeleteParams::default()).await?;
        }
        let gone = try_join_all(names.iter().map(|name| wait_gone(&namespaces, name, CLEARED_WITHIN))).await;
        let Err(error) = gone else { return Ok(()) };
        let left = objects(scenario).await?;
        let left = left.iter().map(|object| {
            format!("{} {}: {}", object["kind"], object["metadata"]["name"], object["status"]["conditions"])
        });
        let left = left.collect::<Vec<_>>().join("\n");
        Err(error.context(format!("left in {}:\n{left}\n{}", scenario.home, self.last_words().await)))
    }
}

/// False where no such process is left.
async fn signal(name: &str, pid: u32) -> Result<bool> {
    let mut kill = tokio::process::Command::new("kill");
    let kill = kill.args(["-s", name, &pid.to_string()]).stderr(std::process::Stdio::null());
    Ok(kill.status().await.context("running kill")?.success())
}

fn home(number: usize) -> String {
    format!("chaos-{number:04}")
}

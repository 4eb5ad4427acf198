//! Replicas: processes that share a Lease, and what Chatwoot and the Lease saw of them.

mod both;
mod failover;
mod partition;
mod rolling;

use crate::support::{LONG, PATIENCE, Place, Stage, place::OPERATOR_NAMESPACE};
use anyhow::{Context, Result, ensure};
use chatwoot_stage::{Cable, Launch, Operator, free_port};
use control_plane::wait_for;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, api::DeleteParams};
use serde_json::json;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{Mutex, MutexGuard};

const LEASE: &str = "chatwoot-operator";
/// What the issue allows a fail-over to take.
pub const FAILOVER: f64 = 20.0;

/// One test at a time: figures of a fail-over mean little on a machine that starts three API servers meanwhile.
pub async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// A cluster with the chart installed whose replicas the test starts.
pub struct Site {
    pub place: Arc<Place>,
}

/// One replica. It ends with this value.
pub struct Replica {
    pub pod: &'static str,
    pub operator: Operator,
}

/// A term of leading, as the Lease has it.
#[derive(Clone, Debug)]
pub struct Term {
    pub holder: String,
    pub acquired: Timestamp,
    pub renewed: Timestamp,
}

impl Site {
    pub async fn new() -> Result<Self> {
        Ok(Self { place: Arc::new(Place::unattended(json!({"replicas": 2})).await?) })
    }

    /// Starts a replica with exactly the chart's arguments and permissions; returns when it is ready. `more` flags come
    /// in place of the chart's own.
    pub async fn start(&self, pod: &'static str, cable: Option<&Cable>, more: &[&str]) -> Result<Replica> {
        let (arguments, kubeconfig) = self.place.deployed();
        let named = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
        let own = ["run", "--listen"];
        let kept = arguments.iter().filter(|flag| {
            !own.contains(&named(flag).as_str()) && !more.iter().any(|other| named(other) == named(flag))
        });
        let tests = [
            format!("--settle-margin={}", crate::support::SETTLE_MARGIN),
            format!("--stalled-after={}", crate::support::STALLED_AFTER),
            format!("--revoke-after={}", crate::support::REVOKE_AFTER),
        ];
        let tests = tests.into_iter().filter(|flag| !more.iter().any(|other| named(other) == named(flag)));
        let launch = Launch {
            program: PathBuf::from(env!("CARGO_BIN_EXE_chatwoot-operator")),
            kubeconfig: match cable {
                Some(cable) => cable.kubeconfig(kubeconfig)?,
                None => kubeconfig.to_owned(),
            },
            port: free_port()?,
            pod: pod.to_owned(),
            flags: kept.cloned().chain(tests).chain(more.iter().map(|flag| (*flag).to_owned())).collect(),
            log: self.place.plane.dir().join(format!("{pod}.log")),
        };
        let mut operator = Operator::start(&launch)?;
        operator.ready(PATIENCE).await.with_context(|| operator.last_words())?;
        Ok(Replica { pod, operator })
    }

    /// Waits until somebody whom `fits` holds the Lease.
    pub async fn held_by(&self, fits: impl Fn(&str) -> bool) -> Result<Term> {
        let leases: Api<Lease> = Api::namespaced(self.place.admin()?, OPERATOR_NAMESPACE);
        let held = |lease: &Lease| term(lease).is_some_and(|term| fits(&term.holder));
        term(&wait_for(&leases, LEASE, held, LONG).await?).context("nobody holds the Lease")
    }

    pub async fn delete_lease(&self) -> Result<()> {
        let leases: Api<Lease> = Api::namespaced(self.place.admin()?, OPERATOR_NAMESPACE);
        leases.delete(LEASE, &DeleteParams::default()).await?;
        Ok(())
    }
}

impl Replica {
    /// Requests it has made to the Chatwoot of `stage` in its life.
    pub async fn requests(&self, stage: &Stage) -> Result<u64> {
        let series = format!("chatwoot_operator_chatwoot_requests_total{{instance=\"{}/main\"", stage.home);
        Ok(self.operator.sum(&series).await? as u64)
    }

    /// As its pod's deletion does; it must end by itself, and in good order.
    pub async fn stops(self) -> Result<()> {
        let status = self.operator.terminate().await?;
        ensure!(status == 0, "{} ended with status {status}", self.pod);
        Ok(())
    }
}

fn term(lease: &Lease) -> Option<Term> {
    let spec = lease.spec.as_ref()?;
    let holder = spec.holder_identity.clone().filter(|holder| !holder.is_empty())?;
    Some(Term { holder, acquired: spec.acquire_time.as_ref()?.0, renewed: spec.renew_time.as_ref()?.0 })
}

/// Seconds from one moment to another.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

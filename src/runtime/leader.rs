//! Who leads: a Lease, so that of several replicas one works. A matter of order only; no promise rests on it.

use super::health::Pulse;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use rand::RngExt;
use serde_json::json;
use std::{future::Future, pin::pin, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long a leader that falls silent is still taken for one.
const DURATION: Duration = Duration::from_secs(15);
/// Renewal begins this long before the Lease expires, so every 5 s.
const GRACE: Duration = Duration::from_secs(10);
/// How often a standby looks, and how long it waits after an error.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long one attempt to take a free Lease may last before the standby looks again.
const ATTEMPT: Duration = Duration::from_secs(10);
/// A Lease that ran out this long ago is abandoned whatever the clocks say.
const WRONG_CLOCK: Duration = Duration::from_secs(60);
/// How long giving the Lease back may take when stopping.
const FAREWELL: Duration = Duration::from_secs(3);

/// Which Lease, and as whom.
#[derive(Clone, Debug)]
pub struct Election {
    pub namespace: String,
    /// `chatwoot-operator`, unless several operators share a cluster.
    pub name: String,
    /// Different in every process; see [`identity`].
    pub identity: String,
}

/// Who this process is among its replicas: the pod's name (`POD_NAME`), else host name and eight random digits.
///
/// A container that is restarted in its pod keeps the name and so takes its own Lease up again at once.
#[must_use]
pub fn identity() -> String {
    let of = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    of("POD_NAME").unwrap_or_else(|| {
        let host = of("HOSTNAME").unwrap_or_else(|| "chatwoot-operator".to_owned());
        format!("{host}-{:08x}", rand::rng().random::<u32>())
    })
}

/// `--leader-election=false`: this process leads from the start until `stop`.
pub async fn lead_alone(leading: watch::Sender<bool>, stop: CancellationToken) {
    leading.send_replace(true);
    stop.cancelled().await;
    leading.send_replace(false);
}

/// Takes part in the election until `stop`, and then gives the Lease back, so that the next leader need not wait.
/// Cancel `stop` only when the passes of this term have ended.
///
/// # Guarantees
/// `leading` is true only while every renewal since the last acquisition has succeeded: any error is a loss, published
/// before anything else is tried. A deleted Lease is made anew. A standby takes a free Lease within 2 s, and one whose
/// leader fell silent when it has not moved for 15 s by the standby's own clock, so that clocks need not agree.
///
/// `client` must not retry and must give up within a few seconds ([`Clients::lease`](super::clients::Clients)).
/// Needs get, create and patch on the Lease.
pub async fn lead(
    client: Client,
    election: Election,
    leading: watch::Sender<bool>,
    pulse: Pulse,
    stop: CancellationToken,
) {
    let candidate =
        Candidate { api: Api::namespaced(client.clone(), &election.namespace), client, election, pulse };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = candidate.campaign(&leading) => {}
    }
    leading.send_replace(false);
    let lease = &candidate.election.name;
    match timeout(FAREWELL, candidate.give_back()).await {
        Ok(Ok(true)) => tracing::info!(lease, "gave the lead back"),
        Ok(Ok(false)) => {}
        Ok(Err(error)) => tracing::warn!(%error, lease, "could not give the lead back"),
        Err(_) => tracing::warn!(lease, "could not give the lead back in time"),
    }
    candidate.pulse.finish();
}

struct Candidate {
    client: Client,
    api: Api<Lease>,
    election: Election,
    pulse: Pulse,
}

impl Candidate {
    /// Stands by, leads, loses the lead, and so on. Never ends.
    async fn campaign(&self, leading: &watch::Sender<bool>) {
        let lease = &self.election.name;
        loop {
            if let Err(error) = self.one_term(leading).await {
                leading.send_replace(false);
                tracing::warn!(%error, lease, identity = self.election.identity, "not leading");
                sleep(LOOK_EVERY).await;
            }
        }
    }

    /// One wait and, if it comes to that, one term of leading. The manager is built anew each time: it does not publish
    /// failed renewals, and would never make a deleted Lease again.
    async fn one_term(&self, leading: &watch::Sender<bool>) -> Result<(), LeaseManagerError> {
        self.until_free().await?;
        let manager = self.manager().await?;
        let Ok(taken) = timeout(ATTEMPT, manager.changed()).await else { return Ok(()) };
        if !taken? {
            return Ok(());
        }
        tracing::info!(lease = self.election.name, identity = self.election.identity, "leading");
        leading.send_replace(true);
        let lost = self.ticking(manager.changed()).await;
        leading.send_replace(false);
        lost?;
        tracing::warn!(lease = self.election.name, "another replica has taken the lead");
        Ok(())
    }

    /// Waits until the Lease can be taken.
    async fn until_free(&self) -> Result<(), LeaseManagerError> {
        let mut watched = Watched::default();
        loop {
            self.pulse.tick();
            let spec = match self.api.get_opt(&self.election.name).await? {
                Some(lease) => lease.spec.unwrap_or_default(),
                None => return Ok(()),
            };
            if watched.free(&spec, &self.election.identity) {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn ticking<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match timeout(Pulse::EVERY, &mut work).await {
                Ok(done) => return done,
                Err(_) => self.pulse.tick(),
            }
        }
    }

    /// True when there was something to give back. Not the manager's own `release`, which ignores who holds the Lease
    /// once it has run out, and panics on a conflict.
    async fn give_back(&self) -> kube::Result<bool> {
        let name = &self.election.name;
        let Some(lease) = self.api.get_opt(name).await? else { return Ok(false) };
        let holder = lease.spec.and_then(|spec| spec.holder_identity);
        if holder.as_deref() != Some(&self.election.identity) {
            return Ok(false);
        }
        let empty = json!({
            "metadata": {"resourceVersion": lease.metadata.resource_version},
            "spec": {"holderIdentity": null, "acquireTime": null, "renewTime": null, "leaseDurationSeconds": null},
        });
        self.api.patch(name, &PatchParams::default(), &Patch::Merge(empty)).await.map(|_| true)
    }

    async fn manager(&self) -> Result<LeaseManager, LeaseManagerError> {
        LeaseManagerBuilder::new(self.client.clone(), &self.election.name)
            .with_namespace(&self.election.namespace)
            .with_identity(&self.election.identity)
            .with_duration(DURATION.as_secs())
            .with_grace(GRACE.as_secs())
            .build()
            .await
    }
}

/// What a standby has seen of somebody else's Lease.
#[derive(Default)]
struct Watched {
    last: Option<(LeaseSpec, Instant)>,
}

impl Watched {
    /// True when the Lease can be taken. One that is held counts as abandoned once it has not changed for its duration
    /// as this process sees it, or when it ran out long ago even for a wrong clock.
    fn free(&mut self, spec: &LeaseSpec, identity: &str) -> bool {
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder.is_empty() || holder == identity {
            return true;
        }
        let own = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let duration = own.map_or(DURATION, Duration::from_secs);
        let renewed = spec.renew_time.as_ref().map(|time| time.0);
        let silent = renewed.and_then(|at| Duration::try_from(Timestamp::now().duration_since(at)).ok());
        if renewed.is_none() || silent.is_some_and(|silent| silent > duration + WRONG_CLOCK) {
            return true;
        }
        match &self.last {
            Some((last, since)) if last == spec => since.elapsed() >= duration,
            _ => {
                self.last = Some((spec.clone(), Instant::now()));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests;

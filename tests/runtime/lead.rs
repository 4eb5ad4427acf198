use anyhow::{Context, Result, bail};
use chatwoot_operator::runtime::{
    clients::clients,
    health::Health,
    leader::{Election, lead},
};
use chatwoot_stage::{Cable, State};
use control_plane::{ControlPlane, Namespace};
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, api::DeleteParams};
use std::time::Duration;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

/// One candidate, with a wire of its own.
struct Candidate {
    cable: Cable,
    leading: watch::Receiver<bool>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Drop for Candidate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Candidate {
    async fn start(cluster: &ControlPlane, namespace: &Namespace, identity: &str) -> Result<Self> {
        let cable = Cable::to(cluster).await?;
        let (lead_now, leading) = watch::channel(false);
        let stop = CancellationToken::new();
        let election = Election {
            namespace: namespace.to_string(),
            name: "chatwoot-operator".to_owned(),
            identity: identity.to_owned(),
        };
        let client = clients(cable.config())?.lease;
        let pulse = Health::default().pulse("lead", Duration::from_secs(60));
        let task = tokio::spawn(lead(client, election, lead_now, pulse, stop.clone()));
        Ok(Self { cable, leading, stop, task })
    }

    /// Waits until this candidate leads or does not, and says when that was.
    async fn until(&mut self, leads: bool, within: u64) -> Result<Instant> {
        let changed = self.leading.wait_for(|leading| *leading == leads);
        match timeout(Duration::from_secs(within), changed).await {
            Ok(Ok(_)) => Ok(Instant::now()),
            Ok(Err(_)) => bail!("the candidate has ended"),
            Err(_) => bail!("leading did not become {leads} within {within} s"),
        }
    }

    fn leads(&self) -> bool {
        *self.leading.borrow()
    }
}

async fn holder(cluster: &ControlPlane, namespace: &str) -> Result<Option<String>> {
    let leases: Api<Lease> = Api::namespaced(cluster.client()?, namespace);
    Ok(leases.get("chatwoot-operator").await?.spec.context("a Lease without spec")?.holder_identity)
}

#[tokio::test]
async fn a_leader_that_stops_hands_over_at_once() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let namespace = cluster.namespace("handover").await?;
    let mut first = Candidate::start(cluster, &namespace, "first").await?;
    first.until(true, 20).await?;
    assert_eq!(holder(cluster, &namespace).await?.as_deref(), Some("first"));
    let mut second = Candidate::start(cluster, &namespace, "second").await?;
    first.stop.cancel();
    let lost = first.until(false, 5).await?;
    let taken = second.until(true, 20).await?;
    assert!(taken - lost < Duration::from_secs(10), "the second waited {:?}", taken - lost);
    assert_eq!(holder(cluster, &namespace).await?.as_deref(), Some("second"));
    second.stop.cancel();
    (&mut second.task).await?;
    assert_eq!(holder(cluster, &namespace).await?, None, "nobody is left");
    Ok(())
}

/// The cable of the leader's node is pulled. It must know before anybody else takes over.
#[tokio::test]
async fn a_leader_that_is_cut_off_stops_leading_before_another_begins() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let namespace = cluster.namespace("cutoff").await?;
    let mut first = Candidate::start(cluster, &namespace, "first").await?;
    first.until(true, 20).await?;
    let mut second = Candidate::start(cluster, &namespace, "second").await?;
    first.cable.set(State::Silent);
    let (lost, taken) = tokio::join!(first.until(false, 60), second.until(true, 60));
    assert!(lost? < taken?, "two led at the same time");

    // Back again: the first stands by and takes over when the second goes.
    first.cable.set(State::Whole);
    second.stop.cancel();
    first.until(true, 60).await?;
    assert!(!second.leads());
    Ok(())
}

#[tokio::test]
async fn a_deleted_lease_is_made_again() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let namespace = cluster.namespace("deleted").await?;
    let mut only = Candidate::start(cluster, &namespace, "only").await?;
    only.until(true, 20).await?;
    let leases: Api<Lease> = Api::namespaced(cluster.client()?, &namespace);
    leases.delete("chatwoot-operator", &DeleteParams::default()).await?;
    only.until(false, 20).await?;
    only.until(true, 20).await?;
    assert_eq!(holder(cluster, &namespace).await?.as_deref(), Some("only"));
    Ok(())
}

/// A container that is restarted in its pod does not wait for itself.
#[tokio::test]
async fn a_restarted_container_takes_its_own_lease_up_again() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let namespace = cluster.namespace("restart").await?;
    let mut killed = Candidate::start(cluster, &namespace, "pod-0").await?;
    killed.until(true, 20).await?;
    killed.task.abort();
    let begun = Instant::now();
    let mut restarted = Candidate::start(cluster, &namespace, "pod-0").await?;
    let leads = restarted.until(true, 20).await?;
    assert!(leads - begun < Duration::from_secs(5), "it waited {:?}", leads - begun);
    Ok(())
}

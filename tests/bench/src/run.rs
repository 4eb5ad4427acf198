//! One workload after the other.

use crate::{
    arena::Arena, busy, calls::Reader, create, drift, idle, inside, load, objects, outage, pace::Pace,
    report::Figures, restart, unrelated, workload::Workload,
};
use anyhow::Result;
use chatwoot_simulator::Simulator;
use chatwoot_stage::{Kind, Launch, NAMESPACE, Operator};
use control_plane::ControlPlane;
use std::time::Duration;

const STARTED_WITHIN: Duration = Duration::from_secs(60);

pub struct Bench<'a> {
    pub cluster: &'a ControlPlane,
    pub chatwoot: &'a Simulator,
    pub launch: &'a Launch,
    pub accounts: usize,
    pub pace: Pace,
    pub scale: usize,
    /// Only these; all where there are none.
    pub only: &'a [Workload],
}

impl Bench<'_> {
    fn is_asked_for(&self, workload: Workload) -> bool {
        self.only.is_empty() || self.only.contains(&workload)
    }

    /// Measures what is asked for, one after the other.
    ///
    /// # Errors
    /// Something does not become as it should, or the operator ends.
    pub async fn run(&self) -> Result<Figures> {
        let (create, mut arena) = self.populate().await?;
        let create = self.is_asked_for(Workload::Create).then_some(create);
        let mut figures = Figures { create, ..Figures::default() };
        if self.is_asked_for(Workload::Restart) {
            eprintln!("W3: SIGKILL and restart with all of it present");
            let (restart, next) = restart::measure(arena).await?;
            (figures.restart, arena) = (Some(restart), next);
        }
        if self.is_asked_for(Workload::Idle) {
            eprintln!("W2: nothing to do, for {} s", self.pace.idle.as_secs());
            figures.idle = Some(idle::measure(&mut arena).await?);
            eprintln!(
                "W2: 1 % changed behind the operator's back, everything compared every {} s",
                self.pace.interval.as_secs()
            );
            figures.drift = Some(drift::measure(&mut arena).await?);
            arena.compare_every(objects::DRIFT_INTERVAL).await?;
        }
        if self.is_asked_for(Workload::Busy) {
            eprintln!("W4: new objects");
            figures.busy = Some(busy::measure(&mut arena).await?);
        }
        if self.is_asked_for(Workload::Unrelated) {
            eprintln!("W5: Secrets and ConfigMaps of others");
            let (unrelated, next) = unrelated::measure(arena).await?;
            (figures.unrelated, arena) = (Some(unrelated), next);
        }
        if self.is_asked_for(Workload::Inside) {
            eprintln!("W6: what is inside accounts");
            figures.inside = Some(inside::measure(&mut arena).await?);
        }
        if self.is_asked_for(Workload::Outage) {
            eprintln!("W7: Chatwoot down for {} s", self.pace.outage.as_secs());
            figures.outage = Some(outage::measure(&mut arena).await?);
        }
        Ok(figures)
    }

    /// Creates everything, which every workload works with.
    async fn populate(&self) -> Result<(create::Create, Arena<'_>)> {
        let Self { cluster, chatwoot, launch, accounts, pace, scale, .. } = *self;
        let mut operator = Operator::start(launch)?;
        operator.ready(STARTED_WITHIN).await?;
        operator.leads(STARTED_WITHIN).await?;
        let platform = objects::platform(chatwoot.url(), chatwoot.token());
        let ours = platform.iter().filter(|object| object.get("spec").is_some()).count();
        for object in platform {
            cluster.apply(NAMESPACE, &object.to_string()).await?;
        }
        let kinds = [Kind::Instance, Kind::Grant, Kind::Plan];
        load::all_ready(&cluster.client()?, &kinds, ours, STARTED_WITHIN).await?;
        let mut journal = Reader::from_now(chatwoot.control()).await?;
        eprintln!("W1: create {accounts} accounts and {} users", accounts * objects::USERS_PER_ACCOUNT);
        let (create, objects) =
            create::measure(cluster, &mut journal, &mut operator, accounts, pace.settling).await?;
        Ok((create, Arena { cluster, chatwoot, launch, journal, operator, objects, pace, scale }))
    }
}

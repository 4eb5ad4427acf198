//! What every workload works with.

use crate::{calls::Reader, load::all_ready, pace::Pace};
use anyhow::Result;
use chatwoot_simulator::Simulator;
use chatwoot_stage::{Kind, Launch, NAMESPACE, Operator, Seen};
use control_plane::ControlPlane;
use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};
use std::time::Duration;

const PROVEN_WITHIN: Duration = Duration::from_secs(120);
const STARTED_WITHIN: Duration = Duration::from_secs(120);

/// How long a start took, from the start of the process.
pub struct Started {
    pub ready: Duration,
    pub leads: Duration,
}

pub struct Arena<'a> {
    pub cluster: &'a ControlPlane,
    pub chatwoot: &'a Simulator,
    pub launch: &'a Launch,
    pub journal: Reader,
    pub operator: Operator,
    /// Everything that was created, as it was when it became Ready.
    pub objects: Vec<Seen>,
    pub pace: Pace,
    pub scale: usize,
}

impl Arena<'_> {
    /// A count of the full bench, scaled, and at least `least`.
    pub fn scaled(&self, count: usize, least: usize) -> usize {
        (count / self.scale).max(least)
    }

    /// Has objects compared every so often from now on.
    ///
    /// # Errors
    /// The instance does not become Ready again.
    pub async fn compare_every(&self, interval: Duration) -> Result<()> {
        self.configure(json!({"driftCheckInterval": format!("{}s", interval.as_secs())})).await
    }

    /// Changes the instance.
    ///
    /// # Errors
    /// It does not become Ready again.
    pub async fn configure(&self, spec: Value) -> Result<()> {
        let client = self.cluster.client()?;
        let instances: Api<DynamicObject> =
            Api::namespaced_with(client.clone(), NAMESPACE, &Kind::Instance.resource());
        let change = Patch::Merge(json!({"spec": spec}));
        instances.patch("main", &PatchParams::default(), &change).await?;
        all_ready(&client, &[Kind::Instance], 1, PROVEN_WITHIN).await
    }

    /// Kills the operator and starts it again; returns when it leads.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn restarted(self) -> Result<(Self, Started)> {
        self.operator.kill().await?;
        let mut operator = Operator::start(self.launch)?;
        let ready = operator.ready(STARTED_WITHIN).await?;
        let leads = operator.leads(STARTED_WITHIN).await?;
        Ok((Self { operator, ..self }, Started { ready, leads }))
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// The operator ended.
    pub async fn watch(&mut self, during: Duration) -> Result<()> {
        tokio::select! {
            // Nothing, or only what comes by the clock, is to happen, and that takes time to see.
            () = tokio::time::sleep(during) => Ok(()),
            error = self.operator.died() => Err(error),
        }
    }
}

//! What a restart costs when everything is in place.

use crate::calls::{Calls, Reader};
use crate::load;
use crate::objects::{DRIFT_INTERVAL, ordinary_drift_checks};
use crate::process::{cpu_ms, peak_kib};
use crate::writes::Writes;
use anyhow::Result;
use chatwoot_operator::plan::schedule::until_next_slot;
use chatwoot_simulator::Entry;
use chatwoot_stage::{Kind, Launch, NAMESPACE, Operator, Seen};
use control_plane::ControlPlane;
use jiff::Timestamp;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long after its slot a check may come.
const LATE: Duration = Duration::from_secs(5);
const STARTED_WITHIN: Duration = Duration::from_secs(120);

#[derive(Debug, Serialize)]
pub struct Restart {
    /// From the start of the process to a yes of `/readyz`.
    pub ready_ms: u128,
    pub leads_ms: u128,
    /// Objects whose drift slot fell into the time watched.
    pub slots_due: usize,
    pub calls: Calls,
    /// The calls that no slot explains.
    pub beyond_slots: Calls,
    pub writes: Writes,
    pub cpu_ms: u64,
    pub peak_kib: u64,
}

/// Kills the operator, starts it again and watches it for a while after it took the lead.
///
/// # Errors
/// It does not come up, or one of the logs cannot be read.
pub async fn measure(
    cluster: &ControlPlane,
    journal: &mut Reader,
    operator: Operator,
    launch: &Launch,
    objects: &[Seen],
    watching: Duration,
) -> Result<(Restart, Operator)> {
    compare_as_usual(cluster).await?;
    operator.kill().await?;
    journal.news().await?;
    let killed = Timestamp::now();
    let mut operator = Operator::start(launch)?;
    let ready = operator.ready(STARTED_WITHIN).await?;
    let leads = operator.leads(STARTED_WITHIN).await?;
    let led = Timestamp::now();
    tokio::select! {
        // Nothing is to happen, and that takes time to see.
        () = tokio::time::sleep(watching) => {}
        error = operator.died() => return Err(error),
    }
    let due = due(objects, killed, watching + Duration::try_from(led - killed)?);
    let entries = journal.news().await?;
    let beyond: Vec<Entry> = entries.iter().filter(|entry| !due.contains(&entry.path)).cloned().collect();
    let pid = operator.pid()?;
    let restart = Restart {
        ready_ms: ready.as_millis(),
        leads_ms: leads.as_millis(),
        slots_due: due.len(),
        calls: Calls::of(&entries),
        beyond_slots: Calls::of(&beyond),
        writes: Writes::between(cluster, killed, Timestamp::now()).await?,
        cpu_ms: cpu_ms(pid)?,
        peak_kib: peak_kib(pid)?,
    };
    Ok((restart, operator))
}

/// From here on objects have their drift slots, as in an ordinary installation.
async fn compare_as_usual(cluster: &ControlPlane) -> Result<()> {
    let instances: Api<DynamicObject> =
        Api::namespaced_with(cluster.client()?, NAMESPACE, &Kind::Instance.resource());
    instances.patch("main", &PatchParams::default(), &Patch::Merge(ordinary_drift_checks())).await?;
    load::all_ready(&cluster.client()?, &[Kind::Instance], 1, STARTED_WITHIN).await
}

/// The paths under which a drift check may ask Chatwoot in this time: those of objects whose slot falls into it.
fn due(objects: &[Seen], from: Timestamp, during: Duration) -> BTreeSet<String> {
    // A check that was due just before the kill is made up for, so what was due then counts as well.
    let from = from.checked_sub(LATE).unwrap_or(from);
    let path = |seen: &Seen| {
        let (_, id) =
            (until_next_slot(&seen.uid, DRIFT_INTERVAL, from) < during + LATE).then_some(()).zip(seen.id)?;
        match seen.kind {
            Kind::Account => Some(format!("/platform/api/v1/accounts/{id}")),
            Kind::User => Some(format!("/platform/api/v1/users/{id}")),
            _ => None,
        }
    };
    objects.iter().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uid: &str) -> Seen {
        Seen {
            kind: Kind::Account,
            namespace: "n".into(),
            name: "a".into(),
            uid: uid.into(),
            generation: 1,
            id: Some(7),
            ready: None,
        }
    }

    #[test]
    fn a_check_is_excused_in_its_own_slot_only() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let until = until_next_slot("u", DRIFT_INTERVAL, now);
        let slot = now.checked_add(until).unwrap();
        let minute = Duration::from_secs(60);
        let excused = |from: Timestamp| due(&[account("u")], from, minute).len();
        assert_eq!(excused(slot.checked_sub(Duration::from_secs(30)).unwrap()), 1);
        assert_eq!(excused(slot.checked_sub(Duration::from_secs(300)).unwrap()), 0);
        assert_eq!(excused(slot.checked_add(Duration::from_secs(30)).unwrap()), 0);
    }
}

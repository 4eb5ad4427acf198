//! What happens, in order.

mod crash;
mod customer;
mod drift;
mod tenants;

use crate::parts::Parts;
use crate::tell::{Tell, print};
use anyhow::Result;
use chatwoot_stage::operator_user;
use std::time::{Duration, Instant};

/// Flags of the operator here. The margin is 30 s by default: how long a lost answer may still be on its way.
pub const FLAGS: [&str; 1] = ["--settle-margin=1s"];

/// How long any one thing may take on a slow machine.
const WITHIN: Duration = Duration::from_secs(120);

pub async fn all(tell: &mut Tell, parts: &mut Parts, begun: Instant) -> Result<()> {
    let tenants = tenants::play(tell, parts).await?;
    let repaired = drift::play(tell, parts, &tenants).await?;
    let crash = crash::play(tell, parts).await?;
    let customer = customer::play(tell, parts).await?;

    tell.chapter("In short", "");
    let objects = tenants.objects.len() + crash.accounts + customer.objects;
    tell.done(&format!("{objects} objects applied, all Ready"));
    tell.done(&format!(
        "a change behind the operator's back put right {:.1} s after it was asked",
        repaired.as_secs_f32()
    ));
    tell.done(&format!(
        "{} accounts asked for, the operator killed in between, {} accounts made",
        crash.accounts, crash.made
    ));
    tell.done("a customer's first message in the inbox of a tenant who was not there a minute ago");
    let calls = parts.chatwoot.last_seq().await?;
    let writes: usize = parts.cluster.count_writes_by(&operator_user()).await?.values().sum();
    tell.note(&format!("The operator sent {calls} requests to Chatwoot and wrote {writes} times to Kubernetes, leases and events included."));
    tell.note(&format!("All of this took {:.0} s.", begun.elapsed().as_secs_f32()));
    Ok(())
}

/// What to type while everything is left running.
pub fn keep(parts: &Parts) {
    print("\nEverything is left running. In another terminal:\n");
    print(&format!("   export KUBECONFIG={}", parts.cluster.kubeconfig().display()));
    print(&format!("   export PATH={}:$PATH", parts.cluster.tools().folder().display()));
    print("   kubectl get chatwoot -A");
    print(&format!("   curl -s {}/_simulator", parts.chatwoot.url()));
    print(&format!("   tail -f {}", parts.launch.log.display()));
    print("\nCtrl-C here ends all of it.");
}

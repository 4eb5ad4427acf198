//! The operator itself: does it run, and does it know who it is?

use super::findings::{Findings, Level};
use crate::cli::{installed::Installed, plan::rehearsal::Rehearsal};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};

/// A Lease that was not renewed for so long has no holder any more.
const STALE_SECONDS: i64 = 60;

pub async fn check(client: &Client, rehearsal: &Rehearsal, installed: &Installed, findings: &mut Findings) {
    let (home, secret) = (&installed.settings.namespace, &installed.installation_secret);
    match rehearsal.read_installation(installed).await {
        Ok(true) => {
            findings.add("cluster", "installation", Level::Ok, format!("Secret {home}/{secret} is complete"))
        }
        Ok(false) => {
            let text = format!("Secret {home}/{secret} is not there; the operator makes it when it starts");
            findings.add("cluster", "installation", Level::Warning, text);
        }
        Err(why) => findings.add("cluster", "installation", Level::Problem, why),
    }
    if !installed.leader_election {
        return;
    }
    let leases: Api<Lease> = Api::namespaced(client.clone(), home);
    let start = format!(
        "look at the operator: kubectl -n {home} get deployments,pods; kubectl -n {home} logs deploy/chatwoot-operator"
    );
    match leases.get_opt("chatwoot-operator").await {
        Ok(lease) => {
            let spec = lease.and_then(|lease| lease.spec);
            let renewed = spec.as_ref().and_then(|spec| spec.renew_time.as_ref()).map(|time| time.0);
            let holder = spec.and_then(|spec| spec.holder_identity).filter(|holder| !holder.is_empty());
            let fresh =
                renewed.is_some_and(|at| Timestamp::now().duration_since(at).as_secs() < STALE_SECONDS);
            match holder.filter(|_| fresh) {
                Some(holder) => findings.add("cluster", "operator", Level::Ok, format!("{holder} leads")),
                None => findings.advise(
                    "cluster",
                    "operator",
                    Level::Problem,
                    format!("nobody holds the Lease {home}/chatwoot-operator, so no operator works"),
                    start,
                ),
            }
        }
        Err(error) => {
            findings.add("cluster", "operator", Level::Unknown, format!("the Lease cannot be read: {error}"))
        }
    }
}

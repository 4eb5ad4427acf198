//! A leader that is cut off from the API server, in the middle of more work than its budget allows at once.

use super::{FAILOVER, Site, seconds, turn};
use crate::{
    say,
    support::{LONG, Setup, Stage},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Filter};
use chatwoot_stage::{Cable, State};
use jiff::Timestamp;
use serde_json::json;

const ACCOUNTS: usize = 12;

/// What it has decided to send waits for its budget, here up to a minute, and is not sent any more once the Lease may be
/// another's.
#[tokio::test]
async fn a_leader_that_is_cut_off_sends_nothing_once_another_may_lead() -> Result<()> {
    let _turn = turn().await;
    let site = Site::new().await?;
    let cable = Cable::to(&site.place.plane).await?;
    let cut = site.start("cut", Some(&cable), &[]).await?;
    site.held_by(|holder| holder == "cut").await?;
    let stage = Stage::in_place_with(&site.place, Setup::default()).await?;
    let tenant = stage.tenant(json!({})).await?;
    let mut accounts = Vec::new();
    for number in 0..ACCOUNTS {
        let name = format!("acme-{number}");
        accounts.push(tenant.account(&stage, &name, json!({"name": name})).await?);
    }
    for account in &accounts {
        account.ready().await?;
    }
    let other = site.start("other", None, &[]).await?;

    // Somebody changes all of them in Chatwoot, and five seconds are to pass between two requests from now on.
    let slow = json!({"requestBudget": {"perMinute": 12, "inFlight": 64}});
    stage.apply_instance(slow).await?.ready().await?;
    for account in &stage.chatwoot.state().await?.accounts {
        stage.chatwoot.act(Act::RenameAccount { account: account.id, name: "Drifted".into() }).await?;
    }
    let seq = stage.chatwoot.last_seq().await?;
    for account in &accounts {
        account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    }
    stage.chatwoot.wait(&Filter::default().since(seq), 2, LONG).await?;
    let silent = Timestamp::now();
    cable.set(State::Silent);
    let term = site.held_by(|holder| holder == "other").await?;
    let took = seconds(silent, term.acquired);
    ensure!(took <= FAILOVER, "it took {took:.1} s");

    // The new leader may hurry; the old one cannot hear of it. It ends when all it had begun has come to its end.
    stage.apply_instance(json!({})).await?;
    for account in &accounts {
        let mended = |o: &serde_json::Value| o["status"]["lastHandledReconcileAt"] == "now";
        account.at_last("has been looked at", mended).await?;
    }
    cut.stops().await?;
    let names = stage.chatwoot.state().await?.accounts;
    ensure!(names.iter().all(|account| account.name != "Drifted"), "{names:?}");
    let journal = stage.chatwoot.journal(&Filter::default()).await?;
    let after = journal.iter().filter(|entry| entry.time >= term.acquired).count();
    let last = journal.iter().rfind(|entry| entry.time < term.acquired).context("no call")?;
    let sent = other.requests(&stage).await?;
    say(&format!(
        "cut off, a leader was replaced within {took:.1} s; its last call came {:.1} s before; of {after} calls after \
         that the new leader made {sent}",
        seconds(last.time, term.acquired)
    ));
    ensure!(sent == u64::try_from(after)?, "{after} calls came since the other led, which made {sent}");
    other.stops().await
}

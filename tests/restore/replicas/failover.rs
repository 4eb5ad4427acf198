//! A leader that is told to go, one that dies, and a Lease that somebody deletes.

use super::{FAILOVER, Site, seconds, turn};
use crate::{
    say,
    support::{Stage, Subject},
};
use anyhow::{Result, ensure};
use jiff::Timestamp;
use serde_json::json;

/// `LEASE_DURATION` of the operator, as the Lease itself says.
const DURATION: f64 = 15.0;

async fn serves(account: &Subject, name: &str) -> Result<()> {
    account.set(json!({"name": name})).await?;
    account.reason_at_last("Succeeded").await?;
    Ok(())
}

#[tokio::test]
async fn the_next_one_leads_at_once_after_a_farewell_and_within_twenty_seconds_after_a_death() -> Result<()> {
    let _turn = turn().await;
    let site = Site::new().await?;
    let one = site.start("one", None, &[]).await?;
    site.held_by(|holder| holder == "one").await?;
    let stage = Stage::in_place(&site.place).await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let two = site.start("two", None, &[]).await?;
    serves(&account, "before").await?;
    ensure!(two.requests(&stage).await? == 0, "a standby has called Chatwoot");

    // Nobody holds it, so whoever looks first makes it anew.
    site.delete_lease().await?;
    let deleted = Timestamp::now();
    let term = site.held_by(|_| true).await?;
    say(&format!("a deleted Lease was there again after {:.1} s", seconds(deleted, term.acquired)));
    serves(&account, "deleted").await?;
    let term = site.held_by(|_| true).await?;
    let (leader, standby) = if term.holder == "one" { (one, two) } else { (two, one) };

    let told = Timestamp::now();
    leader.stops().await?;
    let next = site.held_by(|holder| holder == standby.pod).await?;
    say(&format!(
        "after SIGTERM the other replica led within {:.1} s, {:.1} s after the last renewal; the Lease lasts {DURATION} s",
        seconds(told, next.acquired),
        seconds(term.renewed, next.acquired)
    ));
    ensure!(seconds(term.renewed, next.acquired) < DURATION, "it waited until the Lease ran out: {next:?}");
    serves(&account, "handed over").await?;

    let three = site.start("three", None, &[]).await?;
    let before = site.held_by(|_| true).await?;
    let killed = Timestamp::now();
    standby.operator.kill().await?;
    let next = site.held_by(|holder| holder == "three").await?;
    let took = seconds(killed, next.acquired);
    say(&format!(
        "after SIGKILL the other replica led within {took:.1} s, {:.1} s after the last renewal",
        seconds(before.renewed, next.acquired)
    ));
    ensure!(took <= FAILOVER, "it took {took:.1} s");
    serves(&account, "taken over").await?;
    ensure!(three.requests(&stage).await? > 0, "who leads has called nobody");
    three.stops().await
}

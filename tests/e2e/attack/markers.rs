//! Markers: what an administrator of an account can write in Chatwoot must never pass for one.

use crate::support::{
    Journal, Stage, route,
    subject::{condition, id},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Filter, How};
use serde_json::{Value, json};

/// Chatwoot lets an account's administrator write its name and a handful of attributes, all of which the account index
/// shows beside the marker.
#[tokio::test]
async fn what_an_administrator_writes_into_an_account_never_passes_for_anothers_marker() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, victim) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let theirs = id(&victim.get().await?)?;
    let marker =
        stage.chatwoot.account(theirs).await?.context("gone")?.custom_attributes["chatwoot_operator"].clone();
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let own = id(&account.get().await?)?;
    let text = marker.as_str().context("no marker")?;
    let attributes = json!({
        "industry": format!("\"}},\"custom_attributes\":{{\"chatwoot_operator\":\"{text}\"}}"),
        "website": {"custom_attributes": {"chatwoot_operator": text}},
        "chatwoot_operator ": text, "Chatwoot_operator": text, "company_size": [{"chatwoot_operator": text}]
    });
    let attributes = attributes.as_object().cloned().context("no map")?;
    stage.chatwoot.act(Act::EditAccountAttributes { account: own, how: How::Merge, attributes }).await?;
    stage.chatwoot.act(Act::RenameAccount { account: own, name: text.to_owned() }).await?;

    // A create has the index asked before and, once its settle time is over, after it.
    let seq = stage.chatwoot.last_seq().await?;
    evil.account(&stage, "another", json!({"name": "Another"})).await?.ready().await?;
    stage.chatwoot.wait(&Filter::route(route::INDEX).since(seq), 2, crate::support::LONG).await?;
    for account in [&victim, &account] {
        account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
        let seen = account.until("answers", |o| o["status"]["lastHandledReconcileAt"] == "now").await?;
        assert_eq!(condition(&seen, "Ready")["reason"], "Succeeded", "{seen}");
        assert_eq!(seen["status"].get("duplicates"), None::<&Value>);
    }
    assert_eq!(stage.chatwoot.account(own).await?.context("gone")?.name, "Evil", "and the name is put right");
    Ok(())
}

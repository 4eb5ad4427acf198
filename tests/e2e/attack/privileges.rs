//! What the company sold or took away.

use crate::support::{
    Journal, PATIENCE, Stage,
    subject::{id, is},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditAccount, Status};
use serde_json::{Value, json};

fn by_grant(object: &Value) -> bool {
    object["status"]["suspendedBy"] == "Grant"
}

/// Pausing, leaving the deletion half done, and applying the object again or under another name.
#[tokio::test]
async fn no_way_of_resting_or_going_gets_a_suspended_tenant_out() -> Result<()> {
    let stage = Stage::new().await?;
    let (evil, first) = stage.settled(json!({}), json!({"name": "First"})).await?;
    let held = evil.account(&stage, "held", json!({"name": "Held", "deletionPolicy": "Suspend"})).await?;
    let (first_id, held_id) = (id(&first.get().await?)?, id(&held.ready().await?)?);
    // A deletion that its author keeps from going on, begun before anything is suspended.
    held.set(json!({"paused": true})).await?;
    held.reason("Succeeded").await?;
    held.delete().await?;
    held.reason("DeletionBlocked").await?;

    stage.grant(&evil, json!({"suspended": true})).await?;
    first.until("is suspended", by_grant).await?;
    held.until("is suspended", by_grant).await?;
    let status = async |id: i64| anyhow::Ok(stage.chatwoot.account(id).await?.context("it is gone")?.status);
    assert_eq!(status(first_id).await?, Some(Status::Suspended));
    assert_eq!(status(held_id).await?, Some(Status::Suspended));
    let told = held.get().await?;
    assert!(is(&told, "DeletionBlocked"), "{told}");

    // Let go, and applied again; and another one.
    first.delete().await?;
    first.gone().await?;
    assert_eq!(status(first_id).await?, Some(Status::Suspended));
    let again = evil.account(&stage, "acme", json!({"name": "First"})).await?;
    let other = evil.account(&stage, "other", json!({"name": "Other"})).await?;
    assert_eq!(id(&again.at_last("is suspended", by_grant).await?)?, first_id);
    let other = id(&other.at_last("is suspended", by_grant).await?)?;
    for id in [first_id, other] {
        assert_eq!(status(id).await?, Some(Status::Suspended));
    }
    // Waking it in Chatwoot does not last either.
    let edit = EditAccount { account: other, status: Some("active".into()), ..EditAccount::default() };
    stage.chatwoot.act(Act::EditAccount(edit)).await?;
    let account = evil.subject(&stage, "ChatwootAccount", "other");
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    account.until("answers", |o| o["status"]["lastHandledReconcileAt"] == "now").await?;
    assert_eq!(status(other).await?, Some(Status::Suspended));
    Ok(())
}

/// Flags and limits somebody gets hold of in Chatwoot belong to the plans.
#[tokio::test]
async fn what_was_not_sold_is_taken_back_and_asking_for_it_is_refused() -> Result<()> {
    let stage = Stage::new().await?;
    stage.plan("free", json!({"limits": {"agents": 2}})).await?;
    stage.plan("pro", json!({"features": {"macros": true}, "limits": {"agents": 25, "inboxes": 9}})).await?;
    let (evil, account) =
        stage.settled(json!({"plans": ["free"]}), json!({"name": "Evil", "plan": "free"})).await?;
    let own = id(&account.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    for (name, more) in [
        ("plan", json!({"plan": "pro"})),
        ("limits", json!({"plan": "free", "limits": {"agents": 99}})),
        ("features", json!({"plan": "free", "features": {"macros": true}})),
        ("state", json!({"plan": "free", "state": "Active"})),
        ("attributes", json!({"plan": "free", "customAttributes": {"x": "y"}})),
        ("no-plan", json!({})),
    ] {
        let mut spec = more;
        spec["name"] = json!("Evil");
        evil.account(&stage, name, spec).await?.reason("NotGranted").await?;
    }
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    let edit = EditAccount {
        account: own,
        limits: Some(json!({"agents": 99, "inboxes": 99})),
        features: [("macros".to_owned(), true)].into(),
        ..EditAccount::default()
    };
    stage.chatwoot.act(Act::EditAccount(edit)).await?;
    account.set(json!({"paused": true})).await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    account.until("answers", |o| o["status"]["lastHandledReconcileAt"] == "now").await?;
    let left = stage.chatwoot.account(own).await?.context("it is gone")?;
    assert_eq!(left.limits, json!({"agents": 2}));
    assert!(!left.features.contains(&"macros".to_owned()));
    Ok(())
}

/// An account that its resource let go is outside what plans and suspensions reach; so the company is told of it.
#[tokio::test]
async fn an_account_let_go_to_escape_is_counted_for_the_platform_admin() -> Result<()> {
    let stage = Stage::new().await?;
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    account.delete().await?;
    account.gone().await?;
    // A create of anybody's has the accounts looked through.
    evil.account(&stage, "next", json!({"name": "Next"})).await?.ready().await?;
    let line = format!("chatwoot_operator_unowned_accounts{{instance=\"{}/main\"}} 1", stage.home);
    let deadline = tokio::time::Instant::now() + PATIENCE + PATIENCE;
    loop {
        let operator = stage.place.operator().await;
        let (_, metrics) = operator.as_ref().context("the operator does not run")?.get("/metrics").await?;
        drop(operator);
        if metrics.contains(&line) {
            return Ok(());
        }
        anyhow::ensure!(tokio::time::Instant::now() < deadline, "no {line}");
        // A metric is asked for; nobody is told when it changes.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

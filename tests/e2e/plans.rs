//! What the company sells is what accounts have.

use crate::support::{
    Journal, Stage,
    subject::{id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Filter};
use serde_json::{Value, json};

async fn sold(stage: &Stage) -> Result<()> {
    stage.plan("free", json!({"limits": {"agents": 2}})).await?;
    let pro = json!({"features": {"crm_v2": true, "saml": true}, "limits": {"agents": 25, "inboxes": 9}, "customAttributes": {"plan": "pro"}});
    stage.plan("pro", pro).await?.ready().await?;
    Ok(())
}

#[tokio::test]
async fn an_upgrade_gives_and_a_downgrade_takes_away_what_it_gave() -> Result<()> {
    let stage = Stage::new().await?;
    sold(&stage).await?;
    let (_, account) =
        stage.settled(json!({"plans": ["free", "pro"]}), json!({"name": "Acme", "plan": "free"})).await?;
    let id = id(&account.get().await?)?;
    let free = stage.chatwoot.account(id).await?.context("it is gone")?;
    assert_eq!(free.limits, json!({"agents": 2}));

    account.set(json!({"plan": "pro"})).await?;
    account.ready().await?;
    let pro = stage.chatwoot.account(id).await?.context("it is gone")?;
    assert_eq!(pro.limits, json!({"agents": 25, "inboxes": 9}));
    assert!(pro.features.contains(&"crm_v2".to_owned()) && pro.features.contains(&"saml".to_owned()));
    assert_eq!(pro.custom_attributes["plan"], "pro");

    account.set(json!({"plan": "free"})).await?;
    account.ready().await?;
    let back = stage.chatwoot.account(id).await?.context("it is gone")?;
    assert_eq!((&back.limits, &back.features), (&free.limits, &free.features));
    assert_eq!(back.custom_attributes.get("plan"), None);
    Ok(())
}

#[tokio::test]
async fn a_changed_plan_reaches_its_accounts() -> Result<()> {
    let stage = Stage::new().await?;
    sold(&stage).await?;
    let (_, account) =
        stage.settled(json!({"plans": ["pro"]}), json!({"name": "Acme", "plan": "pro"})).await?;
    let id = id(&account.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    let route = crate::support::route::UPDATE_ACCOUNT;

    stage.plan("pro", json!({"features": {"crm_v2": true}, "limits": {"agents": 50}})).await?;
    stage.chatwoot.wait(&Filter::route(route).since(seq), 2, crate::support::PATIENCE).await?;
    account.ready().await?;
    let changed = stage.chatwoot.account(id).await?.context("it is gone")?;
    assert_eq!(changed.limits, json!({"agents": 50}));
    assert!(
        changed.features.contains(&"crm_v2".to_owned()) && !changed.features.contains(&"saml".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn a_granted_field_of_the_account_goes_over_the_plan_key_by_key() -> Result<()> {
    let stage = Stage::new().await?;
    sold(&stage).await?;
    let grant = json!({"plans": ["pro"], "allow": ["Limits", "Features"]});
    let spec = json!({"name": "Acme", "plan": "pro", "limits": {"agents": 30}, "features": {"saml": false}});
    let (_, account) = stage.settled(grant, spec).await?;
    let made = stage.chatwoot.account(id(&account.get().await?)?).await?.context("it is gone")?;
    assert_eq!(made.limits, json!({"agents": 30, "inboxes": 9}));
    assert!(made.features.contains(&"crm_v2".to_owned()) && !made.features.contains(&"saml".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_plan_that_is_missing_or_not_granted_reads_the_same_and_sends_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({"plans": ["gold"]})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "plan": "gold"})).await?;
    let missing = account.reason("NotGranted").await?;
    let other = tenant.account(&stage, "other", json!({"name": "Acme", "plan": "lead"})).await?;
    let refused = other.reason("NotGranted").await?;
    assert_eq!(message(&missing, "Ready"), message(&refused, "Ready").replace("lead", "gold"));
    let none = tenant.account(&stage, "none", json!({"name": "Acme"})).await?;
    none.reason("NotGranted").await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    stage.plan("gold", json!({"limits": {"agents": 7}})).await?;
    let object = account.ready().await?;
    assert_eq!(
        stage.chatwoot.account(id(&object)?).await?.context("it is gone")?.limits,
        json!({"agents": 7})
    );
    Ok(())
}

#[tokio::test]
async fn a_plan_deleted_in_use_takes_nothing_away() -> Result<()> {
    let stage = Stage::new().await?;
    sold(&stage).await?;
    let (_, account) =
        stage.settled(json!({"plans": ["pro"]}), json!({"name": "Acme", "plan": "pro"})).await?;
    let id = id(&account.get().await?)?;
    let before = stage.chatwoot.account(id).await?;
    let seq = stage.chatwoot.last_seq().await?;
    stage.subject("ChatwootPlan", "pro").delete().await?;
    account.stalled("NotGranted").await?;
    account.set(json!({"name": "Not sent"})).await?;
    account.reason("NotGranted").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(stage.chatwoot.account(id).await?, before);

    sold(&stage).await?;
    account.ready().await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.name, "Not sent");
    Ok(())
}

#[tokio::test]
async fn at_home_a_missing_plan_is_an_invalid_spec() -> Result<()> {
    let stage = Stage::new().await?;
    let account = stage.subject("ChatwootAccount", "own");
    account.apply(json!({"instanceRef": {"name": "main"}, "name": "Own", "plan": "gone"})).await?;
    let told = account.stalled("InvalidSpec").await?;
    assert!(message(&told, "Ready").contains("ChatwootPlan gone"));
    stage.plan("gone", json!({})).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_plan_is_enforced_on_who_pauses_observes_or_asks_for_too_much() -> Result<()> {
    let stage = Stage::new().await?;
    sold(&stage).await?;
    let tenant = stage.tenant(json!({"plans": ["free", "pro"]})).await?;
    let ways = [
        ("paused", json!({"paused": true})),
        ("observing", json!({"mode": "Observe"})),
        ("greedy", json!({"features": {"saml": true}})),
    ];
    for (name, way) in ways {
        let account = tenant.account(&stage, name, json!({"name": "Acme", "plan": "pro"})).await?;
        let id = id(&account.ready().await?)?;
        let mut downgraded = json!({"plan": "free", "name": "Not sent"});
        downgraded.as_object_mut().context("no map")?.extend(way.as_object().cloned().context("no map")?);
        account.set(downgraded).await?;
        account
            .until("was looked at", |o| {
                o["status"]["observedGeneration"] == o["metadata"]["generation"]
                    && o["status"]["managed"]["limits"] == json!(["agents"])
            })
            .await?;
        let account = stage.chatwoot.account(id).await?.context("it is gone")?;
        assert_eq!(account.limits, json!({"agents": 2}), "{name}");
        assert!(!account.features.contains(&"saml".to_owned()), "{name}");
        assert_eq!(account.name, "Acme", "{name}");
    }
    Ok(())
}

/// A community installation resets premium flags every night: fighting that every drift interval helps nobody.
#[tokio::test]
async fn a_premium_flag_that_chatwoot_resets_is_listed_and_not_fought_over() -> Result<()> {
    let stage = Stage::new().await?;
    stage.chatwoot.act(Act::SetEdition { edition: chatwoot_simulator::Edition::Ee }).await?;
    stage.plan("pro", json!({"features": {"sla": true}})).await?;
    let (_, account) =
        stage.settled(json!({"plans": ["pro"]}), json!({"name": "Acme", "plan": "pro"})).await?;
    stage.chatwoot.act(Act::PremiumReset).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    let told = account.until("lists the flag", |o| o["status"]["drifted"] == json!(["features.sla"])).await?;
    assert_eq!(crate::support::subject::condition(&told, "Ready")["status"], "True");
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    // Something else wanted is a reason to try again.
    account.set(json!({"name": "Acme GmbH"})).await?;
    let told = account.until("is no longer drifted", |o| o["status"].get("drifted").is_none()).await?;
    assert!(
        stage.chatwoot.account(id(&told)?).await?.context("it is gone")?.features.contains(&"sla".to_owned())
    );
    Ok(())
}

#[tokio::test]
pub async fn a_plan_with_a_flag_this_chatwoot_does_not_know_says_so() -> Result<()> {
    let stage = Stage::new().await?;
    let plan = stage.plan("pro", json!({"features": {"no_such_flag": true}})).await?;
    let told = plan.stalled("InvalidSpec").await?;
    assert!(message(&told, "Ready").contains("no_such_flag"));
    let tenant = stage.tenant(json!({"plans": ["pro"]})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "plan": "pro"})).await?;
    let refused = account.until("is refused", |o| !o["status"]["conditions"].is_null()).await?;
    assert_eq!(refused["status"]["id"], Value::Null);
    assert!(stage.chatwoot.writes(seq).await?.is_empty(), "an unknown flag would be a 500 for every account");

    stage.plan("pro", json!({"features": {"crm_v2": true}})).await?;
    plan.ready().await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_plan_waits_for_its_instance() -> Result<()> {
    let stage = Stage::new().await?;
    let plan = stage.subject("ChatwootPlan", "early");
    plan.apply(json!({"instanceRef": {"name": "later"}})).await?;
    plan.reason("WaitingForInstance").await?;
    let later = stage.subject("ChatwootInstance", "later");
    later
        .apply(json!({"url": stage.chatwoot.url(), "platformTokenSecretRef": {"name": "platform-app"}}))
        .await?;
    plan.ready().await?;
    Ok(())
}

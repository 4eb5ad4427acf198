//! What no program can know: a person is asked, and an answer is good once.

use crate::support::{
    Journal, Stage, Subject, Tenant, route,
    subject::{id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Filter, How, Options, Version, When};
use serde_json::{Value, json};

/// An account whose create nobody knows the end of: the index is broken, and the answer was lost.
async fn unknown(effect: Effect) -> Result<(Stage, Tenant, Subject)> {
    let stage = Stage::new().await?;
    stage.chatwoot.act(Act::BreakIndex { app: None }).await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, effect).await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "locale": "de"})).await?;
    Ok((stage, tenant, account))
}

async fn posts(stage: &Stage) -> Result<usize> {
    Ok(stage.chatwoot.journal(&Filter::route(route::CREATE_ACCOUNT)).await?.len())
}

#[tokio::test]
pub async fn without_an_index_a_lost_answer_is_a_question_and_nothing_is_sent() -> Result<()> {
    let (stage, _, account) = unknown(Effect::ResetAfterCommit).await?;
    // While the creator may still be at work nobody is asked.
    account.reason("ResolvingCreate").await?;
    let asked = account.stalled("CreateOutcomeUnknown").await?;
    assert_eq!(posts(&stage).await?, 1);
    let uid = asked["metadata"]["uid"].as_str().context("no uid")?;
    let made = stage.chatwoot.of_uid(uid).await?;
    let marker = made[0].custom_attributes["chatwoot_operator"].as_str().context("no marker")?;
    let text = message(&asked, "Ready");
    assert!(text.contains(marker) && text.contains("--account-id N"), "{text}");

    account.resolve(&format!("account-id={}", made[0].id)).await?;
    let object = account.ready().await?;
    assert_eq!((id(&object)?, posts(&stage).await?), (made[0].id, 1));
    assert_eq!(object["status"]["creation"]["outcome"], "Decided");
    assert!(object["status"].get("decision").is_none());
    assert_eq!(
        stage.chatwoot.account(made[0].id).await?.context("it is gone")?.locale.as_deref(),
        Some("de")
    );
    Ok(())
}

#[tokio::test]
async fn a_person_who_found_nothing_has_it_created_once_more() -> Result<()> {
    let (stage, _, account) = unknown(Effect::ResetBeforeCommit).await?;
    account.stalled("CreateOutcomeUnknown").await?;
    account.resolve("create").await?;
    let object = account.ready().await?;
    assert_eq!((posts(&stage).await?, &object["status"]["creation"]["attempt"]), (2, &json!(2)));
    assert_eq!(object["status"]["creation"]["repeats"][0]["cause"], "Decided");
    assert!(message(&object, "Ready").contains("an account nobody can see may exist"));
    Ok(())
}

#[tokio::test]
async fn an_old_answer_never_answers_a_new_question() -> Result<()> {
    let (stage, _, account) = unknown(Effect::ResetBeforeCommit).await?;
    account.stalled("CreateOutcomeUnknown").await?;
    account.annotate("chatwoot.dev/resolve", "0123456789abcdef/create").await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    account.until("answers the request", |o| o["status"]["lastHandledReconcileAt"] == "now").await?;
    assert_eq!(posts(&stage).await?, 1, "a made-up token is no answer");

    // The answer to the first question meets a second one.
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::ResetBeforeCommit).await?;
    account.resolve("create").await?;
    let second = account
        .at_last("asks again", |o| is(o, "CreateOutcomeUnknown") && o["status"]["creation"]["attempt"] == 2)
        .await?;
    assert_eq!(posts(&stage).await?, 2);
    let token = second["status"]["decision"]["token"].as_str().context("no token")?;
    let answer = second["metadata"]["annotations"]["chatwoot.dev/resolve"].as_str().context("no answer")?;
    assert!(!answer.starts_with(token));
    Ok(())
}

#[tokio::test]
async fn an_id_a_person_names_is_still_verified() -> Result<()> {
    let (stage, _, account) = unknown(Effect::ResetBeforeCommit).await?;
    let foreign =
        json!({"chatwoot_operator": "v1:ffffffffffffffff:0:0:0"}).as_object().cloned().context("no map")?;
    let other = stage
        .chatwoot
        .act(Act::CreateAccount { name: "Theirs".into(), attributes: foreign, app: Some(1) })
        .await?;
    let other = other.id.context("no id")?;
    account.stalled("CreateOutcomeUnknown").await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.resolve(&format!("account-id={other}")).await?;
    account.stalled("NotOwned").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_unresolved_create_is_found_when_the_index_is_repaired() -> Result<()> {
    let (stage, _, account) = unknown(Effect::ResetAfterCommit).await?;
    account.stalled("CreateOutcomeUnknown").await?;
    stage.chatwoot.act(Act::RepairIndex).await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    account.reason_at_last("Succeeded").await?;
    assert_eq!(posts(&stage).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_chatwoot_without_an_index_creates_and_asks_when_in_doubt() -> Result<()> {
    let simulator = Options { version: Version(4, 2, 0), ..Options::default() };
    let stage = Stage::with(crate::support::Setup { simulator, ..Default::default() }).await?;
    let (tenant, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::ResetAfterCommit).await?;
    let account = tenant.account(&stage, "doubt", json!({"name": "Doubt"})).await?;
    account.stalled("CreateOutcomeUnknown").await?;
    assert_eq!(posts(&stage).await?, 2);
    let index = stage.chatwoot.journal(&Filter::route(route::INDEX)).await?;
    assert!(index.is_empty(), "it is not asked for what it cannot do");
    Ok(())
}

#[tokio::test]
pub async fn a_second_account_from_a_replaying_proxy_is_found_and_neither_is_deleted() -> Result<()> {
    let stage = Stage::new().await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::Replay).await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    let asked = account.reason_at_last("DuplicateCreated").await?;
    let bound = id(&asked)?;
    let uid = asked["metadata"]["uid"].as_str().context("no uid")?;
    let ids: Vec<i64> = stage.chatwoot.of_uid(uid).await?.iter().map(|account| account.id).collect();
    assert_eq!(ids.len(), 2);
    let other = ids.into_iter().find(|id| *id != bound).context("no other")?;
    assert_eq!(asked["status"]["duplicates"], json!([other]));

    // The one not chosen stays listed, and is never written; it leaves the list when it vanishes.
    account.resolve(&format!("account-id={other}")).await?;
    let chosen =
        account.until("is bound to the other", |o| o["status"]["id"] == other && is(o, "Succeeded")).await?;
    assert_eq!(chosen["status"]["duplicates"], json!([bound]));
    assert!(message(&chosen, "Ready").contains(&bound.to_string()));
    let seq = stage.chatwoot.last_seq().await?;
    account.set(json!({"name": "Renamed"})).await?;
    account.ready().await?;
    let written = stage.chatwoot.journal(&Filter::route(route::UPDATE_ACCOUNT).since(seq)).await?;
    assert!(written.iter().all(|entry| entry.path.ends_with(&format!("/{other}"))));
    Ok(())
}

#[tokio::test]
pub async fn an_account_that_vanished_is_a_question_and_made_anew_only_when_told() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let gone = id(&account.get().await?)?;
    stage.chatwoot.act(Act::DeleteAccount { account: gone, when: When::Now }).await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    // A 404 so soon after a create is not believed at once.
    let asked = account.reason_at_last("ExternalResourceMissing").await?;
    assert!(message(&asked, "Ready").contains("--create"));
    assert_eq!(id(&asked)?, gone);
    assert_eq!(posts(&stage).await?, 1);

    account.resolve("create").await?;
    let anew = account.at_last("is made anew", |o| is(o, "Succeeded") && o["status"]["id"] != gone).await?;
    assert_eq!((posts(&stage).await?, &anew["status"]["creation"]["attempt"]), (2, &json!(2)));
    Ok(())
}

#[tokio::test]
pub async fn an_account_whose_marker_is_gone_or_foreign_is_not_touched() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let bound = id(&account.get().await?)?;
    let ours = stage.chatwoot.account(bound).await?.context("it is gone")?.custom_attributes;
    let foreign =
        json!({"chatwoot_operator": "v1:ffffffffffffffff:0:0:0"}).as_object().cloned().context("no map")?;
    for (number, attributes) in [Default::default(), foreign].into_iter().enumerate() {
        stage
            .chatwoot
            .act(Act::EditAccountAttributes { account: bound, how: How::Replace, attributes })
            .await?;
        let seq = stage.chatwoot.last_seq().await?;
        account.set(json!({"name": format!("Not sent {number}")})).await?;
        account.stalled("NotOwned").await?;
        assert!(stage.chatwoot.writes(seq).await?.is_empty());
        let attributes = ours.clone();
        stage
            .chatwoot
            .act(Act::EditAccountAttributes { account: bound, how: How::Replace, attributes })
            .await?;
        account.annotate("chatwoot.dev/reconcile-requested-at", &number.to_string()).await?;
        account.ready().await?;
    }
    Ok(())
}

/// The tenant deleted the object, kept the account, and applies the object again.
#[tokio::test]
async fn a_resource_applied_again_finds_the_account_it_had() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let bound = id(&account.get().await?)?;
    account.delete().await?;
    account.gone().await?;
    tenant.account(&stage, "acme", json!({"name": "Acme again"})).await?;
    // Its predecessor's create could be under way still, so it is seen twice.
    let again = account.reason_at_last("Succeeded").await?;
    assert_eq!((id(&again)?, posts(&stage).await?), (bound, 1));
    let uid = again["metadata"]["uid"].as_str().context("no uid")?;
    assert_eq!(stage.chatwoot.of_uid(uid).await?.len(), 1, "the marker is stamped anew");
    assert_eq!(stage.chatwoot.account(bound).await?.context("it is gone")?.name, "Acme again");
    Ok(())
}

/// A tenant had an account; its namespace is gone and there again, as after a restore or for somebody else.
async fn of_the_same_name(stage: &Stage) -> Result<(Tenant, i64)> {
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let old = id(&account.get().await?)?;
    account.delete().await?;
    account.gone().await?;
    Ok((stage.place.again(&tenant.namespace).await?, old))
}

/// Whoever gets a namespace name that somebody else had does not get that one's data.
#[tokio::test]
pub async fn a_new_namespace_of_an_old_name_does_not_get_the_old_ones_account() -> Result<()> {
    let stage = Stage::new().await?;
    let (newcomer, old) = of_the_same_name(&stage).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = newcomer.account(&stage, "acme", json!({"name": "Newcomer"})).await?;
    let asked = account.reason_at_last("PreviousAccountFound").await?;
    assert_eq!(asked["status"]["id"], Value::Null);
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    account.resolve("create").await?;
    let made = account.reason_at_last("Succeeded").await?;
    assert_ne!(id(&made)?, old);
    assert_eq!(stage.chatwoot.account(old).await?.context("it is gone")?.name, "Acme");
    Ok(())
}

#[tokio::test]
async fn after_a_restore_an_account_comes_back_to_the_resource_of_its_name() -> Result<()> {
    let stage = Stage::new().await?;
    let (restored, old) = of_the_same_name(&stage).await?;
    stage.apply_instance(json!({"rebindUntil": "2199-01-01T00:00:00Z"})).await?.ready().await?;
    let account = restored.account(&stage, "acme", json!({"name": "Acme"})).await?;
    let object = account.reason_at_last("Succeeded").await?;
    assert_eq!((id(&object)?, posts(&stage).await?), (old, 1));
    let uid = object["metadata"]["uid"].as_str().context("no uid")?;
    assert_eq!(stage.chatwoot.of_uid(uid).await?.len(), 1, "the marker is stamped anew");
    Ok(())
}

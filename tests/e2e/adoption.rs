//! Taking over what is there already: by id, with a grant, and never what is somebody else's.

use crate::support::{
    Journal, PATCH, Stage,
    subject::{id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, How, listed};
use serde_json::{Map, Value, json};

/// An account that was there before, permitted to the Platform App unless told otherwise.
async fn old(stage: &Stage, attributes: Value, permitted: bool) -> Result<i64> {
    let attributes: Map<String, Value> = attributes.as_object().cloned().unwrap_or_default();
    let act = Act::CreateAccount { name: "Old".into(), attributes, app: permitted.then_some(1) };
    stage.chatwoot.act(act).await?.id.context("no id")
}

#[tokio::test]
async fn an_unmarked_account_is_stamped_before_it_is_changed() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, json!({"theirs": "kept"}), true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [old]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "adopt": {"id": old}})).await?;
    let object = account.ready().await?;
    assert_eq!((id(&object)?, &object["status"]["ownership"]), (old, &json!("Adopted")));
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET account", PATCH, PATCH]);
    let taken: listed::Account = stage.chatwoot.account(old).await?.context("it is not there")?;
    assert_eq!((taken.name.as_str(), &taken.custom_attributes["theirs"]), ("Acme", &json!("kept")));
    let uid = object["metadata"]["uid"].as_str().context("no uid")?;
    assert_eq!(stage.chatwoot.of_uid(uid).await?.len(), 1);

    // Bound, the field may go.
    tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    assert_eq!(id(&account.ready().await?)?, old);
    Ok(())
}

#[tokio::test]
async fn without_a_grant_for_the_id_nothing_is_read_whether_it_exists_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, json!({}), true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [777_777]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let mut told = Vec::new();
    for (name, id) in [("there", old), ("nowhere", old + 1000)] {
        let account = tenant.account(&stage, name, json!({"name": "Acme", "adopt": {"id": id}})).await?;
        let refused = account.stalled("NotGranted").await?;
        let text = message(&refused, "Ready");
        told.push(text.replace(&format!("account {id};"), "account N;").replace(&format!("[{id}]"), "[N]"));
    }
    assert_eq!(told[0], told[1], "a refusal must not tell what exists");
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    stage.grant(&tenant, json!({"adoptable": {"accounts": [old]}})).await?;
    let account = tenant.subject(&stage, "ChatwootAccount", "there");
    assert_eq!(id(&account.ready().await?)?, old);
    Ok(())
}

#[tokio::test]
pub async fn an_account_with_somebody_elses_marker_is_never_taken() -> Result<()> {
    let stage = Stage::new().await?;
    let foreign = "v1:ffffffffffffffff:0123:4567:89ab";
    let old = old(&stage, json!({"chatwoot_operator": foreign}), true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [old]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "adopt": {"id": old}})).await?;
    account.stalled("NotOwned").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    let left = stage.chatwoot.account(old).await?.context("it is not there")?;
    assert_eq!((left.name.as_str(), &left.custom_attributes["chatwoot_operator"]), ("Old", &json!(foreign)));

    // Its owner lets it go.
    let act = Act::EditAccountAttributes { account: old, how: How::Wipe, attributes: Map::new() };
    stage.chatwoot.act(act).await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    assert_eq!(id(&account.ready().await?)?, old);
    Ok(())
}

#[tokio::test]
pub async fn an_account_bound_to_another_resource_is_refused_until_that_lets_go() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, first) = stage.settled(json!({}), json!({"name": "First"})).await?;
    let bound = id(&first.get().await?)?;
    let second = stage.tenant(json!({"adoptable": {"accounts": [bound]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = second.account(&stage, "thief", json!({"name": "Thief", "adopt": {"id": bound}})).await?;
    account.stalled("AccountAlreadyBound").await?;
    assert!(stage.chatwoot.calls(seq).await?.iter().all(|call| call == "GET index"));

    // Let go with its marker on, it is still the first tenant's: only an admin can give it away.
    first.delete().await?;
    first.gone().await?;
    account.stalled("NotOwned").await?;
    let act = Act::EditAccountAttributes { account: bound, how: How::Wipe, attributes: Map::new() };
    stage.chatwoot.act(act).await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    assert_eq!(id(&account.ready().await?)?, bound);
    Ok(())
}

#[tokio::test]
async fn an_id_that_does_not_exist_is_said_to_its_author() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, json!({}), true).await?;
    let missing = old + 4711;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [old, missing]}})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "adopt": {"id": missing}})).await?;
    let told = account.stalled("InvalidSpec").await?;
    assert!(message(&told, "Ready").contains(&missing.to_string()));
    account.set(json!({"adopt": {"id": old}})).await?;
    assert_eq!(id(&account.ready().await?)?, old);
    Ok(())
}

#[tokio::test]
pub async fn an_account_the_platform_app_may_not_see_comes_with_the_statement_that_permits_it() -> Result<()>
{
    let stage = Stage::new().await?;
    let old = old(&stage, json!({}), false).await?;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [old]}})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "adopt": {"id": old}})).await?;
    let told = account.stalled("NotPermitted").await?;
    let text = message(&told, "Ready");
    assert!(
        text.contains("PlatformAppPermissible.find_or_create_by!") && text.contains(&format!("find({old})")),
        "{text}"
    );

    let kind = chatwoot_simulator::Kind::Account;
    stage.chatwoot.act(Act::Permit { kind, id: old, app: None }).await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    assert_eq!(id(&account.ready().await?)?, old);
    Ok(())
}

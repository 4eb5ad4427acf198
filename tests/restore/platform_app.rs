//! Another Platform App, which sees nothing of what the first one made; and other Chatwoots, which have nothing of ours.

use crate::support::{
    Journal, Stage,
    subject::{id, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Kind, Options, Simulator};
use serde_json::json;

#[tokio::test]
async fn another_platform_app_writes_nothing_until_it_is_permitted_on_what_is_bound() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let person = id(&alice.get().await?)?;
    let replaced = stage.chatwoot.act(Act::ReplaceApp { app: None, token: None }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    stage.token(&replaced.token.context("no token")?).await?;
    let told = stage.instance().stalled("DifferentChatwoot").await?;
    ensure!(message(&told, "Ready").contains("this Platform App is permitted on none of them"), "{told}");
    alice.set(json!({"name": "Not sent"})).await?;
    alice.reason("WaitingForInstance").await?;
    ensure!(stage.chatwoot.writes(seq).await?.is_empty(), "{:?}", stage.chatwoot.writes(seq).await?);

    stage.chatwoot.act(Act::Permit { kind: Kind::User, id: person, app: None }).await?;
    stage.instance().annotate("chatwoot.dev/reconcile-requested-at", "permitted").await?;
    stage.instance().ready().await?;
    // What it is not permitted on says so, each with the statement that changes that.
    let acme = tenant.subject(&stage, "ChatwootAccount", "acme");
    acme.set(json!({"name": "Acme & Sons"})).await?;
    let told = acme.stalled("NotPermitted").await?;
    ensure!(message(&told, "Ready").contains(&format!("Account.find({account})")), "{told}");
    stage.chatwoot.act(Act::Permit { kind: Kind::Account, id: account, app: None }).await?;
    acme.annotate("chatwoot.dev/reconcile-requested-at", "permitted").await?;
    acme.ready().await?;
    alice.reason_at_last("Succeeded").await?;
    Ok(())
}

/// Other Chatwoots under the changed url: one with the same ids and nobody's marker, one with another installation's.
#[tokio::test]
async fn a_chatwoot_with_the_same_ids_is_not_taken_for_the_one_things_are_bound_in() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let foreign = json!({"chatwoot_operator": "v1:ffffffffffffffff:0:0:0"});
    for (number, attributes) in [json!({}), foreign].into_iter().enumerate() {
        let attributes = attributes.as_object().cloned().context("no map")?;
        let options = Options {
            listen: stage.address(),
            platform_tokens: vec![stage.chatwoot.token().to_owned()],
            ..Options::default()
        };
        let other = Simulator::start(options).await?;
        let act = Act::CreateAccount { name: "Theirs".into(), attributes: attributes.clone(), app: Some(1) };
        ensure!(other.act(act).await?.id == Some(account), "it has another id");
        let email = "theirs@example.com".to_owned();
        other.act(Act::CreateUser { name: "Theirs".into(), email, attributes, app: Some(1) }).await?;
        let before = other.state().await?;
        stage.apply_instance(json!({"url": other.url()})).await?;
        stage.instance().stalled("DifferentChatwoot").await?;
        alice.set(json!({"name": format!("Not sent {number}")})).await?;
        alice.reason("WaitingForInstance").await?;
        ensure!(other.writes(0).await?.is_empty() && other.state().await? == before, "something was written");
        stage.apply_instance(json!({})).await?;
        stage.instance().reason_at_last("Succeeded").await?;
        alice.reason_at_last("Succeeded").await?;
    }
    Ok(())
}

//! A Chatwoot whose database was set back: what was made since is gone, and its ids are given once more.

use crate::support::{
    Journal, People, Stage, Subject,
    subject::{condition, id, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Filter};
use serde_json::json;

/// One look at everything, as `chatwoot-operator reconcile --all` asks for.
async fn look(subjects: &[&Subject]) -> Result<()> {
    for subject in subjects {
        subject.annotate("chatwoot.dev/reconcile-requested-at", "after the restore").await?;
    }
    for subject in subjects {
        let handled = |o: &serde_json::Value| o["status"]["lastHandledReconcileAt"] == "after the restore";
        subject.at_last("has been looked at", handled).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_made_after_the_dump_is_a_question_and_what_was_changed_is_put_right() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let member = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
    let alice = tenant.person(&stage, "alice", member.clone()).await?;
    alice.ready().await?;
    stage.chatwoot.act(Act::Dump).await?;
    acme.set(json!({"name": "Acme & Sons"})).await?;
    let late = tenant.account(&stage, "late", json!({"name": "Late"})).await?;
    let both = json!([{"account": "acme", "role": "Agent"}, {"account": "late", "role": "Agent"}]);
    alice.set(json!({"memberships": both})).await?;
    let bob = tenant.person(&stage, "bob", member).await?;
    let lena = json!({"memberships": [{"account": "late", "role": "Agent"}]});
    let lena = tenant.person(&stage, "lena", lena).await?;
    for subject in [&acme, &late, &alice, &bob, &lena] {
        subject.ready().await?;
    }
    let lost = id(&late.get().await?)?;

    stage.chatwoot.act(Act::SetBack).await?;
    let seq = stage.chatwoot.last_seq().await?;
    // The accounts first: who is in one that is gone has to wait for what becomes of it.
    look(&[&acme, &late]).await?;
    let asked = late.reason_at_last("ExternalResourceMissing").await?;
    ensure!(id(&asked)? == lost && message(&asked, "Ready").contains("--create"), "{asked}");
    look(&[&alice, &bob, &lena]).await?;
    acme.ready().await?;
    bob.reason_at_last("Succeeded").await?;
    alice.reason_at_last("WaitingForAccount").await?;
    lena.reason_at_last("ExternalResourceMissing").await?;
    let state = stage.chatwoot.state().await?;
    let names: Vec<&str> = state.accounts.iter().map(|account| account.name.as_str()).collect();
    ensure!(names == ["Acme & Sons"], "{names:?}");
    // Bob's account vouches for this Chatwoot, so he is made again; nobody vouches for Lena's.
    let mails: Vec<&str> = state.users.iter().map(|user| user.email.as_str()).collect();
    ensure!(mails == ["alice@acme.example", "bob@acme.example"], "{mails:?}");
    let made = stage.chatwoot.journal(&Filter::route("POST /platform/api/v1/accounts").since(seq)).await?;
    ensure!(made.is_empty(), "an account was made in place of the lost one: {made:#?}");
    Ok(())
}

/// Before anybody has looked, the id of a lost account belongs to another tenant's.
#[tokio::test]
async fn an_id_that_is_given_once_more_lets_nobody_into_another_tenants_account() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let alice =
        tenant.person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]}));
    let alice = alice.await?;
    alice.ready().await?;
    stage.chatwoot.act(Act::Dump).await?;
    let lost = tenant.account(&stage, "lost", json!({"name": "Lost"})).await?;
    let reused = id(&lost.ready().await?)?;
    stage.chatwoot.act(Act::SetBack).await?;

    let other = stage.tenant(json!({})).await?;
    let fresh = other.account(&stage, "fresh", json!({"name": "Fresh"})).await?;
    ensure!(id(&fresh.reason_at_last("Succeeded").await?)? == reused, "the id was not given once more");
    // The first tenant's team goes on as if nothing had been.
    let both = json!([{"account": "acme", "role": "Agent"}, {"account": "lost", "role": "Administrator"}]);
    alice.set(json!({"memberships": both})).await?;
    alice.reason("WaitingForAccount").await?;
    let person = id(&alice.get().await?)?;
    let roles = stage.chatwoot.roles(person).await?;
    ensure!(!roles.contains_key(&reused), "alice was let into another tenant's account: {roles:?}");
    let seq = stage.chatwoot.last_seq().await?;
    lost.set(json!({"name": "Not sent"})).await?;
    lost.stalled("NotOwned").await?;
    ensure!(stage.chatwoot.writes(seq).await?.is_empty(), "{:?}", stage.chatwoot.writes(seq).await?);
    let kept = stage.chatwoot.account(reused).await?.context("it is gone")?;
    ensure!(kept.name == "Fresh", "{kept:?}");

    // Whoever lost what it was bound to does not speak against the Chatwoot when the token is rotated, also where nobody
    // else is there but the one that has its id now.
    acme.delete().await?;
    acme.gone().await?;
    let rotated = stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?;
    stage.token(&rotated.token.context("no token")?).await?;
    let before = stage.instance().get().await?["status"]["connection"]["fingerprint"].clone();
    let proven = |o: &serde_json::Value| {
        o["status"]["connection"]["fingerprint"] != before && condition(o, "Ready")["status"] == "True"
    };
    stage.instance().at_last("is proven with the new token", proven).await?;
    fresh.set(json!({"name": "Fresh & Sons"})).await?;
    fresh.reason_at_last("Succeeded").await?;
    Ok(())
}

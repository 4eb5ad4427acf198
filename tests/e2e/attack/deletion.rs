//! Finalizers, ownership and deletion as weapons.

use super::{own, request};
use crate::support::{
    Journal, People, Stage,
    subject::{id, is},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Objects that linger under a finalizer of the tenant's are done with all the same.
#[tokio::test]
async fn a_tenants_own_finalizer_holds_up_nothing_but_its_object() -> Result<()> {
    let stage = Stage::new().await?;
    let (evil, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let acme = evil.subject(&stage, "ChatwootAccount", "acme");
    for subject in [&alice, &acme] {
        let held = subject.get().await?["metadata"]["finalizers"].clone();
        let mut list = held.as_array().cloned().context("no finalizers")?;
        list.insert(0, json!("evil.example/hold"));
        subject.merge(json!({"metadata": {"finalizers": list}})).await?;
        subject.delete().await?;
        subject.until("is let go", |o| o["metadata"]["finalizers"] == json!(["evil.example/hold"])).await?;
    }
    assert!(!stage.chatwoot.roles(user).await?.contains_key(&account));
    let seq = stage.chatwoot.last_seq().await?;
    let written = stage.place.writes_to(&evil.namespace, "alice").await?.len();
    for number in 0..5 {
        alice.annotate("chatwoot.dev/reconcile-requested-at", &format!("again-{number}")).await?;
        acme.annotate("chatwoot.dev/reconcile-requested-at", &format!("again-{number}")).await?;
    }
    // Nobody waits for them: neither the instance, nor somebody else's change.
    let (_, other) = stage.settled(json!({}), json!({"name": "Other"})).await?;
    assert!(stage.chatwoot.calls(seq).await?.iter().all(|call| !call.ends_with("user")));
    assert_eq!(stage.place.writes_to(&evil.namespace, "alice").await?.len(), written);
    other.delete().await?;
    other.gone().await?;
    stage.instance().delete().await?;
    stage.instance().gone().await?;
    for subject in [alice, acme] {
        subject.merge(json!({"metadata": {"finalizers": null}})).await?;
        subject.gone().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_forged_finalizer_without_a_grant_holds_no_instance() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.stranger().await?;
    let account = evil.account(&stage, "evil", json!({"name": "Evil"})).await?;
    let person = evil.person(&stage, "evil", json!({})).await?;
    for subject in [&account, &person] {
        subject.merge(json!({"metadata": {"finalizers": ["chatwoot.dev/finalizer"]}})).await?;
        subject.stalled("NotGranted").await?;
    }
    let seq = stage.chatwoot.last_seq().await?;
    stage.instance().delete().await?;
    stage.instance().gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    // And its own objects go when they are told to.
    for subject in [account, person] {
        subject.delete().await?;
        subject.gone().await?;
    }
    Ok(())
}

/// Kubernetes collects what names an owner that is not there; that must reach nobody else.
#[tokio::test]
async fn owner_references_get_nothing_of_anybody_else_collected() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, victim) = stage.staffed(json!({}), json!({"email": "victim@acme.example"})).await?;
    let before = (victim.get().await?["metadata"]["uid"].clone(), id(&victim.get().await?)?);
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let own_id = id(&account.get().await?)?;
    let uid = before.0.as_str().context("no uid")?;
    let owner = json!([{"apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootUser", "name": "alice", "uid": uid,
        "blockOwnerDeletion": true}]);
    account.merge(json!({"metadata": {"ownerReferences": owner}})).await?;
    // The owner is in another namespace, so to Kubernetes it is not there, and the tenant's own object goes.
    account.gone().await?;
    assert_eq!(stage.chatwoot.account(own_id).await?.context("kept by default")?.name, "Evil");
    let after = victim.looked_at().await?;
    assert_eq!((after["metadata"]["uid"].clone(), id(&after)?), before);
    drop(evil);
    Ok(())
}

/// Server-side apply under the operator's own name takes away what that name owns.
#[tokio::test]
async fn applying_under_the_operators_name_takes_nothing_away_for_long() -> Result<()> {
    let stage = Stage::new().await?;
    let (evil, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let before = alice.get().await?;
    let path = format!("{}/alice", own(&evil, "chatwootusers"));
    let bare = json!({"apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootUser", "metadata": {"name": "alice"},
        "spec": before["spec"]});
    let apply = http::Request::patch(format!("{path}?fieldManager=chatwoot-operator&force=true"))
        .header("content-type", "application/apply-patch+yaml")
        .body(bare.to_string().into_bytes())?;
    evil.client.request::<Value>(apply).await?;
    alice.merge(json!({"metadata": {"finalizers": null, "annotations": null}})).await?;
    let again = alice
        .until("is held again", |o| {
            o["metadata"]["finalizers"] == json!(["chatwoot.dev/finalizer"]) && is(o, "Succeeded")
        })
        .await?;
    assert_eq!(again["status"]["id"], before["status"]["id"]);
    assert_eq!(again["metadata"]["annotations"]["velero.io/restore-status"], "true");
    let forged = json!({"metadata": {"annotations": {"velero.io/restore-status": "false"}}});
    request(&evil.client, "PATCH", &path, &forged).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.looked_at().await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, Vec::<String>::new());
    Ok(())
}

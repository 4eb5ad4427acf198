//! Reaching for what is another's: instances, accounts, namespaces, statuses.

use super::{forbidden, object, own, request};
use crate::support::{
    Journal, PATIENCE, Stage, Subject, Tenant, route,
    subject::{id, is},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Effect, Fault, Filter, Release};
use serde_json::{Value, json};

/// A selector grants by label, and labels of a namespace are not the tenant's.
#[tokio::test]
async fn a_tenant_cannot_label_its_way_into_a_grant() -> Result<()> {
    let stage = Stage::new().await?;
    let selector = json!({"selector": {"matchLabels": {"customer": stage.home}}});
    let spec = json!({"instanceRef": {"name": "main"}, "namespaces": selector, "emailDomains": ["*"]});
    stage.subject("ChatwootGrant", "customers").apply(spec).await?.is_object();
    let evil = stage.stranger().await?;
    let labels = json!({"metadata": {"labels": {"customer": stage.home}}});
    let path = format!("/api/v1/namespaces/{}", evil.namespace);
    forbidden(request(&evil.client, "PATCH", &path, &labels).await)?;
    let seq = stage.chatwoot.last_seq().await?;
    // Labels and annotations on the object itself are nothing to a grant.
    let account = evil.account(&stage, "evil", json!({"name": "Evil"})).await?;
    account.merge(labels).await?;
    account.annotate("chatwoot.dev/namespace-labels", "customer").await?;
    account.stalled("NotGranted").await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_status_sent_along_with_a_new_object_is_dropped() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, victim) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let status = victim.get().await?["status"].clone();
    let evil = stage.tenant(json!({})).await?;
    let mut forged = object(&stage, "ChatwootAccount", json!({"name": "evil"}), json!({"name": "Evil"}));
    forged["status"] = status.clone();
    let seq = stage.chatwoot.last_seq().await?;
    let stored = request(&evil.client, "POST", &own(&evil, "chatwootaccounts"), &forged).await?;
    assert_eq!((&stored["status"]["id"], &stored["status"]["creation"]), (&Value::Null, &Value::Null));
    let made = evil.subject(&stage, "ChatwootAccount", "evil").ready().await?;
    assert_ne!(id(&made)?, id(&victim.get().await?)?);
    let touched = format!("/accounts/{}", status["id"]);
    let calls = stage.chatwoot.journal(&Filter::default().since(seq)).await?;
    assert!(calls.iter().all(|call| !call.path.ends_with(&touched)));

    // Nor through the subresource, nor by server-side apply under the operator's name.
    let path = format!("{}/evil/status", own(&evil, "chatwootaccounts"));
    let id = json!({"status": {"id": status["id"]}});
    forbidden(request(&evil.client, "PATCH", &path, &id).await)?;
    let path = format!("{}/evil", own(&evil, "chatwootaccounts"));
    let before = evil.subject(&stage, "ChatwootAccount", "evil").get().await?["status"].clone();
    request(&evil.client, "PATCH", &format!("{path}?fieldManager=chatwoot-operator"), &id).await?;
    assert_eq!(evil.subject(&stage, "ChatwootAccount", "evil").get().await?["status"], before);
    Ok(())
}

#[tokio::test]
async fn rights_on_one_instance_are_none_on_another() -> Result<()> {
    let (sold, other) = (Stage::new().await?, Stage::new().await?);
    let evil = sold.tenant(json!({"plans": [], "allow": ["Delete"]})).await?;
    let seq = other.chatwoot.last_seq().await?;
    let there = json!({"name": "main", "namespace": other.home});
    let account = evil.account(&sold, "evil", json!({"name": "Evil", "instanceRef": there})).await?;
    let person = evil.person(&sold, "evil", json!({"instanceRef": there})).await?;
    account.stalled("NotGranted").await?;
    person.stalled("NotGranted").await?;
    assert!(other.chatwoot.calls(seq).await?.is_empty());
    evil.account(&sold, "here", json!({"name": "Here"})).await?.ready().await?;
    Ok(())
}

/// While the create is under way, its resource is stripped, deleted, and applied again for another instance.
#[tokio::test]
async fn a_resource_made_anew_for_another_instance_gets_nothing_of_the_first() -> Result<()> {
    let (first, second) = (Stage::new().await?, Stage::new().await?);
    let evil = first.tenant(json!({})).await?;
    let tenant = Tenant { namespace: evil.namespace.clone(), client: evil.client.clone() };
    second.grant(&tenant, json!({})).await?.ready().await?;
    first.chatwoot.add_fault(Fault::once(route::CREATE_ACCOUNT, Effect::HangAfterCommit)).await?;
    let account = evil.account(&first, "evil", json!({"name": "Evil"})).await?;
    first.chatwoot.wait(&Filter::route(route::CREATE_ACCOUNT), 1, PATIENCE).await?;
    account.merge(json!({"metadata": {"finalizers": null}})).await?;
    account.delete().await?;
    account.gone().await?;
    let there = json!({"name": "main", "namespace": second.home});
    evil.account(&second, "evil", json!({"name": "Evil", "instanceRef": there})).await?;
    first.chatwoot.release(Release::proceed()).await?;
    let made = evil.subject(&second, "ChatwootAccount", "evil").ready().await?;
    assert_eq!(made["status"]["instance"]["namespace"], json!(second.home));
    let uid = made["metadata"]["uid"].as_str().context("no uid")?;
    assert_eq!(second.chatwoot.of_uid(uid).await?.len(), 1);
    assert!(first.chatwoot.of_uid(uid).await?.is_empty());
    assert_eq!(second.chatwoot.state().await?.accounts.len(), 1);
    Ok(())
}

/// One may destroy, the other may take over; neither may do both.
#[tokio::test]
async fn two_namespaces_in_collusion_get_no_right_that_neither_has() -> Result<()> {
    let stage = Stage::new().await?;
    let act = chatwoot_simulator::Act::CreateAccount {
        name: "Old".into(),
        attributes: Default::default(),
        app: Some(1),
    };
    let old = stage.chatwoot.act(act).await?.id.context("no id")?;
    let breaker = stage.tenant(json!({"allow": ["Delete"]})).await?;
    let taker = stage.tenant(json!({"adoptable": {"accounts": [old]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let adopt = json!({"name": "Old", "adopt": {"id": old}});
    let mut whole = adopt.clone();
    whole["deletionPolicy"] = json!("Delete");
    let refused: [Subject; 2] =
        [breaker.account(&stage, "evil", adopt).await?, taker.account(&stage, "evil", whole).await?];
    for account in &refused {
        account.stalled("NotGranted").await?;
    }
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    // Let in by the other's consent, a person brings along nothing that their own namespace may do.
    let [_, taken] = refused;
    taken
        .apply(json!({
            "name": "Old", "adopt": {"id": old}, "instanceRef": {"name": "main", "namespace": stage.home},
            "membersFrom": [{"namespaces": {"names": [breaker.namespace]}, "roles": ["Administrator"]}]
        }))
        .await?;
    taken.ready().await?;
    let spec = json!({"deletionPolicy": "Delete", "memberships":
        [{"namespace": taker.namespace, "account": "evil", "role": "Administrator"}]});
    let person = breaker.person(&stage, "evil", spec).await?;
    person.ready().await?;
    taken.set(json!({"deletionPolicy": "Delete"})).await?;
    taken.until("is refused", |o| is(o, "NotGranted")).await?;
    assert!(stage.chatwoot.account(old).await?.is_some());
    Ok(())
}

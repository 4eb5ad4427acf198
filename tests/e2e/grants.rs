//! What a tenant may do is what a grant says, at any moment.

use crate::support::{
    Journal, Stage,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditAccount, Status};
use serde_json::{Value, json};

async fn status(stage: &Stage, id: i64) -> Result<Status> {
    stage.chatwoot.account(id).await?.context("it is gone")?.status.context("no status")
}

#[tokio::test]
pub async fn without_a_grant_nothing_is_sent_and_with_one_all_is() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.stranger().await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    // For a while it may still be coming, because everything is applied at once and in any order.
    let waiting = account.until("is refused", |o| is(o, "NotGranted")).await?;
    assert_eq!(condition(&waiting, "Reconciling")["status"], "True");
    let refused = account.stalled("NotGranted").await?;
    assert_eq!(condition(&refused, "Reconciling"), &Value::Null);
    assert!(message(&refused, "Ready").contains("ChatwootGrant"));
    assert_eq!(
        (&refused["metadata"]["finalizers"], &refused["status"]["creation"]),
        (&Value::Null, &Value::Null)
    );
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    stage.grant(&tenant, json!({})).await?.ready().await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_refusal_reads_the_same_whether_instance_and_plan_exist_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    stage.plan("pro", json!({})).await?;
    let tenant = stage.stranger().await?;
    let mut told = Vec::new();
    for (name, instance, plan) in [("one", "main", "pro"), ("two", "main", "pri"), ("three", "mine", "pro")] {
        let reference = json!({"name": instance, "namespace": stage.home});
        let spec = json!({"name": "Acme", "plan": plan, "instanceRef": reference});
        let account = tenant.account(&stage, name, spec).await?;
        let refused = account.reason("NotGranted").await?;
        told.push(message(&refused, "Ready").replace("pri", "pro"));
    }
    assert!(told.iter().all(|text| *text == told[0]), "{told:#?}");
    Ok(())
}

#[tokio::test]
async fn each_privileged_field_needs_its_own_word_in_one_grant() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({"allow": ["Features"]})).await?;
    // Rights of two grants are never mixed.
    let other = stage.subject("ChatwootGrant", "second");
    other
        .apply(json!({
            "instanceRef": {"name": "main"}, "namespaces": {"names": [tenant.namespace]}, "emailDomains": ["*"],
            "allow": ["Limits"]
        }))
        .await?;
    let seq = stage.chatwoot.last_seq().await?;
    for (name, fields) in [
        ("limits-and-features", json!({"limits": {"agents": 1}, "features": {"macros": false}})),
        ("state", json!({"state": "Suspended"})),
        ("attributes", json!({"customAttributes": {"segment": "smb"}})),
    ] {
        let mut spec = json!({"name": "Acme"});
        spec.as_object_mut().context("no map")?.extend(fields.as_object().cloned().context("no map")?);
        tenant.account(&stage, name, spec).await?.reason("NotGranted").await?;
    }
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    stage.grant(&tenant, json!({"allow": ["Features", "Limits"]})).await?;
    tenant.subject(&stage, "ChatwootAccount", "limits-and-features").ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_grant_narrowed_in_use_freezes_and_takes_nothing_back() -> Result<()> {
    let stage = Stage::new().await?;
    let spec = json!({"name": "Acme", "limits": {"agents": 3}});
    let (tenant, account) = stage.settled(json!({"allow": ["Limits"]}), spec).await?;
    let id = id(&account.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    stage.grant(&tenant, json!({})).await?;
    account.stalled("NotGranted").await?;
    account.set(json!({"name": "Not sent"})).await?;
    account.reason("NotGranted").await?;
    let frozen = stage.chatwoot.account(id).await?.context("it is gone")?;
    assert_eq!((frozen.name.as_str(), &frozen.limits), ("Acme", &json!({"agents": 3})));

    // The grant gone altogether is no more than that.
    stage.subject("ChatwootGrant", &tenant.namespace).delete().await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    account
        .until("answers", |o| o["status"]["lastHandledReconcileAt"] == "now" && is(o, "NotGranted"))
        .await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(status(&stage, id).await?, Status::Active);

    stage.grant(&tenant, json!({"allow": ["Limits"]})).await?;
    account.ready().await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is gone")?.name, "Not sent");
    Ok(())
}

#[tokio::test]
async fn a_suspended_tenant_is_suspended_whatever_it_says_and_comes_back_as_it_was() -> Result<()> {
    let stage = Stage::new().await?;
    let allow = json!({"allow": ["State"]});
    let (tenant, active) = stage.settled(allow.clone(), json!({"name": "Acme", "state": "Active"})).await?;
    let plain = tenant.account(&stage, "plain", json!({"name": "Plain"})).await?;
    let off = tenant.account(&stage, "off", json!({"name": "Off", "state": "Suspended"})).await?;
    let mut ids = Vec::new();
    for account in [&active, &plain, &off] {
        ids.push(id(&account.ready().await?)?);
    }

    stage.grant(&tenant, json!({"allow": ["State"], "suspended": true})).await?;
    for account in [&active, &plain, &off] {
        account
            .until("is suspended by its grant", |o| {
                o["status"]["suspendedBy"] == "Grant" && is(o, "Succeeded")
            })
            .await?;
    }
    for id in &ids {
        assert_eq!(status(&stage, *id).await?, Status::Suspended);
    }
    // Pausing, observing, asking for more and editing Chatwoot by hand are no ways out.
    active.set(json!({"paused": true})).await?;
    plain.set(json!({"mode": "Observe"})).await?;
    off.set(json!({"features": {"macros": false}})).await?;
    off.reason("NotGranted").await?;
    for (account, id) in [(&active, ids[0]), (&plain, ids[1]), (&off, ids[2])] {
        let edit = EditAccount { account: id, status: Some("active".into()), ..EditAccount::default() };
        stage.chatwoot.act(Act::EditAccount(edit)).await?;
        account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
        account.until("answers", |o| o["status"]["lastHandledReconcileAt"] == "now").await?;
        assert_eq!(status(&stage, id).await?, Status::Suspended, "{}", account.name);
    }

    active.set(json!({"paused": false})).await?;
    plain.set(json!({"mode": "Enforce"})).await?;
    off.set(json!({"features": null})).await?;
    stage.grant(&tenant, allow).await?;
    for account in [&active, &plain, &off] {
        account
            .until("is let go", |o| o["status"].get("suspendedBy").is_none() && is(o, "Succeeded"))
            .await?;
    }
    assert_eq!(status(&stage, ids[0]).await?, Status::Active);
    assert_eq!(status(&stage, ids[2]).await?, Status::Suspended, "its own spec says so");
    Ok(())
}

#[tokio::test]
async fn lifting_a_suspension_restores_the_state_from_before() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let was_off = tenant.account(&stage, "was-off", json!({"name": "Off by hand"})).await?;
    let (on, off) = (id(&account.get().await?)?, id(&was_off.ready().await?)?);
    let edit = EditAccount { account: off, status: Some("suspended".into()), ..EditAccount::default() };
    stage.chatwoot.act(Act::EditAccount(edit)).await?;

    stage.grant(&tenant, json!({"suspended": true})).await?;
    for subject in [&account, &was_off] {
        subject
            .until("is suspended", |o| o["status"]["suspendedBy"] == "Grant" && is(o, "Succeeded"))
            .await?;
    }
    assert_eq!(
        (status(&stage, on).await?, status(&stage, off).await?),
        (Status::Suspended, Status::Suspended)
    );
    stage.grant(&tenant, json!({})).await?;
    for subject in [&account, &was_off] {
        subject
            .until("is let go", |o| o["status"].get("suspendedBy").is_none() && is(o, "Succeeded"))
            .await?;
    }
    assert_eq!((status(&stage, on).await?, status(&stage, off).await?), (Status::Active, Status::Suspended));
    Ok(())
}

#[tokio::test]
async fn a_namespaces_labels_decide_with_the_selector() -> Result<()> {
    let stage = Stage::new().await?;
    let selector = json!({"selector": {"matchLabels": {"customer": stage.home}}});
    stage
        .subject("ChatwootGrant", "customers")
        .apply(json!({"instanceRef": {"name": "main"}, "namespaces": selector, "emailDomains": ["*"]}))
        .await?;
    let labelled = stage.place.tenant(&[("customer", &stage.home)]).await?;
    let theirs = labelled.account(&stage, "acme", json!({"name": "Acme"})).await?;
    if stage.place.confined {
        // Labels are the cluster's, and this operator is not told of them.
        let told = stage.subject("ChatwootGrant", "customers").stalled("InvalidSpec").await?;
        assert!(message(&told, "Ready").ends_with("write names: [...] instead"), "{told}");
        theirs.stalled("NotGranted").await?;
        return Ok(());
    }
    theirs.ready().await?;
    let stranger = stage.stranger().await?;
    let account = stranger.account(&stage, "acme", json!({"name": "Acme"})).await?;
    account.stalled("NotGranted").await?;
    let label = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": stranger.namespace, "labels": {"customer": stage.home}}});
    stage.place.plane.apply("default", &label.to_string()).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn the_instances_own_namespace_needs_no_grant() -> Result<()> {
    let stage = Stage::new().await?;
    let account = stage.subject("ChatwootAccount", "own");
    account.apply(json!({"instanceRef": {"name": "main"}, "name": "Own", "limits": {"agents": 1}})).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_grant_waits_for_its_instance_and_counts_only_where_instances_do() -> Result<()> {
    let stage = Stage::new().await?;
    let early = stage.subject("ChatwootGrant", "early");
    let spec = json!({"instanceRef": {"name": "later"}, "namespaces": {"names": ["anybody"]}, "emailDomains": ["*"]});
    early.apply(spec.clone()).await?;
    early.reason("WaitingForInstance").await?;
    let later = stage.subject("ChatwootInstance", "later");
    later
        .apply(json!({"url": stage.chatwoot.url(), "platformTokenSecretRef": {"name": "platform-app"}}))
        .await?;
    early.ready().await?;

    let elsewhere = stage.stranger().await?;
    let ignored = crate::support::Subject::new(
        &stage,
        stage.admin.clone(),
        "ChatwootGrant",
        &elsewhere.namespace,
        "own",
    );
    ignored.apply(spec.clone()).await?;
    if stage.place.confined {
        // It does not look for grants there: what it might say is said by nobody.
        let late = stage.subject("ChatwootGrant", "late");
        late.apply(spec).await?;
        late.ready().await?;
        assert_eq!(ignored.get().await?["status"]["observedGeneration"], -1);
        return Ok(());
    }
    ignored.stalled("InvalidSpec").await?;
    Ok(())
}

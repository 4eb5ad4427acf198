//! Tenants cannot reach each other, and learn nothing of each other by trying.

use crate::support::{
    Journal, People, Stage, Subject, Tenant,
    people::membership,
    subject::{condition, id, is},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, How, Simulator};
use serde_json::{Value, json};

/// Everything a tenant can read of an object of theirs, without what differs between any two.
fn told(object: &Value) -> Value {
    let mut status = object["status"].clone();
    for entry in status["conditions"].as_array_mut().into_iter().flatten() {
        entry["lastTransitionTime"] = Value::Null;
    }
    status
}

/// Applies the same wish once for a target that exists and once for one that does not, and compares all that is told.
async fn same_words(stage: &Stage, evil: &Tenant, kind: &str, targets: &[(&str, Value)]) -> Result<()> {
    let mut words: Vec<String> = Vec::new();
    for (number, (word, spec)) in targets.iter().enumerate() {
        let name = format!("probe-{number}");
        let probe = match kind {
            "ChatwootAccount" => evil.account(stage, &name, spec.clone()).await?,
            _ => evil.person(stage, &name, spec.clone()).await?,
        };
        let object = probe.stalled("NotGranted").await?;
        let mut status = told(&object);
        // Of a person who was made, the rest of the status is their own.
        if kind == "ChatwootUser" {
            status = json!({"conditions": status["conditions"], "memberships": status["memberships"]});
        }
        let text = status.to_string();
        words.push(if word.is_empty() { text } else { text.replace(word, "TARGET") });
    }
    ensure!(words.windows(2).all(|pair| pair.first() == pair.last()), "{words:#?}");
    Ok(())
}

#[tokio::test]
async fn a_refused_instance_reads_the_same_whether_it_exists_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.stranger().await?;
    let seq = stage.chatwoot.last_seq().await?;
    let instance =
        |name: &str, namespace: &str| json!({"instanceRef": {"name": name, "namespace": namespace}});
    let mut targets = Vec::new();
    for (name, namespace) in
        [("main", stage.home.as_str()), ("ghost", stage.home.as_str()), ("nowhere", "nowhere")]
    {
        targets.push(("", instance(name, namespace)));
    }
    same_words(&stage, &evil, "ChatwootUser", &targets).await?;
    let named: Vec<_> = targets
        .into_iter()
        .map(|(word, mut spec)| {
            spec["name"] = json!("Evil");
            (word, spec)
        })
        .collect();
    same_words(&stage, &evil, "ChatwootAccount", &named).await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_refused_membership_reads_the_same_whether_the_account_exists_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    let (victim, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    victim
        .account(&stage, "unbound", json!({"name": "Unbound", "paused": true}))
        .await?
        .reason("Paused")
        .await?;
    let evil = stage.tenant(json!({})).await?;
    let at = |account: &str| json!({"memberships": [{"namespace": victim.namespace, "account": account, "role": "Agent"}]});
    let targets = [("acme", at("acme")), ("unbound", at("unbound")), ("ghost", at("ghost"))];
    same_words(&stage, &evil, "ChatwootUser", &targets).await?;
    assert!(stage.chatwoot.state().await?.memberships.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_plan_that_is_not_granted_reads_the_same_whether_it_exists_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    stage.plan("pro", json!({"limits": {"agents": 9}})).await?;
    let evil = stage.tenant(json!({"plans": ["free"]})).await?;
    let of = |plan: &str| json!({"name": "Evil", "plan": plan});
    same_words(&stage, &evil, "ChatwootAccount", &[("pro", of("pro")), ("gold", of("gold"))]).await
}

#[tokio::test]
async fn a_secret_reference_leads_nowhere_but_to_the_own_namespace() -> Result<()> {
    let stage = Stage::new().await?;
    let (victim, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    victim.secret("password", json!({"value": "V1ctims-Passw0rd!"})).await?;
    let evil = stage.tenant(json!({})).await?;
    for name in [
        format!("../../{}/secrets/password", victim.namespace),
        format!("{}/password", victim.namespace),
        "password?x=".to_owned(),
        "%2e%2e".to_owned(),
        "..".to_owned(),
    ] {
        let spec = json!({"password": {"secretKeyRef": {"name": name, "key": "value"}}});
        assert!(evil.person(&stage, "evil", spec).await.is_err(), "{name}");
        let spec = json!({"credentialsSecret": {"name": name}});
        assert!(evil.person(&stage, "evil", spec).await.is_err(), "{name}");
    }
    // The same name in the own namespace is another Secret.
    let spec = json!({"password": {"secretKeyRef": {"name": "password", "key": "value"}}});
    evil.person(&stage, "evil", spec).await?.stalled("SecretInvalid").await?;
    assert!(stage.chatwoot.people_at("evil@acme.example").await?.is_empty());
    Ok(())
}

/// An instance's URL is a way to aim the operator.
#[tokio::test]
async fn an_instance_in_a_tenants_namespace_is_never_asked() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.stranger().await?;
    let trap = Simulator::start(Default::default()).await?;
    let instance = Subject::new(&stage, stage.admin.clone(), "ChatwootInstance", &evil.namespace, "trap");
    instance.apply(json!({"url": trap.url(), "platformTokenSecretRef": {"name": "token"}})).await?;
    evil.secret("token", json!({"token": trap.token()})).await?;
    let spec = json!({"instanceRef": {"name": "trap"}});
    let alice = evil.person(&stage, "alice", spec).await?;
    alice.until("is not served", |o| !condition(o, "Ready").is_null()).await?;
    assert_ne!(condition(&alice.get().await?, "Ready")["status"], "True");
    // A tenant cannot make one in the first place.
    let own = evil.subject(&stage, "ChatwootInstance", "own");
    let refused = own.apply(json!({"url": trap.url(), "platformTokenSecretRef": {"name": "token"}})).await;
    assert!(format!("{:#}", refused.err().context("it was stored")?).contains("forbidden"));
    assert!(trap.journal(&Default::default()).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_tenant_writes_no_status_and_none_of_what_admins_own() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let before = alice.get().await?["status"].clone();
    // Through the object itself the API server drops it.
    alice.merge(json!({"status": {"id": 4711, "memberships": []}})).await?;
    assert_eq!(alice.get().await?["status"]["id"], before["id"]);
    let (tenant, api) = (stage.tenant(json!({})).await?, "chatwoot.dev/v1alpha1");
    for (kind, plural) in [("ChatwootGrant", "chatwootgrants"), ("ChatwootPlan", "chatwootplans")] {
        let object = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "mine"}, "spec": {}});
        let request = http::Request::post(format!("/apis/{api}/namespaces/{}/{plural}", tenant.namespace))
            .header("content-type", "application/json")
            .body(object.to_string().into_bytes())?;
        let refused = tenant.client.request::<Value>(request).await.err().context("it was stored")?;
        assert!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{refused}");
    }
    let path = format!("/apis/{api}/namespaces/{}/chatwootusers/alice/status", alice.namespace);
    let patch = http::Request::patch(path)
        .header("content-type", "application/merge-patch+json")
        .body(json!({"status": {"id": 4711}}).to_string().into_bytes())?;
    let refused = tenant.client.request::<Value>(patch).await.err().context("it was stored")?;
    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{refused}");
    Ok(())
}

#[tokio::test]
async fn what_would_harm_chatwoot_is_refused_by_the_api_server() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({"allow": ["Features", "CustomAttributes", "Limits"]})).await?;
    for spec in [
        json!({"customAttributes": {"marked_for_deletion_at": "2020-01-01T00:00:00Z"}}),
        json!({"customAttributes": {"chatwoot_operator": "v1:0:0:0:0"}}),
        json!({"customAttributes": {"stripe_customer_id": "x"}}),
        json!({"features": {"flags": false}}),
    ] {
        let mut whole = spec.clone();
        whole["name"] = json!("Evil");
        assert!(evil.account(&stage, "evil", whole).await.is_err(), "{spec}");
    }
    let forged = json!({"customAttributes": {"chatwoot_operator": "v1:0:0:0:0"}});
    assert!(evil.person(&stage, "evil", forged).await.is_err());
    Ok(())
}

/// A marker is opaque and can be read by colleagues; copying it gives nothing.
#[tokio::test]
async fn a_copied_marker_gives_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, victim) = stage.staffed(json!({}), json!({"email": "victim@acme.example"})).await?;
    let victim_id = id(&victim.get().await?)?;
    let marker = stage.chatwoot.person(victim_id).await?.custom_attributes["chatwoot_operator"].clone();
    let evil = stage.tenant(json!({})).await?;
    let forger = evil.person(&stage, "forger", json!({"email": "forger@acme.example"})).await?;
    let forger_id = id(&forger.ready().await?)?;
    let attributes = json!({"chatwoot_operator": marker}).as_object().cloned().context("no map")?;
    stage.chatwoot.act(Act::EditUserAttributes { user: forger_id, how: How::Merge, attributes }).await?;
    let before = stage.chatwoot.person(victim_id).await?;
    forger.set(json!({"name": "Forged"})).await?;
    forger.stalled("NotOwned").await?;
    victim.looked_at().await?;
    assert_eq!(stage.chatwoot.person(victim_id).await?, before);
    assert_ne!(stage.chatwoot.person(forger_id).await?.name, "Forged");
    Ok(())
}

#[tokio::test]
async fn a_namespace_name_used_again_does_not_hand_over_the_old_tenants_people() -> Result<()> {
    let stage = Stage::new().await?;
    let (old, _, alice) = stage.staffed(json!({}), json!({"deletionPolicy": "Retain"})).await?;
    let user = id(&alice.get().await?)?;
    if stage.place.confined {
        // With its namespace goes the operator's Role, and with that the right to let go of what is in it.
        for (kind, name) in [("ChatwootUser", "alice"), ("ChatwootAccount", "acme")] {
            let subject = old.subject(&stage, kind, name);
            subject.delete().await?;
            subject.gone().await?;
        }
    }
    let new = stage.place.again(&old.namespace).await?;
    let before = stage.chatwoot.person(user).await?;

    let spec = json!({
        "memberships": [{"account": "acme", "role": "Agent"}], "credentialsSecret": {"name": "alice", "accessToken": {}}
    });
    let again = new.person(&stage, "alice", spec).await?;
    let refused = again.stalled("NotOwned").await?;
    assert_eq!(refused["status"]["id"], Value::Null);
    assert_eq!(stage.chatwoot.person(user).await?, before);
    assert!(new.secrets().get_opt("alice").await?.is_none());
    Ok(())
}

#[tokio::test]
pub async fn a_grant_narrowed_in_use_freezes_people_and_takes_nothing_back() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account, alice) = stage
        .staffed(json!({"emailDomains": ["acme.example"]}), json!({"credentialsSecret": {"name": "alice"}}))
        .await?;
    let user = id(&alice.get().await?)?;
    stage.grant(&tenant, json!({"emailDomains": ["other.example"]})).await?;
    alice.stalled("NotGranted").await?;
    stage.chatwoot.act(Act::RenameUser { user, name: "Changed by hand".into() }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"name": "Alice A.", "memberships": []})).await?;
    alice.stalled("NotGranted").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert!(stage.chatwoot.roles(user).await?.contains_key(&account));
    assert_eq!(tenant.secret_now("alice").await?["user_id"], user.to_string());

    stage.grant(&tenant, json!({"emailDomains": ["acme.example"]})).await?;
    alice.at_last("is as wanted", |o| is(o, "Succeeded") && membership(o, "acme").is_null()).await?;
    assert_eq!(stage.chatwoot.person(user).await?.name, "Alice A.");
    assert!(stage.chatwoot.roles(user).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_home_namespace_needs_no_grant() -> Result<()> {
    let stage = Stage::new().await?;
    let home = Tenant { namespace: stage.home.clone(), client: stage.admin.clone() };
    let spec = json!({"email": "root@anywhere.test", "deletionPolicy": "Delete"});
    home.person(&stage, "root", spec).await?.ready().await?;
    Ok(())
}

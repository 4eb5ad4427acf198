//! How it runs: in any order, without telling secrets, with answers for whoever watches it.

use crate::support::{Journal, Place, STALLED_AFTER, Setup, Stage, Subject, Tenant, subject::id};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Fault};
use k8s_openapi::api::events::v1::Event;
use kube::{Api, api::ListParams};
use serde_json::{Value, json};

#[tokio::test]
async fn applied_in_any_order_everything_converges() -> Result<()> {
    let stage = Stage::empty(Place::shared().await?, Setup::default()).await?;
    let tenant = stage.stranger().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "plan": "pro"})).await?;
    let first = account.until("is looked at", |o| o["status"]["observedGeneration"] == 1).await?;
    assert_eq!(
        crate::support::subject::condition(&first, "Stalled"),
        &Value::Null,
        "Stalled before {STALLED_AFTER}"
    );
    let plan = stage.plan("pro", json!({"limits": {"agents": 5}})).await?;
    let grant = stage.grant(&tenant, json!({"plans": ["pro"]})).await?;
    stage.apply_instance(Value::Null).await?;
    stage.token(stage.chatwoot.token()).await?;
    let object = account.ready().await?;
    for other in [plan, grant, stage.instance()] {
        other.ready().await?;
    }
    assert_eq!(
        stage.chatwoot.account(id(&object)?).await?.context("it is gone")?.limits,
        json!({"agents": 5})
    );
    assert_eq!(stage.chatwoot.state().await?.accounts.len(), 1);
    Ok(())
}

/// Before anybody has looked, no tool may call an object current.
#[tokio::test]
async fn an_unseen_object_is_not_current() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.stranger().await?;
    let spec = json!({"instanceRef": {"name": "main", "namespace": stage.home}, "name": "Acme"});
    let stored = tenant.subject(&stage, "ChatwootAccount", "acme").apply(spec).await?;
    assert_eq!(stored["status"]["observedGeneration"], -1);
    Ok(())
}

#[tokio::test]
async fn no_secret_leaves_whatever_goes_wrong() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let token = stage.chatwoot.token().to_owned();
    // Proxies that echo what they were sent.
    for status in [401, 403, 404, 422, 500, 502] {
        let body = json!({"message": format!("token {token} is odd"), "attributes": ["name"]});
        stage
            .chatwoot
            .add_fault(Fault::once(
                crate::support::route::UPDATE_ACCOUNT,
                Effect::Json { status, body, after_commit: false },
            ))
            .await?;
        account.set(json!({"name": format!("Acme {status}")})).await?;
        account
            .until("is looked at", |o| o["status"]["observedGeneration"] == o["metadata"]["generation"])
            .await?;
    }
    let rotated =
        stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?.token.context("no token")?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    stage.instance().reason("Unauthorized").await?;
    stage.token(&rotated).await?;
    account.reason_at_last("Succeeded").await?;

    let mut said = vec![
        stage.place.log().await?,
        account.get().await?.to_string(),
        stage.instance().get().await?.to_string(),
    ];
    for namespace in [&stage.home, &tenant.namespace] {
        let events: Api<Event> = Api::namespaced(stage.admin.clone(), namespace);
        let events = events.list(&ListParams::default()).await?;
        said.push(serde_json::to_string(&events.items)?);
    }
    let operator = stage.place.operator().await;
    let operator = operator.as_ref().context("the operator does not run")?;
    said.push(operator.get("/metrics").await?.1);
    for text in said {
        for secret in [&token, &rotated] {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn its_endpoints_answer_whoever_probes_and_scrapes() -> Result<()> {
    let stage = Stage::new().await?;
    stage.settled(json!({}), json!({"name": "Acme"})).await?;
    // Chatwoot's being down is no reason to restart the operator.
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    let operator = stage.place.operator().await;
    let operator = operator.as_ref().context("the operator does not run")?;
    for path in ["/livez", "/readyz"] {
        assert_eq!(operator.get(path).await?.0, 200, "{path}");
    }
    let (status, metrics) = operator.get("/metrics").await?;
    assert_eq!(status, 200);
    for line in [
        "chatwoot_operator_leader 1".to_owned(),
        format!("instance=\"{}/main\"", stage.home),
        "chatwoot_operator_objects{".to_owned(),
        "chatwoot_operator_kubernetes_writes_total{".to_owned(),
    ] {
        assert!(metrics.contains(&line), "no {line} in {metrics}");
    }
    assert!(metrics.ends_with("# EOF\n"));
    Ok(())
}

/// One tenant's mistakes are nobody else's trouble.
#[tokio::test]
async fn a_tenant_with_many_broken_objects_holds_up_nobody() -> Result<()> {
    let stage = Stage::new().await?;
    let noisy = stage.tenant(json!({"allow": ["Features"]})).await?;
    stage
        .chatwoot
        .add_fault(
            Fault::always(
                crate::support::route::CREATE_ACCOUNT,
                Effect::Status { status: 500, after_commit: false },
            )
            .with_body("Noisy"),
        )
        .await?;
    for number in 0..20 {
        let spec = json!({"name": format!("Noisy {number}")});
        noisy.account(&stage, &format!("noisy-{number}"), spec).await?;
    }
    let (_, quiet) = stage.settled(json!({}), json!({"name": "Quiet"})).await?;
    quiet.set(json!({"name": "Quieter"})).await?;
    quiet.ready().await?;
    Ok(())
}

/// A tenant's own rights end at its namespace, and at the spec.
#[tokio::test]
async fn a_tenant_cannot_write_what_the_operator_records() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let before = account.get().await?;
    account.merge(json!({"status": {"id": 4711}})).await?;
    assert_eq!(account.get().await?["status"], before["status"]);
    let other: Tenant = stage.stranger().await?;
    let foreign = Subject::new(&stage, other.client.clone(), "ChatwootAccount", &tenant.namespace, "acme");
    assert!(foreign.get().await.is_err(), "another tenant may not even look");
    Ok(())
}

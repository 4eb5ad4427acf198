//! A Chatwoot that has been taken over, or is none: what it answers must stay its own trouble.

mod server;

use crate::support::{
    Journal, Stage, Subject, rules,
    subject::{condition, is, message},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use server::{Hostile, NONSENSE, OK, Script, always, body, scripts};
use std::sync::{Arc, atomic::Ordering};
use tokio::io::AsyncWriteExt;

/// All at once, beside one that is what it says.
#[tokio::test]
async fn an_instance_that_answers_with_nonsense_harms_no_other_and_is_never_quoted() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let trap = Hostile::start(stage.address(), always(body(OK, "{\"version\": \"4.14.2\"}"))).await?;
    let mut instances: Vec<(&str, Hostile, Subject)> = Vec::new();
    for (name, script) in scripts(&trap.url) {
        let server = Hostile::start(stage.address(), script).await?;
        let instance = stage.subject("ChatwootInstance", name);
        instance
            .apply(json!({
                "url": server.url, "platformTokenSecretRef": {"name": "platform-app"},
                "requestBudget": {"timeout": "2s", "perMinute": 60000}
            }))
            .await?;
        instances.push((name, server, instance));
    }
    let mut told = String::new();
    for (name, server, instance) in &instances {
        let seen = instance
            .until("is looked at", |o| !condition(o, "Ready").is_null() && !is(o, "Progressing"))
            .await
            .with_context(|| (*name).to_owned())?;
        assert_eq!(condition(&seen, "Ready")["status"], "False", "{name}: {seen}");
        assert!(rules::broken(&seen).is_empty(), "{name}: {seen}");
        assert!(message(&seen, "Ready").chars().all(|c| !c.is_control()), "{name}: {seen}");
        assert!(server.asked.load(Ordering::Relaxed) > 0, "{name} was never asked");
        told += &seen["status"].to_string();
        account.set(json!({"name": format!("Beside {name}")})).await?;
        account.ready().await?;
    }
    let events = stage.place.plane.events(&stage.home).await?;
    told += &format!("{events:?}{}", stage.place.log().await?);
    assert!(
        !told.contains(NONSENSE),
        "{}",
        told.split(NONSENSE).next().map_or("", |before| &before[before.len().saturating_sub(400)..])
    );
    assert_eq!(trap.asked.load(Ordering::Relaxed), 0, "a redirect was followed");
    drop(tenant);
    Ok(())
}

/// The answer about one account or person is another's, or says that it is everybody's.
#[tokio::test]
async fn an_answer_about_somebody_else_is_no_answer() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let marker = stage.chatwoot.account(account).await?.context("gone")?.custom_attributes.clone();
    let acme = crate::support::subject::id;
    let path = format!("/platform/api/v1/accounts/{account}");
    for body in [
        json!({"id": account + 1, "name": "Other", "custom_attributes": marker, "features": {}, "limits": {}, "status": "active"}),
        json!({"id": account.to_string(), "custom_attributes": [marker]}),
        json!({"id": 1e300, "name": "Other"}),
        json!([]),
        json!(null),
    ] {
        let told = body.to_string();
        let effect = chatwoot_simulator::Effect::Json { status: 200, body, after_commit: false };
        stage.chatwoot.add_fault(chatwoot_simulator::Fault::once("GET *", effect).on_path(&path)).await?;
        let subject = Subject::new(&stage, stage.admin.clone(), "ChatwootAccount", &alice.namespace, "acme");
        let seq = stage.chatwoot.last_seq().await?;
        subject.annotate("chatwoot.dev/reconcile-requested-at", &seq.to_string()).await?;
        let seen =
            subject.until("answers", |o| o["status"]["lastHandledReconcileAt"] == *seq.to_string()).await?;
        assert_eq!((acme(&seen)?, stage.chatwoot.writes(seq).await?), (account, Vec::new()), "{told}");
    }
    Ok(())
}

/// The list of accounts may have 64 MiB; this one has no end.
#[tokio::test]
async fn an_account_index_without_end_is_given_up() -> Result<()> {
    let stage = Stage::new().await?;
    let script: Script = Arc::new(|line, mut stream| {
        Box::pin(async move {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n";
            if line.starts_with("GET /api ") {
                return stream.write_all(body(OK, "{\"version\": \"4.14.2\"}").as_bytes()).await;
            }
            if line.contains("/accounts/0") {
                let gone = "HTTP/1.1 404 No\r\nContent-Type: application/json; charset=utf-8\r\n";
                return stream
                    .write_all(body(gone, "{\"status\":404,\"error\":\"Not Found\"}").as_bytes())
                    .await;
            }
            stream.write_all(format!("{head}[{{\"id\": 1, \"name\": \"").as_bytes()).await?;
            let name = vec![b'x'; 256 * 1024];
            loop {
                stream.write_all(&name).await?;
            }
        })
    });
    let server = Hostile::start(stage.address(), script).await?;
    let instance = stage.subject("ChatwootInstance", "endless");
    instance.apply(json!({"url": server.url, "platformTokenSecretRef": {"name": "platform-app"}})).await?;
    let grown = |o: &Value| condition(o, "AccountIndexAvailable")["reason"] == "TooLarge";
    instance.ready().await?;
    // A create would have it asked.
    let account = stage.subject("ChatwootAccount", "first");
    account.apply(json!({"instanceRef": {"name": "endless"}, "name": "First"})).await?;
    let seen = instance.at_last("has given up", grown).await?;
    assert!(is(&seen, "Succeeded"));
    assert!(stage.chatwoot.writes(0).await?.is_empty());
    Ok(())
}

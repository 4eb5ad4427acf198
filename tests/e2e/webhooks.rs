//! Webhooks: their URLs can hold keys, and their secrets are for the receiver alone.

use crate::support::{
    PATIENCE, Setup, Subject,
    content::{Furnished, automated},
    life::{Life, live},
    subject::{id, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Options, RecordKind};
use k8s_openapi::api::events::v1::Event;
use kube::{Api, api::ListParams};
use serde_json::{Value, json};

const WEBHOOK: &str = "ChatwootWebhook";
const URL: &str = "https://hooks.acme.example/t/canary-in-the-url-7d2e";

#[tokio::test]
async fn a_webhook_lives_as_its_resource_says() -> Result<()> {
    live(&Life {
        kind: WEBHOOK,
        route: "webhooks",
        record: RecordKind::Webhook,
        spec: json!({"url": "https://hooks.acme.example/a", "subscriptions": ["MessageCreated", "ContactCreated"]}),
        by_hand: ("subscriptions", json!(["message_created"])),
        left: Some(("name", json!("by hand"))),
        change: json!({"url": "https://hooks.acme.example/b"}),
        changed: ("url", json!("https://hooks.acme.example/b")),
        theirs: json!({"url": "https://hooks.acme.example/a"}),
    })
    .await
}

async fn secret_of(inside: &Furnished) -> Result<String> {
    let record = inside.only(RecordKind::Webhook).await?;
    record.fields["secret"].as_str().map(str::to_owned).context("no secret")
}

#[tokio::test]
async fn the_secret_is_published_and_kept_up_to_date() -> Result<()> {
    let inside = Furnished::new().await?;
    let tenant = &inside.tenant;
    let spec = json!({"url": URL, "connectionSecret": {"name": "crm-hook"}});
    let crm = inside.apply(WEBHOOK, "crm", spec).await?;
    let number = id(&crm.ready().await?)?.to_string();
    let published = tenant.secret_now("crm-hook").await?;
    let keys: Vec<&str> = published.keys().map(String::as_str).collect();
    assert_eq!(keys, ["account_id", "secret", "url", "webhook_id"]);
    let account = inside.id.to_string();
    assert_eq!((&published["webhook_id"], &published["account_id"]), (&number, &account));
    assert_eq!(published["secret"], secret_of(&inside).await?);

    // Somebody removes it, and somebody removes what it is about.
    tenant.delete_secret("crm-hook").await?;
    tenant.secret_when("crm-hook", |texts| texts == &published).await?;
    let record = inside.only(RecordKind::Webhook).await?;
    inside.act(Act::DeleteRecord { kind: RecordKind::Webhook, id: record.id }).await?;
    crm.looked_at().await?;
    let anew = secret_of(&inside).await?;
    assert_ne!(anew, published["secret"]);
    assert_eq!(tenant.secret_now("crm-hook").await?["secret"], anew);

    crm.set(json!({"connectionSecret": {"name": "crm-webhook"}})).await?;
    crm.ready().await?;
    tenant.secret_gone("crm-hook").await?;
    assert_eq!(tenant.secret_now("crm-webhook").await?["secret"], anew);
    crm.delete().await?;
    crm.gone().await?;
    tenant.secret_gone("crm-webhook").await?;
    Ok(())
}

#[tokio::test]
async fn a_secret_of_somebody_else_is_not_overwritten() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.tenant.secret("crm-hook", json!({"mine": "alone"})).await?;
    let spec = json!({"url": URL, "connectionSecret": {"name": "crm-hook"}});
    let crm = inside.apply(WEBHOOK, "crm", spec).await?;
    let refused = crm.reason("SecretInvalid").await?;
    assert!(message(&refused, "Ready").contains("spec.connectionSecret"), "{refused}");
    crm.delete().await?;
    crm.gone().await?;
    assert_eq!(inside.tenant.secret_now("crm-hook").await?, [("mine".to_owned(), "alone".to_owned())].into());
    Ok(())
}

/// That nothing people are told of these resources holds the URL's key, or the secret.
async fn nothing_tells(inside: &Furnished, webhooks: &[&Subject], secrets: &[&str]) -> Result<()> {
    let mut told = vec![("log", inside.stage.place.log().await?)];
    for webhook in webhooks {
        told.push(("status", webhook.get().await?["status"].to_string()));
    }
    let events: Api<Event> = Api::namespaced(inside.stage.admin.clone(), &inside.tenant.namespace);
    told.push(("events", serde_json::to_string(&events.list(&ListParams::default()).await?.items)?));
    for (place, text) in &told {
        for secret in secrets {
            ensure!(!text.contains(secret), "{secret} stands in {place}: {text}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_key_in_a_url_is_told_nobody() -> Result<()> {
    let inside = Furnished::new().await?;
    let spec = json!({"url": URL, "connectionSecret": {"name": "first-hook"}});
    let first = inside.apply(WEBHOOK, "first", spec.clone()).await?;
    first.ready().await?;
    let second = inside.apply(WEBHOOK, "second", json!({"url": URL})).await?;
    let refused = second.reason("NotOwned").await?;
    assert!(message(&refused, "Ready").contains("another ChatwootWebhook"), "{refused}");
    let secret = secret_of(&inside).await?;
    // It is gone and made again; another of the same URL stands in the way; and one is let go.
    let record = inside.only(RecordKind::Webhook).await?;
    inside.act(Act::DeleteRecord { kind: RecordKind::Webhook, id: record.id }).await?;
    first.looked_at().await?;
    let about = |event: &control_plane::SeenEvent| {
        event.reason == "Vanished" && event.about == "ChatwootWebhook/first"
    };
    inside.stage.place.plane.wait_for_event(&inside.tenant.namespace, about, PATIENCE).await?;
    let again = secret_of(&inside).await?;
    nothing_tells(&inside, &[&first, &second], &["canary-in-the-url", &secret, &again]).await?;
    first.delete().await?;
    first.gone().await?;
    second.ready().await?;
    let theirs = json!({"url": format!("{URL}/theirs")}).as_object().cloned().unwrap_or_default();
    let record = Act::CreateRecord { account: inside.id, kind: RecordKind::Webhook, fields: theirs };
    inside.act(record).await?;
    second.set(json!({"url": format!("{URL}/theirs")})).await?;
    let refused = second.reason("RejectedByChatwoot").await?;
    assert!(message(&refused, "Ready").contains("already been taken"), "{refused}");
    nothing_tells(&inside, &[&second], &["canary-in-the-url"]).await
}

#[tokio::test]
async fn what_a_version_does_not_have_is_said_and_not_sent() -> Result<()> {
    let simulator = Options { version: "4.7.0".parse().map_err(anyhow::Error::msg)?, ..Options::default() };
    let inside = Furnished::with(Setup { simulator, ..automated() }).await?;
    let whole = json!({"url": URL, "name": "CRM", "connectionSecret": {"name": "hook"}});
    let crm = inside.apply(WEBHOOK, "crm", whole).await?;
    for (field, since) in [("name", "4.8.0"), ("connectionSecret", "4.12.0")] {
        let says = |object: &Value| message(object, "Ready").contains(&format!("leave {field} out"));
        let refused = crm.until("is refused", says).await?;
        assert!(message(&refused, "Ready").contains(since), "{refused}");
        assert_eq!(inside.calls_inside(0).await?, Vec::<String>::new());
        crm.set(json!({field: null})).await?;
    }
    crm.ready().await?;
    Ok(())
}

#[tokio::test]
pub async fn an_inbox_that_is_named_is_waited_for() -> Result<()> {
    let inside = Furnished::new().await?;
    let crm = inside.apply(WEBHOOK, "crm", json!({"url": URL, "inbox": "website"})).await?;
    let waiting = crm.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("no ChatwootInbox website"), "{waiting}");
    let website = inside.apply("ChatwootInbox", "website", json!({"name": "Website", "api": {}})).await?;
    let website = id(&website.ready().await?)?;
    crm.ready().await?;
    let record = inside.only(RecordKind::Webhook).await?;
    assert_eq!(record.fields["inbox_id"], website);
    // Somebody puts it to another place.
    let fields = json!({"inbox_id": null}).as_object().cloned().unwrap_or_default();
    inside.act(Act::EditRecord { kind: RecordKind::Webhook, id: record.id, fields }).await?;
    crm.looked_at().await?;
    assert_eq!(inside.only(RecordKind::Webhook).await?.fields["inbox_id"], website);
    Ok(())
}

/// Whatever gets the id of an inbox that is gone is somebody else's.
#[tokio::test]
async fn an_inbox_that_chatwoot_no_longer_has_is_not_named() -> Result<()> {
    let inside = Furnished::new().await?;
    let shop = inside.apply("ChatwootInbox", "shop", json!({"name": "Shop", "api": {}})).await?;
    let inbox = id(&shop.ready().await?)?;
    inside.act(Act::DeleteInbox { inbox, when: Default::default() }).await?;
    shop.annotate("chatwoot.dev/reconcile-requested-at", "gone").await?;
    shop.reason("ExternalResourceMissing").await?;
    let hook = inside.apply(WEBHOOK, "hook", json!({"url": URL, "inbox": "shop"})).await?;
    let waits = hook.reason("WaitingForReference").await?;
    assert!(message(&waits, "Ready").contains("ChatwootInbox shop"), "{waits}");
    assert!(!inside.calls_inside(0).await?.iter().any(|call| call == "POST webhooks"));
    Ok(())
}

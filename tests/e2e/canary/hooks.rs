//! A webhook has two secrets: the key in its URL, which its author writes into the spec, and what Chatwoot signs with.

use super::{Secrets, Stage, Tenant};
use crate::support::subject::message;
use anyhow::{Result, ensure};
use chatwoot_simulator::{Act, Effect, RecordKind};
use serde_json::json;

pub const KEY: &str = "canary-key-in-a-hooks-url-91c4";

/// Lets what can go wrong with webhooks go wrong, and notes their secrets.
pub async fn hang(stage: &Stage, tenant: &Tenant, secrets: &mut Secrets) -> Result<()> {
    secrets.add("key in a webhook's URL", KEY.as_bytes());
    let url = format!("https://hooks.acme.example/t/{KEY}");
    let hook = tenant.subject(stage, "ChatwootWebhook", "crm");
    // Chatwoot, or a proxy before it, repeats what it was sent.
    let body = json!({"message": format!("Url {url} is odd"), "attributes": ["url"]});
    let echo = Effect::Json { status: 422, body, after_commit: false };
    stage.chatwoot.fault_once("POST /api/v1/accounts/:account_id/webhooks", echo).await?;
    hook.apply(json!({"account": "acme", "url": url, "connectionSecret": {"name": "crm-connection"}}))
        .await?;
    let refused = hook.reason("RejectedByChatwoot").await?;
    ensure!(!message(&refused, "Ready").contains(KEY), "{refused}");
    hook.looked_at().await?;
    let twin = tenant.subject(stage, "ChatwootWebhook", "crm-again");
    twin.apply(json!({"account": "acme", "url": url})).await?;
    twin.reason("NotOwned").await?;
    // Gone and made again; the secret is another one then.
    for _ in 0..2 {
        for row in stage.chatwoot.state().await?.content.webhooks {
            let secret = row.fields.get("secret").and_then(|secret| secret.as_str()).unwrap_or_default();
            secrets.add(&format!("secret of webhook {}", row.id), secret.as_bytes());
            stage.chatwoot.act(Act::DeleteRecord { kind: RecordKind::Webhook, id: row.id }).await?;
        }
        hook.looked_at().await?;
    }
    for row in stage.chatwoot.state().await?.content.webhooks {
        let secret = row.fields.get("secret").and_then(|secret| secret.as_str()).unwrap_or_default();
        secrets.add(&format!("secret of webhook {}", row.id), secret.as_bytes());
    }
    Ok(())
}

//! What is inside an account has secrets, too: what others connect with, and passwords of mail servers.

use super::{Secrets, Stage, Tenant};
use crate::support::{Subject, subject::message};
use anyhow::Result;
use chatwoot_simulator::Effect;
use serde_json::json;

const MAIL: &str = "Canary-Mail-Password-1!";
const BROKEN: &str = "canary-broken-mail-password";

/// Sets up inboxes and a bot, lets what can go wrong with their secrets go wrong, and notes them.
pub async fn furnish(stage: &Stage, tenant: &Tenant, secrets: &mut Secrets) -> Result<()> {
    stage.instance().set(json!({"automation": {"emailDomain": "ops.example"}})).await?;
    secrets.add("mail password", MAIL.as_bytes());
    secrets.add("mail password with a line break", BROKEN.as_bytes());
    tenant.secret("mail", json!({"password": MAIL, "broken": format!("{BROKEN}\n")})).await?;
    let server = |key: &str| json!({"host": "mail.acme.example", "port": 993, "login": "help", "passwordSecretKeyRef": {"name": "mail", "key": key}});
    let mail = |key: &str| json!({"account": "acme", "name": "Mail", "email": {"address": "help@acme.example", "imap": server(key), "smtp": server(key)}});
    let apply = async |kind, name: &str, spec| -> Result<Subject> {
        let subject = tenant.subject(stage, kind, name);
        subject.apply(spec).await?;
        Ok(subject)
    };
    apply("ChatwootInbox", "broken", mail("broken")).await?.reason("SecretInvalid").await?;
    // Chatwoot repeats what it was sent, having stored it.
    let body = json!({"message": format!("LOGIN help {MAIL} failed"), "attributes": ["imap_password"]});
    let echo = Effect::Json { status: 422, body, after_commit: true };
    stage.chatwoot.fault_once("PATCH /api/v1/accounts/:account_id/inboxes/:id", echo).await?;
    let inbox = apply("ChatwootInbox", "mail", mail("password")).await?;
    let refused = inbox.reason("RejectedByChatwoot").await?;
    anyhow::ensure!(!message(&refused, "Ready").contains(MAIL), "{refused}");
    inbox.looked_at().await?;
    for (kind, name, channel) in [
        ("ChatwootInbox", "shop", json!({"api": {}})),
        ("ChatwootInbox", "site", json!({"webWidget": {"websiteUrl": "https://acme.example"}})),
        ("ChatwootAgentBot", "helper", json!({})),
    ] {
        let mut spec = json!({"account": "acme", "name": name, "connectionSecret": {"name": format!("{name}-connection")}});
        crate::support::stage::merge(&mut spec, channel);
        apply(kind, name, spec).await?.ready().await?;
    }
    let state = stage.chatwoot.state().await?;
    for inbox in state.content.inboxes {
        let texts = [inbox.identifier, inbox.website_token, inbox.hmac_token, inbox.secret];
        for text in texts.into_iter().flatten() {
            secrets.add(&format!("what connects to inbox {}", inbox.name), text.as_bytes());
        }
    }
    for bot in state.bots {
        for text in bot.access_token.into_iter().chain([bot.secret]) {
            secrets.add("what a bot has", text.as_bytes());
        }
    }
    Ok(())
}

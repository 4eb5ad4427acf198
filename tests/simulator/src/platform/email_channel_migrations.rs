//! `POST /platform/api/v1/accounts/:account_id/email_channel_migrations` (chatwoot-api §1.8).

use super::Visit;
use crate::{
    model::{World, content::rows::ChannelKind, rows::Kind},
    params::text_of,
    reply::*,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const MOST: usize = 25;

/// Refuses in this order: 404, 401, 403, then the parameters. Otherwise 200 with a result for each entry.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let account = visit.subject(world, Kind::Account)?;
    if !world.installation.email_channel_migration {
        return Err(Refusal::Said(403, "Email channel migration is not enabled".into()));
    }
    let entries: Vec<&Map<String, Value>> =
        visit.params.list("migrations").into_iter().flatten().filter_map(Value::as_object).collect();
    if entries.is_empty() {
        return Err(Refusal::Said(422, "Missing migrations parameter".into()));
    }
    if entries.len() > MOST {
        return Err(Refusal::Said(422, format!("Too many migrations (max {MOST})")));
    }
    let mut wrote = false;
    let mut results = Vec::with_capacity(entries.len());
    for entry in entries {
        let email = entry.get("email").and_then(text_of);
        results.push(match migrate(world, account, entry, email.as_deref(), visit.now) {
            Ok((inbox, channel)) => {
                wrote = true;
                json!({"email": email, "inbox_id": inbox, "channel_id": channel, "status": "success"})
            }
            Err(message) => json!({"email": email, "status": "error", "message": message}),
        });
    }
    Ok(Reply { wrote, ..Reply::view(&json!({"results": results})) })
}

/// Inbox and channel. The address is unique in the whole installation, so a repeat fails.
fn migrate(
    world: &mut World,
    account: i64,
    entry: &Map<String, Value>,
    email: Option<&str>,
    now: Timestamp,
) -> Result<(i64, i64), String> {
    let provider = entry.get("provider").and_then(text_of).unwrap_or_default();
    if !["google", "microsoft"].contains(&provider.as_str()) {
        return Err(format!("Unsupported provider '{provider}'. Must be one of: google, microsoft"));
    }
    let email = email.ok_or("Validation failed: Email can't be blank")?;
    if world.inbox_with_email(email).is_some() {
        return Err("Validation failed: Email has already been taken".into());
    }
    let label = if provider == "google" { "Google" } else { "Microsoft" };
    let name = entry.get("inbox_name").and_then(text_of);
    let mut inbox = world.blank_inbox(account, ChannelKind::Email, now);
    inbox.name = name.unwrap_or_else(|| format!("Migrated {label}: {email}"));
    inbox.channel.insert("email".into(), email.into());
    inbox.channel.insert("provider".into(), provider.into());
    let channel_id = inbox.channel_id;
    Ok((world.content.inboxes.insert(inbox), channel_id))
}

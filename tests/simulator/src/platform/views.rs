//! How objects look in an answer (chatwoot-api §1.3).

use crate::{
    model::{
        World, features,
        rows::{Account, Bot, Membership, User},
    },
    reply::Refusal,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub fn account(world: &World, account: &Account) -> Value {
    let installation = &world.installation;
    let on: Map<String, Value> = features::names(account.features, installation.version)
        .map(|name| (name.to_owned(), Value::Bool(true)))
        .collect();
    let stored = account.support_email.as_deref().filter(|email| !email.trim().is_empty());
    json!({
        "id": account.id,
        "name": account.name,
        "locale": account.locale_code(),
        "domain": account.domain,
        "support_email": stored.unwrap_or(&installation.sender_email),
        "features": on,
        "custom_attributes": account.custom_attributes,
        "limits": account.limits,
        "status": account.status,
    })
}

/// A person with their accounts.
///
/// # Errors
/// A 500 while a membership points to an account that is gone (P4), or without an access token.
pub fn user(world: &World, user: &User) -> Result<Value, Refusal> {
    let token = user.access_token.as_ref().ok_or(Refusal::CRASH)?;
    let mut rows: Vec<&Membership> = world.memberships.of_user(user.id).collect();
    rows.sort_by_key(|row| row.id);
    let mut accounts = Vec::with_capacity(rows.len());
    for row in &rows {
        let account = world.accounts.get(&row.account).ok_or(Refusal::CRASH)?;
        accounts.push(json!({
            "id": account.id, "name": account.name, "active_at": row.active_at.map(time), "role": row.role,
        }));
    }
    let current = current(world, &rows);
    let mut view = json!({
        "access_token": token,
        "account_id": current.map(|row| row.account),
        "available_name": available_name(user),
        "avatar_url": user.avatar_url,
        "confirmed": user.confirmed,
        "display_name": user.display_name,
        "message_signature": null,
        "email": user.email,
        "id": user.id,
        "name": user.name,
        "provider": "email",
        "pubsub_token": user.pubsub_token,
        "role": current.and_then(|row| row.role),
        "ui_settings": {},
        "uid": user.email,
        "accounts": accounts,
    });
    // The key is left out, not empty, where there is nothing to show.
    if let Value::Object(keys) = &mut view
        && !user.custom_attributes.is_empty()
    {
        keys.insert("custom_attributes".into(), Value::Object(user.custom_attributes.clone()));
    }
    Ok(view)
}

/// The membership last opened. Before 4.6.0 the database put the never-opened ones first.
pub fn current<'a>(world: &World, rows: &[&'a Membership]) -> Option<&'a Membership> {
    let never_first = !world.installation.since(4, 6, 0);
    let never = rows.iter().find(|row| row.active_at.is_none());
    let latest = rows.iter().filter(|row| row.active_at.is_some()).max_by_key(|row| row.active_at);
    if never_first { never.or(latest).copied() } else { latest.or(never).copied() }
}

pub fn available_name(user: &User) -> &str {
    user.display_name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&user.name)
}

/// What `POST /users/:id/token` shows of the person.
pub fn token_owner(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "email": user.email,
        "pubsub_token": user.pubsub_token,
    })
}

/// The raw row; its columns depend on the release.
pub fn membership(world: &World, row: &Membership) -> Value {
    let mut view = json!({
        "id": row.id,
        "account_id": row.account,
        "user_id": row.user,
        "role": row.role,
        "inviter_id": null,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
        "active_at": row.active_at.map(time),
        "availability": row.availability,
        "auto_offline": row.auto_offline,
        "custom_role_id": null,
    });
    if let Value::Object(keys) = &mut view
        && world.installation.since(4, 5, 0)
    {
        keys.insert("agent_capacity_policy_id".into(), Value::Null);
    }
    view
}

/// A bot; before 4.12.0 its URL was shown as its name (P36).
///
/// # Errors
/// A 500 without an access token.
pub fn bot(world: &World, bot: &Bot) -> Result<Value, Refusal> {
    let token = bot.access_token.as_ref().ok_or(Refusal::CRASH)?;
    let url = if world.installation.since(4, 12, 0) { &bot.outgoing_url } else { &bot.name };
    Ok(json!({
        "id": bot.id,
        "name": bot.name,
        "description": bot.description,
        "outgoing_url": url,
        "account_id": bot.account,
        "access_token": token,
    }))
}

pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

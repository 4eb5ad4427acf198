//! People and bots.

use super::with;
use crate::{
    model::{
        World,
        rows::{Bot, Membership, Role, User},
    },
    platform,
    reply::Refusal,
};
use serde_json::{Value, json};

/// A person as they see themselves: the Platform API's view and more (chatwoot-api §3.1).
///
/// # Errors
/// A 500 while a membership points to an account that is gone.
pub fn profile(world: &World, user: &User) -> Result<Value, Refusal> {
    let mut rows: Vec<&Membership> = world.memberships.of_user(user.id).collect();
    rows.sort_by_key(|row| row.id);
    let accounts: Option<Vec<Value>> = rows
        .iter()
        .map(|row| {
            let account = world.accounts.get(&row.account)?;
            Some(json!({
                "id": account.id,
                "name": account.name,
                "status": account.status,
                "active_at": row.active_at.map(super::iso),
                "role": row.role,
                "permissions": permissions(row),
                "availability": row.availability,
                "availability_status": presence(row),
                "auto_offline": row.auto_offline,
            }))
        })
        .collect();
    let more = [
        ("type", Value::Null),
        ("inviter_id", Value::Null),
        ("accounts", Value::Array(accounts.ok_or(Refusal::CRASH)?)),
    ];
    Ok(with(platform::views::user(world, user)?, more))
}

fn permissions(row: &Membership) -> Vec<&'static str> {
    match row.role {
        Some(Role::Administrator) => vec!["administrator"],
        Some(Role::Agent) => vec!["agent"],
        None => vec![],
    }
}

/// Nobody has the dashboard open here: who goes offline by themselves is offline.
fn presence(row: &Membership) -> &'static str {
    if row.auto_offline { "offline" } else { row.availability }
}

/// An agent of an account; people who are no members of it, such as an inbox may have, show no role.
pub fn agent(world: &World, account: i64, user: &User) -> Value {
    let row = world.memberships.get(account, user.id);
    let view = json!({
        "id": user.id,
        "account_id": row.map(|row| row.account),
        "availability_status": row.map(presence),
        "auto_offline": row.map(|row| row.auto_offline),
        "confirmed": user.confirmed,
        "email": user.email,
        "provider": "email",
        "available_name": platform::views::available_name(user),
        "name": user.name,
        "role": row.and_then(|row| row.role),
        "thumbnail": user.avatar_url,
    });
    let attributes = (!user.custom_attributes.is_empty())
        .then(|| ("custom_attributes", Value::Object(user.custom_attributes.clone())));
    let role = (world.installation.edition == crate::Edition::Ee).then_some(("custom_role_id", Value::Null));
    with(view, attributes.into_iter().chain(role))
}

/// Agents by id, in the order of the ids; who is gone is left out.
pub fn agents(world: &World, account: i64, users: impl IntoIterator<Item = i64>) -> Value {
    let found = users.into_iter().filter_map(|user| world.users.get(&user));
    Value::Array(found.map(|user| agent(world, account, user)).collect())
}

/// A bot as an account sees it (chatwoot-api §3.6); one of the installation shows no secrets and no URL.
pub fn bot(world: &World, bot: &Bot, administrator: bool) -> Value {
    let system = bot.account.is_none();
    let view = json!({
        "id": bot.id,
        "name": bot.name,
        "description": bot.description,
        "thumbnail": if bot.has_avatar { "/rails/active_storage/avatar.png" } else { "" },
        "bot_type": "webhook",
        "bot_config": bot.bot_config,
        "account_id": bot.account,
        "system_bot": system,
    });
    if system {
        return view;
    }
    let view = with(view, [("outgoing_url", bot.outgoing_url.clone().into())]);
    if !administrator {
        return view;
    }
    let token = bot.access_token.clone().map(|token| ("access_token", token.into()));
    let secret = world.installation.since(4, 13, 0).then(|| ("secret", bot.secret.clone().into()));
    with(view, token.into_iter().chain(secret))
}

//! An account as its members see it (chatwoot-api §3.3).

use super::{iso, with};
use crate::model::{Edition, World, features, rows::Account};
use serde_json::{Map, Value, json};

/// The attributes that answers show; others are Chatwoot's own business.
const SHOWN: &[&str] = &[
    "industry",
    "company_size",
    "timezone",
    "referral_source",
    "user_role",
    "website",
    "plan_name",
    "subscribed_quantity",
    "subscription_status",
    "subscription_ends_on",
    "onboarding_step",
    "marked_for_deletion_at",
    "marked_for_deletion_reason",
    "logo",
];

pub fn brief(world: &World, account: &Account) -> Value {
    let installation = &world.installation;
    let on: Map<String, Value> = features::names(account.features, installation.version)
        .map(|name| (name.to_owned(), Value::Bool(true)))
        .collect();
    let attributes: Map<String, Value> = account
        .custom_attributes
        .iter()
        .filter(|(key, _)| SHOWN.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let stored = account.support_email.as_deref().filter(|email| !email.trim().is_empty());
    json!({
        "id": account.id,
        "name": account.name,
        "locale": account.locale_code(),
        "domain": account.domain,
        "support_email": stored.unwrap_or(&installation.sender_email),
        "status": account.status,
        "features": on,
        "settings": account.settings,
        "custom_attributes": attributes,
        "created_at": iso(account.created_at),
        "cache_keys": {"label": "0000000000", "inbox": "0000000000", "team": "0000000000"},
    })
}

/// What a GET adds: the newest release that is known, which need not be the one that runs.
pub fn full(world: &World, account: &Account) -> Value {
    let version = crate::Version(4, 15, 1).max(world.installation.version);
    let view = with(brief(world, account), [("latest_chatwoot_version", version.to_string().into())]);
    match world.installation.edition {
        Edition::Ce => view,
        Edition::Ee => with(view, [("subscribed_features", json!([]))]),
    }
}

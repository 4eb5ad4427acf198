//! The Super Admin console, and Rails consoles, on accounts.

use super::{Done, EditAccount, How, When, edit_map, permissions::app_or_first};
use crate::model::{
    World, features,
    jobs::{JobKind, Work},
    locales,
    rows::{Account, Kind, Status},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

pub fn find(world: &mut World, id: i64) -> Result<&mut Account, String> {
    world.accounts.get_mut(&id).ok_or_else(|| format!("there is no account {id}"))
}

pub fn edit(world: &mut World, edit: EditAccount) -> Result<Done, String> {
    let version = world.installation.version;
    let mut account = find(world, edit.account)?.clone();
    let nullable = |text: String| (!text.is_empty()).then_some(text);
    account.name = edit.name.unwrap_or(account.name);
    if let Some(code) = edit.locale {
        account.locale = nullable(code)
            .map(|code| {
                locales::by_code(&code, version).ok_or_else(|| format!("{version} has no locale {code:?}"))
            })
            .transpose()?;
    }
    match edit.status.as_deref() {
        None => {}
        Some("active") => account.status = Some(Status::Active),
        Some("suspended") => account.status = Some(Status::Suspended),
        Some("") => account.status = None,
        Some(other) => return Err(format!("status {other:?}: write active, suspended, or \"\" for NULL")),
    }
    if let Some(domain) = edit.domain {
        account.domain = nullable(domain);
    }
    if let Some(email) = edit.support_email {
        account.support_email = nullable(email);
    }
    for (name, on) in edit.features {
        let mask =
            features::mask(&name, version).ok_or_else(|| format!("{version} has no feature {name:?}"))?;
        account.features = if on { account.features | mask } else { account.features & !mask };
    }
    if let Some(limits) = edit.limits {
        account.limits = if limits.is_object() { limits } else { Value::Null };
    }
    world.accounts.insert(account.id, account);
    Ok(Done::default())
}

pub fn edit_attributes(
    world: &mut World,
    id: i64,
    how: How,
    given: Map<String, Value>,
) -> Result<Done, String> {
    edit_map(&mut find(world, id)?.custom_attributes, how, given);
    Ok(Done::default())
}

pub fn edit_settings(
    world: &mut World,
    id: i64,
    how: How,
    given: Map<String, Value>,
) -> Result<Done, String> {
    edit_map(&mut find(world, id)?.settings, how, given);
    Ok(Done::default())
}

pub fn create(
    world: &mut World,
    name: String,
    attributes: Map<String, Value>,
    app: Option<i64>,
) -> Result<Done, String> {
    let app = app.map(|app| app_or_first(world, Some(app))).transpose()?;
    let account = Account { custom_attributes: attributes, ..world.blank_account(name) };
    let id = world.insert_account(account);
    if let Some(app) = app {
        world.permit(app, Kind::Account, id);
    }
    Ok(Done::id(id))
}

pub fn delete(world: &mut World, id: i64, when: When, now: Timestamp) -> Result<Done, String> {
    find(world, id)?;
    match when {
        When::Now => world.delete_account_now(id),
        When::Queued => world.enqueue(Work::on_account(JobKind::DestroyAccount, id), now),
    }
    Ok(Done::default())
}

pub fn grow(
    world: &mut World,
    count: usize,
    attribute_bytes: usize,
    app: Option<i64>,
) -> Result<Done, String> {
    let app = app_or_first(world, app)?;
    for number in 1..=count {
        let mut account = world.blank_account(format!("Grown {number}"));
        if attribute_bytes > 0 {
            account.custom_attributes.insert("filler".into(), Value::String("x".repeat(attribute_bytes)));
        }
        let id = world.insert_account(account);
        world.permit(app, Kind::Account, id);
    }
    Ok(Done::count(count))
}

//! `/platform/api/v1/accounts`.

use super::{Visit, enums, views};
use crate::{
    model::{
        Edition, Installation, World, emails, features,
        features::Bits,
        jobs::{JobKind, Work},
        rows::{Account, Kind},
    },
    params::{Params, map_has_nul, present},
    reply::*,
};
use serde_json::{Map, Value};

/// 500 for ever once a permitted account is gone (P2).
pub fn list(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    let views: Option<Vec<Value>> = world
        .permitted_ids(visit.app, Kind::Account)
        .map(|id| world.accounts.get(&id).map(|account| views::account(world, account)))
        .collect();
    views.map(|views| Reply::view(&Value::Array(views))).ok_or(Refusal::CRASH)
}

/// Commits the account first and looks at `features` after, so that an unknown flag leaks a row (P1).
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut draft = Draft { account: world.blank_account(String::new()), name: None };
    draft.assign(visit.params, &world.installation)?;
    let account = draft.validated(&world.installation, None)?;
    let bits = changed_features(account.features, visit.params, &world.installation);
    let id = world.insert_account(account);
    let bits = bits.map_err(|_unknown| Refusal::Crash { wrote: true })?;
    if let Some(account) = world.accounts.get_mut(&id) {
        account.features = bits;
    }
    world.permit(visit.app, Kind::Account, id);
    shown(world, id).map(Reply::wrote)
}

pub fn show(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    shown(world, visit.subject(world, Kind::Account)?)
}

/// All or nothing: an unknown flag loses the other fields of the request too.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::Account)?;
    let before = world.accounts.get(&id).ok_or(Refusal::NotFound)?;
    let mut draft = Draft { account: before.clone(), name: Some(before.name.clone()) };
    draft.assign(visit.params, &world.installation)?;
    draft.account.features = changed_features(draft.account.features, visit.params, &world.installation)?;
    let account = draft.validated(&world.installation, Some(before))?;
    world.accounts.insert(id, account);
    shown(world, id).map(Reply::wrote)
}

/// Only asks for it; each call enqueues another job (P27).
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::Account)?;
    world.enqueue(Work::on_account(JobKind::DestroyAccount, id), visit.now);
    Ok(Reply::empty().wrote())
}

fn shown(world: &World, id: i64) -> Result<Reply, Refusal> {
    let account = world.accounts.get(&id).ok_or(Refusal::NotFound)?;
    Ok(Reply::view(&views::account(world, account)))
}

/// An account with the request's values in it, not yet looked at.
struct Draft {
    account: Account,
    /// What will be the name; the column takes no NULL.
    name: Option<String>,
}

impl Draft {
    fn assign(&mut self, params: &Params, installation: &Installation) -> Result<(), Refusal> {
        let account = &mut self.account;
        if let Some(name) = params.text("name") {
            self.name = name;
        }
        if let Some(locale) = params.raw("locale") {
            account.locale = enums::locale(locale, installation.version)?;
        }
        if let Some(domain) = params.text("domain") {
            account.domain = domain;
        }
        if let Some(email) = params.text("support_email") {
            account.support_email = email;
        }
        if let Some(status) = params.raw("status") {
            account.status = enums::status(status)?;
        }
        if let Some(limits) = params.object("limits") {
            account.limits = Value::Object(limits.clone());
        }
        if let Some(attributes) = params.object("custom_attributes") {
            account.custom_attributes = attributes.clone();
        }
        Ok(())
    }

    fn validated(self, installation: &Installation, before: Option<&Account>) -> Result<Account, Refusal> {
        let account = &self.account;
        let name = self.name.as_deref();
        let email = account.support_email.as_deref();
        let mut errors = Errors::default();
        errors.limit("name", "Name", name, 255);
        errors.limit("support_email", "Support email", email, 255);
        if installation.since(4, 9, 0) && name.is_none_or(|name| name.trim().is_empty()) {
            errors.add("name", "Name can't be blank");
        }
        errors.limit("domain", "Domain", account.domain.as_deref(), 100);
        let email_changed = before.is_none_or(|before| before.support_email.as_deref() != email);
        let email_given = email.filter(|email| !email.trim().is_empty());
        if installation.since(4, 13, 0)
            && email_changed
            && email_given.is_some_and(|e| !emails::is_support_address(e))
        {
            errors.add("support_email", "Support email is not a valid email address");
        }
        if installation.edition == Edition::Ee && !limits_fit(&account.limits, installation) {
            errors.add("limits", "Limits : Invalid data");
        }
        errors.check()?;
        storable(account, email)?;
        // A database that takes no NULL where nothing validates the presence (chatwoot-api §1.4).
        let name = self.name.filter(|name| !name.contains('\0')).ok_or(Refusal::CRASH)?;
        Ok(Account { name, ..self.account })
    }
}

/// What passes the validations and still fails in PostgreSQL: varchar(100), NUL characters.
fn storable(account: &Account, email: Option<&str>) -> Result<(), Refusal> {
    let texts = [email, account.domain.as_deref()];
    let nul = texts.iter().flatten().any(|text| text.contains('\0'))
        || map_has_nul(&account.custom_attributes)
        || account.limits.as_object().is_some_and(map_has_nul);
    let too_long = email.is_some_and(|email| email.chars().count() > 100);
    if nul || too_long { Err(Refusal::CRASH) } else { Ok(()) }
}

/// Keys only; the values are not looked at (P15). A NULL column fits no schema.
fn limits_fit(limits: &Value, installation: &Installation) -> bool {
    limits
        .as_object()
        .is_some_and(|limits| limits.keys().all(|key| installation.limit_keys().contains(&key.as_str())))
}

/// The flags after the request's delta (P9). The name `flags` is the bitmask itself (P10).
fn changed_features(before: Bits, params: &Params, installation: &Installation) -> Result<Bits, Refusal> {
    let nothing = Map::new();
    params.object("features").unwrap_or(&nothing).iter().try_fold(before, |bits, (name, value)| {
        if name == "flags" {
            return Ok(Bits::from(present(value)));
        }
        let mask = features::mask(name, installation.version).ok_or(Refusal::CRASH)?;
        Ok(if present(value) { bits | mask } else { bits & !mask })
    })
}

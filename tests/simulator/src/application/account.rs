//! `/api/v1/accounts/:id`: the account itself, also while it is suspended (chatwoot-api §3.3).

use super::{Visit, missing, unauthorized, views};
use crate::{
    model::{
        Edition, Installation, World, emails, locales,
        rows::{Account, Role},
    },
    params::{Params, present, text_of},
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Map, Value};

/// 404 for whoever is no member.
fn own(world: &World, visit: &Visit) -> Result<(i64, Option<Role>), Refusal> {
    let id = visit.id("id")?;
    let user = visit.user().ok_or_else(missing)?;
    let row = world.memberships.get(id, user).filter(|_| world.accounts.contains_key(&id));
    row.map(|row| (id, row.role)).ok_or_else(missing)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let (id, _) = own(world, visit)?;
    let account = world.accounts.get(&id).ok_or_else(missing)?;
    Ok(Reply::view(&views::account::full(world, account)))
}

/// Columns are set, attributes and settings merged.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let (id, role) = own(world, visit)?;
    if role != Some(Role::Administrator) {
        return Err(unauthorized());
    }
    let before = world.accounts.get(&id).ok_or_else(missing)?;
    let account = changed(before.clone(), visit.params, &world.installation)?;
    validate(&account, before, &world.installation)?;
    let view = views::account::brief(world, &account);
    world.accounts.insert(id, account);
    Ok(Reply::view(&view).wrote())
}

fn changed(mut account: Account, params: &Params, installation: &Installation) -> Result<Account, Refusal> {
    if let Some(name) = params.text("name") {
        account.name = name.unwrap_or_default();
    }
    if let Some(locale) = params.raw("locale") {
        account.locale = match locale {
            value if !present(value) => None,
            Value::String(code) => Some(locales::by_code(code, installation.version).ok_or(Refusal::CRASH)?),
            _ => return Err(Refusal::CRASH),
        };
    }
    if let Some(domain) = params.text("domain") {
        account.domain = domain;
    }
    if let Some(email) = params.text("support_email") {
        account.support_email = email;
    }
    for key in attribute_keys(installation) {
        if let Some(value) = params.raw(key) {
            account.custom_attributes.insert(key.to_owned(), value.clone());
        }
    }
    for key in setting_keys(installation) {
        if let Some(value) = params.get(key).filter(|value| !value.is_object()) {
            account.settings.insert(key.to_owned(), value.clone());
        }
    }
    Ok(account)
}

fn attribute_keys(installation: &Installation) -> impl Iterator<Item = &'static str> {
    let website = installation.since(4, 14, 0).then_some("website");
    ["industry", "company_size", "timezone", "referral_source", "user_role"].into_iter().chain(website)
}

fn setting_keys(installation: &Installation) -> Vec<&'static str> {
    let mut keys = vec!["auto_resolve_after", "auto_resolve_message", "auto_resolve_ignore_waiting"];
    if installation.since(4, 3, 0) {
        keys.extend(["audio_transcriptions", "auto_resolve_label"]);
    }
    if installation.edition == Edition::Ee {
        keys.push("conversation_required_attributes");
    }
    keys
}

fn validate(account: &Account, before: &Account, installation: &Installation) -> Result<(), Refusal> {
    let mut errors = Errors::default();
    errors.limit("name", "Name", Some(&account.name), 255);
    if installation.since(4, 9, 0) && account.name.trim().is_empty() {
        errors.add("name", "Name can't be blank");
    }
    errors.limit("domain", "Domain", account.domain.as_deref(), 100);
    let email = account.support_email.as_deref().filter(|email| !email.trim().is_empty());
    let changed = account.support_email != before.support_email;
    if installation.since(4, 13, 0) && changed && email.is_some_and(|e| !emails::is_support_address(e)) {
        errors.add("support_email", "Support email is not a valid email address");
    }
    settings_complaints(&account.settings, &mut errors);
    errors.check()?;
    if account.support_email.as_ref().is_some_and(|email| email.chars().count() > 100) {
        return Err(Refusal::CRASH);
    }
    Ok(())
}

/// A JSON schema looks at types and bounds: "60" is no number of minutes.
fn settings_complaints(settings: &Map<String, Value>, errors: &mut Errors) {
    /// Minutes.
    const SHORTEST: i64 = 10;
    const LONGEST: i64 = 1_439_856;
    match settings.get("auto_resolve_after") {
        None | Some(Value::Null) => {}
        Some(value) => match value.as_i64() {
            None => errors.add("auto_resolve_after", "Auto resolve after must be of type integer"),
            Some(minutes) if minutes < SHORTEST => errors.add(
                "auto_resolve_after",
                format!("Auto resolve after must be greater than or equal to {SHORTEST}"),
            ),
            Some(minutes) if minutes > LONGEST => errors.add(
                "auto_resolve_after",
                format!("Auto resolve after must be less than or equal to {LONGEST}"),
            ),
            Some(_) => {}
        },
    }
    let texts = [
        ("auto_resolve_message", "Auto resolve message must be of type string"),
        ("auto_resolve_label", "Auto resolve label must be of type string"),
    ];
    for (key, complaint) in texts {
        if settings.get(key).is_some_and(|value| !value.is_string() && !value.is_null()) {
            errors.add(key, complaint);
        }
    }
    let flags = [
        ("auto_resolve_ignore_waiting", "Auto resolve ignore waiting must be of type boolean"),
        ("audio_transcriptions", "Audio transcriptions must be of type boolean"),
    ];
    for (key, complaint) in flags {
        if settings.get(key).is_some_and(|value| !value.is_boolean() && !value.is_null()) {
            errors.add(key, complaint);
        }
    }
    let list = settings.get("conversation_required_attributes").filter(|value| !value.is_null());
    let texts =
        |value: &Value| value.as_array().is_some_and(|list| list.iter().all(|v| text_of(v).is_some()));
    if list.is_some_and(|value| !texts(value)) {
        errors.add(
            "conversation_required_attributes",
            "Conversation required attributes must be of type array",
        );
    }
}

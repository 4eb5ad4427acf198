//! Which fields are declared, and with which values: only those that our own definitions take.

use super::{Choices, notes::Notes};
use crate::{
    api::{
        account::{AccountSpec, MembersFrom, State},
        common::{Adopt, InstanceRef, Scalar},
        locale::LOCALES,
        user::{Membership, UserDeletionPolicy, UserSpec},
    },
    chatwoot::{
        attributes::{check_account_key, check_user_key},
        features::check_feature,
        locales::check_locale,
        marker,
        types::{Account, AccountState, Map, User},
    },
    plan::email::Email,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// A field that is declared besides the name.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Always declared; alone it means that nothing else is.
    Name,
    Locale,
    /// Where one is set.
    Domain,
    #[value(name = "supportEmail")]
    SupportEmail,
    State,
    Features,
    Limits,
    /// Of accounts and of people.
    #[value(name = "customAttributes")]
    CustomAttributes,
    /// Of people, where one is set.
    #[value(name = "displayName")]
    DisplayName,
}

/// Whether a name can be declared.
///
/// # Errors
/// What is wrong with it, after "its name".
pub fn name(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_control) {
        Err("holds control characters")
    } else if !text.chars().any(|c| !c.is_whitespace()) {
        Err("is blank")
    } else if text.chars().count() > 255 {
        Err("is longer than 255 characters")
    } else {
        Ok(())
    }
}

/// What an account's manifest declares.
pub fn account(
    account: &Account,
    members_from: Vec<MembersFrom>,
    choices: &Choices,
    notes: &mut Notes,
) -> AccountSpec {
    let on = |field| choices.fields.contains(&field);
    let mut declared = Declared { what: format!("account {}", account.id), notes };
    let mut spec = AccountSpec {
        instance_ref: Some(instance_ref(choices)),
        name: account.name.clone(),
        members_from,
        adopt: Some(Adopt { id: account.id.0 }),
        mode: choices.mode,
        ..AccountSpec::default()
    };
    if on(Field::Locale) {
        let fits = |code: &String| {
            check_locale(code, choices.version).is_ok() && LOCALES.iter().any(|known| known.code == code)
        };
        spec.locale = declared.text("locale", account.locale.as_deref(), fits);
    }
    if on(Field::Domain) {
        let fits =
            |text: &String| text.chars().all(|c| !c.is_control() && !c.is_whitespace()) && within(text, 100);
        spec.domain = declared.text("domain", account.domain.as_deref(), fits);
    }
    if on(Field::SupportEmail) {
        spec.support_email =
            declared.text("supportEmail", account.support_email.as_deref(), |text| line(text, 100));
    }
    if on(Field::State) {
        spec.state = match account.state {
            AccountState::Active => Some(State::Active),
            AccountState::Suspended => Some(State::Suspended),
            AccountState::Unknown => declared.none("state"),
        };
    }
    if on(Field::Features) {
        let known = |flag: &&String| check_feature(flag, choices.version).is_ok();
        spec.features =
            account.features.iter().filter(known).map(|flag| (flag.clone(), true)).take(64).collect();
        declared.rest("features", account.features.len() - spec.features.len());
    }
    if on(Field::Limits) {
        spec.limits = account.limits.iter().filter_map(limit).take(32).collect();
        declared.rest("limits", account.limits.len() - spec.limits.len());
    }
    if on(Field::CustomAttributes) {
        spec.custom_attributes =
            declared.attributes(&account.custom_attributes, |key| check_account_key(key).is_ok());
    }
    spec
}

/// What a person's manifest declares. Deleting it takes nothing away that was there before: the memberships are theirs from
/// earlier times.
pub fn person(
    user: &User,
    email: &Email,
    memberships: Vec<Membership>,
    choices: &Choices,
    notes: &mut Notes,
) -> UserSpec {
    let mut declared = Declared { what: format!("user {}", user.id), notes };
    let mut spec = UserSpec {
        instance_ref: Some(instance_ref(choices)),
        email: email.to_string(),
        name: user.name.clone(),
        memberships,
        adopt: Some(Adopt { id: user.id.0 }),
        deletion_policy: UserDeletionPolicy::Retain,
        mode: choices.mode,
        ..UserSpec::default()
    };
    if choices.fields.contains(&Field::DisplayName) {
        spec.display_name =
            declared.text("displayName", user.display_name.as_deref(), |text| line(text, 255));
    }
    if choices.fields.contains(&Field::CustomAttributes) {
        spec.custom_attributes =
            declared.attributes(&user.custom_attributes, |key| check_user_key(key).is_ok());
    }
    spec
}

fn instance_ref(choices: &Choices) -> InstanceRef {
    InstanceRef { name: choices.instance.name.clone(), namespace: Some(choices.instance.namespace.clone()) }
}

fn within(text: &str, most: usize) -> bool {
    text.chars().count() <= most
}

/// Something on one line.
fn line(text: &str, most: usize) -> bool {
    !text.is_empty() && within(text, most) && !text.chars().any(char::is_control)
}

fn limit((key, value): (&String, &Value)) -> Option<(String, i64)> {
    let value = value.as_i64().filter(|value| (0..=1_000_000_000).contains(value))?;
    is_snake_case(key).then(|| (key.clone(), value))
}

fn is_snake_case(key: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    key.len() <= 63 && key.starts_with(|c: char| c.is_ascii_lowercase()) && key.chars().all(rest)
}

fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::String(text) if within(text, 255) && !text.chars().any(char::is_control) => {
            Some(Scalar::Text(text.clone()))
        }
        Value::Number(number) => number.as_i64().map(Scalar::Int),
        _ => None,
    }
}

/// What one object declares, and what is said of what it does not.
struct Declared<'a> {
    what: String,
    notes: &'a mut Notes,
}

impl Declared<'_> {
    /// A text that is set and fits; one that does not fit is left as it is in Chatwoot.
    fn text(&mut self, field: &str, value: Option<&str>, fits: impl Fn(&String) -> bool) -> Option<String> {
        let value = value.filter(|value| !value.is_empty())?.to_owned();
        if fits(&value) { Some(value) } else { self.none(field) }
    }

    fn none<T>(&mut self, field: &str) -> Option<T> {
        self.notes.tell(format!(
            "{}: {field} is not declared, because a manifest cannot hold its value",
            self.what
        ));
        None
    }

    fn rest(&mut self, field: &str, count: usize) {
        if count > 0 {
            self.notes.tell(format!(
                "{}: {count} of its {field} are not declared, because a manifest cannot hold them",
                self.what
            ));
        }
    }

    fn attributes(&mut self, all: &Map, is_free: impl Fn(&str) -> bool) -> BTreeMap<String, Scalar> {
        // In bytes, so that it fits however a reader of the rule counts.
        let fits = |key: &str| key.len() <= 63 && line(key, 63) && is_free(key);
        let values = all
            .iter()
            .filter(|(key, _)| fits(key))
            .filter_map(|(key, value)| Some((key.clone(), scalar(value)?)));
        let declared: BTreeMap<_, _> = values.take(32).collect();
        let own = usize::from(all.contains_key(marker::KEY));
        self.rest("customAttributes", all.len() - own - declared.len());
        declared
    }
}

//! What must be sent so that an account becomes as it is wanted.

use super::Wanted;
use crate::{
    api::common::Scalar,
    chatwoot::types::{Account, AccountPatch, Map},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// How an account differs from what is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// To be sent in one PATCH; its `features` are empty.
    pub patch: AccountPatch,
    /// To be sent in a PATCH of their own: one unknown flag answers 500 and loses the whole request (chatwoot-api
    /// §1.4).
    pub features: BTreeMap<String, bool>,
    /// Everything that differs, in words of the spec: `name`, `features.sla`, `limits.agents`.
    pub drifted: Vec<String>,
    /// Flags that differ and are not sent, out of `drifted`: see [`diff`].
    pub withheld: Vec<String>,
}

impl Diff {
    /// Nothing needs to be sent.
    pub fn is_empty(&self) -> bool {
        self.patch == AccountPatch::default() && self.features.is_empty()
    }
}

/// How `account`, read in this very pass, differs from `wanted`.
///
/// `applied`: Chatwoot has already agreed to exactly this once. A flag that `community_reset` then finds off was
/// switched off by Chatwoot's daily job (chatwoot-api P33) and would be every day: it is withheld until something else
/// is wanted.
pub fn diff(
    wanted: &Wanted,
    account: &Account,
    applied: bool,
    community_reset: impl Fn(&str) -> bool,
) -> Diff {
    let mut diff = Diff::default();
    let Diff { patch, features, drifted, withheld } = &mut diff;
    patch.name = differing("name", &wanted.name, Some(&account.name), drifted);
    patch.locale = differing("locale", &wanted.locale, account.locale.as_deref(), drifted);
    // Cleared and never set read differently, and mean the same.
    patch.domain =
        differing("domain", &wanted.domain, Some(account.domain.as_deref().unwrap_or_default()), drifted);
    patch.support_email =
        differing("supportEmail", &wanted.support_email, account.support_email.as_deref(), drifted);
    if let Some(state) = wanted.state.filter(|state| *state != account.state) {
        patch.state = Some(state);
        drifted.push("state".to_owned());
    }
    for (flag, on) in &wanted.features {
        if account.features.contains(flag) == *on {
            continue;
        }
        let name = format!("features.{flag}");
        if *on && applied && community_reset(flag) {
            withheld.push(name.clone());
        } else {
            features.insert(flag.clone(), *on);
        }
        drifted.push(name);
    }
    // Chatwoot replaces both maps whole (P12, P15), so what others keep there is sent back as it was read.
    let limits = wanted.limits.iter().map(|(key, limit)| (key, limit.map(Value::from)));
    patch.limits = merged(&account.limits, limits, "limits", drifted);
    let attributes = wanted.custom_attributes.iter().map(|(key, value)| (key, value.as_ref().map(json)));
    patch.custom_attributes = merged(&account.custom_attributes, attributes, "customAttributes", drifted);
    diff
}

/// The attributes to send so that `wanted` holds and everything else stays as it was read.
pub fn merged_attributes(read: &Map, wanted: &BTreeMap<String, Option<Scalar>>) -> Map {
    let changes = wanted.iter().map(|(key, value)| (key, value.as_ref().map(json)));
    merged(read, changes, "customAttributes", &mut Vec::new()).unwrap_or_else(|| read.clone())
}

fn differing(
    field: &str,
    wanted: &Option<String>,
    actual: Option<&str>,
    drifted: &mut Vec<String>,
) -> Option<String> {
    let wanted = wanted.as_ref().filter(|wanted| Some(wanted.as_str()) != actual)?;
    drifted.push(field.to_owned());
    Some(wanted.clone())
}

/// The whole map to send, or `None` where nothing in it differs.
fn merged<'a>(
    read: &Map,
    changes: impl Iterator<Item = (&'a String, Option<Value>)>,
    field: &str,
    drifted: &mut Vec<String>,
) -> Option<Map> {
    let mut whole = read.clone();
    let known = drifted.len();
    for (key, value) in changes {
        if read.get(key) == value.as_ref() {
            continue;
        }
        match value {
            Some(value) => whole.insert(key.clone(), value),
            None => whole.remove(key),
        };
        drifted.push(format!("{field}.{key}"));
    }
    (drifted.len() > known).then_some(whole)
}

fn json(value: &Scalar) -> Value {
    match value {
        Scalar::Int(number) => Value::from(*number),
        Scalar::Text(text) => Value::from(text.as_str()),
    }
}

//! Secret fields: their values come from Secrets of the namespace and go to Chatwoot; the planner sees keyed hashes.

use super::{Content, Item, Secrets};
use crate::{
    api::common::SecretKeyRef,
    chatwoot::{marker::Installation, types::Map},
    plan::content::{Seen, Unread},
    reconcile::{
        secrets::{self, Trouble},
        world::World,
    },
};
use kube::ResourceExt;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// Values of the secret fields, from the Secrets that the spec names.
///
/// # Errors
/// Which Secret has no value that can be used, never the value.
pub async fn read<C: Content>(
    object: &C,
    wanted: &BTreeMap<&'static str, SecretKeyRef>,
    world: &World,
) -> Result<Secrets, Unread> {
    let (namespace, owner) = (object.namespace().unwrap_or_default(), object.name_any());
    let source =
        secrets::Secrets { world, namespace: &namespace, owner: (C::TRAIT.kind, &owner), field: "spec" };
    let mut values = Secrets::new();
    for (field, reference) in wanted {
        let bytes = source.read(reference).await.map_err(|trouble| match trouble {
            Trouble::Unusable(why) => Unread::Unusable(why),
            Trouble::Kubernetes(why) => Unread::Failed(why),
        })?;
        let value = String::from_utf8(bytes).ok().filter(|text| is_usable(text)).map(SecretString::from);
        values.insert(field, value.ok_or_else(|| unusable(&namespace, reference))?);
    }
    Ok(values)
}

fn is_usable(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

fn unusable(namespace: &str, SecretKeyRef { name, key }: &SecretKeyRef) -> Unread {
    Unread::Unusable(format!(
        "Secret {namespace}/{name}, key {key}: the value is empty or has a control character, such as a line break at its end; \
         write it without"
    ))
}

/// Keyed hashes of values, by field.
pub fn hashes(installation: &Installation, values: &Secrets) -> BTreeMap<&'static str, String> {
    let hash = |value: &SecretString| installation.hash(&["secret field", value.expose_secret()]);
    values.iter().map(|(field, value)| (*field, hash(value))).collect()
}

/// What the planner sees of something in Chatwoot.
pub fn shown(installation: Option<&Installation>, item: &Item) -> Seen {
    let mut seen = item.seen.clone();
    let hashed = installation.map(|installation| hashes(installation, &item.secrets)).unwrap_or_default();
    seen.fields.extend(hashed.into_iter().map(|(field, hash)| (field.to_owned(), hash.into())));
    seen
}

/// The values behind those of `fields` that are hashes, which are taken out of it.
pub fn taken_out(fields: &mut Map, values: &Secrets) -> Secrets {
    let taken = values.iter().filter(|(field, _)| fields.remove(**field).is_some());
    taken.map(|(field, value)| (*field, value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(value: &str) -> Secrets {
        Secrets::from([("imap_password", SecretString::from(value))])
    }

    #[test]
    fn the_planner_sees_whether_a_value_differs_and_not_the_value() {
        let installation = Installation::new("0123456789abcdef".into(), vec![7; 32]);
        let item = |value| Item { secrets: values(value), ..Item::default() };
        let seen = shown(Some(&installation), &item("hunter2-hunter2"));
        let same = hashes(&installation, &values("hunter2-hunter2"));
        assert_eq!(seen.fields["imap_password"], same["imap_password"]);
        assert_ne!(seen.fields["imap_password"], hashes(&installation, &values("other"))["imap_password"]);
        let told = format!("{seen:?}{:?}{same:?}", item("hunter2-hunter2"));
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn what_is_sent_holds_values_only_where_they_are_secret() {
        let mut fields = Map::new();
        fields
            .extend([("imap_password".to_owned(), json!("hash")), ("imap_login".to_owned(), json!("help"))]);
        let taken = taken_out(&mut fields, &values("hunter2"));
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["imap_login"]);
        assert_eq!(taken["imap_password"].expose_secret(), "hunter2");
        assert!(taken_out(&mut fields, &values("hunter2")).is_empty());
    }

    #[test]
    fn a_line_break_at_the_end_is_no_part_of_a_password() {
        assert!(is_usable("hünter 2") && !is_usable("hunter2\n") && !is_usable(""));
    }
}

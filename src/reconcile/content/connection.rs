//! The connection Secret: what others need to talk to something inside an account.

use super::{Content, Item};
use crate::{
    api::user::CredentialsSecret,
    plan::content::Published,
    reconcile::{
        automation::AccountHandle,
        secrets::{Secrets, Trouble},
        world::World,
    },
};
use kube::ResourceExt;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;

/// Makes the Secret `name` hold what `item` shows.
pub async fn store<C: Content>(
    object: &C,
    name: &str,
    item: &Item,
    inside: Option<&AccountHandle>,
    world: &World,
) -> Published {
    let (namespace, owner) = (object.namespace().unwrap_or_default(), object.name_any());
    let secrets = secrets::<C>(world, &namespace, &owner);
    let mut data: BTreeMap<String, Vec<u8>> = BTreeMap::from([
        ("url".to_owned(), url(inside, world).into_bytes()),
        (id_key::<C>(), item.seen.id.to_string().into_bytes()),
    ]);
    let of_account = inside.filter(|_| !item.installation_wide);
    data.extend(of_account.map(|inside| ("account_id".to_owned(), inside.id.to_string().into_bytes())));
    let values = item.connection.iter();
    data.extend(values.map(|(key, value)| ((*key).to_owned(), value.expose_secret().as_bytes().to_vec())));
    let wanted = CredentialsSecret { name: name.to_owned(), ..CredentialsSecret::default() };
    match secrets.store(&wanted, data, None).await {
        Ok(()) => Published::Yes,
        Err(Trouble::Unusable(why)) => Published::NotOurs(why),
        Err(Trouble::Kubernetes(why)) => Published::Failed(why),
    }
}

/// The Secret has something that `item` does not show.
pub async fn loses<C: Content>(object: &C, name: &str, item: &Item, world: &World) -> bool {
    let (namespace, owner) = (object.namespace().unwrap_or_default(), object.name_any());
    let existing = secrets::<C>(world, &namespace, &owner).ours(name).await.ok().flatten();
    let keys = existing.and_then(|secret| secret.data).unwrap_or_default().into_keys();
    let always = ["url", "account_id"];
    let id = id_key::<C>();
    keys.into_iter().any(|key| {
        key != id && !always.contains(&key.as_str()) && !item.connection.contains_key(key.as_str())
    })
}

/// Under which key its id stands.
fn id_key<C: Content>() -> String {
    format!("{}_id", C::TRAIT.noun.replace(' ', "_"))
}

/// Removes a Secret of ours by name.
///
/// # Errors
/// The API server's words.
pub async fn drop<C: Content>(object: &C, name: &str, world: &World) -> Result<(), String> {
    let (namespace, owner) = (object.namespace().unwrap_or_default(), object.name_any());
    secrets::<C>(world, &namespace, &owner).drop(name).await
}

fn secrets<'a, C: Content>(world: &'a World, namespace: &'a str, owner: &'a str) -> Secrets<'a> {
    Secrets { world, namespace, owner: (C::TRAIT.kind, owner), field: "spec.connectionSecret" }
}

/// Where browsers find the Chatwoot.
fn url(inside: Option<&AccountHandle>, world: &World) -> String {
    let instance = inside.and_then(|inside| world.instances.handle(&inside.instance));
    instance.map_or_else(String::new, |handle| handle.known().public_url)
}

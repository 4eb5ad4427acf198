//! The installation's id and key: made once, kept in a Secret of the operator's namespace.
//!
//! Markers made with another id are foreign, so a lost Secret must never be replaced while anything is bound.

use super::world::World;
use crate::{
    api::common::{FINALIZER, RESTORE_STATUS_ANNOTATION},
    chatwoot::marker::Installation,
};
use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Api, Client, ResourceExt, api::PostParams};
use std::collections::BTreeMap;

const ID: &str = "id";
const KEY: &str = "key";
const KEY_BYTES: usize = 32;

/// Where the installation is kept, and the id to begin with.
#[derive(Clone, Debug)]
pub struct Kept {
    pub namespace: String,
    pub secret: String,
    /// Goes on from a lost Secret.
    pub id: Option<String>,
}

/// Reads the installation, or makes it where that is safe. `Err`: why neither can be done, and what to do.
pub async fn read_or_make(kept: &Kept, world: &World) -> Result<Installation, String> {
    if let Some(found) = read(kept, world).await? {
        return Ok(found);
    }
    let api: Api<Secret> = Api::namespaced(world.client.clone(), &kept.namespace);
    match api.create(&PostParams::default(), &fresh(kept)).await {
        Ok(secret) => parse(kept, &secret),
        // Another replica was faster.
        Err(kube::Error::Api(status)) if status.is_already_exists() => {
            parse(kept, &api.get(&kept.secret).await.map_err(|error| unreadable(kept, error))?)
        }
        Err(error) => Err(unreadable(kept, error)),
    }
}

/// Reads the installation. `None`: there is none yet, and it is safe to make one. `Err`: why not, and what to do.
pub async fn read(kept: &Kept, world: &World) -> Result<Option<Installation>, String> {
    if let Some(found) = find(kept, &world.client).await? {
        return Ok(Some(found));
    }
    if kept.id.is_none()
        && let Some(bound) = somebody_bound(world)
    {
        return Err(format!(
            "Secret {}/{} is missing, but {bound} was made with it; restore the Secret from a backup, or start the operator \
             with --installation-id ID, which is the second field of any chatwoot_operator marker in Chatwoot",
            kept.namespace, kept.secret
        ));
    }
    Ok(None)
}

/// The installation as it is kept; `None`: its Secret does not exist. `Err`: why that cannot be told, and what to do.
pub async fn find(kept: &Kept, client: &Client) -> Result<Option<Installation>, String> {
    let api: Api<Secret> = Api::namespaced(client.clone(), &kept.namespace);
    let secret = api.get_opt(&kept.secret).await.map_err(|error| unreadable(kept, error))?;
    secret.map(|secret| parse(kept, &secret)).transpose()
}

/// An installation that nobody has yet, for whoever plans what would be done with the first one.
pub fn imagined() -> Installation {
    Installation::new(format!("{:016x}", rand::random::<u64>()), rand::random::<[u8; KEY_BYTES]>().to_vec())
}

fn unreadable(kept: &Kept, error: kube::Error) -> String {
    match error {
        kube::Error::Api(status) => {
            format!("Secret {}/{} could not be read or made: {}", kept.namespace, kept.secret, status.reason)
        }
        _ => format!(
            "Secret {}/{} could not be read: the API server does not answer",
            kept.namespace, kept.secret
        ),
    }
}

/// Anything that may carry a marker of the installation that is gone.
fn somebody_bound(world: &World) -> Option<String> {
    let accounts = world.caches.accounts.all().into_iter().find(|account| {
        let status = account.status.as_ref();
        status.is_some_and(|s| s.id.is_some() || s.creation.is_some()) || was_ours(&**account)
    });
    if let Some(account) = accounts {
        return Some(format!(
            "ChatwootAccount {}/{}",
            account.namespace().unwrap_or_default(),
            account.name_any()
        ));
    }
    let users = world
        .caches
        .users
        .all()
        .into_iter()
        .find(|user| user.status.as_ref().is_some_and(|s| s.id.is_some()) || was_ours(&**user));
    if let Some(user) = users {
        return Some(format!("ChatwootUser {}/{}", user.namespace().unwrap_or_default(), user.name_any()));
    }
    if world.caches.accounts.any_unreadable() || world.caches.users.any_unreadable() {
        return Some("a resource that cannot be read".to_owned());
    }
    let unseen = world.caches.accounts.any_unseen().or_else(|| world.caches.users.any_unseen());
    unseen.map(|namespace| {
        format!(
            "possibly something in namespace {namespace}, where the operator may not look (give it the chart's Role there, or \
             take the namespace off --watch-namespaces),"
        )
    })
}

/// An operator has worked on it: this one, or that of a cluster it was restored from, whose backup may have lost the
/// finalizer and the status.
fn was_ours(object: &impl ResourceExt) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
        || object.annotations().contains_key(RESTORE_STATUS_ANNOTATION)
}

fn fresh(kept: &Kept) -> Secret {
    let id = kept.id.clone().unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
    let key: [u8; KEY_BYTES] = rand::random();
    Secret {
        metadata: ObjectMeta {
            name: Some(kept.secret.clone()),
            namespace: Some(kept.namespace.clone()),
            annotations: Some(BTreeMap::from([(
                "chatwoot.dev/keep".to_owned(),
                "markers in Chatwoot are made with this; back it up and never delete it while anything is bound".to_owned(),
            )])),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([
            (ID.to_owned(), ByteString(id.into_bytes())),
            (KEY.to_owned(), ByteString(key.to_vec())),
        ])),
        ..Secret::default()
    }
}

fn parse(kept: &Kept, secret: &Secret) -> Result<Installation, String> {
    let field = |key: &str| secret.data.as_ref().and_then(|data| data.get(key)).map(|bytes| bytes.0.clone());
    let id = field(ID).and_then(|bytes| String::from_utf8(bytes).ok()).map(|id| id.trim().to_owned());
    let id = id.filter(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let key = field(KEY).filter(|key| key.len() == KEY_BYTES);
    match (id, key) {
        (Some(id), Some(key)) => Ok(Installation::new(id, key)),
        _ => Err(format!(
            "Secret {}/{} must hold id (16 hex digits) and key (32 bytes); restore it from a backup",
            kept.namespace, kept.secret
        )),
    }
}

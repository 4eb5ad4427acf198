//! The Secrets of a resource: what people bring, and what the operator writes. Always in the resource's own namespace;
//! what is not the operator's is never overwritten.

use crate::{
    api::{
        common::{MANAGED_BY, MANAGED_BY_LABEL, OWNER_ANNOTATION, SecretKeyRef},
        user::CredentialsSecret,
    },
    reconcile::world::World,
};
use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api,
    api::{DeleteParams, PostParams, Preconditions},
};
use std::{collections::BTreeMap, time::Duration};

/// Notes on a generated password's Secret which rotation it is.
pub const ROTATION_ANNOTATION: &str = "chatwoot.dev/password-rotation";
/// Notes on a published token's Secret which rotation it is.
pub const TOKEN_ROTATION_ANNOTATION: &str = "chatwoot.dev/token-rotation";
/// Key of a published token.
pub const TOKEN: &str = "access_token";
/// Key of a generated password.
pub const PASSWORD: &str = "password";

const PATIENCE: Duration = Duration::from_secs(10);

/// Why a Secret cannot be used.
pub enum Trouble {
    /// Somebody has to correct it; says what.
    Unusable(String),
    /// The API server did not do as asked.
    Kubernetes(String),
}

/// Which rotations of password and token stand in a Secret.
#[derive(Clone, Copy, Default)]
pub struct Notes<'a> {
    pub password: Option<&'a str>,
    pub token: Option<&'a str>,
}

/// One resource's Secrets.
pub struct Secrets<'a> {
    pub world: &'a World,
    pub namespace: &'a str,
    /// Kind and name of the resource.
    pub owner: (&'static str, &'a str),
    /// Where the spec names the Secret that the operator writes.
    pub field: &'static str,
}

impl Secrets<'_> {
    pub(super) fn api(&self) -> Api<Secret> {
        Api::namespaced(self.world.client.clone(), self.namespace)
    }

    /// One key of a Secret that people write.
    pub async fn read(&self, reference: &SecretKeyRef) -> Result<Vec<u8>, Trouble> {
        let SecretKeyRef { name, key } = reference;
        let found = self.get(name).await?;
        let value = found.and_then(|secret| secret.data?.remove(key)).map(|bytes| bytes.0);
        value.ok_or_else(|| {
            Trouble::Unusable(format!(
                "Secret {}/{name} has no key {key}; create it, and label it chatwoot.dev/watch=true to have changes noticed at \
                 once",
                self.namespace
            ))
        })
    }

    /// A Secret by name, whoever's it is.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Secret>, Trouble> {
        within(self.api().get_opt(name)).await
    }

    /// A Secret of ours by name; `None` where there is none.
    pub async fn ours(&self, name: &str) -> Result<Option<Secret>, Trouble> {
        match self.get(name).await? {
            Some(secret) if self.is_ours(&secret) => Ok(Some(secret)),
            Some(_) => Err(Trouble::Unusable(format!(
                "Secret {}/{name} exists and is not this resource's, so it is not overwritten; name another in \
                 {}, or delete it",
                self.namespace, self.field
            ))),
            None => Ok(None),
        }
    }

    pub(super) fn is_ours(&self, secret: &Secret) -> bool {
        let label = secret.metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_BY_LABEL));
        let owner = secret.metadata.annotations.as_ref().and_then(|notes| notes.get(OWNER_ANNOTATION));
        label.map(String::as_str) == Some(MANAGED_BY) && owner == Some(&self.owner_note())
    }

    pub(super) fn owner_note(&self) -> String {
        let (kind, name) = self.owner;
        format!("{kind}/{name}")
    }

    /// Makes the Secret hold exactly `data`; writes nothing where it does already. `rotation`: of a generated password.
    pub async fn store(
        &self,
        wanted: &CredentialsSecret,
        data: BTreeMap<String, Vec<u8>>,
        rotation: Option<&str>,
    ) -> Result<(), Trouble> {
        self.store_noted(wanted, data, Notes { password: rotation, token: None }).await
    }

    /// As [`Secrets::store`], for what has other rotations too.
    pub async fn store_noted(
        &self,
        wanted: &CredentialsSecret,
        data: BTreeMap<String, Vec<u8>>,
        notes: Notes<'_>,
    ) -> Result<(), Trouble> {
        let existing = self.ours(&wanted.name).await?;
        let secret = self.build(wanted, data, notes, existing.as_ref());
        if existing.as_ref().is_some_and(|existing| same(existing, &secret)) {
            return Ok(());
        }
        let stored = match existing {
            Some(_) => within(self.api().replace(&wanted.name, &PostParams::default(), &secret)).await,
            None => within(self.api().create(&PostParams::default(), &secret)).await,
        };
        (self.world.observers.writes)("Secret", "store", if stored.is_ok() { "ok" } else { "failed" });
        self.world.wrote_secret(self.namespace, &wanted.name, stored?.metadata.resource_version);
        Ok(())
    }

    fn build(
        &self,
        wanted: &CredentialsSecret,
        data: BTreeMap<String, Vec<u8>>,
        notes: Notes<'_>,
        existing: Option<&Secret>,
    ) -> Secret {
        let mut labels = wanted.labels.clone();
        labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
        let mut annotations = wanted.annotations.clone();
        annotations.insert(OWNER_ANNOTATION.to_owned(), self.owner_note());
        let rotations = [(ROTATION_ANNOTATION, notes.password), (TOKEN_ROTATION_ANNOTATION, notes.token)];
        annotations
            .extend(rotations.into_iter().filter_map(|(key, of)| Some((key.to_owned(), of?.to_owned()))));
        Secret {
            metadata: ObjectMeta {
                name: Some(wanted.name.clone()),
                namespace: Some(self.namespace.to_owned()),
                labels: Some(labels),
                annotations: Some(annotations),
                uid: existing.and_then(|secret| secret.metadata.uid.clone()),
                resource_version: existing.and_then(|secret| secret.metadata.resource_version.clone()),
                ..ObjectMeta::default()
            },
            data: Some(data.into_iter().map(|(key, value)| (key, ByteString(value))).collect()),
            type_: Some("Opaque".to_owned()),
            ..Secret::default()
        }
    }

    /// Removes a Secret of ours; one that is gone, or not ours, is left as it is.
    pub async fn drop(&self, name: &str) -> Result<(), String> {
        let secret = match self.ours(name).await {
            Ok(Some(secret)) => secret,
            Ok(None) | Err(Trouble::Unusable(_)) => return Ok(()),
            Err(Trouble::Kubernetes(why)) => return Err(why),
        };
        let same = Preconditions { uid: secret.metadata.uid, resource_version: None };
        let params = DeleteParams { preconditions: Some(same), ..DeleteParams::default() };
        self.world.wrote_secret(self.namespace, name, None);
        match within(self.api().delete(name, &params)).await {
            Ok(_) => {
                (self.world.observers.writes)("Secret", "delete", "ok");
                Ok(())
            }
            // Gone, or another one by now.
            Err(Trouble::Unusable(_)) => Ok(()),
            Err(Trouble::Kubernetes(why)) => Err(why),
        }
    }
}

/// Labels and annotations that others put there do not matter.
fn same(existing: &Secret, wanted: &Secret) -> bool {
    let holds = |has: &Option<BTreeMap<String, String>>, wants: &Option<BTreeMap<String, String>>| {
        wants.iter().flatten().all(|(key, value)| has.as_ref().and_then(|has| has.get(key)) == Some(value))
    };
    existing.data == wanted.data
        && holds(&existing.metadata.labels, &wanted.metadata.labels)
        && holds(&existing.metadata.annotations, &wanted.metadata.annotations)
}

pub(super) async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, Trouble> {
    let kubernetes = |why: String| Err(Trouble::Kubernetes(why));
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(kube::Error::Api(status))) if status.is_not_found() || status.is_conflict() => {
            Err(Trouble::Unusable(format!("a Secret was changed by somebody else: {}", status.reason)))
        }
        Ok(Err(kube::Error::Api(status))) => {
            kubernetes(format!("the API server answered {}: {}", status.code, status.reason))
        }
        Ok(Err(_)) => kubernetes("the API server could not be reached".to_owned()),
        Err(_) => kubernetes("the API server did not answer within 10 s".to_owned()),
    }
}

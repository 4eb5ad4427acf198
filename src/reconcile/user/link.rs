//! The Secret with a login link: made for five minutes, and known by its owner and by when it is removed.

use super::KIND;
use crate::{
    api::{
        common::{EXPIRES_ANNOTATION, MANAGED_BY, MANAGED_BY_LABEL, OWNER_ANNOTATION},
        user::ChatwootUser,
    },
    plan::user::{LinkSecret, link},
    reconcile::secrets::{self, Secrets},
};
use jiff::Timestamp;
use k8s_openapi::{
    ByteString,
    api::core::v1::Secret,
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use kube::{
    Resource,
    api::{DeleteParams, PostParams, Preconditions},
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// The only key.
pub const LOGIN_URL: &str = "login_url";

impl Secrets<'_> {
    /// Puts the link of `person` into its Secret, in the place of an earlier one.
    pub async fn store_link(
        &self,
        person: &ChatwootUser,
        value: &SecretString,
        until: Timestamp,
    ) -> LinkSecret {
        let name = link::secret_name(self.owner.1);
        let existing = match self.get(&name).await {
            Ok(existing) => existing,
            Err(_) => return LinkSecret::Failed,
        };
        if existing.as_ref().is_some_and(|existing| !self.is_link(existing)) {
            return LinkSecret::NotOurs;
        }
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name),
                namespace: Some(self.namespace.to_owned()),
                labels: Some(BTreeMap::from([(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned())])),
                annotations: Some(BTreeMap::from([
                    (OWNER_ANNOTATION.to_owned(), self.owner_note()),
                    (EXPIRES_ANNOTATION.to_owned(), until.to_string()),
                ])),
                // Goes with its resource also where no operator is there to see to it.
                owner_references: owner(person).map(|owner| vec![owner]),
                uid: existing.as_ref().and_then(|secret| secret.metadata.uid.clone()),
                resource_version: existing
                    .as_ref()
                    .and_then(|secret| secret.metadata.resource_version.clone()),
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([(
                LOGIN_URL.to_owned(),
                ByteString(value.expose_secret().as_bytes().to_vec()),
            )])),
            type_: Some("Opaque".to_owned()),
            ..Secret::default()
        };
        let stored = self.put(&secret, existing.is_some()).await.is_ok();
        (self.world.observers.writes)("Secret", "store", if stored { "ok" } else { "failed" });
        if stored { LinkSecret::Stored } else { LinkSecret::Failed }
    }

    async fn put(&self, secret: &Secret, exists: bool) -> Result<Secret, secrets::Trouble> {
        let name = secret.metadata.name.as_deref().unwrap_or_default();
        let params = PostParams::default();
        if exists {
            secrets::within(self.api().replace(name, &params, secret)).await
        } else {
            secrets::within(self.api().create(&params, secret)).await
        }
    }

    /// Removes the Secret; one that is gone, or not a link of ours, is left as it is.
    pub async fn remove_link(&self) -> LinkSecret {
        let name = link::secret_name(self.owner.1);
        let secret = match self.get(&name).await {
            Ok(Some(secret)) if self.is_link(&secret) => secret,
            Ok(_) => return LinkSecret::Removed,
            Err(_) => return LinkSecret::Failed,
        };
        let same =
            Preconditions { uid: secret.metadata.uid, resource_version: secret.metadata.resource_version };
        let params = DeleteParams { preconditions: Some(same), ..DeleteParams::default() };
        let removed = secrets::within(self.api().delete(&name, &params)).await.is_ok();
        (self.world.observers.writes)("Secret", "delete", if removed { "ok" } else { "failed" });
        if removed { LinkSecret::Removed } else { LinkSecret::Failed }
    }

    /// A Secret of this resource that was made for a link: its credentials Secret may have the same name.
    fn is_link(&self, secret: &Secret) -> bool {
        let noted = secret.metadata.annotations.as_ref();
        self.is_ours(secret) && noted.is_some_and(|noted| noted.contains_key(EXPIRES_ANNOTATION))
    }
}

fn owner(person: &ChatwootUser) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: ChatwootUser::api_version(&()).into_owned(),
        kind: KIND.to_owned(),
        name: person.metadata.name.clone()?,
        uid: person.metadata.uid.clone()?,
        ..OwnerReference::default()
    })
}

//! What the cluster knows of an account: its id, its Chatwoot, and tokens.

use crate::{
    api::{
        account::ChatwootAccount,
        common::SecretKeyRef,
        instance::{ChatwootInstance, InstanceSpec},
    },
    chatwoot::{platform::Config, types::AccountId},
    cli::{cluster::Cluster, kinds::refused},
    runtime::flags::ObjectName,
};
use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use secrecy::SecretString;

/// The cluster, once something is asked of it.
pub struct Kubernetes<'a> {
    cluster: &'a Cluster,
    client: Option<Client>,
}

/// What a ChatwootAccount is bound to.
pub struct Bound {
    pub id: AccountId,
    pub instance: ObjectName,
}

/// A Chatwoot as the operator reaches it.
pub struct Operated {
    pub config: Config,
    /// What browsers use, without a slash at the end.
    pub site: String,
}

impl<'a> Kubernetes<'a> {
    pub fn new(cluster: &'a Cluster) -> Self {
        Self { cluster, client: None }
    }

    async fn client(&mut self) -> Result<Client> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = self.cluster.read_only().await?;
        self.client = Some(client.clone());
        Ok(client)
    }

    /// # Errors
    /// It cannot be read, or is bound to nothing.
    pub async fn account(&mut self, name: &ObjectName) -> Result<Bound> {
        let api: Api<ChatwootAccount> = Api::namespaced(self.client().await?, &name.namespace);
        let object = api.get(&name.name).await.map_err(|error| refused("ChatwootAccount", name, error))?;
        let status = object.status.unwrap_or_default();
        let (Some(id), Some(instance)) = (status.id, status.instance) else {
            let space = &name.namespace;
            let name = &name.name;
            return Err(anyhow!(
                "ChatwootAccount {space}/{name} has no account in Chatwoot yet; kubectl -n {space} describe cwa {name} says why"
            ));
        };
        let instance = ObjectName { namespace: instance.namespace, name: instance.name };
        Ok(Bound { id: AccountId(id), instance })
    }

    /// How to speak to an instance's Chatwoot, without a token.
    ///
    /// # Errors
    /// The instance, or the certificate authority it names, cannot be read.
    pub async fn instance(&mut self, account: &ObjectName, name: &ObjectName) -> Result<Config> {
        let hint = || {
            format!("ChatwootAccount {account}: where is its Chatwoot? --url says it without the instance")
        };
        let spec = self.spec_of(name).await.with_context(hint)?;
        self.config_of(name, &spec).await.with_context(hint)
    }

    /// How the operator speaks to an instance's Chatwoot: with the platform token.
    ///
    /// # Errors
    /// The instance, its token, or the certificate authority it names, cannot be read.
    pub async fn operated(&mut self, name: &ObjectName) -> Result<Operated> {
        let spec = self.spec_of(name).await?;
        let config = self.config_of(name, &spec).await?;
        let token = &spec.platform_token_secret_ref;
        let token = self.secret(&beside(name, token), &token.key).await.with_context(|| {
            format!("ChatwootInstance {name}: this needs its platform token, for those who may read it")
        })?;
        let site = spec.public_url().trim_end_matches('/').to_owned();
        Ok(Operated { config: Config { token, ..config }, site })
    }

    async fn spec_of(&mut self, name: &ObjectName) -> Result<InstanceSpec> {
        let api: Api<ChatwootInstance> = Api::namespaced(self.client().await?, &name.namespace);
        let object = api.get(&name.name).await;
        Ok(object.map_err(|error| refused("ChatwootInstance", name, error))?.spec)
    }

    async fn config_of(&mut self, name: &ObjectName, spec: &InstanceSpec) -> Result<Config> {
        let client = self.client().await?;
        let ca_pem = match &spec.ca {
            None => None,
            Some(ca) => Some(match (&ca.secret_key_ref, &ca.config_map_key_ref) {
                (Some(reference), _) => {
                    let of = beside(name, reference);
                    let value = secret(&client, &of, &reference.key).await?;
                    value.with_context(|| format!("Secret {of} has no key {}", reference.key))?
                }
                (None, Some(reference)) => {
                    config_map(&client, &beside(name, reference), &reference.key).await?
                }
                (None, None) => bail!("ChatwootInstance {name} names no certificate authority"),
            }),
        };
        let timeout = spec.request_budget.timeout.0;
        let config = super::config(spec.url.clone(), ca_pem);
        Ok(Config { external_url: spec.external_url.clone(), timeout, ..config })
    }

    /// The text under `key` of a Secret.
    ///
    /// # Errors
    /// The Secret cannot be read, or has nothing there.
    pub async fn secret(&mut self, name: &ObjectName, key: &str) -> Result<SecretString> {
        let value = self.maybe_secret(name, key).await?;
        value.with_context(|| format!("Secret {name} has no key {key}; {}", publishes(key)))
    }

    /// As [`Kubernetes::secret`]; nothing where the Secret has no such key.
    ///
    /// # Errors
    /// The Secret cannot be read, or what it has is no text.
    pub async fn maybe_secret(&mut self, name: &ObjectName, key: &str) -> Result<Option<SecretString>> {
        let Some(bytes) = secret(&self.client().await?, name, key).await? else { return Ok(None) };
        let text = String::from_utf8(bytes);
        text.map(|text| Some(text.into())).map_err(|_| anyhow!("Secret {name}: key {key} is no text"))
    }
}

/// Something that an instance refers to lies beside it.
fn beside(instance: &ObjectName, reference: &SecretKeyRef) -> ObjectName {
    ObjectName { namespace: instance.namespace.clone(), name: reference.name.clone() }
}

async fn secret(client: &Client, name: &ObjectName, key: &str) -> Result<Option<Vec<u8>>> {
    let api: Api<Secret> = Api::namespaced(client.clone(), &name.namespace);
    let object = api.get(&name.name).await.map_err(|error| unread("Secret", name, error))?;
    Ok(object.data.and_then(|mut data| data.remove(key)).map(|bytes| bytes.0))
}

/// How a key gets into a Secret.
fn publishes(key: &str) -> &'static str {
    if key == super::TOKEN_KEY {
        "a ChatwootUser with credentialsSecret.accessToken publishes the person's token there"
    } else {
        "put it there"
    }
}

async fn config_map(client: &Client, name: &ObjectName, key: &str) -> Result<Vec<u8>> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), &name.namespace);
    let object = api.get(&name.name).await.map_err(|error| unread("ConfigMap", name, error))?;
    let value = object.data.and_then(|mut data| data.remove(key));
    value.map(String::into_bytes).with_context(|| format!("ConfigMap {name} has no key {key}"))
}

fn unread(what: &str, name: &ObjectName, error: kube::Error) -> anyhow::Error {
    match error {
        kube::Error::Api(status) if status.is_not_found() => {
            anyhow!("{what} {name} does not exist; kubectl -n {} get {what} lists what does", name.namespace)
        }
        kube::Error::Api(status) if status.is_forbidden() => {
            anyhow!("{what} {name}: you may not read it ({})", status.message)
        }
        error => refused(what, name, error),
    }
}

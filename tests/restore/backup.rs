//! A backup of some namespaces, and putting it back as Velero does: metadata without what the API server gives, the status
//! a moment later and at the version that was just created.

use crate::support::place::OPERATOR_NAMESPACE;
use anyhow::{Context, Result};
use chatwoot_stage::Kind;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DynamicObject, ListParams, PostParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};

pub const INSTALLATION: &str = "chatwoot-operator-installation";

/// The order in which Velero puts kinds back: by their names.
pub const VELERO: [Kind; 10] = [
    Kind::Account,
    Kind::AgentBot,
    Kind::Grant,
    Kind::Inbox,
    Kind::Instance,
    Kind::Label,
    Kind::Plan,
    Kind::Team,
    Kind::User,
    Kind::Webhook,
];

/// What was kept.
#[derive(Clone, Debug)]
pub struct Backup {
    pub namespaces: Vec<String>,
    pub secrets: Vec<DynamicObject>,
    pub objects: Vec<(Kind, DynamicObject)>,
}

/// How much of an object comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As Velero does: annotations and finalizers, and then the status.
    Everything,
    /// As `kubectl apply` of an export does: annotations and finalizers, and no status.
    NoStatus,
    /// As what a team has in Git: the spec alone.
    SpecOnly,
}

impl Backup {
    /// Of all our objects, and of all Secrets, in these namespaces.
    pub async fn of(client: &Client, namespaces: &[&str]) -> Result<Self> {
        let (mut secrets, mut objects) = (Vec::new(), Vec::new());
        for namespace in namespaces {
            secrets.extend(list(client, namespace, &secret()).await?);
            for kind in Kind::ALL {
                let all = list(client, namespace, &kind.resource()).await?;
                objects.extend(all.into_iter().map(|object| (kind, object)));
            }
        }
        Ok(Self { namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(), secrets, objects })
    }

    /// The instances with `rebindUntil`, as the documentation tells to.
    pub fn rebinding(mut self) -> Self {
        for (_, instance) in self.objects.iter_mut().filter(|(kind, _)| *kind == Kind::Instance) {
            instance.data["spec"]["rebindUntil"] = json!("2199-01-01T00:00:00Z");
        }
        self
    }

    /// The ids in Chatwoot of accounts and people, by kind and name.
    pub fn ids(&self) -> Vec<(Kind, String, i64)> {
        self.bound().into_iter().filter(|(kind, ..)| !kind.is_inside()).collect()
    }

    /// The ids in Chatwoot of what is inside accounts, by kind and name.
    pub fn inside(&self) -> Vec<(Kind, String, i64)> {
        self.bound().into_iter().filter(|(kind, ..)| kind.is_inside()).collect()
    }

    fn bound(&self) -> Vec<(Kind, String, i64)> {
        let id = |(kind, object): &(Kind, DynamicObject)| {
            Some((*kind, object.name_any(), object.data["status"]["id"].as_i64()?))
        };
        self.objects.iter().filter_map(id).collect()
    }

    /// Namespaces, under other uids.
    pub async fn make_namespaces(&self, client: &Client) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(client.clone());
        for name in &self.namespaces {
            let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": name}}))?;
            namespaces.create(&PostParams::default(), &namespace).await?;
        }
        Ok(())
    }

    /// Puts back those Secrets whose names `are_meant`.
    pub async fn put_secrets(&self, client: &Client, are_meant: impl Fn(&str) -> bool) -> Result<()> {
        for secret in self.secrets.iter().filter(|secret| are_meant(&secret.name_any())) {
            put(client, &self::secret(), secret, Kept::NoStatus).await?;
        }
        Ok(())
    }

    /// Puts back the objects of these kinds, kind by kind.
    pub async fn put_objects(&self, client: &Client, kinds: &[Kind], kept: Kept) -> Result<()> {
        for wanted in kinds {
            for (kind, object) in self.objects.iter().filter(|(kind, _)| kind == wanted) {
                put(client, &kind.resource(), object, kept).await?;
            }
        }
        Ok(())
    }

    /// Everything, Secrets first.
    pub async fn restore(&self, client: &Client, kept: Kept) -> Result<()> {
        self.make_namespaces(client).await?;
        self.put_secrets(client, |_| true).await?;
        self.put_objects(client, &VELERO, kept).await
    }
}

/// Copies the installation from one cluster to another.
pub async fn move_installation(from: &Client, to: &Client) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(from.clone(), OPERATOR_NAMESPACE);
    let mut kept = secrets.get(INSTALLATION).await?;
    kept.metadata.resource_version = None;
    kept.metadata.uid = None;
    let secrets: Api<Secret> = Api::namespaced(to.clone(), OPERATOR_NAMESPACE);
    secrets.create(&PostParams::default(), &kept).await?;
    Ok(())
}

async fn put(client: &Client, resource: &ApiResource, object: &DynamicObject, kept: Kept) -> Result<()> {
    let mut bare = object.clone();
    let meta = &mut bare.metadata;
    meta.uid = None;
    meta.resource_version = None;
    meta.generation = None;
    meta.creation_timestamp = None;
    meta.managed_fields = None;
    meta.owner_references = None;
    if kept == Kept::SpecOnly {
        meta.annotations = None;
        meta.finalizers = None;
    }
    let status = bare.data.as_object_mut().and_then(|data| data.remove("status")).unwrap_or_default();
    let namespace = object.namespace().context("an object without a namespace")?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, resource);
    let name = object.name_any();
    let made =
        api.create(&PostParams::default(), &bare).await.with_context(|| format!("cannot make {name}"))?;
    // Only what says so gets its status back.
    let asks = made.annotations().get("velero.io/restore-status").is_some_and(|value| value == "true");
    if kept == Kept::Everything && asks && status != Value::Null {
        bare.data["status"] = status;
        bare.metadata.resource_version = made.resource_version();
        let written = api.replace_status(&name, &PostParams::default(), &bare).await;
        written.with_context(|| format!("somebody wrote to {name} before its status was back"))?;
    }
    Ok(())
}

async fn list(client: &Client, namespace: &str, resource: &ApiResource) -> Result<Vec<DynamicObject>> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
    let mut all = api.list(&ListParams::default()).await?.items;
    // Lists leave the type out.
    for object in &mut all {
        object.types = Some(kube::api::TypeMeta {
            api_version: resource.api_version.clone(),
            kind: resource.kind.clone(),
        });
    }
    Ok(all)
}

fn secret() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Secret"))
}

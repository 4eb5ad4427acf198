//! Tenant teams: a namespace, and a service account with Kubernetes' role edit in it, which the chart extends.

use super::{PATIENCE, Subject, stage::Stage};
use anyhow::{Result, ensure};
use control_plane::{ControlPlane, wait_for};
use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    rbac::v1::ClusterRole,
};
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const TEAM: &str = "team";

/// A tenant team.
#[derive(Clone)]
pub struct Tenant {
    pub namespace: String,
    /// Acts as the team.
    pub client: Client,
}

/// Kubernetes fills its role edit a moment after the chart's roles are there.
pub async fn roles_are_filled(plane: &ControlPlane) -> Result<()> {
    let roles: Api<ClusterRole> = Api::all(plane.client()?);
    let filled = |role: &ClusterRole| {
        let rules = role.rules.iter().flatten();
        let mut writes = rules.filter(|rule| rule.verbs.iter().any(|verb| verb == "patch"));
        writes.any(|rule| rule.resources.iter().flatten().any(|resource| resource == "chatwootaccounts"))
    };
    wait_for(&roles, "edit", filled, PATIENCE).await.map(drop)
}

impl Tenant {
    pub async fn new(plane: &ControlPlane, labels: &[(&str, &str)]) -> Result<Self> {
        let namespace = plane.namespace_with_labels("tenant", labels).await?.to_string();
        Self::in_namespace(plane, &namespace).await
    }

    /// A team in a namespace that is there already.
    pub async fn in_namespace(plane: &ControlPlane, namespace: &str) -> Result<Self> {
        let objects = [
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": TEAM}}),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": TEAM},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
                "subjects": [{"kind": "ServiceAccount", "name": TEAM, "namespace": namespace}]
            }),
        ];
        plane.apply(namespace, &objects.map(|object| object.to_string()).join("\n---\n")).await?;
        let client = plane.client_as(namespace, TEAM).await?;
        may_write(&client, namespace).await?;
        Ok(Self { namespace: namespace.to_owned(), client })
    }

    /// Applies a ChatwootAccount; `spec` without an instanceRef means the stage's instance.
    pub async fn account(&self, stage: &Stage, name: &str, spec: Value) -> Result<Subject> {
        self.apply(stage, "ChatwootAccount", name, spec).await
    }

    /// Applies a ChatwootUser; `spec` without an instanceRef means the stage's instance.
    pub async fn user(&self, stage: &Stage, name: &str, spec: Value) -> Result<Subject> {
        self.apply(stage, "ChatwootUser", name, spec).await
    }

    async fn apply(&self, stage: &Stage, kind: &'static str, name: &str, mut spec: Value) -> Result<Subject> {
        match spec.get("instanceRef") {
            None => spec["instanceRef"] = json!({"name": "main", "namespace": stage.home}),
            // Named as null: none at all.
            Some(Value::Null) => drop(spec.as_object_mut().and_then(|spec| spec.remove("instanceRef"))),
            Some(_) => {}
        }
        let subject = self.subject(stage, kind, name);
        subject.apply(spec).await?;
        Ok(subject)
    }

    /// An object of the team's, whether it is there or not.
    pub fn subject(&self, stage: &Stage, kind: &'static str, name: &str) -> Subject {
        Subject::new(stage, self.client.clone(), kind, &self.namespace, name)
    }
}

/// Returns when the API server has heard that the team may write: its authorizer hears of bindings as watches do.
async fn may_write(client: &Client, namespace: &str) -> Result<()> {
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let attributes = ResourceAttributes {
        namespace: Some(namespace.to_owned()),
        verb: Some("create".to_owned()),
        resource: Some("configmaps".to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        ..SelfSubjectAccessReviewSpec::default()
    };
    let question = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = reviews.create(&PostParams::default(), &question).await?;
        if answer.status.is_some_and(|status| status.allowed) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the team of {namespace} may not write after {PATIENCE:?}");
        // Nobody tells when an authorizer has heard.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

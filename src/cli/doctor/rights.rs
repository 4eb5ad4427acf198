//! Whether the operator may do what it does.

use super::findings::{Findings, Level};
use crate::cli::{installed::Installed, kinds::KindName};
use anyhow::{Context, Result};
use k8s_openapi::api::authorization::v1::{
    LocalSubjectAccessReview, ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
    SubjectAccessReviewStatus,
};
use kube::{Api, Client, api::PostParams};
use std::collections::BTreeMap;

const GROUP: &str = "chatwoot.dev";

/// One right: group, resource, verb; on one name, or on all.
#[derive(Clone)]
struct Right {
    group: &'static str,
    resource: String,
    verb: &'static str,
    name: String,
}

/// What is needed in one place; without a namespace, in all.
struct Needed {
    namespace: Option<String>,
    rights: Vec<Right>,
}

impl Needed {
    fn at(namespace: Option<&str>) -> Self {
        Self { namespace: namespace.map(str::to_owned), rights: Vec::new() }
    }

    fn add(mut self, group: &'static str, resources: &[impl ToString], verbs: &[&'static str]) -> Self {
        for resource in resources {
            let right = |verb: &&'static str| Right {
                group,
                resource: resource.to_string(),
                verb,
                name: String::new(),
            };
            self.rights.extend(verbs.iter().map(right));
        }
        self
    }

    fn named(
        mut self,
        group: &'static str,
        resource: &'static str,
        verbs: &[&'static str],
        name: &str,
    ) -> Self {
        let right =
            |verb: &&'static str| Right { group, resource: resource.to_owned(), verb, name: name.to_owned() };
        self.rights.extend(verbs.iter().map(right));
        self
    }

    /// For accounts, users, what is inside accounts, and what belongs to them.
    fn for_tenants(self, watches_secrets: bool) -> Self {
        let kinds: Vec<String> = KindName::ALL
            .into_iter()
            .filter(|kind| kind.is_tenants())
            .map(|kind| kind.resource().plural)
            .collect();
        let statuses: Vec<String> = kinds.iter().map(|plural| format!("{plural}/status")).collect();
        let needed = self
            .add(GROUP, &kinds, &["get", "list", "watch", "patch"])
            .add(GROUP, &statuses, &["update"])
            .add("", &["secrets"], &["get", "create", "update", "delete"])
            .add("events.k8s.io", &["events"], &["create", "patch"]);
        if watches_secrets { needed.add("", &["secrets"], &["list", "watch"]) } else { needed }
    }

    /// For instances, grants and plans.
    fn for_offers(self) -> Self {
        let kinds = ["chatwootinstances", "chatwootgrants", "chatwootplans"];
        let status = ["chatwootinstances/status", "chatwootgrants/status", "chatwootplans/status"];
        self.add(GROUP, &kinds, &["get", "list", "watch"])
            .add(GROUP, &["chatwootinstances"], &["patch"])
            .add(GROUP, &status, &["update"])
            .add("", &["configmaps"], &["get"])
    }
}

fn needed(installed: &Installed) -> Vec<Needed> {
    let mut needed = Vec::new();
    match installed.scope.served() {
        None => {
            let everywhere = Needed::at(None).for_tenants(installed.watches_secrets).for_offers();
            needed.push(everywhere.add("", &["namespaces"], &["get", "list", "watch"]));
        }
        Some(served) => needed.extend(served.iter().map(|name| {
            let here = Needed::at(Some(name)).for_tenants(installed.watches_secrets);
            let here = here.named("", "namespaces", &["get"], name);
            if installed.scope.honours_instances_of(name) { here.for_offers() } else { here }
        })),
    }
    let (home, secret) = (&installed.settings.namespace, &installed.installation_secret);
    let mut own =
        Needed::at(Some(home)).named("", "secrets", &["get"], secret).add("", &["secrets"], &["create"]);
    if installed.leader_election {
        let group = "coordination.k8s.io";
        own = own.named(group, "leases", &["get", "patch"], "chatwoot-operator").add(
            group,
            &["leases"],
            &["create"],
        );
    }
    needed.push(own);
    needed
}

/// # Errors
/// The API server does not answer.
pub async fn check(client: &Client, installed: &Installed, findings: &mut Findings) -> Result<()> {
    let who = format!("service account {}/{}", installed.settings.namespace, installed.service_account);
    // By place; nothing stands for all namespaces.
    let mut missing: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for Needed { namespace, rights } in needed(installed) {
        for right in rights {
            match is_allowed(client, installed, namespace.as_deref(), &right).await {
                Ok(true) => {}
                Ok(false) => {
                    let said = format!("{} {}", right.verb, right.resource);
                    missing.entry(namespace.clone()).or_default().push(said);
                }
                Err(kube::Error::Api(status)) if status.is_forbidden() => {
                    let text = "you may not ask what the operator's service account may do";
                    let place = namespace.map(|name| format!(" in namespace {name}")).unwrap_or_default();
                    findings.add("cluster", "rights", Level::Unknown, format!("{text}{place}"));
                    return Ok(());
                }
                Err(error) => return Err(error).context("the operator's rights cannot be asked for"),
            }
        }
    }
    if missing.is_empty() {
        findings.add("cluster", "rights", Level::Ok, format!("{who} may do what the operator does"));
    }
    for (namespace, missing) in missing {
        let place = namespace.map(|name| format!(" in namespace {name}")).unwrap_or_default();
        let text = format!("{who} may not{place}: {}", missing.join(", "));
        let remedy = "helm upgrade the chart, which has these roles, or bind them to that service account";
        findings.advise("cluster", "rights", Level::Problem, text, remedy);
    }
    Ok(())
}

async fn is_allowed(
    client: &Client,
    installed: &Installed,
    namespace: Option<&str>,
    right: &Right,
) -> kube::Result<bool> {
    let (resource, subresource) = right.resource.split_once('/').unwrap_or((&right.resource, ""));
    let attributes = ResourceAttributes {
        group: Some(right.group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource: Some(subresource.to_owned()),
        verb: Some(right.verb.to_owned()),
        namespace: Some(namespace.unwrap_or_default().to_owned()),
        name: Some(right.name.clone()),
        ..ResourceAttributes::default()
    };
    let (home, account) = (&installed.settings.namespace, &installed.service_account);
    let groups = ["system:serviceaccounts", "system:authenticated"].map(str::to_owned);
    let spec = SubjectAccessReviewSpec {
        user: Some(format!("system:serviceaccount:{home}:{account}")),
        groups: Some([groups.to_vec(), vec![format!("system:serviceaccounts:{home}")]].concat()),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    let (post, allowed) = (PostParams::default(), |status: Option<SubjectAccessReviewStatus>| {
        status.is_some_and(|status| status.allowed)
    });
    // About one namespace its own admins may ask, too.
    match namespace.filter(|_| installed.scope.served().is_some()) {
        Some(namespace) => {
            let api: Api<LocalSubjectAccessReview> = Api::namespaced(client.clone(), namespace);
            let mut review = LocalSubjectAccessReview { spec, ..LocalSubjectAccessReview::default() };
            review.metadata.namespace = Some(namespace.to_owned());
            api.create(&post, &review).await.map(|answer| allowed(answer.status))
        }
        None => {
            let api: Api<SubjectAccessReview> = Api::all(client.clone());
            let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
            api.create(&post, &review).await.map(|answer| allowed(answer.status))
        }
    }
}

//! Whether the operator may do what it does.

use super::findings::{Findings, Level};
use crate::cli::installed::Installed;
use anyhow::{Context, Result};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::{Api, Client, api::PostParams};

const GROUP: &str = "chatwoot.dev";

/// One right: group, resource, verb; in all namespaces, or in one for one name.
struct Right {
    group: &'static str,
    resource: &'static str,
    verb: &'static str,
    at: Option<(String, String)>,
}

fn needed(installed: &Installed) -> Vec<Right> {
    let mut rights = Vec::new();
    let mut everywhere = |group, resources: &[&'static str], verbs: &[&'static str]| {
        for resource in resources {
            rights.extend(verbs.iter().map(|verb| Right { group, resource, verb, at: None }));
        }
    };
    let kinds = ["chatwootinstances", "chatwootgrants", "chatwootplans", "chatwootaccounts", "chatwootusers"];
    let status = [
        "chatwootinstances/status",
        "chatwootgrants/status",
        "chatwootplans/status",
        "chatwootaccounts/status",
        "chatwootusers/status",
    ];
    everywhere(GROUP, &kinds, &["get", "list", "watch"]);
    everywhere(GROUP, &["chatwootinstances", "chatwootaccounts", "chatwootusers"], &["patch"]);
    everywhere(GROUP, &status, &["update"]);
    everywhere("", &["secrets"], &["get", "create", "update", "delete"]);
    if installed.watches_secrets {
        everywhere("", &["secrets"], &["list", "watch"]);
    }
    everywhere("", &["configmaps"], &["get"]);
    everywhere("", &["namespaces"], &["get", "list", "watch"]);
    everywhere("events.k8s.io", &["events"], &["create", "patch"]);
    if installed.leader_election {
        let home = &installed.settings.namespace;
        for (verb, name) in [("get", "chatwoot-operator"), ("patch", "chatwoot-operator"), ("create", "")] {
            let at = Some((home.clone(), name.to_owned()));
            rights.push(Right { group: "coordination.k8s.io", resource: "leases", verb, at });
        }
    }
    rights
}

/// # Errors
/// The API server does not answer.
pub async fn check(client: &Client, installed: &Installed, findings: &mut Findings) -> Result<()> {
    let (home, account) = (&installed.settings.namespace, &installed.service_account);
    let api: Api<SubjectAccessReview> = Api::all(client.clone());
    let mut missing = Vec::new();
    for right in needed(installed) {
        let (resource, subresource) = right.resource.split_once('/').unwrap_or((right.resource, ""));
        let (namespace, name) = right.at.unwrap_or_default();
        let attributes = ResourceAttributes {
            group: Some(right.group.to_owned()),
            resource: Some(resource.to_owned()),
            subresource: Some(subresource.to_owned()),
            verb: Some(right.verb.to_owned()),
            namespace: Some(namespace),
            name: Some(name),
            ..ResourceAttributes::default()
        };
        let groups = ["system:serviceaccounts", "system:authenticated"].map(str::to_owned);
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: Some(format!("system:serviceaccount:{home}:{account}")),
                groups: Some([groups.to_vec(), vec![format!("system:serviceaccounts:{home}")]].concat()),
                resource_attributes: Some(attributes),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        match api.create(&PostParams::default(), &review).await {
            Ok(answer) if answer.status.as_ref().is_some_and(|status| status.allowed) => {}
            Ok(_) => missing.push(format!("{} {}", right.verb, right.resource)),
            Err(kube::Error::Api(status)) if status.is_forbidden() => {
                let text = "you may not ask what the operator's service account may do";
                findings.add("cluster", "rights", Level::Unknown, text);
                return Ok(());
            }
            Err(error) => return Err(error).context("the operator's rights cannot be asked for"),
        }
    }
    let who = format!("service account {home}/{account}");
    if missing.is_empty() {
        findings.add("cluster", "rights", Level::Ok, format!("{who} may do what the operator does"));
    } else {
        let text = format!("{who} may not: {}", missing.join(", "));
        let remedy = "helm upgrade the chart, which has these roles, or bind them to that service account";
        findings.advise("cluster", "rights", Level::Problem, text, remedy);
    }
    Ok(())
}

//! Whether the cluster knows this release's kinds.

use super::findings::{Findings, Level};
use crate::api::schema;
use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, ResourceExt};

const INSTALL: &str =
    "helm upgrade the chart of this release, or: chatwoot-operator crds | kubectl apply --server-side -f -";

/// Adds what was found; false when a definition is missing, so that nothing else can be looked at.
///
/// # Errors
/// The API server does not answer.
pub async fn check(client: &Client, findings: &mut Findings) -> Result<bool> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let (mut missing, mut other) = (Vec::new(), Vec::new());
    for shipped in schema::all() {
        let name = shipped.name_any();
        match api.get_opt(&name).await {
            Ok(Some(installed)) if same(&installed, &shipped) => {}
            Ok(Some(_)) => other.push(name),
            Ok(None) => missing.push(name),
            Err(kube::Error::Api(status)) if status.is_forbidden() => {
                findings.add("cluster", "definitions", Level::Unknown, "you may not read definitions");
                return Ok(true);
            }
            Err(error) => return Err(error).context("the definitions cannot be read"),
        }
    }
    if !missing.is_empty() {
        let text = format!("not installed: {}", missing.join(", "));
        findings.advise("cluster", "definitions", Level::Problem, text, INSTALL);
        return Ok(false);
    }
    if other.is_empty() {
        findings.add("cluster", "definitions", Level::Ok, "installed, as this release ships them");
    } else {
        let text = format!("not those of this release: {}", other.join(", "));
        findings.advise("cluster", "definitions", Level::Warning, text, INSTALL);
    }
    Ok(true)
}

/// What a definition means; how it is labelled or converted is the cluster's own affair.
fn same(installed: &CustomResourceDefinition, shipped: &CustomResourceDefinition) -> bool {
    let meaning = |crd: &CustomResourceDefinition| {
        let versions = crd.spec.versions.iter().map(|version| (version.name.clone(), version.schema.clone()));
        versions.collect::<Vec<_>>()
    };
    meaning(installed) == meaning(shipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_with_another_field_is_not_the_same() {
        let shipped = schema::all().remove(0);
        let mut installed = shipped.clone();
        installed.metadata.labels = Some([("a".to_owned(), "b".to_owned())].into());
        assert!(same(&installed, &shipped));
        let schema = installed.spec.versions[0].schema.as_mut().unwrap();
        schema.open_api_v3_schema.as_mut().unwrap().properties.as_mut().unwrap().remove("spec");
        assert!(!same(&installed, &shipped));
    }
}

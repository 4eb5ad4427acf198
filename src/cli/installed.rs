//! How the operator of this cluster was started: from the command line, else from its Deployment.

use crate::{
    reconcile::{references::InstanceKey, settings::Settings},
    runtime::{
        flags::{ObjectName, namespace, object_name},
        options::RunOptions,
        scope::Scope,
    },
};
use anyhow::{Context, Result, bail};
use clap::{Args, Command, FromArgMatches, builder::Resettable};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::PodSpec};
use kube::{Api, Client, ResourceExt, api::ListParams};
use std::time::Duration;

/// What the chart labels its Deployment with.
const DEPLOYMENT: &str = "app.kubernetes.io/name=chatwoot-operator";

/// What the operator was told, where its Deployment does not say so.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct OperatorFlags {
    /// Namespace the operator runs in; otherwise that of its Deployment
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    pub operator_namespace: Option<String>,

    /// The operator's --instance-namespaces; otherwise as its Deployment says
    #[arg(long, value_name = "NAMESPACE,...", value_delimiter = ',', value_parser = namespace)]
    pub instance_namespaces: Vec<String>,

    /// The operator's --watch-namespaces; otherwise as its Deployment says
    #[arg(long, value_name = "NAMESPACE,...", value_delimiter = ',', value_parser = namespace)]
    pub watch_namespaces: Vec<String>,

    /// The operator's --default-instance; otherwise as its Deployment says
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub default_instance: Option<ObjectName>,

    /// The operator's --installation-secret; otherwise as its Deployment says
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub installation_secret: Option<String>,
}

/// The operator as it is installed.
#[derive(Clone, Debug)]
pub struct Installed {
    pub settings: Settings,
    pub scope: Scope,
    pub installation_secret: String,
    pub service_account: String,
    pub leader_election: bool,
    pub watches_secrets: bool,
}

impl OperatorFlags {
    /// # Errors
    /// Nothing says where the operator runs, or several Deployments do.
    pub async fn resolve(&self, client: &Client) -> Result<Installed> {
        let found = self.deployment(client).await?;
        let home = match (&self.operator_namespace, &found) {
            (Some(named), _) => named.clone(),
            (None, Some(deployment)) => deployment.namespace().unwrap_or_default(),
            (None, None) => {
                bail!(
                    "no Deployment with label {DEPLOYMENT} can be seen; say where the operator runs with --operator-namespace"
                )
            }
        };
        let pod = found.and_then(|deployment| deployment.spec?.template.spec);
        let told = told(pod.as_ref())?;
        let mut honoured = self.instance_namespaces.clone();
        if honoured.is_empty() {
            honoured.clone_from(&told.instance_namespaces);
        }
        let mut watched = self.watch_namespaces.clone();
        if watched.is_empty() {
            watched.clone_from(&told.watch_namespaces);
        }
        let scope = Scope::new(home.clone(), honoured, watched);
        let default = self.default_instance.clone().or(told.default_instance.clone());
        Ok(Installed {
            settings: Settings {
                namespace: home,
                instance_namespaces: scope.instance_namespaces().map(str::to_owned).collect(),
                served: scope.served().cloned(),
                pictured: true,
                default_instance: default
                    .map(|given| InstanceKey { namespace: given.namespace, name: given.name }),
                settle_margin: told.settle_margin,
                grace: told.stalled_after,
                // What will be done in a minute is told now.
                revoke_after: Duration::ZERO,
                patience: Duration::ZERO,
            },
            scope,
            installation_secret: self.installation_secret.clone().unwrap_or(told.installation_secret),
            service_account: pod
                .and_then(|pod| pod.service_account_name)
                .unwrap_or_else(|| "chatwoot-operator".to_owned()),
            leader_election: told.leader_election,
            watches_secrets: told.watch_secrets,
        })
    }

    async fn deployment(&self, client: &Client) -> Result<Option<Deployment>> {
        let mut found = match &self.operator_namespace {
            Some(named) => deployments(Api::namespaced(client.clone(), named)).await?.unwrap_or_default(),
            None => match deployments(Api::all(client.clone())).await? {
                Some(found) => found,
                // Perhaps the namespace one works in is the operator's.
                None => deployments(Api::default_namespaced(client.clone())).await?.unwrap_or_default(),
            },
        };
        if found.len() > 1 && self.operator_namespace.is_none() {
            let names: Vec<_> = found.iter().map(|d| d.namespace().unwrap_or_default()).collect();
            bail!("operators run in namespaces {}; choose one with --operator-namespace", names.join(", "));
        }
        Ok(found.pop())
    }
}

/// `None`: they may not be listed, and then the flags must say it all.
async fn deployments(api: Api<Deployment>) -> Result<Option<Vec<Deployment>>> {
    match api.list(&ListParams::default().labels(DEPLOYMENT)).await {
        Ok(list) => Ok(Some(list.items)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
        Err(error) => Err(error).context("Deployments cannot be listed"),
    }
}

/// The flags of `run` as a Deployment's pod gives them: in arguments, else in variables with a plain value.
fn told(pod: Option<&PodSpec>) -> Result<RunOptions> {
    // Variables of this process are nothing to the operator.
    let command = RunOptions::augment_args(Command::new("run").no_binary_name(true))
        .mut_args(|arg| arg.env(Resettable::<clap::builder::OsStr>::Reset));
    let container = pod.and_then(|pod| {
        let runs = |words: &Option<Vec<String>>| words.iter().flatten().any(|word| word == "run");
        pod.containers.iter().find(|one| runs(&one.args) || runs(&one.command))
    });
    let mut words: Vec<String> = container
        .into_iter()
        .flat_map(|one| one.args.iter().flatten())
        .filter(|word| *word != "run")
        .cloned()
        .collect();
    for variable in container.into_iter().flat_map(|one| one.env.iter().flatten()) {
        let flag = variable.name.strip_prefix("CHATWOOT_OPERATOR_");
        let Some(flag) = flag.map(|flag| format!("--{}", flag.to_lowercase().replace('_', "-"))) else {
            continue;
        };
        let Some(value) = &variable.value else { continue };
        let given = |word: &String| word.split('=').next() == Some(flag.as_str());
        if !words.iter().any(given) {
            words.push(format!("{flag}={value}"));
        }
    }
    let matches = command
        .try_get_matches_from(words)
        .context("the arguments of the operator's Deployment are not understood; is this another release?")?;
    Ok(RunOptions::from_arg_matches(&matches)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(container: serde_json::Value) -> PodSpec {
        serde_json::from_value(json!({"containers": [{"name": "proxy"}, container]})).unwrap()
    }

    #[test]
    fn arguments_go_before_variables_and_variables_before_defaults() {
        let pod = pod(json!({
            "name": "operator",
            "args": ["run", "--default-instance=chat/main", "--leader-election=false"],
            "env": [
                {"name": "CHATWOOT_OPERATOR_DEFAULT_INSTANCE", "value": "chat/other"},
                {"name": "CHATWOOT_OPERATOR_INSTANCE_NAMESPACES", "value": "chat,ops"},
                {"name": "CHATWOOT_OPERATOR_WATCH_NAMESPACES", "value": "acme,bpo"},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ]
        }));
        let options = told(Some(&pod)).unwrap();
        assert_eq!(options.default_instance.unwrap().to_string(), "chat/main");
        assert_eq!(options.instance_namespaces, ["chat", "ops"]);
        assert_eq!(options.watch_namespaces, ["acme", "bpo"]);
        assert!(!options.leader_election && options.watch_secrets);
        assert_eq!(told(None).unwrap().installation_secret, "chatwoot-operator-installation");
    }

    #[test]
    fn a_deployment_of_another_release_is_an_error() {
        let error = told(Some(&pod(json!({"name": "operator", "args": ["run", "--new-flag"]})))).unwrap_err();
        assert!(error.to_string().contains("another release"), "{error}");
    }
}

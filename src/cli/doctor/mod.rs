//! `doctor`: what stands in the way, and what to do about it.

mod definitions;
mod findings;
mod instance;
mod objects;
mod operator;
pub(super) mod rails;
mod rights;
mod served;

use super::{
    cluster::Cluster,
    exit,
    installed::OperatorFlags,
    output::{self, Output},
    plan::{copies::Copies, rehearsal::Rehearsal},
};
use crate::{
    api::{common::SecretKeyRef, instance::ChatwootInstance},
    reconcile::references::InstanceKey,
    runtime::flags::{ObjectName, namespace},
};
use anyhow::{Context, Result};
use findings::Findings;
use kube::{Api, ResourceExt};

/// Look for what stands in the way, and say what to do about it, without changing anything
///
/// Looks at the definitions, the operator and its rights, and at every instance: address, token, version, Chatwoot's
/// services, the account index with the statement that repairs it, accounts that belong to no resource, public sign-up;
/// then at grants, plans and objects that cannot be read. Chatwoot is asked with the platform token from each instance's
/// Secret.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all is well; 2 something is worth a warning, or does not work; 1 error."
)]
pub struct Options {
    /// Only instances, grants, plans, accounts and users of this namespace
    #[arg(short, long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,

    /// Only this instance
    #[arg(long, value_name = "NAMESPACE/NAME", conflicts_with = "namespace")]
    instance: Option<ObjectName>,

    /// Print the statements that make a Platform App in Chatwoot, and where its token goes; look at nothing
    #[arg(long)]
    rails: bool,

    #[command(flatten)]
    operator: OperatorFlags,

    #[command(flatten)]
    cluster: Cluster,

    #[command(flatten)]
    output: Output,
}

/// # Errors
/// The cluster cannot be read.
pub async fn run(options: Options) -> Result<u8> {
    if options.rails {
        return statements(&options).await;
    }
    let copies = Copies::default();
    let client = options.cluster.guarded().await?.with_layer(&copies).build();
    let mut findings = Findings::default();
    if definitions::check(&client, &mut findings).await? {
        let installed = options.operator.resolve(&client).await?;
        rights::check(&client, &installed, &mut findings).await?;
        let mut rehearsal = Rehearsal::new(&client, copies, &installed).await?;
        served::check(&rehearsal, &installed, &mut findings);
        operator::check(&client, &rehearsal, &installed, &mut findings).await;
        for key in instances(&rehearsal, &options) {
            eprintln!("looking at instance {key}");
            instance::check(&mut rehearsal, &key, &mut findings).await;
        }
        if options.instance.is_none() {
            objects::check(&mut rehearsal, options.namespace.as_deref(), &mut findings).await;
        }
    }
    options.output.print(&findings, findings::text)?;
    Ok(if findings.is_fine() { exit::FINE } else { exit::SOMETHING })
}

/// Those asked for, in order of their names.
fn instances(rehearsal: &Rehearsal, options: &Options) -> Vec<InstanceKey> {
    if let Some(one) = &options.instance {
        return vec![InstanceKey { namespace: one.namespace.clone(), name: one.name.clone() }];
    }
    let all = rehearsal.world.caches.instances.all();
    let mut keys: Vec<_> = all
        .iter()
        .map(|one| InstanceKey { namespace: one.namespace().unwrap_or_default(), name: one.name_any() })
        .filter(|key| options.namespace.as_ref().is_none_or(|wanted| key.namespace == *wanted))
        .collect();
    keys.sort();
    keys
}

/// The statements, with the names that the instance's own Secret has.
async fn statements(options: &Options) -> Result<u8> {
    let (namespace, reference) = match &options.instance {
        None => {
            let namespace = options.namespace.clone().unwrap_or_else(|| "chatwoot-system".to_owned());
            (namespace, SecretKeyRef { name: "platform-app".to_owned(), key: "token".to_owned() })
        }
        Some(who) => {
            let client = options.cluster.read_only().await?;
            let api: Api<ChatwootInstance> = Api::namespaced(client, &who.namespace);
            let instance =
                api.get(&who.name).await.with_context(|| format!("ChatwootInstance {who} cannot be read"))?;
            (who.namespace.clone(), instance.spec.platform_token_secret_ref)
        }
    };
    output::write(&rails::bootstrap(&namespace, &reference.name, &reference.key))?;
    Ok(exit::FINE)
}

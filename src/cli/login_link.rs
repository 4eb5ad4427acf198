//! `login-link`: a link that logs a person in, for whoever sits at this terminal.

use super::{cluster::Cluster, exit, inside::kubernetes::Kubernetes, installed::OperatorFlags, output};
use crate::{
    api::{common::Ownership, user::ChatwootUser},
    chatwoot::{
        marker::{Origin, Reading},
        outcome::Failure,
        platform::{self, Platform},
        types::UserId,
    },
    cli::kinds::refused,
    reconcile::{installation, user},
    runtime::flags::ObjectName,
};
use anyhow::{Context, Result, anyhow, bail};
use kube::{Api, ResourceExt};
use secrecy::ExposeSecret;
use std::io::IsTerminal;

/// Print a link that logs a person in, once, within five minutes
///
/// Whoever opens it is that person, past password and second factor. So it is printed on a terminal and nowhere else, unless
/// --piped says so, and for people who were adopted only with --adopted. Chatwoot is asked with the platform token from the
/// instance's Secret; the person must carry this resource's marker.
#[derive(clap::Args, Debug)]
#[command(after_help = "Exit codes: 0 the link is printed; 1 error.")]
pub struct Options {
    /// The ChatwootUser
    #[arg(value_name = "NAMESPACE/NAME")]
    name: ObjectName,

    /// Also for somebody who was adopted, and not made by this resource
    #[arg(long)]
    adopted: bool,

    /// Also where standard output is no terminal
    #[arg(long)]
    piped: bool,

    #[command(flatten)]
    operator: OperatorFlags,

    #[command(flatten)]
    cluster: Cluster,
}

/// # Errors
/// The link may go nowhere, the person is not this resource's, or somebody does not answer.
pub async fn run(options: Options) -> Result<u8> {
    let who = &options.name;
    if !options.piped && !std::io::stdout().is_terminal() {
        bail!(
            "ChatwootUser {who}: standard output is no terminal, so no link is made; whoever reads it would be that person. Say \
             --piped where that is meant"
        );
    }
    let client = options.cluster.read_only().await?;
    let api: Api<ChatwootUser> = Api::namespaced(client.clone(), &who.namespace);
    let object = api.get(&who.name).await.map_err(|error| refused("ChatwootUser", who, error))?;
    let status = object.status.clone().unwrap_or_default();
    let (Some(id), Some(instance)) = (status.id, &status.instance) else {
        let ObjectName { namespace, name } = who;
        bail!(
            "ChatwootUser {who} is nobody in Chatwoot yet; kubectl -n {namespace} describe cwu {name} says why"
        );
    };
    adopted_only_when_meant(&options, status.ownership == Some(Ownership::Adopted))?;
    let installed = options.operator.resolve(&client).await?;
    let kept = installation::Kept {
        namespace: installed.settings.namespace.clone(),
        secret: installed.installation_secret.clone(),
        id: None,
    };
    let installation = installation::find(&kept, &client).await.map_err(anyhow::Error::msg)?;
    let installation = installation.with_context(|| {
        format!("Secret {}/{} is missing: is this the operator's cluster?", kept.namespace, kept.secret)
    })?;
    let instance = ObjectName { namespace: instance.namespace.clone(), name: instance.name.clone() };
    let operated = Kubernetes::new(&options.cluster).operated(&instance).await?;
    let uid = object.uid().unwrap_or_default();
    // Only who carries this very uid is logged in as, and nothing else of the marker has to be known for that.
    let marker = installation.marker(user::KIND, &who.namespace, "", &who.name, &uid);
    let failed =
        |failure: Failure| anyhow!("ChatwootUser {who} (user {id}) at {}: {failure}", operated.config.url);
    let platform = Platform::new(operated.config.clone())
        .with_context(|| format!("ChatwootInstance {instance} cannot be used"))?;
    let person = platform.user(UserId(id)).await.map_err(failed)?;
    if person.reading(&marker) != Reading::Ours {
        bail!(
            "ChatwootUser {who}: user {id} does not carry its marker, so no link is made; kubectl chatwoot reconcile user {who} \
             says why"
        );
    }
    // The status may not say so yet.
    adopted_only_when_meant(&options, Origin::of(&person.custom_attributes) == Some(Origin::Adopted))?;
    let link = platform.login(UserId(id)).await.map_err(failed)?;
    let link = platform::absolute(link, &operated.site);
    let email = output::harmless(&person.email).into_owned();
    eprintln!("whoever opens this within five minutes is {email}; it works once");
    output::write(&format!("{}\n", link.expose_secret()))?;
    Ok(exit::FINE)
}

fn adopted_only_when_meant(options: &Options, adopted: bool) -> Result<()> {
    if adopted && !options.adopted {
        bail!(
            "ChatwootUser {}: this person existed before their resource and was adopted, so no link is made; say --adopted where \
             you mean to act as them",
            options.name
        );
    }
    Ok(())
}

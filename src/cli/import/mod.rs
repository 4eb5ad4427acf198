//! `import`: manifests and grants for what exists already in a Chatwoot.
//!
//! One part reads, [`read`]; the other is pure: from what was found to manifests, [`manifests`].

mod content;
mod grants;
mod ids;
mod known;
mod manifests;
mod notes;
mod people;
mod place;
mod rails;
mod read;
mod slug;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod write;
mod yaml;

use super::{
    cluster::Cluster,
    exit,
    inside::{self, kubernetes::Kubernetes},
    installed::OperatorFlags,
    output,
    plan::{copies::Copies, rehearsal::Rehearsal},
};
use crate::{
    api::{
        common::Mode,
        conditions::{self, find, reason},
    },
    chatwoot::{
        types::{Account, User},
        version::Version,
    },
    reconcile::{instances::Handle, references::InstanceKey},
    runtime::flags::ObjectName,
};
use anyhow::{Context, Result, anyhow, bail};
use ids::Ids;
use known::Known;
use kube::ResourceExt;
use notes::Notes;
use read::Reader;
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};
use template::Template;
use values::Field;
use write::Form;

/// Print manifests and grants that take over the accounts and people of an existing Chatwoot
///
/// Reads what the platform token of an instance may see: the accounts, their members, and those people. Prints for each a
/// manifest with adopt.id, and for each namespace a ChatwootGrant (import-NAMESPACE) that allows exactly these manifests.
/// Nothing is written to Kubernetes or to Chatwoot. The mode is Observe unless told otherwise, so that applying the manifests
/// changes nothing either.
///
/// The same Chatwoot gives the same output. What an object is bound to already is left out. A person of several accounts
/// lives in the namespace where most members have addresses of the same domain, of several the one of the oldest account;
/// the other accounts name that namespace in membersFrom. Memberships that no manifest declares are left as they are.
///
/// With --content also what is inside these accounts, and inside those that an object has already: inboxes, bots, labels,
/// teams, canned responses, attributes, webhooks and rules. That takes a token of somebody in the account: the operator's own
/// user where there is one, and nobody else unless told.
///
/// What is left out is said on standard error.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 everything found is in the output, or bound already; 2 something was left out that a person can do something \
about; 1 error, or something could not be read and is missing in the output.")]
pub struct Options {
    /// The instance to read; otherwise the operator's default instance, or the only one there is
    #[arg(long, value_name = "NAMESPACE/NAME")]
    instance: Option<ObjectName>,

    /// Only these accounts; needed where Chatwoot cannot list its accounts
    #[arg(long, visible_alias = "account-id", value_name = "ID,FROM-TO,...")]
    account_ids: Option<Ids>,

    /// As --account-ids, from a file
    #[arg(long, value_name = "FILE", conflicts_with = "account_ids")]
    account_ids_from: Option<PathBuf>,

    /// How the namespace of an account is called: {slug} is its name in lower-case letters, digits and dashes, {id} its id.
    /// With neither all go to one namespace
    #[arg(long, value_name = "TEMPLATE", default_value = "tenant-{slug}")]
    namespace_template: Template,

    /// Observe compares only; Enforce takes over and repairs what differs
    #[arg(long, value_name = "MODE", default_value = "Observe", value_parser = mode)]
    mode: Mode,

    /// Fields to declare besides the name, which always is. What is not declared stays with the people in Chatwoot; state, features, limits
    /// and customAttributes let the tenant change them, by the grant they take
    #[arg(long, value_enum, ignore_case = true, value_name = "FIELD,...", value_delimiter = ',', default_values = ["locale", "domain"])]
    fields: Vec<Field>,

    /// Also what is inside the accounts. A webhook's URL is written as it is, and can hold a key
    #[arg(long)]
    content: bool,

    /// Secret with an administrator's token, for accounts without a user of the operator; otherwise it is the environment's CHATWOOT_TOKEN
    #[arg(long, value_name = "NAMESPACE/NAME", requires = "content")]
    credentials: Option<ObjectName>,

    /// Read other accounts with the token of their oldest administrator whom the platform token may see. Chatwoot takes these reads for theirs
    #[arg(long, requires = "content")]
    as_administrators: bool,

    /// Write a file for each namespace into this folder, instead of standard output; never over other content
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Print the statements that let the token see all accounts and their people, or those of --account-ids; look at nothing
    #[arg(long)]
    rails: bool,

    #[command(flatten)]
    operator: OperatorFlags,

    #[command(flatten)]
    cluster: Cluster,

    /// How to write the manifests
    #[arg(short = 'o', long = "output", value_enum, default_value_t, value_name = "FORMAT")]
    output: Form,
}

fn mode(text: &str) -> Result<Mode, String> {
    match text.to_ascii_lowercase().as_str() {
        "observe" => Ok(Mode::Observe),
        "enforce" => Ok(Mode::Enforce),
        _ => Err("write Observe or Enforce".to_owned()),
    }
}

/// What was read, in order of ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub accounts: Vec<Account>,
    pub people: Vec<User>,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Choices {
    pub instance: InstanceKey,
    pub version: Version,
    pub template: Template,
    pub mode: Mode,
    pub fields: BTreeSet<Field>,
}

/// # Errors
/// The cluster or Chatwoot cannot be read, or the manifests not be written.
pub async fn run(options: Options) -> Result<u8> {
    let ids = match &options.account_ids_from {
        Some(file) => Some(Ids::read(file)?),
        None => options.account_ids.clone(),
    };
    if options.rails {
        output::write(&rails::permit(ids.as_ref()))?;
        return Ok(exit::FINE);
    }
    let copies = Copies::default();
    let client = options.cluster.guarded().await?.with_layer(&copies).build();
    let installed = options.operator.resolve(&client).await?;
    let mut rehearsal = Rehearsal::new(&client, copies, &installed).await?;
    rehearsal.read_installation(&installed).await.map_err(|why| anyhow!(why))?;
    let instance = chosen(&rehearsal, options.instance.as_ref())?;
    let handle = connected(&mut rehearsal, &instance).await?;

    let mut notes = Notes::default();
    let reader = reader(&rehearsal, &instance, &handle)?;
    let (ids, named) = match ids {
        Some(ids) => (ids, true),
        None => (reader.index().await?, false),
    };
    let found = reader.read(&ids, named, &mut notes).await?;
    let choices = Choices {
        version: handle.known().version,
        template: options.namespace_template,
        mode: options.mode,
        fields: options.fields.into_iter().collect(),
        instance,
    };
    let installation = rehearsal.world.installation().context("the installation has not been read")?;
    let known = Known::of(&rehearsal.world, &choices.instance, installation);
    let mut imported = manifests::manifests(&found, &known, &choices);
    let sum = if options.content {
        let mut kubernetes = Kubernetes::new(&options.cluster);
        let given = inside::given_token(options.credentials.as_ref(), &mut kubernetes).await?;
        let mut keys = content::Keys::new(&reader, &known, &found.people, given).await?;
        keys.as_administrators = options.as_administrators;
        let caches = &rehearsal.world.caches;
        Some(content::add(&mut imported, &reader, &keys, &choices, caches, &client).await?)
    } else {
        None
    };
    match &options.output_dir {
        Some(folder) => write::to_folder(&imported, options.output, folder)?,
        None => write::to_output(&imported, options.output)?,
    }
    notes.extend(imported.notes);
    if ids.0.is_empty() {
        notes.look("the token may see no account; import --rails prints what lets it");
    }
    notes.lines().for_each(|line| eprintln!("{line}"));
    let spaces = imported.parts.iter().filter(|part| part.is_tenants()).count();
    let inside =
        sum.map(|sum| format!("; {} things inside accounts, and {} left out", sum.printed, sum.left_out));
    eprintln!(
        "{} accounts and {} people in {spaces} namespaces{}",
        imported.accounts,
        imported.people,
        inside.unwrap_or_default()
    );
    Ok(notes.exit())
}

/// The instance that is named, else the operator's default, else the only one.
fn chosen(rehearsal: &Rehearsal, named: Option<&ObjectName>) -> Result<InstanceKey> {
    if let Some(named) = named {
        return Ok(InstanceKey { namespace: named.namespace.clone(), name: named.name.clone() });
    }
    if let Some(default) = &rehearsal.world.settings.default_instance {
        return Ok(default.clone());
    }
    let key = |namespace, name| InstanceKey { namespace, name };
    let all = rehearsal.world.caches.instances.all();
    let mut keys: Vec<_> =
        all.iter().map(|one| key(one.namespace().unwrap_or_default(), one.name_any())).collect();
    keys.sort();
    match keys.as_slice() {
        [] => bail!("there is no ChatwootInstance; apply one first"),
        [one] => Ok(one.clone()),
        several => {
            let names: Vec<_> = several.iter().map(ToString::to_string).collect();
            bail!("there are instances {}; choose one with --instance", names.join(", "))
        }
    }
}

/// Looks at the instance as the operator would.
async fn connected(rehearsal: &mut Rehearsal, key: &InstanceKey) -> Result<Arc<Handle>> {
    let instance = rehearsal.world.caches.instances.get(&key.namespace, &key.name);
    let instance = instance.with_context(|| {
        format!("there is no ChatwootInstance {key} that can be read; kubectl get cwi -A")
    })?;
    rehearsal.look_only_at(&*instance).await;
    let after = rehearsal.world.caches.instances.get(&key.namespace, &key.name);
    let status = after.and_then(|after| after.status.clone()).unwrap_or_default();
    let ready = find(&status.conditions, conditions::READY);
    match ready {
        Some(ready) if ready.reason == reason::SUCCEEDED => {}
        Some(ready) => bail!("ChatwootInstance {key}: {}: {}", ready.reason, ready.message),
        None => bail!("ChatwootInstance {key}: nothing could be found out"),
    }
    rehearsal.world.instances.handle(key).with_context(|| format!("ChatwootInstance {key} cannot be used"))
}

fn reader(rehearsal: &Rehearsal, key: &InstanceKey, handle: &Handle) -> Result<Reader> {
    let instance = rehearsal.world.instance(key).with_context(|| {
        format!(
            "the operator does not honour instances in namespace {}; see --instance-namespaces",
            key.namespace
        )
    })?;
    let in_flight = usize::try_from(instance.spec.request_budget.in_flight).unwrap_or(1).max(1);
    Ok(Reader { chatwoot: handle.chatwoot.clone(), bell: rehearsal.bell(), in_flight })
}

//! `plan`: what would change in Chatwoot if manifests were applied. The same code decides as in the operator; only the
//! hands differ.

mod account;
pub mod apply;
mod beside;
pub mod content;
pub mod copies;
pub mod hands;
pub mod manifests;
pub mod rehearsal;
mod report;
mod sheet;
mod user;

pub use report::{Outcome, Planned, Report};

use super::{cluster::Cluster, exit, installed::OperatorFlags, kinds::KindName, output::Output};
use crate::{
    api::{
        account::ChatwootAccount,
        conditions::{self, ReasonClass, class, find, reason},
        grant::ChatwootGrant,
        instance::ChatwootInstance,
        plan::ChatwootPlan,
        user::ChatwootUser,
    },
    chatwoot::gate::Key,
};
use anyhow::{Result, anyhow};
use apply::Applied;
use copies::Copies;
use hands::Rehearsed;
use kube::{Client, api::DynamicObject};
use manifests::{Manifest, Manifests};
use rehearsal::{Acted, Rehearsal, imagined_namespace};
use report::spec_changes;
use serde_json::Value;
use std::{
    cell::Cell,
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Show field by field what applying manifests would change in Chatwoot, without changing anything
///
/// Every object of this operator in the manifests is tried on the API server (a server-side dry run) and compared with
/// Chatwoot, and so is whatever else a change concerns: the accounts of an edited plan, the users of an account. Nothing
/// is written anywhere. Chatwoot is asked with the platform token from each instance's Secret. The values of Secrets are
/// never shown; Secrets among the manifests are not read.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 nothing would change; 2 something would; 1 error, or something in the plan would be refused or could not be \
worked out, so that applying would not do what the manifests ask for.")]
pub struct Options {
    /// File or folder with manifests, or - for standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    from: PathBuf,

    /// Namespace of objects that name none; otherwise the context's
    #[arg(short, long, value_name = "NAMESPACE", value_parser = crate::runtime::flags::namespace)]
    namespace: Option<String>,

    #[command(flatten)]
    operator: OperatorFlags,

    #[command(flatten)]
    cluster: Cluster,

    #[command(flatten)]
    output: Output,
}

/// # Errors
/// The manifests or the cluster cannot be read.
pub async fn run(options: Options) -> Result<u8> {
    let default_namespace = match options.namespace {
        Some(named) => named,
        None => options.cluster.config().await?.default_namespace,
    };
    let manifests = manifests::read(&options.from, &default_namespace)?;
    let copies = Copies::default();
    let client = options.cluster.guarded().await?.with_layer(&copies).build();
    let installed = options.operator.resolve(&client).await?;
    let mut rehearsal = Rehearsal::new(&client, copies, &installed).await?;
    rehearsal.read_installation(&installed).await.map_err(|why| anyhow!(why))?;
    let report = plan(&client, &mut rehearsal, manifests).await?;
    options.output.print(&report, report::text)?;
    Ok(match (report.falls_short(), report.has_changes()) {
        (true, _) => exit::ERROR,
        (false, true) => exit::SOMETHING,
        (false, false) => exit::FINE,
    })
}

/// What applying a manifest does to the Kubernetes object, apart from Chatwoot.
struct Stored {
    is_new: bool,
    spec: Vec<sheet::Change>,
}

async fn plan(client: &Client, rehearsal: &mut Rehearsal, manifests: Manifests) -> Result<Report> {
    for (name, labels) in &manifests.namespaces {
        if rehearsal.world.listed_uid(name).is_none() {
            rehearsal.snapshots.namespaces.put(imagined_namespace(name, labels.clone()));
        }
    }
    let mut stored = BTreeMap::new();
    let mut objects = Vec::new();
    for manifest in &manifests.objects {
        let imagined = manifests.namespaces.contains_key(&manifest.namespace)
            && rehearsal
                .world
                .listed_uid(&manifest.namespace)
                .is_some_and(|uid| uid.starts_with("imagined-"));
        match apply::try_it(client, manifest, imagined.then_some(apply::ELSEWHERE)).await? {
            Applied::Refused(why) => objects.push(invalid(manifest, why)),
            Applied::Stored { old, new } => {
                let spec = |object: &DynamicObject| object.data.get("spec").cloned();
                let before = old.as_ref().and_then(|old| spec(old));
                let told = Stored {
                    is_new: old.is_none(),
                    spec: spec_changes(before.as_ref(), spec(&new).as_ref()),
                };
                match put(rehearsal, manifest.kind, *new) {
                    Ok(key) => drop(stored.insert(key, told)),
                    Err(why) => objects.push(invalid(manifest, format!("{why:#}"))),
                }
            }
        }
    }
    let (count, told) = (Cell::new(0), Cell::new(Instant::now()));
    rehearsal
        .run(|key| {
            count.set(count.get() + 1);
            if told.get().elapsed() > Duration::from_secs(2) {
                told.set(Instant::now());
                eprintln!(
                    "{} looked at so far; now {} {}/{}",
                    count.get(),
                    key.kind,
                    key.namespace,
                    key.name
                );
            }
        })
        .await;
    objects.extend(
        rehearsal.acted.iter().filter_map(|(key, acted)| planned(rehearsal, key, acted, stored.get(key))),
    );
    objects.sort_by(|a, b| {
        let rank = |one: &Planned| KindName::ALL.iter().position(|kind| kind.kind() == one.kind);
        (rank(a), &a.namespace, &a.name).cmp(&(rank(b), &b.namespace, &b.name))
    });
    Ok(Report { objects, not_planned: manifests.others })
}

fn put(rehearsal: &mut Rehearsal, kind: KindName, object: DynamicObject) -> Result<Key> {
    match kind {
        KindName::Instance => rehearsal.put_untyped::<ChatwootInstance>(object),
        KindName::Grant => rehearsal.put_untyped::<ChatwootGrant>(object),
        KindName::Plan => rehearsal.put_untyped::<ChatwootPlan>(object),
        KindName::Account => rehearsal.put_untyped::<ChatwootAccount>(object),
        KindName::User => rehearsal.put_untyped::<ChatwootUser>(object),
        inside => content::put(rehearsal, inside.kind(), object),
    }
}

fn invalid(manifest: &Manifest, why: String) -> Planned {
    Planned {
        kind: manifest.kind.kind(),
        namespace: manifest.namespace.clone(),
        name: manifest.name.clone(),
        applied: true,
        outcome: Outcome::Invalid,
        id: None,
        reason: Some("Refused by the API server".to_owned()),
        message: Some(format!("{why} (in {})", manifest.source)),
        spec: Vec::new(),
        changes: Vec::new(),
        requests: Vec::new(),
        notes: Vec::new(),
        falls_short: true,
    }
}

/// What to tell of one object; `None`: it was looked at, and there is nothing to tell.
fn planned(rehearsal: &Rehearsal, key: &Key, acted: &Acted, stored: Option<&Stored>) -> Option<Planned> {
    let caches = &rehearsal.world.caches;
    let (namespace, name) = (&key.namespace, &key.name);
    let kind = KindName::ALL.into_iter().find(|kind| kind.kind() == key.kind)?;
    let (id, after) = match kind {
        KindName::Instance => standing(caches.instances.get(namespace, name).as_deref()),
        KindName::Grant => standing(caches.grants.get(namespace, name).as_deref()),
        KindName::Plan => standing(caches.plans.get(namespace, name).as_deref()),
        KindName::Account => standing(caches.accounts.get(namespace, name).as_deref()),
        KindName::User => standing(caches.users.get(namespace, name).as_deref()),
        _ => inside(content::standing(rehearsal, key)),
    };
    let reason = after.as_ref().map(|after| after.reason.clone());
    // Who is only concerned is told of where that changes something.
    if stored.is_none() && acted.sheet.is_empty() && (acted.before == reason || acted.before.is_none()) {
        return None;
    }
    let found = after.as_ref().map_or(ReasonClass::Operator, |after| class(&after.reason));
    let outcome = if acted.sheet.deletes {
        Outcome::Delete
    } else if acted.sheet.creates {
        Outcome::Create
    } else if !acted.sheet.is_empty() {
        Outcome::Update
    } else if !matches!(found, ReasonClass::Nobody) {
        if found.stalls() { Outcome::Refused } else { Outcome::Wait }
    } else {
        match stored {
            // Nothing of these is in Chatwoot, so the object itself is all there is to make.
            Some(stored) if stored.is_new => Outcome::Create,
            Some(stored) if !stored.spec.is_empty() => Outcome::Update,
            _ => Outcome::Nothing,
        }
    };
    let going = reason.as_deref() == Some(reason::DELETING) || (after.is_none() && acted.sheet.deletes);
    let message = match after {
        _ if acted.undecided => Some(match &rehearsal.world.settings.served {
            Some(served) if !served.contains(namespace) => {
                format!("namespace {namespace} is none that the operator serves; see its --watch-namespaces")
            }
            _ => "nothing can be said: its instance has not been looked at, or its namespace is not there"
                .to_owned(),
        }),
        after => after.map(|after| after.message),
    };
    Some(Planned {
        kind: kind.kind(),
        namespace: namespace.clone(),
        name: name.clone(),
        applied: stored.is_some(),
        outcome,
        id,
        reason,
        message,
        spec: stored.map(|stored| tell(kind, stored)).unwrap_or_default(),
        changes: acted.sheet.changes.clone(),
        requests: acted.sheet.requests.clone(),
        notes: acted.sheet.notes.clone(),
        falls_short: !going && (acted.undecided || !matches!(found, ReasonClass::Nobody)),
    })
}

/// What a new account's manifest says is told by what is made in Chatwoot of it.
fn tell(kind: KindName, stored: &Stored) -> Vec<sheet::Change> {
    if stored.is_new && kind.is_tenants() {
        return Vec::new();
    }
    let hidden = content::secret_key(kind.kind()).map(|key| format!("spec.{key}"));
    let sayable = |change: &sheet::Change| match &hidden {
        Some(hidden) if change.field == *hidden => {
            sheet::Change { old: Value::Null, new: content::SET.into(), ..change.clone() }
        }
        _ => change.clone(),
    };
    stored.spec.iter().map(sayable).collect()
}

fn standing<K: Rehearsed>(object: Option<&K>) -> (Option<i64>, Option<conditions::Condition>) {
    (
        object.and_then(Rehearsed::id),
        object.and_then(|object| find(object.conditions(), conditions::READY)).cloned(),
    )
}

fn inside(
    found: Option<(Option<i64>, Vec<conditions::Condition>)>,
) -> (Option<i64>, Option<conditions::Condition>) {
    let Some((id, list)) = found else { return (None, None) };
    (id, find(&list, conditions::READY).cloned())
}

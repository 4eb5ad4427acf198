//! `reconcile`: has the operator look at objects now.

use super::{
    ask,
    cluster::Cluster,
    exit,
    installed::OperatorFlags,
    kinds::{KindName, refused},
    output::{Output, table},
    standing::Standing,
};
use crate::runtime::flags::{ObjectName, duration, namespace};
use anyhow::{Context, Result, bail};
use kube::{
    Client, ResourceExt,
    api::{DynamicObject, ListParams},
};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Have the operator look at an object now, and wait for its answer
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 everything looked at is Ready; 2 something is not; 1 error, or no answer in time."
)]
pub struct Options {
    /// Kind of the objects
    #[arg(value_enum, ignore_case = true)]
    kind: KindName,

    /// The object
    #[arg(value_name = "NAMESPACE/NAME", required_unless_present = "all", conflicts_with = "all")]
    name: Option<ObjectName>,

    /// Every object of the kind
    #[arg(long)]
    all: bool,

    /// With --all: only those of these namespaces
    #[arg(short, long, value_name = "NAMESPACE,...", value_delimiter = ',', value_parser = namespace,
        requires = "all")]
    namespace: Vec<String>,

    /// With --all: how many objects a second are asked for
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_second: u32,

    /// How long to wait for the answers, after the last request
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    timeout: Duration,

    #[command(flatten)]
    cluster: Cluster,

    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Looked {
    kind: &'static str,
    objects: Vec<Standing>,
}

/// # Errors
/// The objects cannot be read or asked for, or there are none.
pub async fn run(options: Options) -> Result<u8> {
    let clients = options.cluster.clients().await?;
    let kind = options.kind;
    let (places, objects) = match &options.name {
        Some(who) => {
            let api = kind.api(&clients.exact, Some(&who.namespace));
            let object = api.get(&who.name).await.map_err(|error| refused(kind.kind(), who, error))?;
            (vec![Some(who.namespace.clone())], vec![object])
        }
        None => everything(&clients.exact, kind, &options.namespace).await?,
    };
    let count = objects.len();
    if options.all {
        eprintln!("asking for {count} {}s, {} a second", kind.kind(), options.per_second);
    }
    let stamp = ask::stamp();
    let mut turn = interval(Duration::from_secs(1) / options.per_second);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for object in &objects {
        turn.tick().await;
        let api = kind.api(&clients.exact, object.namespace().as_deref());
        ask::annotate(kind, &api, object, &[ask::look(&stamp)]).await?;
    }
    let asked = objects.iter().map(|o| (o.namespace().unwrap_or_default(), o.name_any())).collect();
    let watched = places.iter().map(|place| kind.api(&clients.patient, place.as_deref())).collect();
    let told = std::cell::Cell::new(usize::MAX);
    let answers = ask::answers(watched, asked, &stamp, options.timeout, |answered| {
        if told.replace(answered) != answered {
            eprintln!("{answered} of {count} answered");
        }
    })
    .await?;
    let looked = Looked { kind: kind.kind(), objects: answers.answered };
    options.output.print(&looked, text)?;
    if let Some(first) = answers.silent.first() {
        bail!(
            "{} of {count} did not answer within {:?}, such as {first}; is the operator running? kubectl chatwoot doctor \
             finds out",
            answers.silent.len(),
            options.timeout
        );
    }
    Ok(if looked.objects.iter().all(Standing::is_ready) { exit::FINE } else { exit::SOMETHING })
}

/// Every object of the kind, and the places they were listed in; `None` is the whole cluster.
async fn everything(
    client: &Client,
    kind: KindName,
    namespaces: &[String],
) -> Result<(Vec<Option<String>>, Vec<DynamicObject>)> {
    let mut places: Vec<_> = namespaces.iter().cloned().map(Some).collect();
    if places.is_empty() {
        match list(client, kind, None).await {
            Ok(found) => return Ok((vec![None], found)),
            Err(kube::Error::Api(status)) if status.is_forbidden() => places = served(client, kind).await?,
            Err(error) => {
                return Err(error).with_context(|| format!("the {}s cannot be listed", kind.kind()));
            }
        }
    }
    let mut found = Vec::new();
    for namespace in places.iter().flatten() {
        let here = list(client, kind, Some(namespace)).await;
        found.extend(here.with_context(|| format!("the {}s of {namespace} cannot be listed", kind.kind()))?);
    }
    Ok((places, found))
}

/// Where a confined operator looks for objects of the kind, for whoever may not look everywhere either.
async fn served(client: &Client, kind: KindName) -> Result<Vec<Option<String>>> {
    let installed = OperatorFlags::default().resolve(client).await.ok();
    let confined = installed.map(|installed| installed.scope).filter(|scope| scope.served().is_some());
    let Some(scope) = confined else {
        bail!("you may not list {}s of all namespaces; name those you may with --namespace a,b", kind.kind());
    };
    let places = if kind.is_tenants() { scope.tenants() } else { scope.offers() };
    Ok(places.into_iter().map(|place| place.map(|name| name.to_string())).collect())
}

async fn list(client: &Client, kind: KindName, namespace: Option<&str>) -> kube::Result<Vec<DynamicObject>> {
    let api = kind.api(client, namespace);
    let mut found = Vec::new();
    let mut page = ListParams::default().limit(500);
    loop {
        let list = api.list(&page).await?;
        let next = list.metadata.continue_.clone().filter(|token| !token.is_empty());
        found.extend(list.items);
        match next {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(found),
        }
    }
}

fn text(looked: &Looked) -> String {
    let rows: Vec<_> = looked
        .objects
        .iter()
        .map(|one| {
            vec![
                one.namespace.clone(),
                one.name.clone(),
                one.ready.to_owned(),
                one.reason.clone(),
                one.message.clone(),
            ]
        })
        .collect();
    table(&["NAMESPACE", "NAME", "READY", "REASON", "MESSAGE"], &rows)
}

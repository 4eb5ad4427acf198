//! `reconcile`: has the operator look at objects now.

use super::{
    ask,
    cluster::Cluster,
    exit,
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

    /// With --all: only those of this namespace
    #[arg(short, long, value_name = "NAMESPACE", value_parser = namespace, requires = "all")]
    namespace: Option<String>,

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
    let objects = match &options.name {
        Some(who) => {
            let api = kind.api(&clients.exact, Some(&who.namespace));
            vec![api.get(&who.name).await.map_err(|error| refused(kind.kind(), who, error))?]
        }
        None => list(&clients.exact, kind, options.namespace.as_deref()).await?,
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
    let scope = options.name.as_ref().map(|who| who.namespace.as_str()).or(options.namespace.as_deref());
    let watched = kind.api(&clients.patient, scope);
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

async fn list(client: &Client, kind: KindName, namespace: Option<&str>) -> Result<Vec<DynamicObject>> {
    let api = kind.api(client, namespace);
    let mut found = Vec::new();
    let mut page = ListParams::default().limit(500);
    loop {
        let list = api.list(&page).await.with_context(|| format!("the {}s cannot be listed", kind.kind()))?;
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

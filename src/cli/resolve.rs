//! `resolve`: answers the question that a resource asks a person.

use super::{
    ask,
    cluster::Cluster,
    exit,
    kinds::{KindName, refused},
    output::{Output, table},
    standing::Standing,
};
use crate::{
    api::common::RESOLVE_ANNOTATION,
    plan::create::{Answer, Choice},
    runtime::flags::{ObjectName, duration},
};
use anyhow::{Result, bail};
use std::time::Duration;

/// Decide what no program can know
#[derive(clap::Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Decide which account in Chatwoot is the resource's, or that a new one is made
    ///
    /// The question stands open while Ready has reason CreateOutcomeUnknown, DuplicateCreated, PreviousAccountFound or
    /// ExternalResourceMissing; its message says what to look for.
    Account(AccountOptions),
}

#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 the operator took the answer and no question is open; 2 it took it, and the resource is not settled, or asks \
again; 1 error: no question stands open, or no answer in time.")]
struct AccountOptions {
    /// The ChatwootAccount
    #[arg(value_name = "NAMESPACE/NAME")]
    name: ObjectName,

    #[command(flatten)]
    answer: Given,

    /// Wait until the operator took the answer
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set, default_value_t = true,
        default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    wait: bool,

    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    timeout: Duration,

    #[command(flatten)]
    cluster: Cluster,

    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Given {
    /// This account in Chatwoot is the resource's; its marker is still checked
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    account_id: Option<i64>,

    /// None is: make a new one
    #[arg(long)]
    create: bool,
}

impl Given {
    fn choice(&self) -> Choice {
        self.account_id.map_or(Choice::Create, Choice::Account)
    }
}

/// # Errors
/// The resource cannot be read or written, asks nothing, or gets no answer.
pub async fn run(options: Options) -> Result<u8> {
    let What::Account(options) = options.what;
    let kind = KindName::Account;
    let who = &options.name;
    let clients = options.cluster.clients().await?;
    let api = kind.api(&clients.exact, Some(&who.namespace));
    let object = api.get(&who.name).await.map_err(|error| refused(kind.kind(), who, error))?;
    let before = Standing::of(&object);
    let Some(token) = before.question.clone() else {
        bail!(
            "{} {who} asks nothing: Ready is {} with reason {} ({}); an answer is only taken while a question stands open",
            kind.kind(),
            before.ready,
            before.reason,
            before.message
        );
    };
    let answer = Answer { token, choice: options.answer.choice() }.to_string();
    let stamp = ask::stamp();
    ask::annotate(kind, &api, &object, &[(RESOLVE_ANNOTATION, &answer), ask::look(&stamp)]).await?;
    if !options.wait {
        eprintln!("{} {who}: the answer is written; the operator takes it when it looks next", kind.kind());
        return Ok(exit::FINE);
    }
    eprintln!("{} {who}: waiting for the operator to take the answer", kind.kind());
    let watched = kind.api(&clients.patient, Some(&who.namespace));
    let after = ask::settled(watched, who, &stamp, options.timeout, |standing| {
        eprintln!("{}: {}", standing.reason, standing.message);
    })
    .await?;
    let Some(after) = after else {
        bail!(
            "{} {who}: the operator did not take the answer within {:?}; the answer stays written; is the operator running? \
             kubectl chatwoot doctor finds out",
            kind.kind(),
            options.timeout
        );
    };
    options.output.print(&after, text)?;
    Ok(if after.question.is_none() && !after.is_at_work { exit::FINE } else { exit::SOMETHING })
}

fn text(one: &Standing) -> String {
    let row = [&one.namespace, &one.name, one.ready, &one.reason, &one.message].map(str::to_owned).to_vec();
    table(&["NAMESPACE", "NAME", "READY", "REASON", "MESSAGE"], &[row])
}

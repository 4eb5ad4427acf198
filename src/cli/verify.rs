//! `verify`: whether a customer's first message arrives.

use super::{
    exit,
    inside::{
        AccountName, Reached, Said, Way,
        rows::{Column, Rows, text},
    },
};
use crate::{
    chatwoot::{application::Answer, outcome::Failure},
    reconcile::walk::{self, Calls, Ended, Sides, Trouble, Walk},
    runtime::shutdown,
};
use anyhow::{Context, Result};
use futures::stream;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// Walk a customer's first message through an account, and clean up
///
/// Makes a temporary API inbox, writes to it as a customer's application would (Client API, with an identity that is proven by
/// HMAC), and looks at it as an agent would (Application API): search, filter, label, attributes, answer, status. Then removes
/// contact and inbox, also when a step failed or Ctrl-C was pressed; Chatwoot removes the conversation with them, by itself.
///
/// It takes an administrator's token. Webhooks, bots and automation rules of the account hear of the conversation as of any
/// other.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 every step worked, and nothing is left; 1 a step failed, something is left, or error.")]
pub struct Options {
    /// The account: its id in Chatwoot, which takes --url, or its ChatwootAccount
    #[arg(value_name = "ID|NAMESPACE/NAME")]
    account: AccountName,

    #[command(flatten)]
    way: Way,

    #[command(flatten)]
    rows: Rows,
}

/// A step as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Step {
    step: &'static str,
    /// `ok`, `failed` or `stopped`.
    result: &'static str,
    milliseconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Step {
    fn new(step: walk::Step, said: &Said) -> Self {
        let walk::Step { step, ended, took } = step;
        let (result, message) = match ended {
            Ended::Fine => ("ok", None),
            Ended::Stopped => ("stopped", None),
            Ended::Failed(Trouble::Call(failure)) => ("failed", Some(said.error(step, &failure).to_string())),
            Ended::Failed(Trouble::Wrong(why)) => ("failed", Some(why.to_owned())),
        };
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Self { step, result, milliseconds, message }
    }
}

const COLUMNS: &[Column<Step>] = &[
    ("step", |step| step.step.to_owned()),
    ("result", |step| step.result.to_owned()),
    ("time", |step| format!("{} ms", step.milliseconds)),
    ("message", |step| text(step.message.as_deref())),
];

/// One call after another: the command competes with nobody.
struct AtOnce;

impl Calls for AtOnce {
    async fn make<T: Send + 'static>(&self, call: Answer<T>) -> Result<T, Failure> {
        call.await
    }
}

/// # Errors
/// The account cannot be reached, or the result not be printed.
pub async fn run(options: Options) -> Result<u8> {
    let Reached { account, public, said } = options.way.to(&options.account).await?;
    let sides = Sides { account, public };
    let called = format!("chatwoot-operator-verify-{:016x}", rand::random::<u64>());
    eprintln!("everything made here is called {called}");
    let mut walk = Walk::new(&AtOnce, &sides, called, |step| eprintln!("{step}"), stop()?);
    // How it ended stands in the steps.
    let _ = walk.walk().await;
    walk.clean_up().await;
    let steps: Vec<Step> = walk.into_steps().into_iter().map(|step| Step::new(step, &said)).collect();
    let is_fine = steps.iter().all(|step| step.result == "ok");
    options.rows.print(stream::iter(steps.into_iter().map(Ok)), None, COLUMNS, COLUMNS.len()).await?;
    Ok(if is_fine { exit::FINE } else { exit::ERROR })
}

/// From now on Ctrl-C ends the walk, not the process; pressed twice it ends both.
fn stop() -> Result<CancellationToken> {
    let stop = shutdown::on_signal().context("signals cannot be heard")?;
    let told = stop.clone();
    tokio::spawn(async move {
        told.cancelled().await;
        eprintln!("stopping: this step is finished, and then all is cleaned up");
    });
    Ok(stop)
}

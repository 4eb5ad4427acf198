//! `verify`: whether a customer's first message arrives.

mod leftovers;
mod steps;
mod walk;

use super::{
    exit,
    inside::{
        AccountName, Way,
        rows::{Column, Rows, text},
    },
};
use anyhow::Result;
use futures::stream;
use steps::Step;
use walk::Walk;

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

const COLUMNS: &[Column<Step>] = &[
    ("step", |step| step.step.to_owned()),
    ("result", |step| step.result.to_owned()),
    ("time", |step| format!("{} ms", step.milliseconds)),
    ("message", |step| text(step.message.as_deref())),
];

/// # Errors
/// The account cannot be reached, or the result not be printed.
pub async fn run(options: Options) -> Result<u8> {
    let reached = options.way.to(&options.account).await?;
    let mut walk = Walk::new(&reached)?;
    // How it ended stands in the steps.
    let _ = walk.walk().await;
    walk.clean_up().await;
    let steps = walk.into_steps();
    let is_fine = steps.iter().all(Step::is_fine);
    let rows = stream::iter(steps.into_iter().map(Ok));
    options.rows.print(rows, None, COLUMNS, COLUMNS.len()).await?;
    Ok(if is_fine { exit::FINE } else { exit::ERROR })
}

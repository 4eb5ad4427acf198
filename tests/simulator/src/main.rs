//! The simulator as a program.

use chatwoot_simulator::{Options, Simulator};
use clap::Parser;
use std::io::Write;
use tokio::signal::unix::{SignalKind, signal};

/// A Chatwoot for readers who have none.
///
/// Plays the Platform API of a self-hosted Chatwoot (accounts, users, memberships, agent bots),
/// its Application API (inboxes, contacts, conversations, teams, labels, webhooks and more) and
/// its Client API on this machine, in memory, with the quirks of the real one: deletions that
/// happen later, an index that breaks for ever, people who are found by e-mail, flags that
/// answer 500.
/// Nothing is kept when it ends.
///
/// Send the token as the header Api-Access-Token:
///
///   curl -H 'Api-Access-Token: TOKEN' -H 'Content-Type: application/json' \
///        -d '{"name": "Acme"}' URL/platform/api/v1/accounts
///
/// Under /_simulator it shows every request it got and its whole state, secrets included, and
/// lets you break things: GET URL/_simulator prints how. Never put real data into it: whoever
/// reaches the port can read everything.
#[derive(Parser)]
// --version chooses the release to play.
#[command(name = "chatwoot-simulator", disable_version_flag = true, verbatim_doc_comment)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let mut terminated = signal(SignalKind::terminate())?;
    let version = cli.options.version;
    let simulator = Simulator::start(cli.options).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Chatwoot {version} (simulated) at {}", simulator.url())?;
    for token in simulator.tokens() {
        writeln!(out, "platform token: {token}")?;
    }
    writeln!(out, "journal, state, faults: {}/_simulator", simulator.url())?;
    out.flush()?;
    drop(out);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}

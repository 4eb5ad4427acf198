//! The command line: one file per subcommand.

pub mod crds;

use crate::runtime::{operator, options::RunOptions, telemetry};
use anyhow::Context;
use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Provisions accounts and users in self-hosted Chatwoot from Kubernetes resources.
#[derive(Debug, Parser)]
#[command(name = "chatwoot-operator", version, about, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator
    Run(Box<RunOptions>),
    /// Print the custom resource definitions, or write them into a folder
    Crds {
        /// Folder to write one file per kind into
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

/// Runs the command that `arguments` name.
///
/// # Errors
/// What a person must know, with the next step.
pub fn main(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Crds { dir } => crds::run(dir.as_deref()).map(|()| ExitCode::SUCCESS),
        Command::Run(options) => in_runtime(run(*options)),
    }
}

async fn run(options: RunOptions) -> anyhow::Result<ExitCode> {
    telemetry::init(&options.log_level).context("a log is installed already")?;
    operator::run(options, config().await?).await.map(|()| ExitCode::SUCCESS)
}

/// The cluster of the kubeconfig, or the one this process runs in.
async fn config() -> anyhow::Result<kube::Config> {
    kube::Config::infer()
        .await
        .context("no cluster to talk to: set KUBECONFIG, or run inside a pod with a service account")
}

fn in_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // Several TLS users share the process, so the provider is chosen once, before any of them.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?.block_on(work)
}

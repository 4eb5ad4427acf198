//! The command line: one file per subcommand.

mod ask;
pub mod client;
pub mod cluster;
pub mod contacts;
pub mod conversations;
pub mod crds;
pub mod doctor;
pub mod exit;
pub mod import;
mod inside;
pub mod installed;
pub mod kinds;
pub mod login_link;
pub mod output;
pub mod plan;
pub mod reconcile;
mod reference;
pub mod resolve;
pub mod standing;
pub mod verify;

pub use reference::reference;

use crate::runtime::{operator, options::RunOptions, telemetry};
use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::ExitCode,
};

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
    Doctor(doctor::Options),
    Client(Box<client::Options>),
    Contacts(Box<contacts::Options>),
    Conversations(Box<conversations::Options>),
    Import(Box<import::Options>),
    LoginLink(login_link::Options),
    Plan(plan::Options),
    Reconcile(reconcile::Options),
    Resolve(resolve::Options),
    Verify(Box<verify::Options>),
}

/// Reads the command line, and ends the process with help or an error where it must. Linked as `kubectl-chatwoot` the
/// program is a kubectl plugin, and calls itself what people type.
#[must_use]
pub fn parse() -> Arguments {
    let words: Vec<OsString> = std::env::args_os().collect();
    let command = command(words.first().map(OsString::as_os_str));
    let read = command.try_get_matches_from(words).and_then(|matches| Arguments::from_arg_matches(&matches));
    read.unwrap_or_else(|error| {
        // Where the terminal is gone, nobody is left to tell.
        let _ = error.print();
        // Not clap's 2: that means "changes" or "warnings" here, and a script must not take a typing error for it.
        std::process::exit(i32::from(if error.use_stderr() { exit::ERROR } else { exit::FINE }))
    })
}

fn command(called: Option<&OsStr>) -> clap::Command {
    let command = Arguments::command();
    let plugin =
        called.and_then(|called| Path::new(called).file_stem()) == Some(OsStr::new("kubectl-chatwoot"));
    command.bin_name(if plugin { "kubectl chatwoot" } else { "chatwoot-operator" })
}

/// Runs the command that `arguments` name.
///
/// # Errors
/// What a person must know, with the next step.
pub fn main(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let code = match arguments.command {
        Command::Crds { dir } => crds::run(dir.as_deref()).map(|()| exit::FINE),
        Command::Run(options) => in_runtime(run(*options)),
        Command::Doctor(options) => in_runtime(doctor::run(options)),
        Command::Client(options) => in_runtime(client::run(*options)),
        Command::Contacts(options) => in_runtime(contacts::run(*options)),
        Command::Conversations(options) => in_runtime(conversations::run(*options)),
        Command::Import(options) => in_runtime(import::run(*options)),
        Command::LoginLink(options) => in_runtime(login_link::run(options)),
        Command::Plan(options) => in_runtime(plan::run(options)),
        Command::Reconcile(options) => in_runtime(reconcile::run(options)),
        Command::Resolve(options) => in_runtime(resolve::run(options)),
        Command::Verify(options) => in_runtime(verify::run(*options)),
    };
    code.map(exit::code)
}

async fn run(options: RunOptions) -> anyhow::Result<u8> {
    telemetry::init(&options.log_level).context("a log is installed already")?;
    operator::run(options, cluster::config().await?).await.map(|()| exit::FINE)
}

fn in_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // Several TLS users share the process, so the provider is chosen once, before any of them.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(called: &str, words: &[&str]) -> String {
        let words = [called].iter().chain(words).copied().collect::<Vec<_>>();
        command(Some(OsStr::new(called))).try_get_matches_from(words).unwrap_err().to_string()
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        command(None).debug_assert();
    }

    #[test]
    fn as_a_kubectl_plugin_it_calls_itself_what_people_type() {
        let usage = "Usage: kubectl chatwoot resolve account";
        assert!(refusal("/usr/bin/kubectl-chatwoot", &["resolve", "account"]).contains(usage));
        assert!(
            refusal("/manager", &["resolve", "account"]).contains("Usage: chatwoot-operator resolve account")
        );
    }

    #[test]
    fn what_is_missing_or_too_much_is_said() {
        assert!(refusal("x", &["resolve", "account", "acme/main"]).contains("--account-id <ID>|--create"));
        let both = ["resolve", "account", "acme/main", "--create", "--account-id=4"];
        assert!(refusal("x", &both).contains("cannot be used with"));
        assert!(refusal("x", &["resolve", "account", "main", "--create"]).contains("NAMESPACE/NAME"));
        assert!(refusal("x", &["reconcile", "account"]).contains("NAMESPACE/NAME"));
        assert!(refusal("x", &["reconcile", "account", "a/b", "--all"]).contains("cannot be used with"));
        assert!(refusal("x", &["reconcile", "pod", "a/b"]).contains("possible values"));
    }
}

//! `control-plane`: a Kubernetes control plane to work with, or for the length of one command.

use anyhow::{Context, Result};
use clap::Parser;
use control_plane::{ControlPlane, Options, Supervised};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Runs a Kubernetes control plane on loopback ports: etcd, kube-apiserver and kube-controller-manager (garbage
/// collection, namespace deletion, aggregated cluster roles). There are no nodes, so pods never start.
///
/// The programs are built from Go modules into the user's cache the first time, which takes minutes and needs Go.
/// Everything ends with this command: the programs, their data, and what --for started.
#[derive(Parser)]
#[command(name = "control-plane", version, after_help = AFTER_HELP)]
struct Arguments {
    /// Where to write the administrator's kubeconfig; an older one of ours is replaced, anything else is not
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Definitions to install first: a file or a folder; may be given several times
    #[arg(long, value_name = "PATH")]
    crds: Vec<PathBuf>,

    /// Seconds each program may take to get ready
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    ready_within: u64,

    /// Run COMMAND and end with its status; must be the last option. COMMAND cannot read the terminal
    #[arg(long = "for", value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    command: Vec<OsString>,
}

const AFTER_HELP: &str = "\
Environment of COMMAND, and what is printed without one:
  KUBECONFIG          the administrator's kubeconfig
  CONTROL_PLANE_DIR   the folder of this control plane: tests attach to it instead of starting their own
  PATH                begins with the folder of kubectl and helm

Read from the environment:
  CHATWOOT_OPERATOR_CACHE   where the programs are kept [default: $XDG_CACHE_HOME or ~/.cache, chatwoot-operator]

Exit status: that of COMMAND (128 + signal if a signal ended it), 130 after an interrupt, 1 after an error.

Examples:
  control-plane --kubeconfig /tmp/kubeconfig
  control-plane --crds crds --for cargo test";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut interrupted = match interrupts() {
        Ok(interrupted) => Box::pin(interrupted),
        Err(error) => return complain(&error),
    };
    let outcome = tokio::select! {
        outcome = run(&arguments) => outcome,
        () = &mut interrupted => {
            eprintln!("control-plane: interrupted; ending");
            Ok(130)
        }
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => complain(&error),
    }
}

fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("control-plane: {error:#}");
    ExitCode::FAILURE
}

/// Ends at the first SIGINT, SIGTERM or SIGHUP.
fn interrupts() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

async fn run(arguments: &Arguments) -> Result<u8> {
    let begun = Instant::now();
    eprintln!("control-plane: starting");
    let ready_within = Duration::from_secs(arguments.ready_within);
    let cluster = ControlPlane::start(Options { crds: arguments.crds.clone(), ready_within }).await?;
    if let Some(file) = &arguments.kubeconfig {
        cluster.copy_kubeconfig_to(file)?;
    }
    eprintln!("control-plane: ready after {:.1} s at {}", begun.elapsed().as_secs_f32(), cluster.server());

    let mut environment: Vec<(&str, OsString)> =
        cluster.environment().into_iter().map(|(name, path)| (name, path.into_os_string())).collect();
    if let Some(file) = &arguments.kubeconfig {
        environment.push(("KUBECONFIG", std::path::absolute(file)?.into_os_string()));
    }
    environment.push(("PATH", path_with(cluster.tools().folder())?));

    match arguments.command.split_first() {
        Some((program, rest)) => follow(&cluster, program, rest, environment).await,
        None => {
            announce(&cluster, &environment);
            std::future::pending().await
        }
    }
}

fn announce(cluster: &ControlPlane, environment: &[(&str, OsString)]) {
    let mut shown = std::collections::BTreeMap::new();
    for (name, value) in environment.iter().filter(|(name, _)| *name != "PATH") {
        shown.insert(*name, quoted(value));
    }
    let mut text: String = shown.iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
    text += &format!("export PATH={}:\"$PATH\"\n", quoted(cluster.tools().folder().as_os_str()));
    // Whoever has read enough may have gone; that ends nothing.
    let _ = std::io::stdout().write_all(text.as_bytes());
    eprintln!("control-plane: running; Ctrl-C ends it");
}

/// Runs a command to its end and returns its status.
async fn follow(
    cluster: &ControlPlane,
    program: &OsStr,
    rest: &[OsString],
    environment: Vec<(&str, OsString)>,
) -> Result<u8> {
    let mut command = Command::new(program);
    command.args(rest).envs(environment);
    let mut process = Supervised::start_in_the_open(&command, &cluster.dir().join("command.pid"))?;
    let mut child_ended = signal(SignalKind::child())?;
    loop {
        if let Some(code) = process.ended()? {
            return u8::try_from(code).context("the command ended with a status beyond 255");
        }
        let _ = child_ended.recv().await;
    }
}

fn path_with(folder: &std::path::Path) -> Result<OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&old));
    std::env::join_paths(all).context("a folder name holds a colon, which PATH cannot carry")
}

/// As a POSIX shell reads it back.
fn quoted(value: &OsStr) -> String {
    let text = value.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:=@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

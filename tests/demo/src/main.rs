//! `make demo`.

mod chatwoot;
mod parts;
mod quickstart;
mod ready;
mod scenes;
mod tell;

use anyhow::Result;
use chatwoot_stage::{Launch, built_operator, free_port, install, interrupts};
use clap::Parser;
use parts::Parts;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use tell::{Tell, print};

/// Shows the operator at work on this machine: a real Kubernetes API server, a simulated Chatwoot, the Helm chart, and
/// examples/quickstart. Then it proves two promises. Everything it starts ends with it.
#[derive(Parser)]
#[command(name = "chatwoot-demo", version)]
struct Arguments {
    /// Leave everything running at the end, until Ctrl-C
    #[arg(long)]
    keep: bool,

    /// The operator to show; by default the one that was built beside this program
    #[arg(long, value_name = "FILE")]
    operator: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let interrupted = match interrupts() {
        Ok(interrupted) => interrupted,
        Err(error) => return failed(&error),
    };
    let mut interrupted = std::pin::pin!(interrupted);
    let played = tokio::select! {
        played = play(&arguments) => played,
        () = &mut interrupted => {
            print("\nInterrupted. Everything that was started has ended.");
            return ExitCode::from(130);
        }
    };
    let mut parts = match played {
        Ok(parts) => parts,
        Err(error) => return failed(&error),
    };
    if !arguments.keep {
        return ExitCode::SUCCESS;
    }
    scenes::keep(&parts);
    tokio::select! {
        error = parts.operator_died() => failed(&parts.explained(error)),
        () = interrupted => ExitCode::SUCCESS,
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("\nThe demo failed: {error:#}");
    ExitCode::FAILURE
}

async fn play(arguments: &Arguments) -> Result<Parts> {
    let begun = Instant::now();
    parts::port_is_free()?;
    let program = match &arguments.operator {
        Some(file) => file.clone(),
        None => built_operator()?,
    };
    print(
        "The Chatwoot operator makes Kubernetes objects into accounts and people in Chatwoot, and keeps them so.",
    );
    print(
        "You see it here on a real Kubernetes API server; only the nodes are missing, and Chatwoot is simulated.",
    );

    let mut tell = Tell::default();
    let mut parts = set_up(&mut tell, program).await?;
    let outcome = scenes::all(&mut tell, &mut parts, begun).await;
    outcome.map_err(|error| parts.explained(error))?;
    Ok(parts)
}

async fn set_up(tell: &mut Tell, program: PathBuf) -> Result<Parts> {
    tell.chapter("A cluster and a Chatwoot", "Both are new and empty, and listen on this machine only.");
    let cluster = parts::api_server(tell).await?;
    let chatwoot = parts::chatwoot(tell).await?;

    tell.chapter(
        "The Helm chart, and the operator",
        "The operator runs as a process, but as nobody special: with the token of the chart's own ServiceAccount.",
    );
    let kubeconfig = install(&cluster).await?;
    tell.done("helm install chatwoot-operator charts/chatwoot-operator --namespace chatwoot-system");
    let launch = Launch {
        program,
        kubeconfig,
        port: free_port()?,
        pod: "chatwoot-operator-0".to_owned(),
        flags: scenes::FLAGS.map(str::to_owned).to_vec(),
        log: cluster.dir().join("logs/operator.log"),
    };
    let client = cluster.client()?;
    let mut parts = Parts { operator: None, launch, chatwoot, client, cluster };
    let took = parts.start_operator().await.map_err(|error| parts.explained(error))?;
    tell.done(&format!("chatwoot-operator run: ready, and leading, after {:.1} s", took.as_secs_f32()));
    Ok(parts)
}

//! `make bench`: what the operator costs, counted on a real API server and a simulated Chatwoot.

mod arena;
mod busy;
mod calls;
mod change;
mod create;
mod drift;
mod figures;
mod idle;
mod inside;
mod load;
mod machine;
mod objects;
mod outage;
mod pace;
mod process;
mod report;
mod restart;
mod run;
mod spread;
mod unrelated;
mod workload;
mod writes;

use anyhow::{Context, Result};
use chatwoot_simulator::{Options as Chatwoot, Simulator};
use chatwoot_stage::{Launch, built_operator, free_port, install, interrupts};
use clap::Parser;
use control_plane::{ControlPlane, Options};
use machine::Machine;
use pace::Pace;
use report::Report;
use run::Bench;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use workload::Workload;

/// What Chatwoot takes for a request, and how many it serves at a time (Puma's default).
const LATENCY_MS: u64 = 20;
const SLOTS: usize = 5;

/// Creates accounts and users through the operator, and counts calls, writes, CPU and memory of that, of having them, and
/// of what can happen to them. Nothing is asserted on time: a slow machine gets other figures, not a failure.
#[derive(Parser)]
#[command(name = "chatwoot-bench", version)]
struct Arguments {
    /// Divide the 1,000 accounts and 5,000 users by this, and everything else that is counted or watched
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    scale: u16,

    /// Measure only these: W1 to create, W2 to have nothing to do, W3 to restart, W4 new objects while much goes on, W5
    /// others' Secrets, W6 what is inside accounts, W7 without Chatwoot. Accounts and people are created in any case
    #[arg(
        long,
        value_name = "W1,W4",
        value_delimiter = ',',
        value_enum,
        ignore_case = true,
        hide_possible_values = true
    )]
    only: Vec<Workload>,

    /// Where the figures go as JSON; - is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    json: PathBuf,

    /// Do not wait for what comes by the clock: figures without it mean little, but come in seconds; for tests
    #[arg(long, hide = true)]
    hurry: bool,

    /// The operator to measure; by default the one that was built beside this program
    #[arg(long, value_name = "FILE")]
    operator: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = async {
        let interrupted = interrupts()?;
        tokio::select! {
            outcome = run(&arguments) => outcome.map(|()| ExitCode::SUCCESS),
            () = interrupted => Ok(ExitCode::from(130)),
        }
    };
    match outcome.await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.operator {
        Some(file) => file.clone(),
        None => built_operator()?,
    };
    let accounts = 1000 / usize::from(arguments.scale);
    let pace = if arguments.hurry { Pace::hurried() } else { Pace::due(arguments.scale) };

    eprintln!("Starting an API server and a Chatwoot");
    let cluster = ControlPlane::start(Options::default()).await?;
    let options =
        Chatwoot { latency: LATENCY_MS, slots: SLOTS, journal_limit: 1_000_000, ..Chatwoot::default() };
    let chatwoot = Simulator::start(options).await?;
    let launch = Launch {
        program,
        kubeconfig: install(&cluster).await?,
        port: free_port()?,
        pod: "chatwoot-operator-0".to_owned(),
        flags: Vec::new(),
        log: cluster.dir().join("logs/operator.log"),
    };
    let bench = Bench {
        cluster: &cluster,
        chatwoot: &chatwoot,
        launch: &launch,
        accounts,
        pace,
        scale: usize::from(arguments.scale),
        only: &arguments.only,
    };
    let figures = bench.run().await.with_context(|| {
        let log = std::fs::read_to_string(&launch.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(10).collect();
        let last: Vec<_> = lines.into_iter().rev().collect();
        format!("the operator's last log lines are\n{}\nthe reason is", last.join("\n"))
    })?;
    let report = Report {
        machine: Machine::this(),
        accounts,
        users: accounts * objects::USERS_PER_ACCOUNT,
        latency_ms: LATENCY_MS,
        slots: SLOTS,
        per_minute: objects::PER_MINUTE,
        in_flight: objects::IN_FLIGHT,
        aims: figures.aims(),
        figures,
    };
    eprint!("{}", report.text());
    save(&report, &arguments.json)
}

fn save(report: &Report, file: &Path) -> Result<()> {
    let json = serde_json::to_string_pretty(report)?;
    if file == Path::new("-") {
        println!("{json}");
        return Ok(());
    }
    std::fs::write(file, json + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("\nThe same as JSON: {}", file.display());
    Ok(())
}

//! `make bench`: what the operator costs, counted on a real API server and a simulated Chatwoot.

mod calls;
mod create;
mod load;
mod machine;
mod objects;
mod process;
mod report;
mod restart;
mod spread;
mod writes;

use anyhow::{Context, Result};
use calls::Reader;
use chatwoot_simulator::{Options as Chatwoot, Simulator};
use chatwoot_stage::{Kind, Launch, NAMESPACE, Operator, built_operator, free_port, install, interrupts};
use clap::Parser;
use control_plane::{ControlPlane, Options};
use machine::Machine;
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What Chatwoot takes for a request, and how many it serves at a time (Puma's default).
const LATENCY_MS: u64 = 20;
const SLOTS: usize = 5;
const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// How long to wait for what comes by the clock.
#[derive(Clone, Copy)]
struct Pace {
    /// After all are Ready, for the look at the index that follows creates.
    settling: Duration,
    /// After a restart.
    watching: Duration,
}

impl Pace {
    const DUE: Self = Self {
        settling: objects::SETTLED_AFTER.saturating_add(Duration::from_secs(10)),
        watching: Duration::from_secs(60),
    };
    const HURRIED: Self = Self { settling: Duration::ZERO, watching: Duration::from_secs(1) };
}

/// Creates accounts and users through the operator, kills and restarts it, and counts calls, writes, CPU and memory.
/// Nothing is asserted on time: a slow machine gets other figures, not a failure.
#[derive(Parser)]
#[command(name = "chatwoot-bench", version)]
struct Arguments {
    /// Divide the 1,000 accounts and 5,000 users by this
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    scale: u16,

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
    let pace = if arguments.hurry { Pace::HURRIED } else { Pace::DUE };

    eprintln!("Starting an API server and a Chatwoot");
    let cluster = ControlPlane::start(Options::default()).await?;
    let chatwoot =
        Simulator::start(Chatwoot { latency: LATENCY_MS, slots: SLOTS, ..Chatwoot::default() }).await?;
    let launch = Launch {
        program,
        kubeconfig: install(&cluster).await?,
        port: free_port()?,
        pod: "chatwoot-operator-0".to_owned(),
        flags: Vec::new(),
        log: cluster.dir().join("logs/operator.log"),
    };
    let mut operator = Operator::start(&launch)?;
    let figures = measure(&cluster, &chatwoot, &mut operator, accounts, pace.settling).await;
    let (create, seen, mut journal) = figures.with_context(|| {
        format!("the operator's last log lines are\n{}\nthe reason is", operator.last_words())
    })?;
    eprintln!("W3: SIGKILL and restart with all of it present");
    let (restart, operator) =
        restart::measure(&cluster, &mut journal, operator, &launch, &seen, pace.watching).await?;
    drop(operator);

    let (per_minute, in_flight) = report::conditions();
    let aims = report::aims(&create, &restart);
    let machine = Machine::this();
    let report = Report {
        machine,
        latency_ms: LATENCY_MS,
        slots: SLOTS,
        per_minute,
        in_flight,
        create,
        restart,
        aims,
    };
    eprint!("{}", report.text());
    save(&report, &arguments.json)
}

async fn measure(
    cluster: &ControlPlane,
    chatwoot: &Simulator,
    operator: &mut Operator,
    accounts: usize,
    settling: Duration,
) -> Result<(create::Create, Vec<chatwoot_stage::Seen>, Reader)> {
    operator.ready(STARTED_WITHIN).await?;
    operator.leads(STARTED_WITHIN).await?;
    let platform = objects::platform(chatwoot.url(), chatwoot.token());
    let ours = platform.iter().filter(|object| object.get("spec").is_some()).count();
    for object in platform {
        cluster.apply(NAMESPACE, &object.to_string()).await?;
    }
    let kinds = [Kind::Instance, Kind::Grant, Kind::Plan];
    load::all_ready(&cluster.client()?, &kinds, ours, STARTED_WITHIN).await?;
    let mut journal = Reader::from_now(chatwoot.control()).await?;
    eprintln!("W1: create {accounts} accounts and {} users", accounts * objects::USERS_PER_ACCOUNT);
    let (create, seen) = create::measure(cluster, &mut journal, operator, accounts, settling).await?;
    Ok((create, seen, journal))
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

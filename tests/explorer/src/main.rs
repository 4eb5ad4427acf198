//! Explores the create protocol within larger bounds than the tests have time for.

use chatwoot_explorer::scenarios;
use clap::Parser;
use std::process::ExitCode;

/// Visits every state of creating and binding an account within a bound, and says what is broken.
#[derive(Parser)]
#[command(name = "explore")]
struct Options {
    /// How many things may go wrong in one run.
    #[arg(long, default_value_t = 3)]
    bound: u8,
    /// Replicas that may act at once.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    processes: u8,
    /// Give up after this many states; about 500 bytes each.
    #[arg(long, default_value_t = 20_000_000)]
    most_states: usize,
}

fn main() -> ExitCode {
    let options = Options::parse();
    for index_works in [true, false] {
        let mut search = scenarios::whole(options.processes.into(), index_works, options.bound);
        search.most_states = options.most_states;
        let report = search.run();
        println!("{report}");
        if report.found.is_some() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

//! The operator and its command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    match chatwoot_operator::cli::main(chatwoot_operator::cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

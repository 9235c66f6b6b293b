//! Entry point: arguments, runtime, exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = aiven_metrics::cli::Cli::parse();
    aiven_metrics::cli::run(cli)
}

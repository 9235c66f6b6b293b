//! Entry point: arguments, runtime, exit code.

use std::process::ExitCode;

use clap::Parser;

/// musl's own allocator is slow when several threads allocate at once.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = aiven_metrics::cli::Cli::parse();
    aiven_metrics::cli::run(cli)
}

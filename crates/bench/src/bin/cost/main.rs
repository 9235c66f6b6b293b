//! What the daemon costs: CPU seconds, memory, bytes and allocations, beside
//! the least that any program must do for the same list.
//!
//! Run by `scripts/bench`. Each part is a process of its own, so that nobody's
//! cost is counted as another's: the simulated Aiven, the *bare* reference
//! (`bare.rs`), the daemon's own binary, and the daemon once more with its
//! allocations counted. Figures are CPU time, not wall-clock time, and nothing
//! is asserted: a shared machine only makes them less exact.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program for developers: it may panic, and it blocks on purpose"
)]

use std::path::PathBuf;

use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

mod bare;
mod counted;
mod daemon;
mod http;
mod round;
mod simulated;
mod table;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

#[derive(Parser)]
struct Arguments {
    /// Only 100 and 1,000 services, and one round of each.
    #[arg(long)]
    quick: bool,
    /// The daemon's binary.
    #[arg(long, required_unless_present_any = ["bare", "counted"])]
    daemon: Option<PathBuf>,
    /// The simulator's binary.
    #[arg(long, required_unless_present_any = ["bare", "counted"])]
    simulator: Option<PathBuf>,
    /// Only listings of this many services.
    #[arg(long)]
    services: Option<usize>,
    /// Only services of this many bytes.
    #[arg(long)]
    bytes: Option<usize>,
    /// Rounds of each, of which the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Be the bare reference; the bench starts itself so.
    #[arg(long, hide = true, num_args = 4, value_names = ["API", "TOKEN", "DNS", "FOLDER"])]
    bare: Option<Vec<String>>,
    /// Be the daemon with its allocations counted; the bench starts itself so.
    #[arg(long, hide = true)]
    counted: Option<PathBuf>,
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(bare) = &arguments.bare {
        return bare::run(bare);
    }
    if let Some(config) = &arguments.counted {
        return counted::run(config);
    }
    // The bench waits for other processes; its own threads are no matter.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(compare(&arguments));
}

/// Measures listings of all sizes that are asked for, and prints the tables.
async fn compare(arguments: &Arguments) {
    let (Some(daemon), Some(simulator)) = (&arguments.daemon, &arguments.simulator) else {
        unreachable!("clap requires both")
    };
    let rounds = if arguments.quick { 1 } else { arguments.rounds };
    let counts: &[usize] = if arguments.quick {
        &[100, 1_000]
    } else {
        &[100, 1_000, 10_000]
    };
    let mut results = Vec::new();
    for bytes in [9_000, 25_000] {
        for services in counts.iter().copied() {
            let skipped = arguments.services.is_some_and(|only| only != services)
                || arguments.bytes.is_some_and(|only| only != bytes);
            if skipped {
                continue;
            }
            eprintln!("{services} services of {bytes} bytes …");
            let aiven = simulated::Aiven::start(simulator, services, bytes).await;
            results.push(round::measure(&aiven, daemon, rounds).await);
        }
    }
    table::print(&results);
}

//! The daemon with its allocations counted: the library's `daemon::run` on the
//! same runtime as the binary's. Prints its count for each line on standard input.

use std::io::BufRead;
use std::path::Path;

use aiven_metrics::config::Config;
use aiven_metrics::daemon;
use tokio_util::sync::CancellationToken;

use super::ALLOCATOR;

/// Runs until its standard input ends.
pub fn run(config: &Path) {
    let config = Config::load(config).unwrap();
    log_to_stdout(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let stop = CancellationToken::new();
    let daemon = runtime.spawn(daemon::run(config, stop.clone()));
    for _ in std::io::stdin().lock().lines() {
        let stats = ALLOCATOR.stats();
        println!("{}", stats.allocations + stats.reallocations);
    }
    stop.cancel();
    runtime.block_on(daemon).unwrap().unwrap();
}

/// As the binary does: JSON, one object a line.
fn log_to_stdout(config: &Config) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(config.log.level)
        .init();
}

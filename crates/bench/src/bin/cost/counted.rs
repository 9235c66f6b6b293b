//! The daemon with its allocations counted: the library's `daemon::run` on the
//! runtime that the binary uses. Tells its count for each line on standard input.

use std::io::BufRead;
use std::path::Path;

use aiven_metrics::config::Config;
use aiven_metrics::daemon;
use tokio_util::sync::CancellationToken;

use super::ALLOCATOR;

/// Runs until its standard input ends.
pub fn run(config: &Path) {
    let config = Config::load(config).unwrap();
    aiven_metrics::log::to_stdout(config.log.level);
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

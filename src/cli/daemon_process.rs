//! `run`: the daemon as a process, with its log, its limits, and the signals that stop it.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory;
use tokio_util::sync::CancellationToken;

use super::Cli;
use crate::config::Config;
use crate::net::descriptors;
use crate::{daemon, log};

/// How long work that is still under way may hold up the end of the process.
const LEAVE_BEHIND_AFTER: Duration = Duration::from_millis(500);

/// Runs the daemon until a signal stops it.
///
/// # Errors
/// When the configuration is wrong, or the daemon ends by itself.
pub(super) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let log = log::to_stdout(config.log.level);
    for doubt in config.doubts() {
        tracing::warn!(%doubt, "a configured value cannot do what it is for");
    }
    descriptors::raise_limit();
    let runtime = super::runtime()?;
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signals(&stop)?;
        let daemon = tokio::spawn(daemon::run(config, stop));
        daemon.await?
    });
    // A lookup or a request may hang in the kernel; the process need not.
    runtime.shutdown_timeout(LEAVE_BEHIND_AFTER);
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "the daemon ends");
    }
    log.flush();
    ended.map(|()| ExitCode::SUCCESS)
}

/// A daemon that an operator starts runs as another user than vcap, and leaves
/// files that the real one cannot replace.
pub(super) fn refuse() -> ! {
    let why = "run needs --config. On a BOSH VM monit runs the daemon; try: sudo monit start aiven-metrics";
    let mut command = Cli::command();
    command
        .error(clap::error::ErrorKind::MissingRequiredArgument, why)
        .exit()
}

/// bpm sends SIGTERM; a terminal sends SIGINT.
fn stop_on_signals(stop: &CancellationToken) -> anyhow::Result<()> {
    use futures_util::StreamExt;
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook_tokio::Signals::new([SIGTERM, SIGINT])?;
    let stop = stop.clone();
    tokio::spawn(async move {
        if let Some(signal) = signals.next().await {
            tracing::info!(signal, "stopping");
            stop.cancel();
        }
    });
    Ok(())
}

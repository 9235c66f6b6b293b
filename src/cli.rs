//! The command line. `run` is the daemon; the other commands look, and change
//! nothing. Exit codes: 0 fine, 1 a problem was found or the work failed, 2
//! wrong usage.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::{daemon, log};

mod ask;
mod explain;
mod plan;
mod status;
mod table;
mod targets;

/// Where a daemon listens unless its configuration says otherwise.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9274);

/// How long work that is still under way may hold up the end of the process.
const LEAVE_BEHIND_AFTER: Duration = Duration::from_millis(500);

/// Keeps Prometheus supplied with the metrics targets of every Aiven service.
#[derive(Debug, Parser)]
#[command(name = "aiven-metrics", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon.
    Run(WithConfig),
    /// Say what is wrong in a configuration file; contact and change nothing.
    CheckConfig(WithConfig),
    /// Rehearse against the real API, read-only: every service, its verdict,
    /// and what `run` would create.
    Plan {
        #[command(flatten)]
        config: WithConfig,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask the running daemon how it fares: problems first, then each stage,
    /// then services by verdict.
    Status(Ask),
    /// Ask the running daemon about one service, step by step: the first step
    /// that fails, why, and what to do.
    Explain {
        /// SERVICE, or PROJECT/SERVICE.
        service: String,
        #[command(flatten)]
        ask: Ask,
    },
    /// Ask the running daemon for its published targets, one a line.
    Targets(Ask),
}

#[derive(Debug, Args)]
struct WithConfig {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// How to reach the running daemon.
#[derive(Debug, Args)]
struct Ask {
    /// Its web address [default: that of --config, else 127.0.0.1:9274].
    #[arg(long, value_name = "IP:PORT")]
    address: Option<SocketAddr>,
    /// Its configuration file, to learn the address from.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Does what the command line asks for.
pub fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Command::Run(with) => run_daemon(&with.config),
        Command::CheckConfig(with) => check_config(&with.config),
        Command::Plan { config, json } => plan(&config.config, json),
        Command::Status(ask) => look(&ask, status::run),
        Command::Explain { service, ask } => look(&ask, |address, json| {
            explain::run(address, service.clone(), json)
        }),
        Command::Targets(ask) => look(&ask, targets::run),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("aiven-metrics: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_daemon(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    log::to_stdout(config.log.level);
    let runtime = runtime()?;
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
    ended.map(|()| ExitCode::SUCCESS)
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

fn check_config(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let projects = config.aiven.projects.len();
    println!("{}: fine ({projects} projects)", path.display());
    Ok(ExitCode::SUCCESS)
}

fn plan(path: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    log::to_stderr();
    runtime()?.block_on(plan::run(&config, json))
}

fn look<F>(ask: &Ask, command: impl FnOnce(SocketAddr, bool) -> F) -> anyhow::Result<ExitCode>
where
    F: Future<Output = anyhow::Result<ExitCode>>,
{
    let address = address(ask)?;
    runtime()?.block_on(command(address, ask.json))
}

fn address(ask: &Ask) -> anyhow::Result<SocketAddr> {
    let listen = match (&ask.address, &ask.config) {
        (Some(address), _) => *address,
        (None, Some(path)) => Config::load(path)?.web.listen,
        (None, None) => DEFAULT_ADDRESS,
    };
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, listen.port()))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(2).enable_all().build()?)
}

//! The command line. `run` is the daemon; the other commands read, and change
//! nothing. Exit codes: 0 fine, 1 a problem was found or the work failed, 2
//! wrong usage.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};

use self::ask::Daemon;
use crate::config::{self, Config, Invalid};
use crate::log;
use crate::model::history::Since;

mod ago;
mod ask;
mod capture;
mod daemon_process;
mod doctor;
mod events;
mod examples;
mod explain;
mod given;
mod output;
mod plan;
mod rehearsal;
mod shell;
mod smoke_test;
mod status;
mod targets;
mod wait_ready;

/// Names the daemon's configuration where `--config` does not. `run` ignores it:
/// the daemon is started with a file or not at all.
const CONFIG_VARIABLE: &str = "AIVEN_METRICS_CONFIG";

/// Where a daemon listens unless its configuration says otherwise.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9274);

/// Likewise its scrape proxy.
const DEFAULT_SCRAPE_PROXY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9275);

/// Keeps Prometheus supplied with the metrics targets of every Aiven service.
#[derive(Debug, Parser)]
#[command(name = "aiven-metrics", version, after_help = examples::PROGRAM, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon. Under BOSH monit does that.
    #[command(after_help = examples::RUN)]
    Run {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Say what is wrong in a configuration file; contact and change nothing.
    #[command(after_help = examples::CHECK_CONFIG)]
    CheckConfig(WithConfig),
    /// Print what BOSH checks of the job's properties, made from the same
    /// table as `check-config`: properties_schema.json.
    #[command(hide = true)]
    ConfigSchema {
        /// Print the template refusals.erb instead.
        #[arg(long)]
        refusals: bool,
    },
    /// Rehearse against the real API, read-only: every service, its verdict,
    /// and what `run` would create.
    #[command(after_help = examples::PLAN)]
    Plan {
        #[command(flatten)]
        config: WithConfig,
        /// Where a daemon may run to compare the plan with [default: web.listen].
        #[arg(long, value_name = "IP:PORT", value_parser = given::address)]
        address: Option<SocketAddr>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask the running daemon how it is: problems first, then each stage, then
    /// services by verdict.
    #[command(after_help = examples::STATUS)]
    Status {
        /// Wait until the daemon is ready, at most so long (300s, 5m), and say
        /// meanwhile what it waits for.
        #[arg(long, value_name = "DURATION", value_parser = given::duration, conflicts_with = "json")]
        wait_ready: Option<Duration>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Ask the running daemon about one service, step by step: the first step
    /// that fails, why, and what to do.
    #[command(after_help = examples::EXPLAIN)]
    Explain {
        /// Its name (SERVICE, or PROJECT/SERVICE), a host name or an address of its nodes,
        /// the GUID or name of its service instance in Cloud Foundry, or its project; also the
        /// labels of a series or a URL that name it.
        #[arg(required = true, value_parser = NonEmptyStringValueParser::new())]
        service: Vec<String>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Ask the running daemon for its published targets, one a line.
    #[command(after_help = examples::TARGETS)]
    Targets(Ask),
    /// Ask the running daemon what changed in the last hours, and why, the newest
    /// first: targets, verdicts, integrations, addresses, scrapes, stages.
    #[command(after_help = examples::EVENTS)]
    Events {
        /// The service, as for `explain`: what is about it, or about its whole project; or a
        /// project; or a service or an address that is gone.
        service: Vec<String>,
        /// Only what was seen since then: so long ago (30m, 2h, 1d), or a time in UTC (02:40,
        /// 2026-01-02T03:04:05Z).
        #[arg(long, value_name = "TIME", value_parser = given::since)]
        since: Option<Since>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Try everything that the daemon depends on, read-only: configuration, DNS, Aiven's API
    /// and the token's rights, one node of each type, Cloud Foundry and the client's rights, the
    /// Prometheus beside it, clock, disk.
    #[command(after_help = examples::DOCTOR)]
    Doctor {
        #[command(flatten)]
        config: WithConfig,
        /// Where the daemon answers, if it runs [default: web.listen].
        #[arg(long, value_name = "IP:PORT", value_parser = given::address)]
        address: Option<SocketAddr>,
        /// The Prometheus beside it.
        #[arg(long, value_name = "URL", value_parser = given::url, default_value = "http://127.0.0.1:9090")]
        prometheus: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Fetch one node's page of metrics through the running daemon, and print what may be
    /// shown to others: the name, type and number of series of each metric, and the keys of
    /// its labels. No value is printed.
    #[command(after_help = examples::CAPTURE)]
    Capture {
        /// The service, as for `explain`; an address means that node.
        #[arg(required = true, value_parser = NonEmptyStringValueParser::new())]
        service: Vec<String>,
        /// Where the daemon's scrape proxy listens [default: that of --config, else
        /// 127.0.0.1:9275].
        #[arg(long, value_name = "IP:PORT", value_parser = given::address)]
        proxy: Option<SocketAddr>,
        #[command(flatten)]
        ask: AskPlainly,
    },
    /// Check a deployment from outside: daemons, Prometheus and the route. This
    /// is what the errand runs; it changes nothing.
    #[command(after_help = examples::SMOKE_TEST)]
    SmokeTest {
        /// The errand's configuration file, as the job aiven-metrics-smoke-tests renders it.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print what a shell needs to complete command lines.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, for man to show.
    #[command(after_help = examples::MANUAL)]
    Manual {
        /// Write it here instead, with one for each command.
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct WithConfig {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = CONFIG_VARIABLE)]
    config: PathBuf,
}

/// How to reach the running daemon.
#[derive(Debug, Args)]
struct AskPlainly {
    /// Its web address [default: that of --config, else 127.0.0.1:9274].
    #[arg(long, value_name = "IP:PORT", value_parser = given::address)]
    address: Option<SocketAddr>,
    /// Its configuration file, to learn the address from.
    #[arg(long, value_name = "FILE", env = CONFIG_VARIABLE)]
    config: Option<PathBuf>,
}

/// The same, for a command that also prints JSON.
#[derive(Debug, Args)]
struct Ask {
    #[command(flatten)]
    of: AskPlainly,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Does what the command line asks for.
pub fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Command::Run { config: Some(path) } => daemon_process::run(&path),
        Command::Run { config: None } => daemon_process::refuse(),
        Command::CheckConfig(with) => check_config(&with.config),
        Command::ConfigSchema { refusals } => print_schema(refusals),
        Command::Plan {
            config,
            address,
            json,
        } => plan(&config.config, address, json),
        Command::Status { ask, wait_ready } => {
            with_daemon(&ask.of, async |daemon| match wait_ready {
                Some(limit) => wait_ready::run(&daemon, limit).await,
                None => status::run(&daemon, ask.json).await,
            })
        }
        Command::Explain { service, ask } => with_daemon(&ask.of, async |daemon| {
            explain::run(&daemon, &service.join(" "), ask.json).await
        }),
        Command::Events {
            service,
            since,
            ask,
        } => with_daemon(&ask.of, async |daemon| {
            let json = ask.json;
            let asked = events::Asked {
                since,
                whose: (!service.is_empty()).then(|| service.join(" ")),
                json,
            };
            events::run(&daemon, &asked).await
        }),
        Command::Targets(ask) => with_daemon(&ask.of, async |daemon| {
            targets::run(&daemon, ask.json).await
        }),
        Command::Doctor {
            config,
            address,
            prometheus,
            json,
        } => {
            log::to_stderr();
            runtime().and_then(|runtime| {
                runtime.block_on(doctor::run(doctor::Asked {
                    path: &config.config,
                    daemon: address,
                    prometheus: &prometheus,
                    json,
                }))
            })
        }
        Command::Capture {
            service,
            proxy,
            ask,
        } => capture(&service.join(" "), proxy, &ask),
        Command::SmokeTest { config } => smoke_test(&config),
        Command::Completions { shell } => Ok(shell::completions(shell)),
        Command::Manual { to } => shell::manual(to.as_deref()),
    };
    let code = result.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    });
    match output::lost() {
        None => code,
        Some(cause) => {
            output::note(format_args!(
                "aiven-metrics: not all of it could be written: {cause}"
            ));
            ExitCode::FAILURE
        }
    }
}

/// Says on standard error why a command failed: what is wrong with a configuration
/// in a line for each problem, all else in one line.
fn complain(error: &anyhow::Error) {
    let Some(invalid) = error.downcast_ref::<Invalid>() else {
        return output::note(format_args!("aiven-metrics: {error:#}"));
    };
    for (index, problem) in invalid.problems.iter().enumerate() {
        let who = if index == 0 { "aiven-metrics: " } else { "" };
        output::note(format_args!("{who}{problem}"));
    }
}

fn check_config(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let problems = config.doubts();
    if !problems.is_empty() {
        return Err(config::Invalid { problems }.into());
    }
    let projects = config.aiven.projects.len();
    output::line(format_args!(
        "{}: fine ({projects} projects)",
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn print_schema(refusals: bool) -> anyhow::Result<ExitCode> {
    let text = if refusals {
        config::refusals_template()
    } else {
        config::properties_schema()
    };
    output::file(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn plan(path: &Path, address: Option<SocketAddr>, json: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let address = reachable(address.unwrap_or(config.web.listen));
    log::to_stderr();
    runtime()?.block_on(plan::run(&config, address, json))
}

fn smoke_test(path: &Path) -> anyhow::Result<ExitCode> {
    let plan = smoke_test::plan(path)?;
    runtime()?.block_on(smoke_test::run(plan))
}

fn capture(service: &str, proxy: Option<SocketAddr>, ask: &AskPlainly) -> anyhow::Result<ExitCode> {
    let proxy = match (proxy, &ask.config) {
        (Some(proxy), _) => proxy,
        (None, Some(path)) => Config::load(path)?.scrape_proxy.listen.context(
            "scrape_proxy.listen is empty, and a page is fetched through the scrape proxy only",
        )?,
        (None, None) => DEFAULT_SCRAPE_PROXY,
    };
    with_daemon(ask, async |daemon| {
        capture::run(&daemon, proxy, service).await
    })
}

fn with_daemon(
    ask: &AskPlainly,
    command: impl AsyncFnOnce(Daemon) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let daemon = Daemon::at(address(ask)?)?;
    runtime()?.block_on(command(daemon))
}

fn address(ask: &AskPlainly) -> anyhow::Result<SocketAddr> {
    let listen = match (&ask.address, &ask.config) {
        (Some(address), _) => *address,
        (None, Some(path)) => Config::load(path)?.web.listen,
        (None, None) => DEFAULT_ADDRESS,
    };
    Ok(reachable(listen))
}

/// Where somebody on this machine reaches what listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// 0 if all is well, else 1.
fn exit_code(is_well: bool) -> ExitCode {
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(2).enable_all().build()?)
}

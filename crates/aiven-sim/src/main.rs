//! `aiven-sim`: a simulated Aiven to talk to from a shell.
//!
//! With a scenario it prints one line of JSON with its addresses and runs until SIGTERM or
//! SIGINT; `history` writes a past to a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aiven_sim::{History, Simulator, State, control, scenario};
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use futures_util::StreamExt;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_tokio::Signals;

/// A simulated Aiven: API, DNS and metrics nodes on loopback addresses.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// What holds for every scenario.
#[derive(Debug, Args)]
struct Settings {
    /// Seconds until a created integration becomes active.
    #[arg(long, default_value_t = 0.0, global = true)]
    integration_delay: f64,
    /// TTL of DNS records in seconds.
    #[arg(long, default_value_t = 5, global = true)]
    dns_ttl: u32,
    /// A Cloud Controller and a UAA, too.
    #[arg(long, global = true)]
    cloud_foundry: bool,
    /// Addresses are only DNS records: no node listens.
    #[arg(long, global = true)]
    without_nodes: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Scenario(Scenario),
    /// The past of the scenario `states` as OpenMetrics, and on standard output what each
    /// signal must be at its end, as JSON.
    History(Past),
    /// What each node of the scenario `states` reports at the end of a past, and its page: a
    /// line of JSON a node.
    Pages(Moment),
    /// Every family that nodes may show, with its source: a line of JSON a family.
    Families,
}

/// What exists at the start.
#[derive(Debug, Subcommand)]
enum Scenario {
    /// A dozen services of mixed types in two projects.
    Demo,
    /// Many integrated services in the project `bulk`.
    Bulk {
        /// How many.
        #[arg(long, default_value_t = 1000)]
        services: usize,
        /// Bytes of JSON for each in a listing.
        #[arg(long, default_value_t = 9000)]
        bytes: usize,
    },
    /// One service of each type, to be put into states.
    States,
    /// Nothing.
    Empty,
}

/// A moment, and what has happened before it.
#[derive(Debug, Args)]
struct Moment {
    /// What happens.
    #[arg(long)]
    state: State,
    /// To which service, by its name; to all that can be in the state, if unset.
    #[arg(long)]
    service: Option<String>,
    /// The moment in seconds since 1970; now, if unset.
    #[arg(long)]
    end: Option<f64>,
    /// How many seconds before it the state is entered. Unset: a day for what fills slowly,
    /// ninety minutes for everything else.
    #[arg(long)]
    entered: Option<f64>,
    /// Kafka's names have colons, as Telegraf 1.37 writes them; else they are as after the ops
    /// file's relabelling.
    #[arg(long)]
    colons: bool,
}

/// Which past.
#[derive(Debug, Args)]
struct Past {
    #[command(flatten)]
    moment: Moment,
    /// How long it is.
    #[arg(long, default_value_t = 6.0)]
    hours: f64,
    /// Seconds between samples.
    #[arg(long, default_value_t = 60.0)]
    step: f64,
    /// A file with the names of the metrics that are kept, one a line; all, if unset.
    #[arg(long)]
    only: Option<PathBuf>,
    /// Leaves out the services to which nothing happens.
    #[arg(long)]
    alone: bool,
    /// Where the samples go.
    #[arg(long)]
    out: PathBuf,
}

impl Moment {
    /// A past of no length that ends at this moment.
    fn history(self) -> History {
        let end = self.end.unwrap_or_else(|| now().floor());
        History {
            state: self.state,
            service: self.service,
            start: end,
            end,
            step: 60.0,
            entered: end - self.entered.unwrap_or_else(|| self.state.usual_age()),
            colons: self.colons,
            only: None,
            alone: false,
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::History(past) => write_history(past),
        Command::Pages(moment) => {
            moment
                .history()
                .write_pages(&mut std::io::stdout().lock())?;
            Ok(())
        }
        Command::Families => {
            aiven_sim::write_families(&mut std::io::stdout().lock())?;
            Ok(())
        }
        Command::Scenario(scenario) => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            runtime.block_on(serve(&arguments.settings, scenario))
        }
    }
}

fn write_history(past: Past) -> anyhow::Result<()> {
    let only = past.only.map(|path| {
        let names = std::fs::read_to_string(&path);
        let names = names.with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::Ok(names.split_whitespace().map(str::to_owned).collect())
    });
    anyhow::ensure!(
        past.step >= 1.0 && past.hours >= 0.0,
        "--step is a second at least, and --hours not negative"
    );
    let moment = past.moment.history();
    let history = History {
        start: moment.end - past.hours * 3600.0,
        step: past.step,
        only: only.transpose()?,
        alone: past.alone,
        ..moment
    };
    let file = File::create(&past.out);
    let file = file.with_context(|| format!("cannot write {}", past.out.display()))?;
    let mut out = BufWriter::new(file);
    let truth = history.write(&mut out)?;
    out.flush()?;
    println!("{truth}");
    Ok(())
}

fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0.0, |now| now.as_secs_f64())
}

async fn serve(arguments: &Settings, scenario: Scenario) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).context("cannot wait for signals")?;
    let delay =
        Duration::try_from_secs_f64(arguments.integration_delay).context("--integration-delay")?;
    let mut builder = Simulator::builder()
        .integration_delay(delay)
        .dns_ttl(arguments.dns_ttl);
    if arguments.cloud_foundry {
        builder = builder.cloud_foundry();
    }
    if arguments.without_nodes {
        builder = builder.without_nodes();
    }
    let sim = builder.start().await.context("cannot start")?;
    match scenario {
        Scenario::Demo if arguments.cloud_foundry => scenario::demo_with_cloud_foundry(&sim),
        Scenario::Demo => scenario::demo(&sim),
        Scenario::Bulk { services, bytes } => scenario::bulk(&sim, services, bytes),
        Scenario::States => scenario::states(&sim),
        Scenario::Empty => {}
    }
    let control = control::serve(&sim)
        .await
        .context("cannot serve the control")?;
    let mut addresses = json!({
        "api": sim.api_url(),
        "control": format!("http://{control}"),
        "dns": sim.dns_addr().to_string(),
        "projects": sim.projects(),
        "token": sim.token(),
    });
    if arguments.cloud_foundry {
        let (client_id, client_secret) = sim.cf_client();
        addresses["cloud_foundry"] = json!({
            "api": sim.cf_url(),
            "ca": sim.cf_ca_pem(),
            "client_id": client_id,
            "client_secret": client_secret,
            "uaa": sim.uaa_url(),
        });
    }
    println!("{addresses}");
    signals.next().await;
    Ok(())
}

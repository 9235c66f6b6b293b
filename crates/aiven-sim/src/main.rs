//! `aiven-sim`: a simulated Aiven to talk to from a shell.
//!
//! Prints one line of JSON with its addresses and runs until SIGTERM or SIGINT.

use std::time::Duration;

use aiven_sim::{Simulator, control, scenario};
use anyhow::Context;
use clap::{Parser, Subcommand};
use futures_util::StreamExt;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_tokio::Signals;

/// A simulated Aiven: API, DNS and metrics nodes on loopback addresses.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
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
    #[command(subcommand)]
    scenario: Scenario,
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
    /// Nothing.
    Empty,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
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
    match arguments.scenario {
        Scenario::Demo if arguments.cloud_foundry => scenario::demo_with_cloud_foundry(&sim),
        Scenario::Demo => scenario::demo(&sim),
        Scenario::Bulk { services, bytes } => scenario::bulk(&sim, services, bytes),
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

//! The real daemon: how the demo configures it, and the part of its status that it looks at.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use aiven_sim::Simulator;
use serde::Deserialize;
use testkit::{Config, Daemon};

/// Between two listings and two lookups: short, so that there is something to watch.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long a service that is gone keeps its targets.
const REMOVAL_GRACE: Duration = Duration::from_secs(3);

/// The user that the nodes ask for.
const USERNAME: &str = "tenant-metrics";

/// The password that the nodes ask for. Only the daemon has it.
pub const PASSWORD: &str = "guards-nothing-but-this-demo";

/// The part of `/status` that the demo looks at.
#[derive(Debug, Deserialize)]
pub struct Status {
    /// Every service that the daemon knows.
    pub services: Vec<Service>,
}

/// One service, as the daemon sees it.
#[derive(Debug, Deserialize)]
pub struct Service {
    /// Its project.
    pub project: String,
    /// Its name.
    pub service: String,
    /// Its type.
    pub service_type: String,
    /// Why it is, or is not, scraped.
    pub verdict: String,
    /// Its hosts that are published.
    pub hosts: Vec<Host>,
}

/// One host name.
#[derive(Debug, Deserialize)]
pub struct Host {
    /// Its addresses.
    pub targets: BTreeSet<SocketAddr>,
}

/// A daemon for `sim` with all its files in `folder`, on ports of the system's choice.
pub fn configuration(sim: &Simulator, folder: &Path) -> Config {
    Config::in_folder(folder, sim)
        .credentials(USERNAME, PASSWORD)
        .with("integration.creates_per_minute", 120)
        .list_every(INTERVAL)
        .resolve_every(INTERVAL)
        .with("dns.timeout", "2s")
        .cloud_foundry(sim)
        .with("cloud_foundry.poll_interval", "1s")
        .removal_grace(REMOVAL_GRACE)
        .with_proxy()
}

/// Starts it; its log goes to a file, too.
///
/// # Errors
/// When it does not start, or does not listen.
pub async fn start(binary: &Path, config: &Config) -> anyhow::Result<Daemon> {
    let log = config.path("aiven-metrics.log");
    Daemon::of(config.program(binary, "run")?.log_file(log), config).await
}

//! Simulated Aiven, lean nodes and a daemon that has published them all.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use aiven_sim::{ServiceSpec, Simulator};
use bench::Part;
use serde_json::Value;
use testkit::{Config, Daemon};

use super::connection::{Connection, Target};

pub const PROJECT: &str = "bench";
const USERNAME: &str = "metrics";
const PASSWORD: &str = "scrape-the-bench";
/// Nodes of each service.
const NODES: usize = 4;

pub struct Published {
    pub nodes: Part,
    /// What the nodes say of themselves: `port`, `ca`, sizes of pages.
    pub about: Value,
    pub daemon: Daemon,
    /// Where the daemon relays scrapes.
    pub proxy: SocketAddr,
    pub targets: Vec<Target>,
    _sim: Simulator,
    _config: Config,
}

impl Published {
    /// Starts all of it; returns when that many targets are published and scrapable.
    pub async fn start(binary: &Path, targets: usize) -> Published {
        let mut nodes = Part::start(&["--nodes"]);
        let about: Value = serde_json::from_str(&nodes.hear().await).unwrap();
        let port = u16::try_from(about["port"].as_u64().unwrap()).unwrap();
        let sim = Simulator::builder()
            .project(PROJECT)
            .without_nodes()
            .own_threads(1);
        let sim = sim.start().await.unwrap();
        for number in 0..targets.div_ceil(NODES) {
            let spec = ServiceSpec::new(format!("os-{number:05}"), "opensearch");
            sim.add_service(PROJECT, spec.nodes(NODES).port(port).listed_bytes(2_000));
        }
        let endpoint = sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD);
        sim.integrate_all(PROJECT, &endpoint);
        let config = config(&sim, PASSWORD).with("scrape_proxy.ca_cert", about["ca"].clone());
        let daemon = Daemon::start(binary, &config).await.unwrap();
        let proxy = daemon.scrape_proxy().await.unwrap();
        let targets = all_targets(&sim);
        published(&config, targets.len()).await;
        scrapable(proxy, &targets[0]).await;
        Published {
            nodes,
            about,
            daemon,
            proxy,
            targets,
            _sim: sim,
            _config: config,
        }
    }
}

/// A daemon with a scrape proxy that lists and resolves every five seconds.
pub fn config(sim: &Simulator, password: &str) -> Config {
    let interval = Duration::from_secs(5);
    Config::of(sim)
        .credentials(USERNAME, password)
        .list_every(interval)
        .resolve_every(interval)
        .with_proxy()
}

/// Every node that there is.
pub fn all_targets(sim: &Simulator) -> Vec<Target> {
    let services = sim.services(PROJECT);
    let of = |service: String| {
        let host = sim.host(PROJECT, &service);
        let addresses = sim.addresses(PROJECT, &service);
        addresses.into_iter().map(move |address| Target {
            address,
            project: PROJECT.into(),
            service: service.clone(),
            host: host.clone(),
        })
    };
    services.into_iter().flat_map(of).collect()
}

/// Waits until that many targets are published.
pub async fn published(config: &Config, count: usize) {
    while config.targets().len() < count {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the daemon has the credentials.
pub async fn scrapable(proxy: SocketAddr, target: &Target) {
    let mut connection = Connection::to_proxy(proxy).await.unwrap();
    while let Err(error) = connection.scrape(target, true).await {
        eprintln!("not yet: {error}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

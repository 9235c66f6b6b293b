//! Simulated Aiven, lean nodes and a daemon that has found them all.

use std::path::Path;
use std::time::Duration;

use aiven_sim::{ServiceSpec, Simulator};
use serde_json::Value;

use super::child::Told;
use super::client::{Connection, Target};
use super::daemon::{Daemon, Setup};

pub const PROJECT: &str = "bench";
const PASSWORD: &str = "scrape-the-bench";
/// Nodes of each service.
const NODES: usize = 4;

pub struct World {
    pub nodes: Told,
    pub about: Value,
    pub daemon: Daemon,
    pub targets: Vec<Target>,
    _sim: Simulator,
    _setup: Setup,
}

impl World {
    /// With that many targets, all published and each known to be scrapable.
    pub async fn with(binary: &Path, targets: usize) -> World {
        let mut nodes = Told::itself(&["--nodes"]);
        let about: Value = serde_json::from_str(&nodes.hear()).unwrap();
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
        let endpoint = sim.add_endpoint(PROJECT, "aiven-metrics", "metrics", PASSWORD);
        sim.integrate_all(PROJECT, &endpoint);
        let setup = Setup::new(&sim, PASSWORD).trusting(about["ca"].as_str().unwrap());
        let daemon = setup.start(binary);
        let targets = all_targets(&sim);
        published(&setup, targets.len()).await;
        scrapable(&daemon, &targets[0]).await;
        World {
            nodes,
            about,
            daemon,
            targets,
            _sim: sim,
            _setup: setup,
        }
    }
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
pub async fn published(setup: &Setup, count: usize) {
    let listed = |group: &Value| group["targets"].as_array().unwrap().len();
    while setup.targets().iter().map(listed).sum::<usize>() < count {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the daemon has the credentials.
pub async fn scrapable(daemon: &Daemon, target: &Target) {
    let mut connection = Connection::to_proxy(daemon.proxy).await.unwrap();
    while let Err(why) = connection.scrape(target, true).await {
        eprintln!("not yet: {why}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

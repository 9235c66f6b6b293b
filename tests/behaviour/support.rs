//! The harness: a configuration with a state directory of its own ([`Setup`]),
//! a daemon as a child process ([`Daemon`]), and waiting for what it does.

use std::future::Future;
use std::time::Duration;

use aiven_sim::{Builder, NodeFault, ServiceSpec, Simulator};

mod daemon;
mod log;
mod scraper;
mod setup;

pub use daemon::Daemon;
pub use log::Log;
pub use scraper::{Scraper, publishing};
pub use setup::{Finished, Setup, files_below, run, run_to_end};

/// The project of every test that needs only one.
pub const PROJECT: &str = "shop";

/// Basic auth of the integration endpoint.
pub const USERNAME: &str = "prometheus";
/// Basic auth of the integration endpoint.
pub const PASSWORD: &str = "correct-horse-battery-staple";

/// How long anything may take that is waited for: long enough for a loaded
/// machine and two turns of writing, short enough to see the failure.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at what brings no event of its own.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A simulated Aiven with an empty project [`PROJECT`].
pub async fn aiven() -> Simulator {
    started(Simulator::builder().project(PROJECT)).await
}

/// A simulated Aiven as built, on a thread of its own.
pub async fn started(builder: Builder) -> Simulator {
    let builder = builder.own_threads(1).wait_deadline(PATIENCE);
    builder.start().await.unwrap()
}

/// Gives every eligible service of [`PROJECT`] the integration with the
/// endpoint that the daemon would make, so that nothing is left to write.
pub fn integrate_all(sim: &Simulator) {
    let endpoints = sim.endpoints(PROJECT);
    let endpoint = match endpoints.first() {
        Some(endpoint) => endpoint.id.clone(),
        None => sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD),
    };
    sim.integrate_all(PROJECT, &endpoint);
}

/// Where many tests begin: one integrated service, published by a running daemon.
pub async fn logs_published() -> (Simulator, Setup, Daemon) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    integrate_all(&sim);
    let setup = Setup::of(&sim);
    let daemon = setup.start().await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    (sim, setup, daemon)
}

/// Gives the only node of a service a fault that ends its kept connections;
/// returns once they are gone, and so the fault holds.
pub async fn fault_in_force(sim: &Simulator, service: &str, fault: NodeFault) {
    sim.node_fault(PROJECT, service, 0, fault);
    sim.wait_until("the kept connections are closed", |sim| {
        sim.node(PROJECT, service, 0).record().open_connections == 0
    })
    .await;
}

/// Whether a fault ends connections, rather than what is asked over them.
pub fn ends_connections(fault: &NodeFault) -> bool {
    use NodeFault::{Expired, OtherCa, OtherName, Refuse};
    matches!(fault, Expired | OtherCa | OtherName | Refuse)
}

/// Looks until there is something to see; `None` once patience is over.
pub async fn seen<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.ok()
}

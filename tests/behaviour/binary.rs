//! The binary under test.

use std::path::Path;

use aiven_sim::{ServiceSpec, Simulator};
use testkit::{Config, Daemon, Finished, PROJECT, Program, aiven, integrate_all};

/// Its path.
pub const PATH: &str = env!("CARGO_BIN_EXE_aiven-metrics");

/// Starts the daemon; returns once it listens.
pub async fn start(config: &Config) -> Daemon {
    Daemon::start(Path::new(PATH), config).await.unwrap()
}

/// `aiven-metrics COMMAND --config FILE`, not started yet.
pub fn program(config: &Config, command: &str) -> Program {
    config.program(Path::new(PATH), command).unwrap()
}

/// Runs `aiven-metrics COMMAND --config FILE MORE…` to its end.
pub async fn command(config: &Config, command: &str, more: &[&str]) -> Finished {
    program(config, command).args(more).run().await.unwrap()
}

/// Runs `aiven-metrics COMMAND MORE… --address` the daemon's to its end.
pub async fn ask(daemon: &Daemon, command: &str, more: &[&str]) -> Finished {
    let address = daemon.address.to_string();
    run(&[&[command], more, &["--address", &address]].concat()).await
}

/// Runs `aiven-metrics ARGUMENTS…` to its end.
pub async fn run(arguments: &[&str]) -> Finished {
    Program::new(PATH).args(arguments).run().await.unwrap()
}

/// One integrated service, `logs`, published by a running daemon.
pub async fn logs_published() -> (Simulator, Config, Daemon) {
    logs_published_by(|sim| Config::quick(sim)).await
}

/// The same with the scrape proxy on.
pub async fn logs_published_with_proxy() -> (Simulator, Config, Daemon) {
    logs_published_by(|sim| Config::quick(sim).with_proxy()).await
}

async fn logs_published_by(
    config: impl FnOnce(&Simulator) -> Config,
) -> (Simulator, Config, Daemon) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    integrate_all(&sim);
    let config = config(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    (sim, config, daemon)
}

/// The problems that `status` has printed, the worst first, each with its cause and what to do.
pub fn problems(status: &Finished) -> Vec<&str> {
    let parts = status.stdout.split("\n\n");
    parts.filter(|part| part.starts_with("PROBLEM ")).collect()
}

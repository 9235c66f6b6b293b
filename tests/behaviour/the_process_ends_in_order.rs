//! The process: it ends when told, whatever it waits for; it shares its state
//! directory with nobody; and what it cannot have it names.

use std::fs;
use std::net::TcpListener;

use aiven_sim::{ApiFault, DnsFault, Fault, Operation, ServiceSpec, Simulator};
use serde_json::Value;
use testkit::{Config, PROJECT, Signal, aiven, integrate_all};

use crate::binary::{command, start};

async fn one_service() -> Simulator {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    integrate_all(&sim);
    sim
}

/// The saved state as JSON.
fn state(config: &Config) -> Value {
    serde_json::from_str(&fs::read_to_string(config.state_file()).unwrap()).unwrap()
}

async fn ends_while(signal: Signal, api: Option<ApiFault>, dns: Option<DnsFault>) {
    let sim = one_service().await;
    // Whoever waited for an answer would wait for longer than the test does.
    let config = Config::quick(&sim)
        .with("aiven.request_timeout", "1h")
        .with("dns.timeout", "60s");
    let mut daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    if let Some(fault) = api {
        sim.inject(Fault::any(), fault);
        let listed = sim.count(Operation::ListServices);
        sim.wait_until("it asks", |sim| sim.count(Operation::ListServices) > listed)
            .await;
    }
    if let Some(fault) = dns {
        sim.dns_fault("*", fault);
        let asked = sim.dns_queries_total();
        sim.wait_until("it asks", |sim| sim.dns_queries_total() > asked)
            .await;
    }
    fs::remove_file(config.state_file()).unwrap();
    daemon.signal(signal).unwrap();
    let end = daemon.ended().await.unwrap();
    assert_eq!(end.code(), Some(0), "{}", daemon.printed());
    assert_eq!(
        state(&config)["projects"][0]["services"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(config.targets().len(), 3);
    daemon.log.line("stopping").await;
}

#[tokio::test]
async fn sigterm_ends_it_and_saves_the_state() {
    ends_while(Signal::TERM, None, None).await;
}

#[tokio::test]
async fn sigint_ends_it_and_saves_the_state() {
    ends_while(Signal::INT, None, None).await;
}

#[tokio::test]
async fn sigterm_ends_it_while_the_api_hangs() {
    ends_while(Signal::TERM, Some(ApiFault::Hang), None).await;
}

#[tokio::test]
async fn sigint_ends_it_while_dns_hangs() {
    ends_while(Signal::INT, None, Some(DnsFault::Timeout)).await;
}

#[tokio::test]
async fn sigterm_ends_it_while_everything_hangs() {
    ends_while(Signal::TERM, Some(ApiFault::Hang), Some(DnsFault::Timeout)).await;
}

#[tokio::test]
async fn a_stop_while_nothing_is_known_leaves_the_files_alone() {
    let sim = one_service().await;
    sim.inject(Fault::any(), ApiFault::Hang);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    sim.wait_until("it asks", |sim| sim.count(Operation::ListServices) > 0)
        .await;
    daemon.stop().await.unwrap();
    assert!(!config.targets_file().exists());
    assert!(!config.state_file().exists());
}

#[tokio::test]
async fn a_second_daemon_on_the_same_state_directory_says_so_and_ends() {
    let sim = one_service().await;
    let config = Config::quick(&sim);
    let first = start(&config).await;
    first.publishes(sim.serving_addresses(PROJECT)).await;
    let second = command(&config, "run", &[]).await;
    assert_eq!(second.code, Some(1));
    let output = second.output();
    assert!(output.contains("another daemon is running on"), "{output}");
    assert!(
        output.contains(config.state_dir().to_str().unwrap()),
        "{output}"
    );
    sim.fail_over(PROJECT, "logs");
    first.publishes(sim.serving_addresses(PROJECT)).await;
    // The lock goes with its holder, however that ends.
    first.kill();
    let third = start(&config).await;
    third.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let sim = one_service().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = Config::quick(&sim).with("web.listen", address.as_str());
    let ended = command(&config, "run", &[]).await;
    assert_eq!(ended.code, Some(1));
    let output = ended.output();
    assert!(
        output.contains("web.listen") && output.contains(&address),
        "{output}"
    );
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn a_port_in_use_costs_no_target() {
    let sim = one_service().await;
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon.stop().await.unwrap();
    let list = config.targets_text();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = config.with("web.listen", taken.local_addr().unwrap().to_string());
    assert_eq!(command(&config, "run", &[]).await.code, Some(1));
    assert_eq!(config.targets_text(), list);
}

#[tokio::test]
async fn a_state_directory_that_cannot_be_made_is_named_and_costs_no_target() {
    let sim = one_service().await;
    let folder = Config::quick(&sim);
    let file = folder.path("a-file");
    fs::write(&file, "not a directory").unwrap();
    let below_a_file = file.join("state");
    for impossible in [below_a_file.to_str().unwrap(), "/proc/aiven-metrics"] {
        let config = Config::quick(&sim).with("state_dir", impossible);
        let daemon = start(&config).await;
        let line = daemon.log.line("state_dir: it cannot be created").await;
        assert_eq!(line["path"], impossible);
        daemon
            .until("its targets are served", async || {
                (daemon.sd().await.len() == 3).then_some(())
            })
            .await;
        let project = daemon
            .project_when(PROJECT, |one| {
                !one["stages"]["publish"]["failing"].is_null()
            })
            .await;
        let cause = &project["stages"]["publish"]["failing"]["cause"];
        assert!(cause.as_str().unwrap().contains(impossible), "{cause}");
        if impossible != "/proc/aiven-metrics" {
            fs::remove_file(&file).unwrap();
            daemon.log.line("files can be written again").await;
            daemon.publishes(sim.serving_addresses(PROJECT)).await;
        }
        daemon.stop().await.unwrap();
    }
}

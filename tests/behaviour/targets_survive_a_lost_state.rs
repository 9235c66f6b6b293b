//! Whatever has become of `state.json`, the target list survives.

use std::fs;

use aiven_sim::{ApiFault, Fault, ServiceSpec, Simulator};
use testkit::{Config, Daemon, PROJECT, aiven, integrate_all};

use crate::binary::start;

/// A daemon that ran, published, and ended.
async fn ran_before() -> (Simulator, Config) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    sim.add_service(PROJECT, ServiceSpec::new("db", "pg").nodes(2));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon.stop().await.unwrap();
    (sim, config)
}

/// A start with the API down publishes the list as it was, and the API's return
/// changes nothing.
async fn list_survives(sim: &Simulator, config: &Config) -> Daemon {
    let list = config.targets_text();
    sim.inject(Fault::any(), ApiFault::status(503));
    let daemon = start(config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon.log.line("asking Aiven failed").await;
    assert_eq!(config.targets_text(), list);
    assert!(daemon.get("/readyz").await.body.contains("as saved"));
    sim.clear_faults();
    daemon
        .project_when(PROJECT, |one| one["origin"]["from"] == "api")
        .await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(config.targets_text(), list);
    daemon
}

/// An unusable state is warned of and kept aside.
async fn survives(content: &str) {
    let (sim, config) = ran_before().await;
    fs::write(config.state_file(), content).unwrap();
    let daemon = list_survives(&sim, &config).await;
    let line = daemon.log.line("the saved state is not usable").await;
    assert_eq!(line["level"], "WARN");
    let kept = line["kept"].as_str().unwrap();
    assert_eq!(fs::read_to_string(kept).unwrap(), content);
    assert!(
        line["unusable"].as_str().unwrap().contains("state.json"),
        "{line}"
    );
}

#[tokio::test]
async fn a_corrupted_state_costs_no_target() {
    survives("\u{0}\u{1}garbage{{{").await;
}

#[tokio::test]
async fn an_empty_state_costs_no_target() {
    survives("").await;
}

#[tokio::test]
async fn a_state_of_another_shape_costs_no_target() {
    survives(r#"{"version": 1, "projects": "none"}"#).await;
}

#[tokio::test]
async fn a_state_of_another_version_costs_no_target() {
    survives(r#"{"version": 9000, "all": "new"}"#).await;
}

#[tokio::test]
async fn a_truncated_state_costs_no_target() {
    let (sim, config) = ran_before().await;
    let whole = fs::read(config.state_file()).unwrap();
    fs::write(config.state_file(), &whole[..whole.len() / 2]).unwrap();
    let daemon = list_survives(&sim, &config).await;
    daemon.log.line("the saved state is not usable").await;
}

#[tokio::test]
async fn a_missing_state_costs_no_target() {
    let (sim, config) = ran_before().await;
    fs::remove_file(config.state_file()).unwrap();
    let daemon = list_survives(&sim, &config).await;
    daemon
        .log
        .line("starting from the services in targets.json")
        .await;
}

#[tokio::test]
async fn a_missing_target_list_is_written_from_the_state() {
    let (sim, config) = ran_before().await;
    fs::remove_file(config.targets_file()).unwrap();
    sim.inject(Fault::any(), ApiFault::Hang);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn with_neither_file_usable_the_list_is_left_alone_until_aiven_answers() {
    let (sim, config) = ran_before().await;
    let garbage = "neither list nor state";
    fs::write(config.state_file(), garbage).unwrap();
    fs::write(config.targets_file(), garbage).unwrap();
    sim.inject(Fault::any(), ApiFault::status(503));
    let daemon = start(&config).await;
    daemon.log.line("asking Aiven failed").await;
    assert_eq!(fs::read_to_string(config.targets_file()).unwrap(), garbage);
    let ready = daemon.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert_eq!(daemon.get("/sd").await.status, 503);
    let metrics = daemon.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    sim.clear_faults();
    daemon.log.line("target list written").await;
    daemon
        .until("all are published", async || {
            (daemon.sd().await.len() == 5).then_some(())
        })
        .await;
}

#[tokio::test]
async fn the_state_is_for_the_owner_alone_and_the_list_for_everyone() {
    use std::os::unix::fs::PermissionsExt;
    let (_sim, config) = ran_before().await;
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(config.state_file()), 0o600);
    assert_eq!(mode(config.targets_file()), 0o644);
    let beside: Vec<_> = fs::read_dir(config.targets_file().parent().unwrap())
        .unwrap()
        .collect();
    assert_eq!(beside.len(), 1, "the list has its folder to itself");
}

#[tokio::test]
async fn a_project_taken_out_of_the_configuration_is_forgotten() {
    let (sim, config) = ran_before().await;
    sim.add_project("other");
    let config = config.with("aiven.projects", serde_json::json!(["other"]));
    let daemon = start(&config).await;
    daemon
        .project_when("other", |one| one["origin"]["from"] == "api")
        .await;
    daemon.publishes(Vec::<String>::new()).await;
}

//! Labels outlive a restart and a lost state, also while Cloud Foundry is down; and a daemon
//! that has never heard it publishes at once what Aiven's tags know.

use std::fs;

use aiven_sim::{Server, ServerFault, Simulator};
use serde_json::Value;
use testkit::{Config, Daemon, aiven_with_cloud_foundry};

use crate::binary::start;
use crate::tenants::{Tenant, labelled, labelling};

fn break_cloud_foundry(sim: &Simulator) {
    sim.server_fault(Server::CloudController, ServerFault::Refuse);
    sim.server_fault(Server::Uaa, ServerFault::Refuse);
}

async fn fails(daemon: &Daemon) {
    daemon.log.line("reading Cloud Foundry failed").await;
}

#[tokio::test]
async fn a_first_start_without_cloud_foundry_has_the_guids_of_the_tags() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    break_cloud_foundry(&sim);
    let config = labelling(&sim);
    let daemon = start(&config).await;
    let guid = tenant.instance.as_str();
    tenant
        .has(&config, &daemon, "service_instance_guid", guid)
        .await;
    let labels = tenant.labels(&config);
    assert_eq!(labels["space_guid"], tenant.space.as_str());
    assert_eq!(labels["organization_guid"], tenant.organization.as_str());
    assert_eq!(labels["service_instance_name"], Value::Null);
    fails(&daemon).await;
    let service = daemon.service(&tenant.service).await;
    assert_eq!(service["cloud_foundry"]["confirmed"], false);
    sim.clear_faults();
    tenant
        .has(&config, &daemon, "space_name", "production")
        .await;
    let confirmed = |one: &Value| one["cloud_foundry"]["confirmed"] == true;
    daemon.service_when(&tenant.service, confirmed).await;
}

/// Starts the daemon a second time, with Cloud Foundry down, after `lose`.
async fn names_outlive(lose: impl FnOnce(&Config)) {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant]).await;
    daemon.stop().await.unwrap();
    let targets = config.targets_text();
    break_cloud_foundry(&sim);
    lose(&config);
    let daemon = start(&config).await;
    fails(&daemon).await;
    let is_heard = |one: &Value| one["origin"]["from"] == "api";
    daemon.project_when(testkit::PROJECT, is_heard).await;
    daemon
        .publishes(sim.serving_addresses(testkit::PROJECT))
        .await;
    assert_eq!(config.targets_text(), targets);
    let service = daemon.service(&tenant.service).await;
    assert_eq!(service["cloud_foundry"]["organization_name"], "retail");
    assert_eq!(service["cloud_foundry"]["confirmed"], true);
    sim.clear_faults();
    sim.rename(&tenant.instance, "find");
    tenant
        .has(&config, &daemon, "service_instance_name", "find")
        .await;
}

#[tokio::test]
async fn names_outlive_a_restart() {
    names_outlive(|_| {}).await;
}

#[tokio::test]
async fn names_outlive_a_lost_state() {
    names_outlive(|config| fs::remove_file(config.state_file()).unwrap()).await;
}

#[tokio::test]
async fn names_outlive_a_lost_target_list() {
    names_outlive(|config| fs::remove_file(config.targets_file()).unwrap()).await;
}

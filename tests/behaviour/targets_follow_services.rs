//! Services come, go off and on, move and change plan: the list follows.

use aiven_sim::{Operation, ServiceSpec, ServiceState};
use serde_json::{Value, json};
use testkit::{Config, PROJECT, aiven, integrate_all};

use crate::binary::{logs_published, start};

/// The labels of the only target group on disk.
fn labels(config: &Config) -> Value {
    let groups = config.groups();
    assert_eq!(groups.len(), 1, "{groups:?}");
    groups[0]["labels"].clone()
}

#[tokio::test]
async fn powered_off_loses_its_targets_and_powered_on_has_them_again() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim).with("targets.removal_grace", "1h");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;

    sim.power_off(PROJECT, "logs");
    daemon.publishes(sim.addresses(PROJECT, "queue")).await;
    daemon.verdict("logs", "powered_off").await;

    sim.power_on(PROJECT, "logs");
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.targets().len(), 6);
    assert_eq!(sim.count(Operation::CreateIntegration), 0);
}

#[tokio::test]
async fn a_failover_replaces_the_old_addresses() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let before = sim.addresses(PROJECT, "logs");
    daemon.publishes(before.clone()).await;
    sim.fail_over(PROJECT, "logs");
    let after = sim.addresses(PROJECT, "logs");
    assert!(before.iter().all(|old| !after.contains(old)));
    daemon.publishes(after).await;
}

#[tokio::test]
async fn while_nodes_are_replaced_old_and_new_are_published() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.addresses(PROJECT, "logs")).await;
    sim.start_recycling(PROJECT, "logs");
    let both = sim.addresses(PROJECT, "logs");
    assert_eq!(both.len(), 4);
    daemon.publishes(both).await;
    sim.finish_recycling(PROJECT, "logs");
    daemon.publishes(sim.addresses(PROJECT, "logs")).await;
}

#[tokio::test]
async fn a_new_plan_is_seen_in_the_labels() {
    let sim = aiven().await;
    sim.add_service(
        PROJECT,
        ServiceSpec::new("logs", "opensearch").plan("startup-4"),
    );
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.addresses(PROJECT, "logs")).await;
    let host = sim.host(PROJECT, "logs");
    let expected = json!({
        "aiven_cloud": "aws-eu-west-2",
        "aiven_hostname": host,
        "aiven_node_count": "1",
        "aiven_plan": "startup-4",
        "aiven_project": PROJECT,
        "aiven_service_name": "logs",
        "aiven_service_type": "opensearch",
    });
    assert_eq!(labels(&config), expected);

    sim.change_plan(PROJECT, "logs", "business-8", 3);
    daemon.publishes(sim.addresses(PROJECT, "logs")).await;
    daemon
        .until("the plan is in the labels", async || {
            let labels = labels(&config);
            (labels["aiven_plan"] == "business-8" && labels["aiven_node_count"] == "3")
                .then_some(())
        })
        .await;
}

#[tokio::test]
async fn standbys_are_published_under_the_replica_host() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("db", "pg").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.addresses(PROJECT, "db")).await;
    let hosts: Vec<_> = config
        .groups()
        .iter()
        .map(|group| {
            group["labels"]["aiven_hostname"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        hosts,
        [sim.host(PROJECT, "db"), sim.replica_host(PROJECT, "db")]
    );
    // The roles change, the addresses do not: nobody is lost or named twice.
    sim.promote_standby(PROJECT, "db");
    let asked = sim.dns_queries(&sim.host(PROJECT, "db")).a;
    sim.wait_until("names are asked for again", |sim| {
        sim.dns_queries(&sim.host(PROJECT, "db")).a > asked + 3
    })
    .await;
    daemon.publishes(sim.addresses(PROJECT, "db")).await;
}

#[tokio::test]
async fn only_selected_services_are_published_and_integrated() {
    let sim = aiven().await;
    let wanted = ServiceSpec::new("wanted", "opensearch")
        .cloud("aws-eu-west-1")
        .tag("team", "a");
    sim.add_service(PROJECT, wanted);
    let other_cloud = ServiceSpec::new("other-cloud", "opensearch")
        .cloud("gcp-1")
        .tag("team", "a");
    sim.add_service(PROJECT, other_cloud);
    let other_team = ServiceSpec::new("other-team", "opensearch")
        .cloud("aws-eu-west-1")
        .tag("team", "b");
    sim.add_service(PROJECT, other_team);
    let other_type = ServiceSpec::new("other-type", "kafka")
        .cloud("aws-eu-west-1")
        .tag("team", "a");
    sim.add_service(PROJECT, other_type);
    let excluded = ServiceSpec::new("excluded", "opensearch")
        .cloud("aws-eu-west-1")
        .tag("team", "a");
    sim.add_service(PROJECT, excluded);
    integrate_all(&sim);
    let config = Config::quick(&sim)
        .with("services.types", json!(["opensearch"]))
        .with("services.clouds", json!(["aws-eu-west-1"]))
        .with("services.tags", json!({"team": "a"}))
        .with("services.exclude", json!(["exclu*"]));
    let daemon = start(&config).await;
    daemon.publishes(sim.addresses(PROJECT, "wanted")).await;
    let reasons = [
        ("other-cloud", "services.clouds"),
        ("other-team", "services.tags"),
        ("other-type", "services.types"),
        ("excluded", "services.exclude"),
    ];
    for (name, key) in reasons {
        let service = daemon.verdict(name, "not_selected").await;
        assert!(
            service["cause"].as_str().unwrap().contains(key),
            "{service}"
        );
    }

    sim.set_tags(PROJECT, "other-team", [("team", "a")]);
    let both = ["wanted", "other-team"].map(|name| sim.addresses(PROJECT, name));
    daemon.publishes(both.concat()).await;
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_data() {
    let sim = aiven().await;
    let odd = ServiceState::Other("HIBERNATING".into());
    sim.add_service(PROJECT, ServiceSpec::new("odd", "opensearch").state(odd));
    sim.add_service(
        PROJECT,
        ServiceSpec::new("rebuilt", "kafka").state(ServiceState::Rebuilding),
    );
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.targets().len(), 2);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let written = std::fs::metadata(config.targets_file())
        .unwrap()
        .modified()
        .unwrap();
    for _ in 0..5 {
        sim.touch(PROJECT, "logs");
        let listed = sim.count(Operation::ListServices);
        sim.wait_until("it is listed again", |sim| {
            sim.count(Operation::ListServices) > listed + 1
        })
        .await;
    }
    assert_eq!(
        std::fs::metadata(config.targets_file())
            .unwrap()
            .modified()
            .unwrap(),
        written
    );
    assert_eq!(daemon.log.count("target list written"), 1);
    assert_eq!(
        daemon.metric("aiven_metrics_snapshot_changes_total").await,
        1.0
    );
}

#[tokio::test]
async fn a_new_service_is_published_once_it_is_integrated() {
    let (sim, _config, daemon) = logs_published().await;
    sim.add_service(PROJECT, ServiceSpec::new("new", "influxdb"));
    daemon.verdict("new", "published").await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.targets().len(), 2);
}

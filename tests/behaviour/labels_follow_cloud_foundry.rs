//! Names follow Cloud Controller; GUIDs stay; a label is never another instance's.

use std::os::unix::fs::MetadataExt;

use aiven_sim::{InstanceSpec, Operation, ServiceSpec, service_name};
use serde_json::Value;
use testkit::{PROJECT, aiven_with_cloud_foundry, integrate_all};

use crate::binary::{ask, start};
use crate::tenants::{Tenant, labelled, labelling, labels_of, lists};

const GUIDS: [&str; 3] = ["service_instance_guid", "space_guid", "organization_guid"];

#[tokio::test]
async fn renames_change_names_and_no_guid_and_are_counted() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant]).await;
    let before = tenant.labels(&config);
    for (count, guid, label) in [
        (1.0, &tenant.instance, "service_instance_name"),
        (2.0, &tenant.space, "space_name"),
        (3.0, &tenant.organization, "organization_name"),
    ] {
        sim.rename(guid, "another");
        tenant.has(&config, &daemon, label, "another").await;
        let renamed = "aiven_metrics_labels_renamed_total";
        assert_eq!(daemon.metric(renamed).await, count);
    }
    let after = tenant.labels(&config);
    for guid in GUIDS {
        assert_eq!(after[guid], before[guid]);
    }
    let metrics = daemon.get("/metrics").await.body;
    let info = metrics
        .lines()
        .find(|line| line.starts_with("aiven_service_info{"));
    assert!(
        info.unwrap().contains("service_instance_name=\"another\""),
        "{metrics}"
    );
}

#[tokio::test]
async fn an_instance_made_anew_under_its_name_is_another() {
    let sim = aiven_with_cloud_foundry().await;
    let old = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&old]).await;
    sim.deprovision(PROJECT, &old.instance);
    let new = Tenant::in_space(&sim, &old.organization, &old.space, "search");
    new.has(&config, &daemon, "service_instance_name", "search")
        .await;
    assert_eq!(
        new.labels(&config)["service_instance_guid"],
        new.instance.as_str()
    );
    assert_ne!(new.instance, old.instance);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert!(!config.targets_text().contains(&old.instance));
}

#[tokio::test]
async fn a_shared_instance_is_the_owners_and_a_moved_one_follows_cloud_controller() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let other = Tenant::new(&sim, "wholesale", "staging", "orders");
    sim.share_instance(&tenant.instance, &other.space);
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant, &other]).await;
    let is_shared = |one: &Value| one["cloud_foundry"]["shared_with"][0] == other.space.as_str();
    daemon.service_when(&tenant.service, is_shared).await;
    assert_eq!(tenant.labels(&config)["space_guid"], tenant.space.as_str());
    sim.unshare_instance(&tenant.instance, &other.space);
    sim.move_instance(&tenant.instance, &other.space);
    tenant
        .has(&config, &daemon, "space_guid", other.space.as_str())
        .await;
    let labels = tenant.labels(&config);
    assert_eq!(labels["organization_name"], "wholesale");
    // The broker's tags say where it was made.
    let differing = "aiven_metrics_label_disagreements{project=\"shop\"}";
    daemon.metric_reaches(differing, 1.0).await;
}

#[tokio::test]
async fn tags_that_somebody_edits_are_shown_and_change_nothing() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let other = Tenant::new(&sim, "wholesale", "staging", "orders");
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant, &other]).await;
    let targets = config.targets_text();
    let forged = [
        ("service_id", &other.instance),
        ("space_id", &other.space),
        ("organization_id", &other.organization),
    ];
    sim.set_tags(
        PROJECT,
        &tenant.service,
        forged.map(|(tag, guid)| (tag, guid.as_str())),
    );
    let differing = "aiven_metrics_label_disagreements{project=\"shop\"}";
    daemon.metric_reaches(differing, 1.0).await;
    lists(&sim, 3).await;
    assert_eq!(config.targets_text(), targets);
    for (command, more) in [("status", None), ("explain", Some(&*tenant.service))] {
        let more: Vec<&str> = more.into_iter().collect();
        let output = ask(&daemon, command, &more).await.stdout;
        let says = format!("the tag service_id at Aiven says {}", other.instance);
        assert!(output.contains(&says), "{command}: {output}");
    }
}

#[tokio::test]
async fn services_of_nobody_and_of_another_foundation_have_none_of_its_names() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let foreign = ["11111111", "22222222", "33333333"]
        .map(|one| format!("{one}-1111-4111-8111-111111111111"));
    let [instance, space, organization] = &foreign;
    let elsewhere = service_name("stage-fra", instance);
    let spec = ServiceSpec::new(&elsewhere, "opensearch")
        .tag("service_id", instance)
        .tag("space_id", space)
        .tag("organization_id", organization);
    sim.add_service(PROJECT, spec);
    integrate_all(&sim);
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant]).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    lists(&sim, 3).await;
    let labels = labels_of(&config, &elsewhere);
    for (label, guid) in GUIDS.into_iter().zip(&foreign) {
        assert_eq!(labels[label], guid.as_str());
    }
    let nobodys = labels_of(&config, "logs");
    assert!(nobodys.is_object());
    for label in GUIDS {
        assert_eq!(nobodys[label], Value::Null);
        let name = label.replace("guid", "name");
        assert_eq!(
            (&labels[&name], &nobodys[&name]),
            (&Value::Null, &Value::Null)
        );
    }
    // What is not there is no failure of reading.
    assert_eq!(
        daemon.status().await["cloud_foundry"]["failing"],
        Value::Null
    );
}

#[tokio::test]
async fn hostile_names_reach_nobody_as_they_are() {
    let sim = aiven_with_cloud_foundry().await;
    let huge = "n".repeat(1 << 20);
    let names = [
        "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
        "a\r\nPROBLEM shop/other: forged\u{2028}",
        "a\"b\\c}d{e\u{0}",
        "\u{202e}evil\u{2066}\u{200b}",
        &huge,
    ];
    let first = Tenant::new(&sim, names[0], names[1], "search");
    let mut tenants = vec![first];
    for name in names {
        let tenant = Tenant::in_space(&sim, &tenants[0].organization, &tenants[0].space, name);
        tenants.push(tenant);
    }
    let config = labelling(&sim);
    let all: Vec<&Tenant> = tenants.iter().collect();
    let daemon = labelled(&config, &all).await;
    let mut seen = vec![config.targets_text()];
    for path in ["/sd", "/metrics", "/status", "/"] {
        seen.push(daemon.get(path).await.body);
    }
    seen.push(ask(&daemon, "status", &[]).await.output());
    for tenant in &tenants {
        seen.push(ask(&daemon, "explain", &[&tenant.service]).await.output());
    }
    for text in &seen {
        let is_odd = |letter: char| {
            letter.is_control() && letter != '\n'
                || "\u{202e}\u{2066}\u{2028}\u{200b}".contains(letter)
        };
        let start: String = text.chars().take(2000).collect();
        assert!(!text.contains(is_odd), "{start}");
        assert!(!text.contains(&huge[..300]), "{start}");
        assert!(
            !text
                .lines()
                .any(|line| line.starts_with("PROBLEM shop/other")),
            "{start}"
        );
    }
    let quoted = tenants[3].labels(&config);
    let name = quoted["service_instance_name"].as_str().unwrap();
    assert!(name.starts_with("a\"b\\c}d{e"), "{name}");
    let served = &seen[2];
    assert!(
        served.contains("service_instance_name=\"a\\\"b\\\\c}d{e"),
        "{served}"
    );
}

#[tokio::test]
async fn a_pass_without_news_publishes_nothing_and_asks_once() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant]).await;
    lists(&sim, 3).await;
    let changes = "aiven_metrics_snapshot_changes_total";
    let file = || {
        let file = config.targets_file().metadata().unwrap();
        (file.ino(), file.mtime(), file.mtime_nsec())
    };
    let (before, written) = (daemon.metric(changes).await, file());
    let asked = |operation| sim.count(operation);
    let [tokens, roots, shared, listed] = [
        Operation::IssueToken,
        Operation::ReadRoot,
        Operation::ListSharedSpaces,
        Operation::ListServiceInstances,
    ]
    .map(asked);
    lists(&sim, 5).await;
    assert_eq!(daemon.metric(changes).await, before);
    assert_eq!(file(), written);
    assert_eq!((tokens, roots), (1, 1));
    assert_eq!(sim.count(Operation::IssueToken), 1);
    assert_eq!(sim.count(Operation::ReadRoot), 1);
    // One page, and one question about the only instance, for each pass.
    let passes = sim.count(Operation::ListServiceInstances) - listed;
    let questions = sim.count(Operation::ListSharedSpaces) - shared;
    assert!(questions.abs_diff(passes) <= 1, "{questions} of {passes}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let old = sim.rotate_keys();
    let config = labelling(&sim);
    let daemon = labelled(&config, &[&tenant]).await;
    sim.rotate_keys();
    sim.retire_key(&old);
    sim.wait_until("a new token is issued", |sim| {
        sim.count(Operation::IssueToken) == 2
    })
    .await;
    lists(&sim, 3).await;
    assert_eq!(sim.count(Operation::IssueToken), 2);
    assert_eq!(daemon.log.count("reading Cloud Foundry failed"), 0);
    sim.rename(&tenant.instance, "find");
    tenant
        .has(&config, &daemon, "service_instance_name", "find")
        .await;
}

/// The API is asked less: a new instance is found by its GUID, before the next pass.
#[tokio::test]
async fn a_new_service_has_its_names_before_the_next_pass() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim).with("cloud_foundry.poll_interval", "1h");
    let daemon = start(&config).await;
    tenant
        .has(&config, &daemon, "space_name", "production")
        .await;
    let new = InstanceSpec::new("orders", &tenant.space);
    let new = sim.provision(PROJECT, "prod-lon", new, ServiceSpec::new("", "opensearch"));
    integrate_all(&sim);
    let service = service_name("prod-lon", &new);
    let named = |one: &Value| one["cloud_foundry"]["service_instance_name"] == "orders";
    daemon.service_when(&service, named).await;
    assert_eq!(sim.count(Operation::ListServiceInstances), 2);
}

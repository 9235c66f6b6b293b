//! Whatever an operator has of a service, `explain` finds it, and says what happened last.

use aiven_sim::{NodeFault, ServiceSpec};
use serde_json::{Value, json};
use testkit::{Config, PROJECT, aiven};

use crate::binary::{ask, logs_published, run};
use crate::scraper::publishing;
use crate::what_others_say_is_shown_not_obeyed::serve;

#[tokio::test]
async fn a_service_is_found_by_name_host_address_and_what_prometheus_shows() {
    let (sim, _config, daemon) = logs_published().await;
    let [address] = sim.serving_addresses(PROJECT)[..] else {
        panic!("one node is expected");
    };
    let asked = [
        "logs".to_owned(),
        format!("{PROJECT}/logs"),
        sim.host(PROJECT, "logs"),
        address.to_string(),
        format!("http://{address}/metrics"),
    ];
    for text in asked {
        let told = ask(&daemon, "explain", &[&text]).await;
        assert!(
            told.stdout.starts_with("shop/logs: "),
            "{text}: {}",
            told.output()
        );
    }
    let nobody = ask(&daemon, "explain", &["192.0.2.77"]).await;
    assert_eq!(nobody.code, Some(1));
    assert!(
        nobody
            .stderr
            .contains("no service has a node at 192.0.2.77"),
        "{}",
        nobody.output()
    );
}

#[tokio::test]
async fn what_happened_last_is_said_with_its_time_and_since_when_it_fails() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    let never = ask(&daemon, "explain", &["logs"]).await;
    assert!(never.stdout.contains("never"), "{}", never.output());

    scraper.get_all(&daemon, &sim, &["logs"]).await;
    daemon.verdict("logs", "scraped").await;
    let well = ask(&daemon, "explain", &["logs"]).await;
    assert!(!well.stdout.contains("SINCE"), "{}", well.output());

    sim.node_fault(PROJECT, "logs", 0, NodeFault::Status(500));
    let address = sim.addresses(PROJECT, "logs")[0];
    scraper.get("logs", address).await;
    let service = daemon.verdict("logs", "unreachable").await;
    let scrapes = service["scrapes"].as_object().unwrap();
    let since = scrapes.values().next().unwrap()["failing_since"].clone();
    assert!(since.is_string(), "{service}");
    let told = ask(&daemon, "explain", &["logs"]).await;
    let line = told.stdout.lines().find(|line| line.starts_with("SINCE"));
    assert!(line.is_some(), "{}", told.output());
    // What the daemon remembers stands there, too.
    let mut changes = told
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("CHANGED"));
    let newest = changes.nth(1).unwrap_or_default();
    assert!(newest.contains(" ago"), "{}", told.output());
    let told = ask(&daemon, "explain", &["logs", "--json"]).await;
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told[0]["trouble"]["since"], since);
    assert_eq!(told[0]["nodes"][0]["failing_since"], since);
    assert!(told[0]["nodes"][0]["last_success"].is_string(), "{told}");

    // A second failure begins nothing new.
    scraper.get("logs", address).await;
    let service = daemon.service("logs").await;
    let scrapes = service["scrapes"].as_object().unwrap();
    assert_eq!(scrapes.values().next().unwrap()["failing_since"], since);
}

/// `count` services, all of the instance name `db` and with one address in common.
fn many(count: usize) -> Value {
    let at = "2026-01-01T00:00:00Z";
    let stage = json!({"last_success": at, "failing": null});
    let services = (0..count).map(|index| {
        json!({
            "project": "shop", "service": format!("db-{index}"), "service_type": "pg", "plan": "p",
            "cloud": "c", "node_count": 1, "verdict": "published", "integrations": [],
            "hosts": [{"hostname": format!("h{index}.example"), "targets": ["192.0.2.1:9273"]}],
            "cloud_foundry": {
                "service_instance_guid": format!("11111111-1111-4111-8111-{index:012}"),
                "service_instance_name": "db",
            },
        })
    });
    json!({
        "version": "1", "instance_index": 0, "at": at, "ready": true,
        "services": services.collect::<Vec<_>>(),
        "projects": [{
            "name": "shop", "origin": {"from": "api"}, "endpoint_id": null, "verdicts": {}, "targets": 1,
            "stages": {"list": stage, "integrate": stage, "resolve": stage, "publish": stage},
        }],
    })
}

#[tokio::test]
async fn a_few_services_are_explained_and_many_are_listed() {
    let few = serve(many(2), json!([])).await.to_string();
    for text in ["db", "192.0.2.1"] {
        let told = run(&["explain", text, "--address", &few]).await;
        assert_eq!(told.code, Some(0), "{}", told.output());
        for name in ["shop/db-0: published", "shop/db-1: published"] {
            assert!(told.stdout.contains(name), "{text}: {}", told.output());
        }
    }
    let many = serve(many(60), json!([])).await.to_string();
    let told = run(&["explain", "db", "--address", &many]).await;
    assert_eq!(told.code, Some(1));
    assert!(told.stdout.contains("shop/db-7 "), "{}", told.output());
    assert!(told.stdout.contains("and 10 more"), "{}", told.output());
    assert!(!told.stdout.contains("STEP"), "{}", told.output());
    assert!(
        told.stderr.contains("any of 60 services"),
        "{}",
        told.output()
    );
    let mut one_is_off = self::many(60);
    one_is_off["services"][59]["verdict"] = json!("powered_off");
    one_is_off["services"][59]["cause"] = json!("it is off");
    let one_is_off = serve(one_is_off, json!([])).await.to_string();
    for text in ["db", "shop"] {
        let told = run(&["explain", text, "--address", &one_is_off]).await;
        let first = told.stdout.lines().nth(1).unwrap();
        assert!(
            first.starts_with("shop/db-59 "),
            "{text}: {}",
            told.output()
        );
    }
    let one = "11111111-1111-4111-8111-000000000007";
    let told = run(&["explain", one, "--address", &many]).await;
    assert!(told.stdout.starts_with("shop/db-7: "), "{}", told.output());
    let told = run(&["explain", "db", "--json", "--address", &many]).await;
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 60);
    assert_eq!(told[0]["matched_by"], "instance_name");
}

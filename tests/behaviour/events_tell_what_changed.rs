//! What changed is told, with when and why, by `/events` and by the command.

use aiven_sim::{ApiFault, DnsFault, Fault, NodeFault, Operation, ServiceSpec};
use serde_json::Value;
use testkit::{Config, Daemon, PROJECT, aiven};

use crate::binary::{ask, logs_published, logs_published_with_proxy, start};
use crate::scraper::Scraper;

/// What `/events` lists, the newest first.
async fn events(daemon: &Daemon, query: &str) -> Vec<Value> {
    let answer = daemon.get(&format!("/events?{query}")).await;
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    answer["events"].as_array().unwrap().clone()
}

/// The first event of this kind, once there is one.
async fn event(daemon: &Daemon, kind: &str) -> Value {
    let what = format!("an event {kind}");
    let find = async || {
        events(daemon, &format!("kind={kind}"))
            .await
            .into_iter()
            .next()
    };
    daemon.until(&what, find).await
}

/// Waits until the stage that lists services has such an event.
async fn of_list(daemon: &Daemon, kind: &str) {
    let is_of_list = |event: &Value| event["subject"] == "list";
    let has = async || {
        events(daemon, &format!("kind={kind}"))
            .await
            .iter()
            .any(is_of_list)
    };
    let what = format!("an event {kind} of the stage list");
    daemon
        .until(&what, async || has().await.then_some(()))
        .await;
}

#[tokio::test]
async fn what_happens_at_aiven_and_in_dns_is_told_with_its_cause() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    assert!(event(&daemon, "daemon_started").await["service"].is_null());
    event(&daemon, "services_known").await;
    let made = event(&daemon, "integration_made").await;
    assert_eq!(
        (&made["project"], &made["service"]),
        (&PROJECT.into(), &"logs".into())
    );
    event(&daemon, "targets_appeared").await;

    sim.dns_fault(&sim.host(PROJECT, "logs"), DnsFault::ServFail);
    let unresolved = event(&daemon, "host_unresolved").await;
    assert_eq!(unresolved["subject"], sim.host(PROJECT, "logs"));
    assert!(unresolved["cause"].is_string(), "{unresolved}");
    let line = daemon.log.line("a host name is not resolved").await;
    assert_eq!(
        (&line["level"], &line["service"], &line["cause"]),
        (&"WARN".into(), &"logs".into(), &unresolved["cause"])
    );
    sim.clear_faults();
    event(&daemon, "host_resolved").await;
    daemon.log.line("a host name is resolved again").await;

    sim.fail_over(PROJECT, "logs");
    let moved = event(&daemon, "addresses_changed").await;
    assert!(moved["what"].as_str().unwrap().contains("came"), "{moved}");

    sim.inject(Fault::new(Operation::ListServices), ApiFault::status(503));
    of_list(&daemon, "stage_failing").await;
    sim.clear_faults();
    of_list(&daemon, "stage_recovered").await;

    sim.delete_service(PROJECT, "logs");
    let gone = event(&daemon, "service_gone").await;
    assert!(
        gone["cause"].as_str().unwrap().contains("does not exist"),
        "{gone}"
    );
    let all = events(&daemon, "").await;
    let times: Vec<_> = all.iter().map(|one| one["at"].as_str().unwrap()).collect();
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "{times:?}"
    );
}

#[tokio::test]
async fn scrapes_that_fail_and_recover_are_told_once_however_often() {
    let (sim, _config, daemon) = logs_published_with_proxy().await;
    let scraper = Scraper::of(&daemon).await;
    let target = sim.serving_addresses(PROJECT)[0];
    sim.node_fault(PROJECT, "logs", 0, NodeFault::Refuse);
    for _ in 0..3 {
        scraper.get("logs", target).await;
    }
    let failing = event(&daemon, "scrape_failing").await;
    assert_eq!(failing["times"], 1, "{failing}");
    assert_eq!(failing["subject"], target.to_string());
    assert!(
        failing["cause"].as_str().unwrap().contains("refused"),
        "{failing}"
    );
    sim.clear_faults();
    scraper.get("logs", target).await;
    event(&daemon, "scrape_recovered").await;
    daemon.log.line("a node is scraped again").await;
    assert_eq!(daemon.log.count("a node cannot be scraped"), 1);
}

#[tokio::test]
async fn the_command_tells_the_same_and_filters() {
    let (sim, _config, daemon) = logs_published().await;
    sim.add_service(PROJECT, ServiceSpec::new("later", "pg"));
    event(&daemon, "service_appeared").await;
    let lines = ask(&daemon, "events", &[]).await;
    assert_eq!(lines.code, Some(0), "{}", lines.output());
    let appeared = |line: &str| line.contains(" service_appeared shop/later ");
    assert!(lines.stdout.lines().any(appeared), "{}", lines.stdout);
    let other = ask(&daemon, "events", &["logs", "--since", "1h"]).await;
    assert!(!other.stdout.lines().any(appeared), "{}", other.stdout);
    assert!(other.stdout.contains("daemon_started"), "{}", other.stdout);
    let json = ask(&daemon, "events", &["shop/later", "--json"]).await;
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(
        json["events"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["service"] == "later")
    );
    let odd = daemon.get("/events?kind=odd").await;
    assert_eq!(odd.status, 400);
    assert!(odd.body.contains("service_appeared"), "{}", odd.body);
}

//! Each key that `--json` prints is in `docs/json.md`, in the command's own section.

use std::collections::BTreeSet;

use aiven_sim::{NodeFault, ServiceSpec};
use serde_json::Value;
use testkit::{Config, PROJECT, aiven};

use crate::binary::{ask, command};
use crate::scraper::publishing;

const DOCUMENT: &str = include_str!("../../docs/json.md");

/// Objects whose keys are names, addresses or labels, not ours.
const BY_NAME: [&str; 5] = ["verdicts", "unanswered", "scrapes", "labels", "failed"];

fn keys(value: &Value, by_name: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if !by_name {
                    found.insert(key.clone());
                }
                keys(value, BY_NAME.contains(&&**key), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, false, found)),
        _ => {}
    }
}

#[track_caller]
fn are_documented(command: &str, printed: &str) {
    let printed: Value = serde_json::from_str(printed).unwrap();
    let mut found = BTreeSet::new();
    keys(&printed, false, &mut found);
    assert!(!found.is_empty(), "{command}: {printed}");
    let heading = format!("\n## {command}\n");
    let (_, section) = DOCUMENT.split_once(&heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let missing: Vec<_> = found
        .iter()
        .filter(|key| !section.contains(&format!("`{key}`")))
        .collect();
    assert!(missing.is_empty(), "{command}: {missing:?}");
}

#[tokio::test]
async fn every_key_is_in_the_document() {
    let sim = aiven().await;
    for (name, service_type) in [("logs", "opensearch"), ("db", "pg"), ("flow", "flink")] {
        sim.add_service(PROJECT, ServiceSpec::new(name, service_type));
    }
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["db"]).await;
    sim.node_fault(PROJECT, "logs", 0, NodeFault::Status(500));
    scraper.get("logs", sim.addresses(PROJECT, "logs")[0]).await;
    daemon.verdict("logs", "unreachable").await;
    sim.power_off(PROJECT, "flow");
    sim.add_service(PROJECT, ServiceSpec::new("new", "opensearch"));
    for (command, more) in [
        ("status", &["--json"][..]),
        ("explain", &["logs", "--json"]),
        ("explain", &["shop", "--json"]),
        ("events", &["--json"]),
        ("events", &["logs", "--json"]),
        ("targets", &["--json"]),
    ] {
        let told = ask(&daemon, command, more).await;
        are_documented(command, &told.stdout);
    }
    let beside = Config::quick(&sim).web_at(daemon.address);
    let beside = beside.with("services.exclude", serde_json::json!(["db"]));
    for name in ["plan", "doctor"] {
        let told = command(&beside, name, &["--json"]).await;
        are_documented(name, &told.stdout);
    }
}

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Alert, Alerts, made, read, uses};

/// States of the simulator that are trouble. Those without trouble: healthy, node-replaced, primary-moved, elected-moved.
const TROUBLES: [&str; 26] = [
    "breakers-tripping",
    "clickhouse-readonly",
    "clients-refused",
    "connect-task-failing",
    "cpu-busy",
    "database-dead",
    "disk-filling",
    "disk-nearly-full",
    "influxdb-dropping",
    "kafka-broker-missing",
    "kafka-lag-growing",
    "kafka-offline-partitions",
    "kafka-under-replicated",
    "memory-low",
    "mysql-connections-full",
    "mysql-replica-late",
    "node-down",
    "pg-connections-full",
    "pg-long-query",
    "pg-replica-lagging",
    "red",
    "service-down",
    "shards-rejecting",
    "valkey-evicting",
    "valkey-memory-full",
    "yellow",
];

fn all() -> Vec<Alerts> {
    read(&crate::folder()).unwrap()
}

fn each() -> Vec<(String, Alert)> {
    all()
        .into_iter()
        .flat_map(|alerts| {
            let readers = alerts.readers;
            alerts
                .alerts
                .into_iter()
                .map(move |alert| (readers.clone(), alert))
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn generated() {
    let runbook = std::fs::read_to_string(root().join("docs/runbook.md")).unwrap();
    for file in made(&all(), &runbook).unwrap() {
        let path = root().join(&file.path);
        if std::env::var_os("WRITE_GENERATED").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &file.text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == file.text,
            "{} is not what the table makes: run WRITE_GENERATED=1 cargo test -p signals --lib alerts",
            file.path.display()
        );
    }
}

#[test]
fn names_are_given_once() {
    let all = each();
    let ids: BTreeSet<_> = all
        .iter()
        .map(|(readers, one)| (readers, &one.id))
        .collect();
    let names: BTreeSet<_> = all.iter().map(|(_, one)| &one.name).collect();
    assert_eq!((ids.len(), names.len()), (all.len(), all.len()));
    for (_, alert) in &all {
        let plain = |from: char| from.is_ascii_lowercase() || from.is_ascii_digit() || from == '_';
        assert!(alert.id.chars().all(plain), "{}", alert.id);
    }
}

#[test]
fn whoever_is_told_knows_what_to_do() {
    for (readers, alert) in each() {
        let told = match readers.as_str() {
            "tenants" => alert.action.is_some() && alert.board.is_some(),
            _ => alert.command.is_some(),
        };
        assert!(told, "{}", alert.name);
        assert!(alert.summary.len() < 160, "{}", alert.name);
    }
}

#[test]
fn a_threshold_is_used_and_within_its_bounds() {
    for (_, alert) in each() {
        let used = alert.expr.contains("$threshold");
        assert_eq!(used, alert.threshold.is_some(), "{}", alert.name);
        assert_eq!(used, alert.fires.silenced_by.is_some(), "{}", alert.name);
        if let Some(threshold) = &alert.threshold {
            let value = threshold.default.as_f64();
            let bounds = threshold.min as f64..=threshold.max as f64;
            assert!(
                value.is_some_and(|value| bounds.contains(&value)),
                "{}",
                alert.name
            );
        }
    }
}

/// An alert's own labels replace those of its series, and two series that differ in nothing else make the
/// rule fail for everybody.
#[test]
fn no_series_differ_by_a_label_that_the_alert_sets() {
    for (_, alert) in each() {
        let (plain, _) = alert.checked().unwrap();
        let mut grouped = plain.split("by (").skip(1);
        let clash = grouped.any(|after| {
            let labels = after.split(')').next().unwrap_or_default();
            labels
                .split(", ")
                .any(|label| label == "service" || label == "severity")
        });
        assert!(!clash, "{}: {plain}", alert.name);
    }
}

#[test]
fn every_trouble_of_the_simulator_is_seen() {
    let all = each();
    let seen: BTreeSet<_> = all
        .iter()
        .flat_map(|(_, alert)| alert.sees.iter().map(String::as_str))
        .collect();
    let troubles: BTreeSet<_> = TROUBLES.into_iter().collect();
    assert_eq!(seen, troubles);
}

#[test]
fn the_runbook_has_a_part_for_each_of_the_operators_alerts_with_its_command() {
    let runbook = std::fs::read_to_string(root().join("docs/runbook.md")).unwrap();
    let mut parts = std::collections::BTreeMap::new();
    for part in runbook.split("\n### ").skip(1) {
        let (title, text) = part.split_once('\n').unwrap();
        parts.insert(title.to_owned(), text.to_owned());
    }
    for (readers, alert) in each() {
        if readers == "tenants" {
            continue;
        }
        let part = parts.remove(&alert.name).unwrap_or_default();
        let command = alert
            .command
            .unwrap()
            .replace("{{ $labels.bosh_deployment }}", "cf")
            .replace("{{ $labels.aiven_service_name }}", "SERVICE");
        assert!(
            part.contains(&format!("```\n{command}\n```")),
            "{}",
            alert.name
        );
    }
    assert!(parts.is_empty(), "no alert has these headings: {parts:?}");
}

/// In its table of causes and its rules for Alertmanager, too.
#[test]
fn the_runbook_names_only_alerts_that_there_are() {
    let runbook = std::fs::read_to_string(root().join("docs/runbook.md")).unwrap();
    let alerts = each();
    let named = runbook.split(|letter: char| !letter.is_ascii_alphanumeric());
    let ours = ["AivenMetrics", "PrometheusFail", "TenantPrometheus"];
    for name in named.filter(|word| ours.iter().any(|start| word.starts_with(start))) {
        assert!(alerts.iter().any(|(_, alert)| alert.name == name), "{name}");
    }
}

#[test]
fn expressions_of_tenants_are_among_the_uses() {
    let uses = uses(&all()).unwrap();
    assert!(
        uses.iter()
            .any(|one| one.id == "alert:AivenServiceDown" && one.metrics.contains("up"))
    );
    assert!(
        uses.iter().all(|one| !one.plain.contains('$')),
        "a shorthand is left"
    );
}

//! `targets`: what is published now, one line a target.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Deserialize;

use super::ask::Daemon;
use super::output::{self, Rows};

#[derive(Deserialize)]
struct Group {
    targets: Vec<String>,
    labels: BTreeMap<String, String>,
}

/// Prints the published targets.
pub(super) async fn run(daemon: &Daemon, json: bool) -> anyhow::Result<ExitCode> {
    let (body, groups): (_, Vec<Group>) = daemon.read("/sd").await?;
    if json {
        output::json(&body);
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Rows::new(["target", "project", "service", "type", "host"]);
    for group in &groups {
        let label = |key: &str| group.labels.get(key).map_or("", String::as_str);
        for target in &group.targets {
            rows.add([
                target.as_str(),
                label("aiven_project"),
                label("aiven_service_name"),
                label("aiven_service_type"),
                label("aiven_hostname"),
            ]);
        }
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

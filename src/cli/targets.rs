//! `targets`: what is published now, one line a target.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context;
use reqwest::StatusCode;
use serde::Deserialize;

use super::ask::{Answer, Daemon};
use super::output::{self, Rows};

#[derive(Deserialize)]
struct Group {
    targets: Vec<String>,
    labels: BTreeMap<String, String>,
}

/// Prints the published targets.
pub(super) async fn run(daemon: &Daemon, json: bool) -> anyhow::Result<ExitCode> {
    let Answer { status, body, .. } = daemon.get("/sd").await?;
    if status != StatusCode::OK {
        anyhow::bail!("nothing is published: {}", body.trim());
    }
    let groups: Vec<Group> = serde_json::from_str(&body)
        .context("the daemon's /sd is of another version than this command")?;
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

//! The Prometheus beside the daemon: does it read the target list, and does it scrape
//! through the proxy? And the daemon itself, if it runs.

use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use reqwest::StatusCode;
use rustls::RootCertStore;
use serde::Deserialize;

use super::check::{Area, Check};
use crate::cli::ago::ago;
use crate::cli::ask::{ANSWER_TIMEOUT, Daemon, Http};
use crate::config::Config;
use crate::model::status::Status;

/// Where Prometheus says what file a target is from.
const FILE_LABEL: &str = "__meta_filepath";

/// The most bytes that are read of what Prometheus says: 10,000 targets have about 20 MB.
const MAX_ANSWER: usize = 64 << 20;

const NO_PROMETHEUS: &str = "no Prometheus answers";

/// What Prometheus says of its targets.
#[derive(Deserialize)]
struct Targets {
    data: TargetsData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetsData {
    active_targets: Vec<ActiveTarget>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActiveTarget {
    discovered_labels: std::collections::BTreeMap<String, String>,
    health: String,
    #[serde(default)]
    last_error: String,
}

/// What Prometheus says of its configuration.
#[derive(Deserialize)]
struct Loaded {
    data: LoadedData,
}

#[derive(Deserialize)]
struct LoadedData {
    yaml: String,
}

/// Asks the daemon at `daemon` and the Prometheus at `url`.
pub(super) async fn check(config: &Config, daemon: SocketAddr, url: &str) -> Vec<Check> {
    let (status, prometheus) = tokio::join!(ask_daemon(daemon), ask_prometheus(url));
    let (running, status) = status;
    let mut checks = vec![running];
    let subject = format!("Prometheus at {url}");
    let (targets, yaml) = match prometheus {
        Ok(told) => told,
        Err(cause) => {
            let remedy = "nothing, before Prometheus is deployed; else see that it runs (monit summary), and name its address with --prometheus";
            checks.push(Area::Prometheus.warning(subject, cause, remedy));
            checks.push(Area::Prometheus.skipped("it reads the target list", NO_PROMETHEUS));
            checks.push(Area::Prometheus.skipped("it uses the scrape proxy", NO_PROMETHEUS));
            return checks;
        }
    };
    let count = targets.len();
    checks.push(Area::Prometheus.ok(subject, format!("{count} active targets in all")));
    let path = &config.targets.path;
    checks.push(reads_list(path, &targets, &yaml, status.as_ref()));
    checks.push(uses_proxy(config, status.as_ref(), &yaml));
    checks
}

async fn ask_daemon(address: SocketAddr) -> (Check, Option<Status>) {
    let subject = format!("the daemon at {address}");
    let asked = async { Daemon::at(address)?.status().await };
    match asked.await {
        Ok((_, status)) => {
            let readiness = status.readiness();
            let check = match status.ready {
                true => Area::Daemon.ok(subject, readiness),
                false => Area::Daemon.warning(
                    subject,
                    readiness,
                    "mend what the lines about the API say; then see aiven-metrics status",
                ),
            };
            (check, Some(status))
        }
        Err(error) => {
            let because = format!("{error:#}");
            (Area::Daemon.skipped(subject, because), None)
        }
    }
}

async fn ask_prometheus(url: &str) -> Result<(Vec<ActiveTarget>, String), String> {
    let http = Http::new(RootCertStore::empty(), ANSWER_TIMEOUT);
    let http = http.map_err(|error| format!("{error:#}"))?;
    let ask = async |path: &str| {
        let answer = http.get_bounded(&format!("{url}{path}"), MAX_ANSWER).await;
        match answer.map_err(|error| format!("{error:#}"))? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(format!("{path} is answered {status}")),
        }
    };
    let unread = |error: serde_json::Error| format!("its answer is not Prometheus' ({error})");
    let targets = ask("/api/v1/targets?state=active").await?;
    let targets: Targets = serde_json::from_slice(&targets).map_err(unread)?;
    let loaded = ask("/api/v1/status/config").await?;
    let loaded: Loaded = serde_json::from_slice(&loaded).map_err(unread)?;
    Ok((targets.data.active_targets, loaded.data.yaml))
}

fn reads_list(path: &Path, targets: &[ActiveTarget], yaml: &str, status: Option<&Status>) -> Check {
    let subject = "it reads the target list";
    let path = path.display().to_string();
    let is_ours = |one: &&ActiveTarget| one.discovered_labels.get(FILE_LABEL) == Some(&path);
    let ours: Vec<_> = targets.iter().filter(is_ours).collect();
    let up = ours.iter().filter(|one| one.health == "up").count();
    let found = format!("{up} of {} targets of {path} are up", ours.len());
    let error = ours.iter().find(|one| !one.last_error.is_empty());
    if ours.is_empty() {
        // Its own form of the configuration has each file on a line of its own.
        return match yaml.lines().any(|line| line.trim().trim_start_matches("- ") == path) {
            true => has_no_target(subject, &path, status),
            false => Area::Prometheus.failed(
                subject,
                format!("neither its targets nor its configuration know {path}"),
                "add the scrape job with file_sd_configs on that path, as add-tenant-prometheis.yml does, and deploy; if it is there, see whether this is the Prometheus beside the daemon (--prometheus)",
            ),
        };
    }
    match error {
        Some(one) if up == 0 => Area::Prometheus.failed(
            subject,
            format!("{found}; one says: {}", one.last_error),
            "see aiven-metrics status and aiven-metrics explain, which name the cause",
        ),
        Some(one) => Area::Prometheus.warning(
            subject,
            format!("{found}; one says: {}", one.last_error),
            "see aiven-metrics status, which names the cause",
        ),
        None => Area::Prometheus.ok(subject, found),
    }
}

/// Prometheus knows the file, and no target of it.
fn has_no_target(subject: &str, path: &str, status: Option<&Status>) -> Check {
    let names = format!("its configuration names {path}");
    let remedy = format!(
        "see that its user may read the file and enter each folder above it (namei -l {path}); Prometheus' log says why it could not ('Error reading file')"
    );
    let published = status.map(|status| status.projects.iter().map(|one| one.targets).sum());
    match published {
        Some(0_usize) => Area::Prometheus.ok(
            subject,
            format!("{names}; the daemon publishes no target now"),
        ),
        Some(published) => Area::Prometheus.failed(
            subject,
            format!(
                "{names}, and it has none of the {published} targets that the daemon publishes"
            ),
            remedy,
        ),
        None => Area::Prometheus.warning(
            subject,
            format!("{names}, and it has no target of it"),
            "nothing, before the daemon runs and has published; start it and run the doctor again",
        ),
    }
}

fn uses_proxy(config: &Config, status: Option<&Status>, yaml: &str) -> Check {
    let subject = "it uses the scrape proxy";
    let Some(proxy) = config.scrape_proxy.listen else {
        let because = "scrape_proxy.listen is empty: Prometheus scrapes nodes by itself";
        return Area::Prometheus.skipped(subject, because);
    };
    let asked = status.and_then(|status| status.scrape_proxy.as_ref());
    if let Some(at) = asked.and_then(|proxy| proxy.last_request) {
        let found = format!("it asked {} ago", ago(at, Timestamp::now()));
        return Area::Prometheus.ok(subject, found);
    }
    let line = format!("proxy_url: http://{proxy}");
    match yaml.lines().any(|other| other.trim() == line) {
        true if asked.is_some() => Area::Prometheus.warning(
            subject,
            "its configuration says so, and it has asked for nothing since the daemon started",
            "wait one scrape interval; then see whether it has targets, above",
        ),
        true => Area::Prometheus.ok(subject, "its configuration says so"),
        false => Area::Prometheus.failed(
            subject,
            format!("its configuration has no {line}"),
            "set scheme: http and proxy_url in the scrape job, as add-tenant-prometheis.yml does, and deploy: without the proxy no node is verified and no password is sent",
        ),
    }
}

//! Whether Aiven, the daemon and Prometheus agree, node by node.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::daemon::Status;
use crate::expected::{Expected, Key};
use crate::prometheus::{JOB, Labels, Prometheus, Sample, instance};

/// Differences that are named; the rest is only counted.
const MAX_NAMED: usize = 5;

/// Each address and whose it is, according to one side.
type Nodes = BTreeMap<SocketAddr, Key>;

/// What is not as it should be. The costly questions are asked only once the cheap
/// ones agree.
///
/// # Errors
/// When Prometheus does not answer.
pub async fn differences(
    expected: &Expected,
    status: &Status,
    prometheus: &Prometheus,
) -> anyhow::Result<Vec<String>> {
    let mut found = integrations(expected);
    found.extend(verdicts(expected, status));
    found.extend(missing_and_surplus(
        "the daemon publishes",
        &expected.nodes,
        &published(status),
    ));
    if found.is_empty() {
        found = scrapes(expected, prometheus).await?;
    }
    if found.is_empty() {
        found = series(expected, prometheus).await?;
    }
    let more = found.len().saturating_sub(MAX_NAMED);
    found.truncate(MAX_NAMED);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    Ok(found)
}

/// One for each service that is to be scraped, and never two.
fn integrations(expected: &Expected) -> Vec<String> {
    let wrong = expected
        .services
        .iter()
        .filter(|(_, service)| match service.verdict {
            "scraped" => service.integrations != 1,
            "powered_off" => service.integrations > 1,
            _ => service.integrations > 0,
        });
    wrong
        .map(|((_, name), service)| format!("{name} has {} integrations", service.integrations))
        .collect()
}

fn verdicts(expected: &Expected, status: &Status) -> Vec<String> {
    let mut found = Vec::new();
    if status.services.len() != expected.services.len() {
        let (known, there) = (status.services.len(), expected.services.len());
        found.push(format!(
            "the daemon knows {known} services, there are {there}"
        ));
    }
    for service in &status.services {
        let key = (service.project.clone(), service.service.clone());
        match expected.services.get(&key) {
            Some(wanted) if wanted.verdict == service.verdict => {}
            Some(wanted) => found.push(format!(
                "{} is {}, not {}",
                service.service, service.verdict, wanted.verdict
            )),
            None => found.push(format!(
                "{} is not a service of {}",
                service.service, service.project
            )),
        }
    }
    found
}

fn published(status: &Status) -> Nodes {
    let mut nodes = Nodes::new();
    for service in &status.services {
        let key = (service.project.clone(), service.service.clone());
        for target in service.hosts.iter().flat_map(|host| &host.targets) {
            nodes.insert(*target, key.clone());
        }
    }
    nodes
}

/// Prometheus' `up`, its labels, and the daemon's own count of targets.
async fn scrapes(expected: &Expected, prometheus: &Prometheus) -> anyhow::Result<Vec<String>> {
    let up = prometheus.query(&format!("up{{job=\"{JOB}\"}}")).await?;
    let (ups, downs): (Vec<_>, Vec<_>) = up.iter().partition(|sample| sample.value() == 1.0);
    let mut found = missing_and_surplus("up in Prometheus", &expected.nodes, &nodes_of(&ups));
    found.extend(
        downs
            .iter()
            .filter_map(|sample| instance(&sample.labels))
            .map(|at| format!("{at} is down")),
    );
    found.extend(
        ups.iter()
            .flat_map(|sample| wrong_labels(expected, &sample.labels)),
    );
    let counted = prometheus.query("sum(aiven_metrics_targets)").await?;
    let counted = counted.first().map_or(0.0, Sample::value);
    if counted != expected.nodes.len() as f64 {
        found.push(format!(
            "aiven_metrics_targets counts {counted}, not {}",
            expected.nodes.len()
        ));
    }
    Ok(found)
}

fn wrong_labels(expected: &Expected, labels: &Labels) -> Vec<String> {
    let Some((at, service)) =
        instance(labels).and_then(|at| Some((at, expected.services.get(&key_of(labels))?)))
    else {
        return vec![];
    };
    let mut found = Vec::new();
    if labels.get("aiven_service_type") != Some(&service.service_type) {
        found.push(format!(
            "{at} does not carry aiven_service_type={}",
            service.service_type
        ));
    }
    for label in [
        "aiven_hostname",
        "aiven_plan",
        "aiven_cloud",
        "aiven_node_count",
    ] {
        if labels.get(label).is_none_or(String::is_empty) {
            found.push(format!("{at} carries no {label}"));
        }
    }
    found
}

/// Series of the machine from every node, and those of each service type.
async fn series(expected: &Expected, prometheus: &Prometheus) -> anyhow::Result<Vec<String>> {
    let idle = format!("cpu_usage_idle{{job=\"{JOB}\",cpu=\"cpu-total\"}}");
    let idle = prometheus.query(&idle).await?;
    let idle: Vec<_> = idle.iter().collect();
    let mut found = missing_and_surplus("cpu_usage_idle", &expected.nodes, &nodes_of(&idle));
    let mut by_prefix: BTreeMap<&str, Nodes> = BTreeMap::new();
    for (address, key) in &expected.nodes {
        let prefix = expected
            .services
            .get(key)
            .and_then(|service| service.series);
        by_prefix
            .entry(prefix.unwrap_or_default())
            .or_default()
            .insert(*address, key.clone());
    }
    for (prefix, nodes) in by_prefix {
        let query = format!(
            "group by (instance, aiven_project, aiven_service_name) ({{job=\"{JOB}\",__name__=~\"{prefix}.+\"}})"
        );
        let samples = prometheus.query(&query).await?;
        let samples: Vec<_> = samples.iter().collect();
        found.extend(missing_and_surplus(
            &format!("{prefix}*"),
            &nodes,
            &nodes_of(&samples),
        ));
    }
    Ok(found)
}

fn nodes_of(samples: &[&Sample]) -> Nodes {
    let labels = samples.iter().map(|sample| &sample.labels);
    labels
        .filter_map(|labels| Some((instance(labels)?, key_of(labels))))
        .collect()
}

/// The service that a series belongs to, by its labels.
pub fn key_of(labels: &Labels) -> Key {
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    (label("aiven_project"), label("aiven_service_name"))
}

fn missing_and_surplus(what: &str, wanted: &Nodes, found: &Nodes) -> Vec<String> {
    let lacks = |other: &Nodes, at: &SocketAddr, key: &Key| other.get(at) != Some(key);
    let missing = wanted.iter().filter(|(at, key)| lacks(found, at, key));
    let surplus = found.iter().filter(|(at, key)| lacks(wanted, at, key));
    let missing = missing.map(|(at, key)| format!("{what}: {at} of {} is missing", key.1));
    missing
        .chain(surplus.map(|(at, key)| format!("{what}: {at} of {} should not be there", key.1)))
        .collect()
}

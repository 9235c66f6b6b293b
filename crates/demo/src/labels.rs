//! Whose services are: by the labels of Cloud Foundry that Prometheus has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use crate::environment::{AGREE_TIMEOUT, Environment, LOOK_INTERVAL};
use crate::prometheus::{JOB, Sample};

/// The labels with names, as people read them.
const NAMES: [&str; 3] = ["organization_name", "space_name", "service_instance_name"];

/// Organization, space and service instance, each with its number of nodes.
type Named = BTreeMap<[String; 3], usize>;

/// Tells whose the services are that belong to Cloud Foundry.
///
/// # Errors
/// When those of two organizations and three spaces are not labelled in time.
pub async fn show(environment: &mut Environment) -> anyhow::Result<()> {
    let is_complete = |named: &Named| {
        let organizations: BTreeSet<_> = named
            .keys()
            .map(|[organization, ..]| organization)
            .collect();
        let spaces: BTreeSet<_> = named
            .keys()
            .map(|[organization, space, _]| [organization, space])
            .collect();
        organizations.len() == 2 && spaces.len() == 3
    };
    let (named, _) = until(environment, "", is_complete).await?;
    let row = |[organization, space, instance]: [&str; 3], nodes: &str| {
        format!("          {organization:<13} {space:<11} {instance:<17} {nodes}")
    };
    let title = row(["organization", "space", "service instance"], "nodes");
    environment.narrator.line(&title);
    for (names, nodes) in &named {
        let line = row(names.each_ref().map(String::as_str), &nodes.to_string());
        environment.narrator.line(&line);
    }
    Ok(())
}

/// Renames a service instance at Cloud Foundry, and waits until Prometheus has the new name
/// on as many nodes, under the same GUID. Returns how long that took.
///
/// # Errors
/// When that does not become so.
pub async fn rename(
    environment: &mut Environment,
    guid: &str,
    name: &str,
) -> anyhow::Result<Duration> {
    let selected = format!("service_instance_guid=\"{guid}\"");
    let (before, _) = until(environment, &selected, |named| !named.is_empty()).await?;
    ensure!(before.len() == 1, "{guid} has several names: {before:?}");
    let nodes: usize = before.values().sum();
    environment.sim.rename(guid, name);
    let is_renamed = |named: &Named| {
        let mut rows = named.iter();
        rows.all(|([.., now], of)| now == name && *of == nodes) && named.len() == 1
    };
    let (_, took) = until(environment, &selected, is_renamed).await?;
    Ok(took)
}

/// Looks until what Prometheus has is as wanted.
async fn until(
    environment: &mut Environment,
    selected: &str,
    is_wanted: impl Fn(&Named) -> bool,
) -> anyhow::Result<(Named, Duration)> {
    let began = Instant::now();
    loop {
        environment.look().await?;
        let named = named(environment, selected).await?;
        if is_wanted(&named) {
            return Ok((named, began.elapsed()));
        }
        if began.elapsed() > AGREE_TIMEOUT {
            bail!("after {AGREE_TIMEOUT:?} Prometheus still has these names: {named:?}");
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

async fn named(environment: &Environment, selected: &str) -> anyhow::Result<Named> {
    let by = NAMES.join(", ");
    let query =
        format!("count by ({by}) (up{{job=\"{JOB}\", service_instance_name!=\"\", {selected}}})");
    let samples = environment.prometheus.query(&query).await?;
    let row = |sample: &Sample| {
        let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
        (NAMES.map(label), sample.value() as usize)
    };
    Ok(samples.iter().map(row).collect())
}

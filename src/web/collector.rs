//! Metrics that are a view of the published snapshot.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Error;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::model::scrape::Scrapes;
use crate::model::snapshot::{ProjectSnapshot, Snapshot};
use crate::publish::Published;
use crate::publish::scrape_results::ScrapeResults;
use crate::publish::surroundings::SurroundingsBoard;

/// Reads the snapshot whenever Prometheus asks.
#[derive(Debug)]
pub(super) struct SnapshotCollector {
    pub(super) published: Published,
    pub(super) results: ScrapeResults,
    pub(super) surroundings: SurroundingsBoard,
}

impl Collector for SnapshotCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let snapshot = self.published.load_full();
        let scrapes = self.results.load();
        services(&snapshot, &scrapes, &mut encoder)?;
        by_project(
            &snapshot,
            &mut encoder,
            ("aiven_metrics_targets", "Published targets"),
            |project| {
                let hosts = project.plan.services.iter().flat_map(|one| &one.hosts);
                hosts.map(|host| host.addresses.len()).sum()
            },
        )?;
        by_project(
            &snapshot,
            &mut encoder,
            (
                "aiven_metrics_stale_hosts",
                "Host names that DNS gives no address for now; those with a last known one are published with it",
            ),
            |project| {
                project
                    .plan
                    .services
                    .iter()
                    .map(|one| one.failing.len())
                    .sum()
            },
        )?;
        by_project(
            &snapshot,
            &mut encoder,
            (
                "aiven_metrics_services_stuck",
                "Services that await an integration which the daemon may not make or enable: somebody has to",
            ),
            |project| {
                let services = project.plan.services.iter();
                services.filter(|one| one.stuck).count()
            },
        )?;
        last_success(&snapshot, &mut encoder)?;
        if snapshot.cloud_foundry.is_some() {
            labelled_services(&snapshot, &mut encoder)?;
            by_project(
                &snapshot,
                &mut encoder,
                (
                    "aiven_metrics_label_disagreements",
                    "Services whose tags or name at Aiven say otherwise than what is published of whose they are",
                ),
                |project| {
                    let services = project.plan.services.iter();
                    let ownerships = services.filter_map(|one| one.ownership.as_ref());
                    let disagreeing = ownerships.filter(|one| !one.disagreements.is_empty());
                    disagreeing.count()
                },
            )?;
        }
        certificate_expiry(&scrapes, &mut encoder)?;
        clock(&self.surroundings, &mut encoder)?;
        name_servers(&self.surroundings, &mut encoder)?;
        service_info(&snapshot, &mut encoder)
    }
}

fn services(
    snapshot: &Snapshot,
    scrapes: &Scrapes,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    let mut counts: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
    for (project, planned) in snapshot.services() {
        let service_type = planned.service.service_type.text();
        let (verdict, _) = scrapes.verdict(&project.name, planned);
        let key = (&*project.name, service_type, verdict.as_str());
        *counts.entry(key).or_default() += 1;
    }
    let mut family = encoder.encode_descriptor(
        "aiven_metrics_services",
        "Known services by verdict",
        None,
        MetricType::Gauge,
    )?;
    for ((project, service_type, verdict), count) in counts {
        let labels = [
            ("project", project),
            ("service_type", service_type),
            ("verdict", verdict),
        ];
        ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn by_project(
    snapshot: &Snapshot,
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    count: impl Fn(&ProjectSnapshot) -> usize,
) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for project in &snapshot.projects {
        let labels = [("project", &*project.name)];
        let count = i64::try_from(count(project)).unwrap_or(i64::MAX);
        ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn last_success(snapshot: &Snapshot, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(
        "aiven_metrics_last_success_timestamp_seconds",
        "When a stage last did its work",
        None,
        MetricType::Gauge,
    )?;
    for project in &snapshot.projects {
        let stages = project.stages.named();
        let cloud_foundry = snapshot.cloud_foundry.iter();
        let cloud_foundry = cloud_foundry.map(|stage| ("cloud_foundry", stage));
        for (stage, state) in stages.into_iter().chain(cloud_foundry) {
            let Some(at) = state.last_success else {
                continue;
            };
            let labels = [("project", &*project.name), ("stage", stage)];
            let seconds = at.as_microsecond() as f64 / 1e6;
            ConstGauge::new(seconds).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// How sure it is whose services are.
fn labelled_services(
    snapshot: &Snapshot,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(
        "aiven_metrics_labelled_services",
        "Services by what is known of whose they are: confirmed by Cloud Controller, only claimed at Aiven, or unknown",
        None,
        MetricType::Gauge,
    )?;
    for project in &snapshot.projects {
        let mut counts = [("claimed", 0_i64), ("confirmed", 0), ("unknown", 0)];
        for planned in &project.plan.services {
            let ownership = planned.ownership.as_ref();
            let state = match ownership.map(|one| one.identity.confirmed) {
                Some(true) => "confirmed",
                Some(false) => "claimed",
                None => "unknown",
            };
            let mut rows = counts.iter_mut();
            if let Some((_, count)) = rows.find(|(name, _)| *name == state) {
                *count += 1;
            }
        }
        for (ownership, count) in counts {
            let labels = [("ownership", ownership), ("project", &*project.name)];
            ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn certificate_expiry(scrapes: &Scrapes, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(
        "aiven_metrics_certificate_expiry_timestamp_seconds",
        "When the certificate that a node showed at its last handshake expires",
        None,
        MetricType::Gauge,
    )?;
    for (target, known) in &scrapes.targets {
        let Some(expires) = known.certificate_expires else {
            continue;
        };
        let address = target.address.to_string();
        let labels = [
            ("project", &*target.project),
            ("service", &*target.service),
            ("target", &*address),
        ];
        ConstGauge::new(expires.as_second()).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn service_info(snapshot: &Snapshot, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(
        "aiven_service_info",
        "A known service with the labels of its targets, for joins; always 1",
        None,
        MetricType::Gauge,
    )?;
    for (project, planned) in snapshot.services() {
        let service = &planned.service;
        let count = service.node_count.map(|count| count.to_string());
        let labels = [
            ("aiven_cloud", service.cloud.text()),
            ("aiven_node_count", count.as_deref().unwrap_or_default()),
            ("aiven_plan", service.plan.text()),
            ("aiven_project", &*project.name),
            ("aiven_service_name", &*service.name),
            ("aiven_service_type", service.service_type.text()),
        ];
        let ownership = planned.ownership.as_deref();
        let labels = labels.map(|(label, value)| (label, Cow::from(value)));
        let whose = ownership.into_iter().flat_map(|one| one.identity.labels());
        let whose = whose.map(|(label, value)| (label, Cow::from(value)));
        let labels: Vec<_> = labels.into_iter().chain(whose).collect();
        ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Absent until Aiven has answered.
fn clock(
    surroundings: &SurroundingsBoard,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    let Some(offset) = surroundings.clock_offset() else {
        return Ok(());
    };
    let family = encoder.encode_descriptor(
        "aiven_metrics_clock_offset_seconds",
        "By how much this machine's clock is ahead of that of Aiven's API, to about a second; negative: behind",
        None,
        MetricType::Gauge,
    )?;
    ConstGauge::new(offset).encode(family)
}

fn name_servers(
    surroundings: &SurroundingsBoard,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(
        "aiven_metrics_name_server_failing",
        "1 while this name server fails and others answer in its place, else 0",
        None,
        MetricType::Gauge,
    )?;
    for (server, is_failing) in surroundings.name_servers() {
        let server = server.to_string();
        let labels = [("server", &*server)];
        ConstGauge::new(i64::from(is_failing)).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

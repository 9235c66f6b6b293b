//! Metrics that are a view of the published snapshot.

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

/// Reads the snapshot whenever Prometheus asks.
#[derive(Debug)]
pub(super) struct SnapshotCollector {
    pub(super) published: Published,
    pub(super) results: ScrapeResults,
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
                "Host names that DNS does not answer now, published with their last known addresses",
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
        last_success(&snapshot, &mut encoder)?;
        certificate_expiry(&scrapes, &mut encoder)?;
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
        for (stage, state) in project.stages.named() {
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
        ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

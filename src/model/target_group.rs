//! Prometheus target groups: the form in which services are published, in
//! `targets.json` and `/sd` alike.
//!
//! One group for each service and host name. The labels are those of the
//! earlier `aiven-service-discovery`, so that its dashboards keep working.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::plan::{PlannedService, PublishedHost};

/// One target group: a published host, in the form in which it is written.
#[derive(Debug, Clone, Copy)]
pub struct TargetGroup<'a> {
    /// Project of the service.
    pub project: &'a str,
    /// The service.
    pub planned: &'a PlannedService,
    /// The host name whose addresses are the targets.
    pub host: &'a PublishedHost,
    /// Whether Prometheus scrapes through the scrape proxy. If so, a label names the
    /// service, which Prometheus passes on to the proxy.
    pub through_proxy: bool,
}

impl TargetGroup<'_> {
    /// The targets, as Prometheus writes addresses: `ip:port`, `[v6]:port`.
    pub fn targets(&self) -> impl Iterator<Item = SocketAddr> {
        self.host.targets()
    }
}

impl Serialize for TargetGroup<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut group = serializer.serialize_map(Some(2))?;
        group.serialize_entry("targets", &Targets(self))?;
        group.serialize_entry("labels", &Labels(self))?;
        group.end()
    }
}

struct Targets<'a>(&'a TargetGroup<'a>);

impl Serialize for Targets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.targets())
    }
}

struct Labels<'a>(&'a TargetGroup<'a>);

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let TargetGroup { project, host, .. } = *self.0;
        let service = &*self.0.planned.service;
        let mut labels = serializer.serialize_map(None)?;
        if self.0.through_proxy {
            let service_parameter = format_args!("{project}/{}", service.name).to_string();
            labels.serialize_entry("__param_aiven_service", &service_parameter)?;
        }
        labels.serialize_entry("aiven_cloud", service.cloud.text())?;
        labels.serialize_entry("aiven_hostname", &host.host.name)?;
        if let Some(count) = service.node_count {
            labels.serialize_entry("aiven_node_count", &format_args!("{count}"))?;
        }
        labels.serialize_entry("aiven_plan", service.plan.text())?;
        labels.serialize_entry("aiven_project", project)?;
        labels.serialize_entry("aiven_service_name", &service.name)?;
        labels.serialize_entry("aiven_service_type", service.service_type.text())?;
        let ownership = self.0.planned.ownership.as_deref();
        for (label, value) in ownership.into_iter().flat_map(|one| one.identity.labels()) {
            labels.serialize_entry(label, &value)?;
        }
        labels.end()
    }
}

/// Writes the groups as a JSON list, one group a line. Equal groups give equal bytes.
///
/// # Errors
/// When writing to `sink` fails.
pub fn write_groups<'a>(
    groups: impl Iterator<Item = TargetGroup<'a>>,
    mut sink: impl Write,
) -> io::Result<()> {
    let mut separator = "[\n";
    for group in groups {
        sink.write_all(separator.as_bytes())?;
        serde_json::to_writer(&mut sink, &group)?;
        separator = ",\n";
    }
    let end: &[u8] = if separator == "[\n" {
        b"[]\n"
    } else {
        b"\n]\n"
    };
    sink.write_all(end)
}

#[cfg(test)]
mod tests;

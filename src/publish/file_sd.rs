//! `targets.json`, as Prometheus' `file_sd` reads it.
//!
//! It is written only if its content changes, because Prometheus rereads the
//! whole file after every event in its folder.
//!
//! It has no digest, unlike `state.json`: Prometheus reads it, and takes nothing but a
//! list of groups. So a digit that the disk changed is published until Aiven and DNS
//! have answered, which costs the scrapes of one target: the proxy sends nothing to a
//! node whose certificate is another's. While `state.json` is whole, it counts alone for
//! the services that it has, and the file is written anew at the start.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::atomic_file::{self, Readers, Stamp};
use crate::model::cloud_foundry::Identity;
use crate::model::detail::{Detail, DetailList};
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::plan::ProjectPlan;
use crate::model::service::{Power, Service, ServiceIntegration};
use crate::model::snapshot::Snapshot;
use crate::model::target_group::write_groups;

/// The file, and what is known about its content.
#[derive(Debug)]
pub struct TargetsFile {
    path: PathBuf,
    /// The file whose content is known, and the digest of that; `None` where it
    /// could not be read.
    on_disk: Option<(Stamp, u128)>,
    /// The plans that the content of the file follows from; none at first.
    plans: Vec<Arc<ProjectPlan>>,
}

/// A target group in the file.
#[derive(Debug, Deserialize)]
struct Group {
    targets: Vec<SocketAddr>,
    labels: BTreeMap<String, String>,
}

/// A service as it can be recovered from `targets.json`.
#[derive(Debug, PartialEq)]
pub struct RecoveredService {
    /// Its project.
    pub project: String,
    /// The service, assumed to be powered on and integrated.
    pub service: Service,
    /// Whose it is, as far as its labels say.
    pub identity: Option<Identity>,
    /// Its addresses, by host name.
    pub addresses: BTreeMap<Arc<str>, Vec<IpAddr>>,
}

impl TargetsFile {
    /// The file at `path`, which need not exist yet.
    pub fn open(path: PathBuf) -> TargetsFile {
        let text = atomic_file::read(&path).ok().flatten();
        let on_disk = text.and_then(|text| Some((Stamp::of(&path)?, xxh3_128(&text))));
        TargetsFile {
            path,
            on_disk,
            plans: vec![],
        }
    }

    /// Writes the snapshot's target groups, if they differ from those in the file
    /// or somebody else has touched it. Returns whether it wrote. A snapshot that
    /// knows no project changes nothing.
    ///
    /// # Errors
    /// When the file cannot be written; its content is then unchanged.
    pub fn update(&mut self, snapshot: &Snapshot) -> io::Result<bool> {
        if !snapshot.is_ready() {
            return Ok(false);
        }
        let stamp = Stamp::of(&self.path);
        let content = self.on_disk.filter(|(known, _)| Some(*known) == stamp);
        if content.is_some() && self.has_the_plans_of(snapshot) {
            return Ok(false);
        }
        let digest = digest(snapshot)?;
        let differs = content.is_none_or(|(_, known)| known != digest);
        if differs {
            atomic_file::replace(&self.path, Readers::Everyone, |sink| {
                write_groups(snapshot.target_groups(), sink)
            })?;
            self.on_disk = Stamp::of(&self.path).map(|stamp| (stamp, digest));
        }
        let plans = snapshot.projects.iter();
        self.plans = plans.map(|project| Arc::clone(&project.plan)).collect();
        Ok(differs)
    }

    /// Whether somebody has taken away or changed what the file had.
    pub fn was_touched(&self) -> bool {
        let known = self.on_disk.map(|(stamp, _)| stamp);
        known.is_some() && Stamp::of(&self.path) != known
    }

    /// Whether the plans are those that the file was written from. Target groups
    /// follow from plans, and unchanged plans are shared, so most snapshots need
    /// not be serialised to be compared.
    fn has_the_plans_of(&self, snapshot: &Snapshot) -> bool {
        let plans = snapshot.projects.iter().map(|project| &project.plan);
        plans.len() == self.plans.len()
            && plans
                .zip(&self.plans)
                .all(|(now, then)| Arc::ptr_eq(now, then))
    }

    /// The services in the file, for a start without a usable state. Groups that
    /// this program did not write, or that cannot be read, cost the others nothing.
    ///
    /// # Errors
    /// When the file exists but is not a list of target groups.
    pub fn recover(&self) -> io::Result<Vec<RecoveredService>> {
        let Some(text) = atomic_file::read(&self.path)? else {
            return Ok(vec![]);
        };
        let groups: Vec<Box<RawValue>> = serde_json::from_slice(&text)?;
        let mut services: BTreeMap<(String, String), RecoveredService> = BTreeMap::new();
        let read = |group: &RawValue| serde_json::from_str::<Group>(group.get()).ok();
        for group in groups.iter().filter_map(|group| read(group)) {
            group.collect_into(&mut services);
        }
        Ok(services.into_values().collect())
    }
}

impl Group {
    fn collect_into(self, services: &mut BTreeMap<(String, String), RecoveredService>) {
        let label = |key: &str| self.labels.get(key).cloned();
        let (Some(project), Some(name), Some(host), Some(first)) = (
            label("aiven_project"),
            label("aiven_service_name"),
            label("aiven_hostname"),
            self.targets.first(),
        ) else {
            return;
        };
        let host = ScrapeHost {
            name: host.into(),
            port: first.port(),
            source: HostSource::Component,
        };
        let key = (project.clone(), name.clone());
        let entry = services.entry(key).or_insert_with(|| RecoveredService {
            project,
            service: recovered_service(&name, &self.labels),
            identity: Identity::of_labels(label),
            addresses: BTreeMap::new(),
        });
        let ips = self.targets.iter().map(SocketAddr::ip).collect();
        entry.addresses.insert(Arc::clone(&host.name), ips);
        let hosts = entry.service.hosts.rows().iter().cloned();
        entry.service.hosts = hosts.chain([host]).collect();
    }
}

fn recovered_service(name: &str, labels: &BTreeMap<String, String>) -> Service {
    let label = |key: &str| labels.get(key).map_or("", String::as_str);
    Service {
        name: name.into(),
        service_type: label("aiven_service_type").into(),
        plan: label("aiven_plan").into(),
        cloud: label("aiven_cloud").into(),
        node_count: label("aiven_node_count").parse().ok(),
        power: Power::On.into(),
        hosts: DetailList::default(),
        // It was published, so it had an integration. The next listing shows which one.
        integrations: [ServiceIntegration {
            id: "".into(),
            endpoint_id: "".into(),
            enabled: true,
            active: true,
            failure: None,
        }]
        .into(),
        // None of them is known; `targets.json` has no tags.
        tags: DetailList::unknown(),
        claim: Detail::Unknown,
        served_before: false,
    }
}

fn digest(snapshot: &Snapshot) -> io::Result<u128> {
    let mut digest = Digest::default();
    write_groups(snapshot.target_groups(), &mut digest)?;
    Ok(digest.0.digest128())
}

#[derive(Default)]
struct Digest(Xxh3);

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

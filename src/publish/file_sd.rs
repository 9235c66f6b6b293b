//! `targets.json`, as Prometheus' `file_sd` reads it.
//!
//! It is written only if its content changes, because Prometheus rereads the
//! whole file after every event in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufReader, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use super::atomic_file::{self, Readers};
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::plan::ProjectPlan;
use crate::model::service::{Power, Service, ServiceIntegration};
use crate::model::snapshot::Snapshot;
use crate::model::target_group::write_groups;

/// The file, and what is known about its content.
#[derive(Debug)]
pub struct TargetsFile {
    path: PathBuf,
    /// Digest of the bytes on disk, if they are known.
    on_disk: Option<u128>,
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
    /// Its addresses, by host name.
    pub addresses: BTreeMap<Arc<str>, Vec<IpAddr>>,
}

impl TargetsFile {
    /// The file at `path`, which need not exist yet. Its folder is created.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn open(path: PathBuf) -> io::Result<TargetsFile> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let on_disk = digest_of_file(&path).ok();
        Ok(TargetsFile {
            path,
            on_disk,
            plans: vec![],
        })
    }

    /// Writes the snapshot's target groups, if they differ from those in the file.
    /// Returns whether it wrote. A snapshot that knows no project changes nothing.
    ///
    /// # Errors
    /// When the file cannot be written; its content is then unchanged.
    pub fn update(&mut self, snapshot: &Snapshot) -> io::Result<bool> {
        if !snapshot.is_ready() {
            return Ok(false);
        }
        let exists = self.path.exists();
        if exists && self.has_the_plans_of(snapshot) {
            return Ok(false);
        }
        let digest = digest(snapshot);
        let differs = !exists || self.on_disk != Some(digest);
        if differs {
            atomic_file::replace(&self.path, Readers::Everyone, |sink| {
                write_groups(snapshot.target_groups(), sink)
            })?;
            self.on_disk = Some(digest);
        }
        let plans = snapshot.projects.iter();
        self.plans = plans.map(|project| Arc::clone(&project.plan)).collect();
        Ok(differs)
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
    /// this program did not write are ignored.
    ///
    /// # Errors
    /// When the file exists but is not a list of target groups.
    pub fn recover(&self) -> io::Result<Vec<RecoveredService>> {
        let file = match fs::File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other?,
        };
        let groups: Vec<Group> = serde_json::from_reader(BufReader::new(file))?;
        let mut services: BTreeMap<(String, String), RecoveredService> = BTreeMap::new();
        for group in groups {
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
            addresses: BTreeMap::new(),
        });
        let ips = self.targets.iter().map(SocketAddr::ip).collect();
        entry.addresses.insert(Arc::clone(&host.name), ips);
        let mut hosts = std::mem::take(&mut entry.service.hosts).into_vec();
        hosts.push(host);
        entry.service.hosts = hosts.into();
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
        power: Power::On,
        hosts: Box::default(),
        // It was published, so it had an integration. The next listing shows which one.
        integrations: Box::new([ServiceIntegration {
            id: "".into(),
            endpoint_id: "".into(),
            enabled: true,
            active: true,
            failure: None,
        }]),
        tags: Box::default(),
        served_before: false,
        parse_problem: None,
    }
}

fn digest(snapshot: &Snapshot) -> u128 {
    let mut digest = Digest::default();
    write_groups(snapshot.target_groups(), &mut digest)
        .expect("a digest takes every write, and groups are plain maps of strings");
    digest.0.digest128()
}

fn digest_of_file(path: &std::path::Path) -> io::Result<u128> {
    let mut file = fs::File::open(path)?;
    let mut digest = Digest::default();
    io::copy(&mut file, &mut digest)?;
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

//! `targets.json`, as Prometheus' `file_sd` reads it.
//!
//! Written only when its bytes would differ: Prometheus reads the whole file
//! again on every event in its folder.

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

/// The file, and what it holds now.
#[derive(Debug)]
pub struct TargetsFile {
    path: PathBuf,
    /// Digest of the bytes on disk; unset when they are not known.
    on_disk: Option<u128>,
    /// The plans that the file is in line with; none at first.
    plans: Vec<Arc<ProjectPlan>>,
}

/// A target group as the file has it.
#[derive(Debug, Deserialize)]
struct Group {
    targets: Vec<SocketAddr>,
    labels: BTreeMap<String, String>,
}

/// A service as far as `targets.json` tells of it, with its addresses by host.
#[derive(Debug, PartialEq)]
pub struct Recovered {
    /// Its project.
    pub project: String,
    /// The service, taken for powered on and integrated.
    pub service: Service,
    /// Addresses by host name.
    pub addresses: BTreeMap<Arc<str>, Vec<IpAddr>>,
}

impl TargetsFile {
    /// The file at `path`, which need not exist yet; its folder is made.
    ///
    /// # Errors
    /// When the folder cannot be made.
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

    /// Brings the file in line with the snapshot. Returns whether it had to be
    /// written. A snapshot that knows nothing leaves it alone.
    ///
    /// # Errors
    /// Those of the file system; the file is then as it was.
    pub fn update(&mut self, snapshot: &Snapshot) -> io::Result<bool> {
        if !snapshot.is_ready() {
            return Ok(false);
        }
        let exists = self.path.exists();
        if exists && self.is_in_line_with(snapshot) {
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

    /// Target groups follow from plans, and a plan that did not change is shared:
    /// most snapshots need not even be written out to be compared.
    fn is_in_line_with(&self, snapshot: &Snapshot) -> bool {
        let plans = snapshot.projects.iter().map(|project| &project.plan);
        plans.len() == self.plans.len()
            && plans
                .zip(&self.plans)
                .all(|(now, then)| Arc::ptr_eq(now, then))
    }

    /// The services that the file speaks of, for a start without a usable
    /// state. Groups that are not ours are left out.
    ///
    /// # Errors
    /// When the file is there but is no list of target groups.
    pub fn recover(&self) -> io::Result<Vec<Recovered>> {
        let file = match fs::File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other?,
        };
        let groups: Vec<Group> = serde_json::from_reader(BufReader::new(file))?;
        let mut services: BTreeMap<(String, String), Recovered> = BTreeMap::new();
        for group in groups {
            group.collect_into(&mut services);
        }
        Ok(services.into_values().collect())
    }
}

impl Group {
    fn collect_into(self, services: &mut BTreeMap<(String, String), Recovered>) {
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
        let entry = services.entry(key).or_insert_with(|| Recovered {
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
        // It was published, so it had an integration; which one, a listing will tell.
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

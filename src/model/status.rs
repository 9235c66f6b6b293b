//! The daemon's own view of itself, as `/status` gives it and the command
//! line reads it. The JSON form is stable: fields are added, not changed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cloud_foundry::{Disagreement, Guid, Identity, Ownership};
use super::diagnosis::Diagnosis;
use super::odd_rows::OddRow;
use super::plan::PlannedService;
use super::resolution::Failing;
use super::scrape::{Scrapes, Target, TargetHealth};
use super::service::ServiceIntegration;
use super::snapshot::{Origin, ProjectSnapshot, Snapshot, Stages, readiness};
use super::stage::Stage;
use super::surroundings::Surroundings;
use super::task::Restarted;
use super::verdict::Verdict;

/// Who answers, in the header `Server` of every answer of the daemon: where several things
/// listen, a command that asks the wrong one can say so.
pub const BY: &str = concat!("aiven-metrics/", env!("CARGO_PKG_VERSION"));

/// All of `/status`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// Version of the daemon.
    pub version: String,
    /// `instance_index`.
    pub instance_index: u32,
    /// When this was put together.
    pub at: Timestamp,
    /// As `/readyz`: whether something correct is published.
    pub ready: bool,
    /// Whether it is well, and what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// Set while Prometheus is meant to scrape through the proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrape_proxy: Option<ProxyStatus>,
    /// How reading Cloud Foundry is doing, if `cloud_foundry` is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_foundry: Option<Stage>,
    /// The configured projects.
    pub projects: Vec<ProjectStatus>,
    /// Every known service.
    pub services: Vec<ServiceStatus>,
    /// The tasks of the daemon that failed and were started again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restarts: Vec<Restarted>,
    /// What is wrong around the daemon, on its machine and on the way to others.
    #[serde(default, skip_serializing_if = "Surroundings::is_well")]
    pub surroundings: Surroundings,
}

/// The scrape proxy.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProxyStatus {
    /// When Prometheus last asked it for anything since the daemon started.
    pub last_request: Option<Timestamp>,
}

/// One project.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProjectStatus {
    /// Its name.
    pub name: String,
    /// Where the published services come from.
    pub origin: Origin,
    /// The integration endpoint in use, if known.
    pub endpoint_id: Option<String>,
    /// What is wrong with the integration endpoint, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_problem: Option<String>,
    /// How each stage fares.
    pub stages: Stages,
    /// Services by verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// Published targets.
    pub targets: usize,
    /// The first few rows of Aiven's lists that cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub odd_rows: Vec<OddRow>,
}

/// One service.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its project.
    pub project: String,
    /// Its name.
    pub service: String,
    /// Its type.
    pub service_type: String,
    /// Its plan.
    pub plan: String,
    /// Its cloud.
    pub cloud: String,
    /// Number of nodes, where Aiven tells.
    pub node_count: Option<u32>,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do about the cause, where that tells more than the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Arc<str>>,
    /// It awaits its integration, and only somebody's act will end that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stuck: bool,
    /// Set while the listing lacks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
    /// Its Prometheus integrations at Aiven.
    #[serde(default)]
    pub integrations: Vec<ServiceIntegration>,
    /// What is published of it.
    pub hosts: Vec<HostStatus>,
    /// Host names that DNS does not answer now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unanswered: BTreeMap<String, Failing>,
    /// Whose it is, if `cloud_foundry` is configured and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_foundry: Option<OwnershipStatus>,
    /// The last scrape of each target that was scraped in this run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scrapes: BTreeMap<SocketAddr, TargetHealth>,
}

/// Whose a service is.
#[derive(Debug, Serialize, Deserialize)]
pub struct OwnershipStatus {
    /// The labels, and whether Cloud Controller has confirmed them.
    #[serde(flatten)]
    pub identity: Arc<Identity>,
    /// Where Aiven's tags, or the service's name, say something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disagreements: Vec<Disagreement>,
    /// The GUIDs of spaces that the instance is shared with. Its metrics are those of
    /// the space that owns it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<Guid>,
}

/// One host name with its targets.
#[derive(Debug, Serialize, Deserialize)]
pub struct HostStatus {
    /// The name.
    pub hostname: String,
    /// The targets.
    pub targets: Vec<SocketAddr>,
}

impl Status {
    /// The status that `snapshot` stands for.
    pub fn of(snapshot: &Snapshot, scrapes: &Scrapes, at: Timestamp) -> Status {
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance_index: snapshot.instance,
            at,
            ready: snapshot.is_ready(),
            diagnosis: None,
            scrape_proxy: snapshot.through_proxy.then_some(ProxyStatus {
                last_request: scrapes.last_request,
            }),
            cloud_foundry: snapshot.cloud_foundry.clone(),
            projects: snapshot
                .projects
                .iter()
                .map(|project| project_status(project, scrapes))
                .collect(),
            services: snapshot
                .services()
                .map(|(project, planned)| service_status(project, planned, scrapes))
                .collect(),
            restarts: Vec::new(),
            surroundings: Surroundings::default(),
        }
    }
}

fn project_status(project: &ProjectSnapshot, scrapes: &Scrapes) -> ProjectStatus {
    let mut verdicts = BTreeMap::new();
    let mut targets = 0;
    for planned in &project.plan.services {
        let (verdict, _) = scrapes.verdict(&project.name, planned);
        *verdicts.entry(verdict).or_default() += 1;
        targets += planned.targets().count();
    }
    let endpoint_problem = project.endpoint.obstacle().map(ToString::to_string);
    ProjectStatus {
        name: project.name.to_string(),
        origin: project.origin,
        endpoint_id: project.endpoint.id().map(str::to_owned),
        endpoint_problem,
        stages: project.stages.clone(),
        verdicts,
        targets,
        odd_rows: project
            .odd_rows
            .iter()
            .flat_map(|odd| odd.rows())
            .cloned()
            .collect(),
    }
}

fn service_status(
    project: &ProjectSnapshot,
    planned: &PlannedService,
    scrapes: &Scrapes,
) -> ServiceStatus {
    let service = &planned.service;
    let (verdict, failure) = scrapes.verdict(&project.name, planned);
    let cause = failure.map(|failure| failure.cause.clone());
    let scraped = planned.targets().filter_map(|address| {
        let target = Target {
            project: Arc::clone(&project.name),
            service: Arc::clone(&service.name),
            address,
        };
        Some((address, TargetHealth::clone(scrapes.targets.get(&target)?)))
    });
    let hosts = planned.hosts.iter().map(|published| HostStatus {
        hostname: published.host.name.to_string(),
        targets: published.targets().collect(),
    });
    ServiceStatus {
        project: project.name.to_string(),
        service: service.name.to_string(),
        service_type: service.service_type.text().to_owned(),
        plan: service.plan.text().to_owned(),
        cloud: service.cloud.text().to_owned(),
        node_count: service.node_count,
        verdict,
        cause: cause.or_else(|| planned.cause.as_deref().map(str::to_owned)),
        remedy: planned.remedy.clone(),
        stuck: planned.stuck,
        missing_since: planned.missing.as_deref().map(|gone| gone.since),
        integrations: service.integrations.rows().to_vec(),
        hosts: hosts.collect(),
        unanswered: planned
            .failing
            .iter()
            .map(|(name, failing)| (name.to_string(), failing.clone()))
            .collect(),
        cloud_foundry: planned.ownership.as_deref().map(ownership_status),
        scrapes: scraped.collect(),
    }
}

fn ownership_status(ownership: &Ownership) -> OwnershipStatus {
    OwnershipStatus {
        identity: Arc::clone(&ownership.identity),
        disagreements: ownership.disagreements.to_vec(),
        shared_with: ownership.shared_with.to_vec(),
    }
}

impl Status {
    /// `/readyz` in one line.
    pub fn readiness(&self) -> String {
        let projects = self.projects.iter();
        readiness(projects.map(|project| (&*project.name, project.origin, &project.stages.list)))
    }
}

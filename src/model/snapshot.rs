//! The snapshot: everything that is published at one moment. It never changes.
//!
//! `targets.json`, `/sd`, `/status`, `/metrics` and the scrape proxy's allow-list
//! are views of the same snapshot, so they cannot disagree.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::endpoint::EndpointFact;
use super::inventory::Distrust;
use super::odd_rows::OddRows;
use super::plan::{PlannedService, ProjectPlan};
use super::stage::Stage;
use super::target_group::TargetGroup;

/// Everything that is published at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The configured projects, by name.
    pub projects: Vec<ProjectSnapshot>,
    /// Whether targets are scraped through the scrape proxy.
    pub through_proxy: bool,
    /// The instance of the daemon that publishes (`instance_index`).
    pub instance: u32,
    /// How reading Cloud Foundry is doing, if `cloud_foundry` is configured.
    pub cloud_foundry: Option<Stage>,
}

/// One project's part of a snapshot.
#[derive(Debug, Clone)]
pub struct ProjectSnapshot {
    /// The project's name.
    pub name: Arc<str>,
    /// Where the services below come from.
    pub origin: Origin,
    /// Its services, each with a verdict. Shared with the previous snapshot if
    /// nothing changed.
    pub plan: Arc<ProjectPlan>,
    /// The integration endpoint in use.
    pub endpoint: EndpointFact,
    /// How each stage is doing.
    pub stages: Stages,
    /// The rows that cannot be read, of the integration types and of the endpoints.
    pub odd_rows: [Arc<OddRows>; 2],
    /// The last listing in this run that was not trusted.
    pub distrusted: Option<DistrustedListing>,
}

/// A listing that was not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrustedListing {
    /// When it was read.
    pub at: Timestamp,
    /// Why it was not trusted, as metrics have it.
    pub reason: Distrust,
    /// The same in a sentence, with what shows it.
    pub why: Arc<str>,
    /// How many known services it lacks; unset when it could not be read.
    pub missing: Option<usize>,
    /// How many known services it shows with a detail that is not believed.
    pub doubtful: usize,
}

/// Where a project's services come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from", content = "at")]
pub enum Origin {
    /// Nothing is known yet.
    #[default]
    Nothing,
    /// The state that an earlier run saved at this time.
    Saved(Timestamp),
    /// Aiven's API, in this run.
    Api,
}

/// The four stages of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages {
    /// Listing services.
    pub list: Stage,
    /// Creating integrations.
    pub integrate: Stage,
    /// Looking host names up.
    pub resolve: Stage,
    /// Writing `targets.json` and the state.
    pub publish: Stage,
}

impl Stages {
    /// The stages with their names, in the order in which data passes them.
    pub fn named(&self) -> [(&'static str, &Stage); 4] {
        [
            ("list", &self.list),
            ("integrate", &self.integrate),
            ("resolve", &self.resolve),
            ("publish", &self.publish),
        ]
    }
}

impl Snapshot {
    /// Whether there is anything to publish: at least one project is known.
    pub fn is_ready(&self) -> bool {
        self.projects
            .iter()
            .any(|project| project.origin != Origin::Nothing)
    }

    /// `/readyz` in one line.
    pub fn readiness(&self) -> String {
        let projects = self.projects.iter();
        readiness(projects.map(|project| (&*project.name, project.origin, &project.stages.list)))
    }

    /// Every service with its project, in order of project and name.
    pub fn services(&self) -> impl Iterator<Item = (&ProjectSnapshot, &PlannedService)> {
        self.projects.iter().flat_map(|project| {
            let services = project.plan.services.iter();
            services.map(move |planned| (project, planned))
        })
    }

    /// The target groups, in order of project, service and host.
    pub fn target_groups(&self) -> impl Iterator<Item = TargetGroup<'_>> {
        let through_proxy = self.through_proxy;
        self.services().flat_map(move |(project, planned)| {
            planned.hosts.iter().map(move |host| TargetGroup {
                project: &project.name,
                planned,
                host,
                through_proxy,
            })
        })
    }
}

/// `/readyz` in one line, of each project's name, origin and listing.
pub(super) fn readiness<'a>(
    projects: impl Iterator<Item = (&'a str, Origin, &'a Stage)> + Clone,
) -> String {
    let mut origins = projects.clone();
    if origins.all(|(_, origin, _)| origin == Origin::Nothing) {
        let waiting: Vec<_> = projects
            .map(|(name, _, list)| waits_for(name, list))
            .collect();
        return format!("not ready: nothing is known yet; {}", waiting.join("; "));
    }
    let saved = projects.filter_map(|(name, origin, _)| match origin {
        Origin::Saved(at) => Some(format!("{name} as saved at {at}")),
        Origin::Nothing => Some(format!("{name} not known yet")),
        Origin::Api => None,
    });
    let saved: Vec<_> = saved.collect();
    if saved.is_empty() {
        "ready".to_owned()
    } else {
        format!("ready: {}", saved.join(", "))
    }
}

fn waits_for(project: &str, list: &Stage) -> String {
    match &list.failing {
        Some(failing) => format!("{project}: {}", failing.cause),
        None => format!("{project}: the first listing is under way"),
    }
}

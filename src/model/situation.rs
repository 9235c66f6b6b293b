//! Everything that is so at one moment: what people are shown is made of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::history::Event;
use super::plan::{PlannedService, ProjectPlan};
use super::scrape::{Failure, Scrapes};
use super::snapshot::{ProjectSnapshot, Snapshot};
use super::status::Status;
use super::surroundings::Surroundings;
use super::task::Restarted;
use super::verdict::Verdict;

/// What is so now.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What is published.
    pub snapshot: &'a Snapshot,
    /// The last scrapes.
    pub scrapes: &'a Scrapes,
    /// Every service in the snapshot.
    pub services: &'a [Judged<'a>],
    /// The tasks that were started again.
    pub restarts: &'a [Restarted],
    /// What is wrong around the daemon.
    pub surroundings: &'a Surroundings,
    /// What changed, the newest first.
    pub events: &'a [Arc<Event>],
    /// When the daemon started.
    pub started: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// A service with its verdict: of ten thousand each is judged once.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// Its project.
    pub project: &'a ProjectSnapshot,
    /// What is planned for it.
    pub planned: &'a PlannedService,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// The failed scrape behind the verdict, if any.
    pub failure: Option<&'a Failure>,
}

/// Every service in the snapshot with its verdict, in order of project and name.
pub fn judged<'a>(snapshot: &'a Snapshot, scrapes: &'a Scrapes) -> Vec<Judged<'a>> {
    let services = snapshot.services();
    let judged = services.map(|(project, planned)| {
        let (verdict, failure) = scrapes.verdict(&project.name, planned);
        Judged {
            project,
            planned,
            verdict,
            failure,
        }
    });
    judged.collect()
}

impl<'a> Judged<'a> {
    /// Its project and its name.
    pub fn names(&self) -> (&'a str, &'a str) {
        (&self.project.name, &self.planned.service.name)
    }
}

impl Situation<'_> {
    /// The status of one service and its project alone: enough to explain it.
    pub fn status_of(&self, project: &str, service: &str) -> Status {
        let mut snapshot = self.snapshot.clone();
        snapshot.projects.retain(|one| *one.name == *project);
        for one in &mut snapshot.projects {
            only(one, service);
        }
        Status::of(&snapshot, self.scrapes, self.at)
    }
}

fn only(project: &mut ProjectSnapshot, service: &str) {
    let mut services = project.plan.services.iter();
    let found = services.find(|one| *one.service.name == *service).cloned();
    project.plan = Arc::new(ProjectPlan {
        services: found.into_iter().collect(),
        ..Default::default()
    });
}

//! The page at `/`, before it is drawn: the answer first, then what is wrong now,
//! how fresh everything is, what ends soon, the services, and what changed.
//!
//! Everything is a view of the same snapshot and scrapes as `/status`. What somebody
//! else wrote is plain text here; the templates escape it. Each part has its [`Room`],
//! so that the page is never larger than [`MAX_PAGE`], whatever the names.

use std::sync::Arc;

use jiff::Timestamp;

use super::history::Event;
use super::plan::PlannedService;
use super::scrape::{Failure, Scrapes};
use super::snapshot::{ProjectSnapshot, Snapshot};
use super::status::Status;
use super::task::Restarted;
use super::verdict::Verdict;

mod expiry;
mod freshness;
mod groups;
mod problems;
mod query;
mod room;
mod service;
mod services;
mod summary;

pub use expiry::{Expiries, expiries};
pub use freshness::{Cell, Freshness, freshness};
pub use problems::{Problem, Rank, problems};
pub use query::Query;
#[cfg(test)]
pub use room::MAX_PAGE;
pub use room::Room;
pub use service::{ServiceView, service_view};
pub use services::{Choices, ServiceList, choices, service_list};
pub use summary::{Summary, summary};

/// Everything that the page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What is published.
    pub snapshot: &'a Snapshot,
    /// The last scrapes.
    pub scrapes: &'a Scrapes,
    /// Every service in the snapshot.
    pub services: &'a [Judged<'a>],
    /// The tasks that were started again.
    pub restarts: &'a [Restarted],
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
    project: &'a ProjectSnapshot,
    planned: &'a PlannedService,
    verdict: Verdict,
    /// The failed scrape behind the verdict, if any.
    failure: Option<&'a Failure>,
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
    fn names(&self) -> (&'a str, &'a str) {
        (&self.project.name, &self.planned.service.name)
    }
}

impl Facts<'_> {
    /// The status of one service and its project alone: enough to explain it.
    fn status_of(&self, project: &str, service: &str) -> Status {
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
    project.plan = Arc::new(super::plan::ProjectPlan {
        services: found.into_iter().collect(),
        ..Default::default()
    });
}

/// The address of the page about one service.
pub fn service_link(project: &str, service: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("service", &format!("{project}/{service}"));
    format!("/?{}", query.finish())
}

#[cfg(test)]
mod tests;

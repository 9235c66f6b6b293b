//! What became of the last scrape of each target: the evidence for verdicts.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::plan::PlannedService;
use crate::model::scrape::{self, Failure, Target, TargetHealth};
use crate::model::snapshot::ProjectSnapshot;
use crate::model::verdict::Verdict;

/// What is known of each target from scraping it.
pub type Targets = HashMap<Target, Arc<TargetHealth>>;

/// The last scrape of each target; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ScrapeResults(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    targets: Targets,
    last_request: Option<Timestamp>,
}

/// What one scrape learnt of its node on the way, however it ended.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeFacts {
    pub certificate_expires: Option<Timestamp>,
    pub verified_name: Option<Arc<str>>,
    pub accepted: Option<u64>,
}

impl ScrapeResults {
    /// Notes that Prometheus asked for something, whatever it was.
    pub(super) fn note_request(&self, at: Timestamp) {
        self.book().last_request = Some(at);
    }

    /// When Prometheus last asked for anything in this run.
    pub fn last_request(&self) -> Option<Timestamp> {
        self.book().last_request
    }

    /// Notes the end of a scrape.
    pub(super) fn note(
        &self,
        target: &Target,
        at: Timestamp,
        took: Duration,
        failure: Option<Failure>,
        learnt: NodeFacts,
    ) {
        let mut book = self.book();
        let before = book.targets.get(target);
        let last_success = match failure {
            None => Some(at),
            Some(_) => before.and_then(|before| before.last_success),
        };
        let next = TargetHealth {
            at,
            seconds: took.as_secs_f64(),
            failure,
            last_success,
            certificate_expires: learnt
                .certificate_expires
                .or_else(|| before?.certificate_expires),
            verified_name: learnt
                .verified_name
                .or_else(|| before?.verified_name.clone()),
            accepted: learnt.accepted.or_else(|| before?.accepted),
        };
        book.targets.insert(target.clone(), Arc::new(next));
    }

    /// What is known of a target.
    pub fn of(&self, target: &Target) -> Option<Arc<TargetHealth>> {
        self.book().targets.get(target).cloned()
    }

    /// Everything that is known, for whoever looks at many targets.
    pub fn all(&self) -> Targets {
        self.book().targets.clone()
    }

    /// Forgets the targets that are not to be kept.
    pub(super) fn retain(&self, keep: impl Fn(&Target) -> bool) {
        self.book().targets.retain(|target, _| keep(target));
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The verdict of a service, given what is known of all targets.
pub fn verdict<'a>(
    targets: &'a Targets,
    project: &ProjectSnapshot,
    planned: &PlannedService,
) -> (Verdict, Option<&'a Failure>) {
    let mut key = Target {
        project: Arc::clone(&project.name),
        service: Arc::clone(&planned.service.name),
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
    };
    let found = planned.targets().map(|address| {
        key.address = address;
        (address, targets.get(&key))
    });
    let found: Vec<_> = found.collect();
    let of = |address| found.iter().find(|(one, _)| *one == address)?.1;
    scrape::verdict(planned, |address| of(address).map(|known| &**known))
}

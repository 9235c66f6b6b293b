//! The board of scrape results: the scrape proxy writes it, `/status` and
//! `/metrics` read it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::model::scrape::{Failure, NodeFacts, Scrapes, Target, TargetHealth};

/// The last scrape of each target; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ScrapeResults(Arc<Mutex<Scrapes>>);

impl ScrapeResults {
    /// Notes that Prometheus sent a request of any kind.
    pub fn note_request(&self, at: Timestamp) {
        self.0.lock().last_request = Some(at);
    }

    /// Notes the end of a scrape; see [`Scrapes::note`].
    pub fn note(
        &self,
        target: &Target,
        at: Timestamp,
        took: Duration,
        failure: Option<Failure>,
        learnt: NodeFacts,
    ) {
        self.0.lock().note(target, at, took, failure, learnt);
    }

    /// What is known about a target.
    pub fn of(&self, target: &Target) -> Option<Arc<TargetHealth>> {
        self.0.lock().targets.get(target).cloned()
    }

    /// Everything that is known now.
    pub fn load(&self) -> Scrapes {
        self.0.lock().clone()
    }

    /// Forgets all targets except those to `keep`.
    pub fn retain(&self, keep: impl Fn(&Target) -> bool) {
        self.0.lock().targets.retain(|target, _| keep(target));
    }
}

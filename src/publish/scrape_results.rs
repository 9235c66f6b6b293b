//! The board of scrape results: the scrape proxy writes it, `/status`, `/metrics`
//! and the history read it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::model::history::{Event, ScrapeTurns};
use crate::model::scrape::{Failure, NodeFacts, Scrapes, Target, TargetHealth};

/// The last scrape of each target; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ScrapeResults(Arc<Mutex<Board>>);

#[derive(Debug, Default)]
struct Board {
    scrapes: Scrapes,
    turns: ScrapeTurns,
}

impl ScrapeResults {
    /// Notes that Prometheus sent a request of any kind.
    pub fn note_request(&self, at: Timestamp) {
        self.0.lock().scrapes.last_request = Some(at);
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
        let Board { scrapes, turns } = &mut *self.0.lock();
        let before = scrapes.targets.get(target).map(|known| &**known);
        turns.note(target, before, failure.as_ref());
        scrapes.note(target, at, took, failure, learnt);
    }

    /// What is known about a target.
    pub fn of(&self, target: &Target) -> Option<Arc<TargetHealth>> {
        self.0.lock().scrapes.targets.get(target).cloned()
    }

    /// Everything that is known now.
    pub fn load(&self) -> Scrapes {
        self.0.lock().scrapes.clone()
    }

    /// Which targets do otherwise than when this was last asked.
    pub fn take_turns(&self) -> Vec<Event> {
        let Board { scrapes, turns } = &mut *self.0.lock();
        turns.take(scrapes)
    }

    /// Forgets all targets except those to `keep`.
    pub fn retain(&self, keep: impl Fn(&Target) -> bool) {
        let Board { scrapes, turns } = &mut *self.0.lock();
        scrapes.targets.retain(|target, _| keep(target));
        turns.retain(keep);
    }
}

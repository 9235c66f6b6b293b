//! The board of what changed, and the task that keeps it: it compares what is
//! published with what it saw before. `/events` and the page read it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::Published;
use super::restarts::Restarts;
use super::scrape_results::ScrapeResults;
use crate::model::history::{Event, EventKind, History, between, restarted, started};
use crate::model::snapshot::Snapshot;
use crate::model::task::Restarted;

/// How often scrapes and restarts are looked at: what turns to and fro in between
/// has not changed.
const INTERVAL: Duration = Duration::from_secs(1);

/// What changed in the last hours; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct HistoryBoard(Arc<Mutex<History>>);

impl HistoryBoard {
    /// The events, the newest first.
    pub fn newest_first(&self) -> Vec<Arc<Event>> {
        self.0.lock().newest_first()
    }

    /// Takes in what was found at one time, and logs what nothing else logs.
    pub fn record(&self, found: Vec<Event>) {
        if found.is_empty() {
            return;
        }
        let mut history = self.0.lock();
        history.record(found);
        let untold = history.take_untold();
        drop(history);
        untold.iter().for_each(|event| log(event));
    }
}

/// Nodes, host names and what people do at Aiven by hand: whatever else changes has a line
/// where it happens. Many at once are one event, so they are one line, too.
fn log(event: &Event) {
    let (project, service) = (event.project.as_deref(), event.service.as_deref());
    let (what, cause) = (&*event.what, event.cause.as_deref());
    match event.kind {
        EventKind::ScrapeFailing => {
            tracing::warn!(project, service, what, cause, "a node cannot be scraped");
        }
        EventKind::ScrapeRecovered => {
            tracing::info!(project, service, what, "a node is scraped again");
        }
        EventKind::HostUnresolved => {
            tracing::warn!(project, service, what, cause, "a host name is not resolved");
        }
        EventKind::HostResolved => {
            tracing::info!(project, service, what, "a host name is resolved again");
        }
        EventKind::IntegrationEnded => {
            tracing::warn!(project, service, what, cause, "an integration has ended");
        }
        EventKind::EndpointChanged => {
            tracing::info!(project, cause, "{what}");
        }
        _ => {}
    }
}

/// Keeps the board.
#[derive(Debug, Clone)]
pub struct Recorder {
    board: HistoryBoard,
    published: Published,
    results: ScrapeResults,
    restarts: Restarts,
}

impl Recorder {
    /// Keeps `board`; the daemon has just started.
    pub fn new(
        board: HistoryBoard,
        published: Published,
        results: ScrapeResults,
        restarts: Restarts,
    ) -> Recorder {
        board.record(vec![started(&published.load(), Timestamp::now())]);
        Recorder {
            board,
            published,
            results,
            restarts,
        }
    }

    /// Records from now on. Returns when nobody is left to publish anything.
    pub async fn run(self) {
        let mut changes = self.published.changes();
        let mut seen = Seen {
            snapshot: self.published.load_full(),
            restarts: self.restarts.load(),
        };
        let mut look = interval(INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while published_or_due(&mut changes, &mut look).await {
            self.board.record(self.found(&mut seen));
        }
    }

    fn found(&self, seen: &mut Seen) -> Vec<Event> {
        let now = Seen {
            snapshot: self.published.load_full(),
            restarts: self.restarts.load(),
        };
        let mut found = between(&seen.snapshot, &now.snapshot, Timestamp::now());
        found.extend(self.results.take_turns());
        found.extend(restarted(&seen.restarts, &now.restarts));
        *seen = now;
        found
    }
}

/// What the recorder saw last.
struct Seen {
    snapshot: Arc<Snapshot>,
    restarts: Vec<Restarted>,
}

/// False once nobody is left to publish.
async fn published_or_due(
    changes: &mut watch::Receiver<()>,
    look: &mut tokio::time::Interval,
) -> bool {
    tokio::select! {
        changed = changes.changed() => changed.is_ok(),
        _ = look.tick() => true,
    }
}

//! Publish: the current snapshot in memory, and two files: `targets.json` for
//! Prometheus and `state.json` for the next run.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use crate::model::snapshot::Snapshot;

pub mod atomic_file;
pub mod file_sd;
pub mod history;
pub mod restarts;
pub mod scrape_results;
mod seal;
pub mod state;
pub mod surroundings;

/// The current snapshot. Cheap to clone; readers never wait.
#[derive(Debug, Clone)]
pub struct Published {
    snapshot: Arc<ArcSwap<Snapshot>>,
    changes: Arc<watch::Sender<()>>,
}

impl Published {
    /// Publishes `first`.
    pub fn new(first: Snapshot) -> Self {
        Published {
            snapshot: Arc::new(ArcSwap::from_pointee(first)),
            changes: Arc::new(watch::Sender::new(())),
        }
    }

    /// The current snapshot; hold it for one request only.
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The current snapshot, to keep for longer.
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Wakes whenever a snapshot is published.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Replaces the snapshot, for all readers at once.
    pub fn swap(&self, next: Snapshot) {
        self.snapshot.store(Arc::new(next));
        self.changes.send_replace(());
    }
}

impl Default for Published {
    fn default() -> Self {
        Published::new(Snapshot::default())
    }
}

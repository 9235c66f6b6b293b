//! Panics that tests cause in running tasks. Not in what ships.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::model::task::Task;

/// What is to fail; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// How many more panics each task is to meet.
    armed: Mutex<BTreeMap<Place, usize>>,
    changed: Notify,
}

/// Where a panic strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Anywhere in a task, while it waits.
    Task(Task),
    /// While a project takes a report in.
    Absorb,
    /// While the state file is written.
    SaveState,
    /// While `targets.json` is written.
    WriteTargets,
}

impl Faults {
    /// Lets the next `times` visits of this place panic.
    pub(super) fn arm(&self, place: Place, times: usize) {
        self.0.armed.lock().insert(place, times);
        self.0.changed.notify_waiters();
    }

    /// Panics if this place is to fail.
    pub(super) fn strike(&self, place: Place) {
        let mut armed = self.0.armed.lock();
        let Some(left) = armed.get_mut(&place).filter(|left| **left > 0) else {
            return;
        };
        *left -= 1;
        drop(armed);
        panic!("a panic that a test wants in {place:?}");
    }

    /// Runs a task that panics once it is to fail.
    pub(super) async fn under(&self, task: Task, running: impl Future<Output = ()>) {
        let struck = async {
            loop {
                let changed = self.0.changed.notified();
                self.strike(Place::Task(task));
                changed.await;
            }
        };
        tokio::select! {
            biased;
            () = struck => {}
            () = running => {}
        }
    }
}

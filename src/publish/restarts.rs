//! The board of tasks that had to be started again: the daemon's supervisor writes
//! it, `/status` reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::model::task::{Restarted, Task};

/// The restarts since the daemon started; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Restarts(Arc<Mutex<Board>>);

type Board = BTreeMap<(Task, Option<Arc<str>>), Restarted>;

impl Restarts {
    /// Notes that a task failed and is started again.
    pub fn note(&self, task: Task, project: Option<&Arc<str>>, at: Timestamp, cause: String) {
        let mut board = self.0.lock();
        let row = board.entry((task, project.cloned()));
        let row = row.or_insert_with(|| Restarted {
            task,
            project: project.map(ToString::to_string),
            restarts: 0,
            last: at,
            cause: String::new(),
        });
        row.restarts = row.restarts.saturating_add(1);
        row.last = at;
        row.cause = cause;
    }

    /// All of them, by task and project.
    pub fn load(&self) -> Vec<Restarted> {
        self.0.lock().values().cloned().collect()
    }
}

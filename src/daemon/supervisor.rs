//! Keeps the tasks of the daemon going: one that panics is started again, after a
//! pause that grows, while all others go on. What a task needs beyond its own
//! state (channels, what is published) is not its own, and outlives it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::model::task::{RestartPause, Task, cause_of_panic};
use crate::publish::restarts::Restarts;

#[cfg(test)]
use super::faults::Faults;

/// A task, and the project that it is for.
#[derive(Debug, Clone)]
pub(super) struct Duty {
    pub(super) task: Task,
    pub(super) project: Option<Arc<str>>,
}

/// Starts failed tasks again, counts and says it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Supervisor {
    restarts: Restarts,
    metrics: Metrics,
    /// What tests let fail.
    #[cfg(test)]
    pub(super) faults: Faults,
}

impl Task {
    pub(super) fn of(self, project: &Arc<str>) -> Duty {
        Duty {
            task: self,
            project: Some(Arc::clone(project)),
        }
    }

    pub(super) fn of_all(self) -> Duty {
        Duty {
            task: self,
            project: None,
        }
    }
}

impl Supervisor {
    pub(super) fn new(restarts: Restarts, metrics: Metrics) -> Supervisor {
        Supervisor {
            restarts,
            metrics,
            #[cfg(test)]
            faults: Faults::default(),
        }
    }

    /// Runs what `start` makes, and makes and runs it again whenever it panics or
    /// ends, until `stop`. Dropped, it ends at once.
    pub(super) async fn keep<Running: Future<Output = ()>>(
        self,
        duty: Duty,
        stop: CancellationToken,
        mut start: impl FnMut() -> Running,
    ) {
        let mut pause = RestartPause::default();
        loop {
            let began = Instant::now();
            let failed = self.guarded(duty.task, async { start().await }).await;
            if stop.is_cancelled() {
                return;
            }
            let cause = failed.unwrap_or_else(|| "it ended though it should not".to_owned());
            let pause = pause.after(began.elapsed());
            self.note(&duty, pause, cause);
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Runs a task once. Returns its cause if it panicked.
    pub(super) async fn guarded(
        &self,
        task: Task,
        running: impl Future<Output = ()>,
    ) -> Option<String> {
        #[cfg(test)]
        let running = self.faults.under(task, running);
        #[cfg(not(test))]
        let _ = task;
        // The state of what panicked is dropped with it.
        let ended = AssertUnwindSafe(running).catch_unwind().await;
        ended.err().map(|panic| cause_of(&*panic))
    }

    /// Counts and says that a task failed and is started again after `pause`.
    pub(super) fn note(&self, duty: &Duty, pause: Duration, cause: String) {
        let (task, project) = (duty.task, duty.project.as_ref());
        let (name, for_project) = (task.as_str(), project.map(|name| &**name));
        tracing::error!(
            task = name,
            project = for_project,
            ?pause,
            cause,
            "a part of the daemon failed and is started again, all others go on; please report it"
        );
        self.metrics.task_restarted(task);
        self.restarts.note(task, project, Timestamp::now(), cause);
    }
}

/// Does something whose panic must not end more than itself. What it leaves half
/// done is the caller's to set right.
///
/// # Errors
/// The cause of the panic.
pub(super) fn attempt<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| cause_of(&*panic))
}

fn cause_of(panic: &(dyn Any + Send)) -> String {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    let message = owned.or_else(|| panic.downcast_ref::<&str>().copied());
    cause_of_panic(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock moves on by itself whenever everybody waits.
    #[tokio::test(start_paused = true)]
    async fn what_panics_or_ends_is_started_again_after_pauses_that_grow() {
        let restarts = Restarts::default();
        let supervisor = Supervisor::new(restarts.clone(), Metrics::default());
        let mut starts = Vec::new();
        let stop = CancellationToken::new();
        let kept = supervisor.keep(Task::Resolve.of_all(), stop.clone(), || {
            starts.push(Instant::now());
            // Without pauses it would go on for ever.
            if starts.len() > 100 {
                stop.cancel();
            }
            let panics = starts.len() % 2 == 0;
            async move { assert!(!panics, "a panic that this test is about") }
        });
        let ended = tokio::time::timeout(Duration::from_secs(20), kept).await;
        assert!(ended.is_err(), "nobody stopped it");
        let pauses = starts.windows(2).map(|two| two[1] - two[0]);
        let tenths: Vec<_> = pauses.map(|pause| pause.as_millis() / 100).collect();
        assert_eq!(tenths, [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!(restarts.load()[0].restarts, 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_a_pause() {
        let began = Instant::now();
        let stop = CancellationToken::new();
        let kept = Supervisor::default().keep(Task::Web.of_all(), stop.clone(), async || {});
        let stopping = async {
            sleep(Duration::from_millis(50)).await;
            stop.cancel();
        };
        tokio::join!(kept, stopping);
        assert!(began.elapsed() < Duration::from_millis(90));
    }
}

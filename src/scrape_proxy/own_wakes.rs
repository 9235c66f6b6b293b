//! Wakes that a scrape causes itself. Both ends of HTTP to a node are driven by one task, so
//! each end wakes the task that already runs. tokio then polls that task again as one that
//! yields, and wakes another thread to share the work: two switches between threads a scrape.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often a poll that woke itself is repeated at once; then others have their turn.
const MAX_REPEATS: usize = 16;

/// Takes wakes that come during a poll, and passes on all others.
#[derive(Debug, Default)]
pub(super) struct OwnWakes {
    task: AtomicWaker,
    /// A poll is under way.
    polling: AtomicBool,
    /// A wake came during it.
    woken: AtomicBool,
}

impl OwnWakes {
    /// Polls, and again as long as the poll wakes itself. A `Pending` loses no wake, whoever
    /// it came from.
    pub fn poll<T>(
        self: &Arc<Self>,
        context: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.task.register(context.waker());
        let waker = Waker::from(Arc::clone(self));
        let mut inner = Context::from_waker(&waker);
        self.polling.store(true, Ordering::SeqCst);
        let mut polled = Poll::Pending;
        for _ in 0..MAX_REPEATS {
            // A swap, so that this poll sees all that was done before the wake it takes.
            self.woken.swap(false, Ordering::SeqCst);
            polled = poll(&mut inner);
            if polled.is_ready() || !self.woken.load(Ordering::SeqCst) {
                break;
            }
        }
        self.polling.store(false, Ordering::SeqCst);
        // It may have come since the last look.
        if polled.is_pending() && self.woken.swap(false, Ordering::SeqCst) {
            self.task.wake();
        }
        polled
    }
}

impl Wake for OwnWakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        if !self.polling.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Polls `pending` times in vain, waking itself each time; how often it was polled, and
    /// how often its task was woken.
    fn polls(pending: usize) -> (Poll<()>, usize, usize) {
        let task = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut polls = 0;
        let own = Arc::<OwnWakes>::default();
        let polled = own.poll(&Context::from_waker(&waker), |context| {
            polls += 1;
            if polls > pending {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        (polled, polls, task.0.load(Ordering::SeqCst))
    }

    #[test]
    fn a_poll_that_wakes_itself_is_repeated_without_waking_its_task() {
        assert_eq!(polls(0), (Poll::Ready(()), 1, 0));
        assert_eq!(polls(3), (Poll::Ready(()), 4, 0));
    }

    #[test]
    fn one_that_wakes_itself_for_ever_gives_others_a_turn() {
        assert_eq!(polls(usize::MAX), (Poll::Pending, MAX_REPEATS, 1));
    }

    #[test]
    fn a_wake_that_comes_later_reaches_the_task_that_polled_last() {
        let [first, second] = [(); 2].map(|()| Arc::new(Wakes::default()));
        let own = Arc::<OwnWakes>::default();
        let mut kept = None;
        for task in [&first, &second] {
            let waker = Waker::from(Arc::clone(task));
            let polled = own.poll(&Context::from_waker(&waker), |context| {
                kept = Some(context.waker().clone());
                Poll::<()>::Pending
            });
            assert!(polled.is_pending());
        }
        kept.unwrap().wake();
        let woken = [first, second].map(|task| task.0.load(Ordering::SeqCst));
        assert_eq!(woken, [0, 1]);
    }
}

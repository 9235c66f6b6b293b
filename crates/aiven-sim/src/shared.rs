//! What every task of one simulator shares: the account, the records of what was
//! asked, and the way to start and stop tasks.
//!
//! Locks are held for short, synchronous work only, and never two of them in
//! different orders: the account may use the zone, nothing else nests.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::account::Account;
use crate::cloud_foundry::CloudFoundry;
use crate::fault_book::{FaultBook, FaultId};
use crate::request_log::RequestLog;
use crate::zone::Zone;

/// When something that Aiven does in the background happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Before the call that causes it returns.
    Immediately,
    /// This much later.
    After(Duration),
    /// When the test says so.
    ByHand,
}

impl From<Duration> for Pace {
    /// Zero is [`Pace::Immediately`].
    fn from(delay: Duration) -> Self {
        if delay.is_zero() {
            Self::Immediately
        } else {
            Self::After(delay)
        }
    }
}

/// What is fixed when the simulator starts.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) domain: String,
    pub(crate) dns_ttl: u32,
    pub(crate) activation: Pace,
    pub(crate) rollout: Pace,
    pub(crate) with_nodes: bool,
    pub(crate) unique_endpoint_names: bool,
    pub(crate) duplicate_integrations: bool,
    pub(crate) secrets_in_listings: bool,
    pub(crate) listing_cap: Option<usize>,
    pub(crate) wait_deadline: Duration,
}

/// One running simulator, seen from its tasks.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) zone: Zone,
    pub(crate) cloud_foundry: Option<CloudFoundry>,
    pub(crate) started: Instant,
    account: Mutex<Account>,
    faults: Mutex<FaultBook>,
    log: Mutex<RequestLog>,
    changes: watch::Sender<u64>,
    runtime: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Shared {
    pub(crate) fn new(
        settings: Settings,
        account: Account,
        cloud_foundry: Option<CloudFoundry>,
        runtime: Handle,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings,
            zone: Zone::default(),
            cloud_foundry,
            started: Instant::now(),
            account: Mutex::new(account),
            faults: Mutex::default(),
            log: Mutex::default(),
            changes: watch::Sender::new(0),
            runtime,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        // A panic in a test's closure must not hide behind a second one here.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultBook> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `task` until it ends or the simulator stops.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        let task = async move {
            stop.run_until_cancelled_owned(task).await;
        };
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// The runtime that sockets register with.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Wakes everybody who waits for something to happen.
    pub(crate) fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns once the fault is no longer armed.
    pub(crate) async fn until_cleared(&self, id: FaultId) {
        let mut changes = self.subscribe();
        while self.faults().is_armed(id) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells every task to end; their sockets close when they do.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
    }

    /// Returns once every task has ended, that is, every port is closed.
    pub(crate) async fn stopped(&self) {
        self.tasks.wait().await;
    }
}
